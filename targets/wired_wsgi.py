"""A WSGI case's request over the wire, and its reply out of the journal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gateproof.targets.adapter import Features
from gateproof.targets.journal import Call
from gateproof.targets.watched import Watched
from gateproof.targets.wired import Sending, Unaskable, head_of
from gateproof.targets.wsgi_environ import ABSENT, HOST, Request, environ_key
from gateproof.targets.wsgi_gateway import RefusedError, Reply, _Response
from gateproof.validators.violation import Rung
from gateproof.validators.wsgi.facts import Raised

SERVERS = {
    "mount": "the server is not mounted below a prefix",
    "minimal": "a real server gives the environ that it gives",
    "errors": "wsgi.errors is the server's own",
    "starter": "start_response is the server's own",
    "middleware": "no middleware is put before an application behind a real server",
    "stop_after": "when iterating stops is the server's choice",
    "stop_at_length": "when iterating stops is the server's choice",
    "edit_headers": "what is done with the header list is the server's choice",
    "early_head": "when the head is sent is the server's choice",
    "write_fails": "when write() raises is the server's choice",
}
"""Fields of a request that say what the server does, and why they cannot be asked for."""

_PLAIN = Request()


def sending(
    request: Request,
    sample: Mapping[str, Any],
    *,
    host: str = HOST,
    features: Features,
) -> Sending:
    """``request`` in octets.

    Args:
        request: what a case asks.
        sample: the environ that the server makes of the plainest request.
        host: the Host header of requests that don't say another.
        features: what the server can do.

    Raises:
        Unaskable: the wire cannot say it, and the server does not do it of itself.
    """
    for name, why in SERVERS.items():
        if getattr(request, name) != getattr(_PLAIN, name):
            raise Unaskable(why)
    if request.input not in ("file", "broken"):
        raise Unaskable("wsgi.input is the server's own")
    if not request.file_wrapper and "wsgi.file_wrapper" in sample:
        raise Unaskable("wsgi.file_wrapper is the server's own")
    if request.protocol != "HTTP/1.1" and not (request.protocol == "HTTP/1.0" and features.http10):
        raise Unaskable(f"{request.protocol} is not spoken with this server")
    headers = _headers(request, sample, host)
    names = {name.lower() for name, _ in headers}
    body: tuple[bytes, ...] = (request.body,) if request.body else ()
    given = request.environ.get("CONTENT_LENGTH", str(len(request.body)) if request.body else None)
    if given is ABSENT and request.body:
        if not features.chunked_request:
            raise Unaskable("the server takes no body without a length")
        headers.append((b"Transfer-Encoding", b"chunked"))
        body = (b"%x\r\n%b\r\n0\r\n\r\n" % (len(request.body), request.body),)
    elif isinstance(given, str) and b"content-length" not in names:
        headers.append((b"Content-Length", given.encode("latin-1")))
    target = request.path + (f"?{request.query}" if request.query else "")
    head = head_of(request.method, target, headers, request.protocol)
    if request.input == "broken" and request.body:
        if not features.streaming_input:
            raise Unaskable("the server reads a body before it calls the application")
        half = (request.body[: len(request.body) // 2],)
        return Sending(request.line, request.method, head, half, request.body, "called")
    return Sending(request.line, request.method, head, body, request.body)


def _headers(request: Request, sample: Mapping[str, Any], host: str) -> list[tuple[bytes, bytes]]:
    """The header fields: the request's, changed as its environ says."""
    found = [
        (name, host if (name, value) == ("Host", HOST) else value)
        for name, value in request.headers
    ]
    for key, value in request.environ.items():
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            found = [pair for pair in found if environ_key(pair[0]) != key]
            if value is ABSENT or key == "CONTENT_LENGTH":
                continue
            if not isinstance(value, str):
                raise Unaskable(f"{key} is {type(value).__name__} here")
            found.append((key.removeprefix("HTTP_").replace("_", "-").title(), value))
        elif key == "wsgi.input_terminated":
            continue  # whether the input ends is the server's to say
        elif not fulfilled(key, value, sample):
            raise Unaskable(f"{key} is given by the server, and not as asked for")
    try:
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in found]
    except UnicodeEncodeError as error:
        raise Unaskable(f"a field cannot be sent: {error}") from None


def fulfilled(key: str, value: object, environ: Mapping[str, Any]) -> bool:
    """Whether ``environ`` is as an override of ``key`` wants it."""
    if value is ABSENT:
        return key not in environ
    return key in environ and type(environ[key]) is type(value) and environ[key] == value


def otherwise(request: Request, environ: object) -> str:
    """The first key of the environ that is not as its case wanted it; empty if all are."""
    wanted = {k: v for k, v in request.environ.items() if k != "wsgi.input_terminated"}
    if wanted.get("CONTENT_LENGTH") is ABSENT and request.body:
        del wanted["CONTENT_LENGTH"]  # chunks: some servers count them
    given = environ if isinstance(environ, dict) else {}
    return next((key for key, value in wanted.items() if not fulfilled(key, value, given)), "")


def reply(request: Request, watched: Watched, call: Call) -> Reply:
    """What became of ``request``, as the gateway in this process would tell it.

    Args:
        request: what was asked.
        watched: the exchange; what left the application is put into it.
        call: the application's call.
    """
    made = Reply(request, watched)
    response = _Response(made)
    for rung in call.rungs:
        try:
            _play(rung, made, response)
        except RefusedError as error:
            made.refused = made.refused or str(error)
        except Exception as error:  # noqa: BLE001 - what start_response raises again: the application's
            _note(made, error)
    if response.status is not None and not made.sent:
        try:
            response.take_status()
        except RefusedError as error:
            made.refused = made.refused or str(error)
    if made.failed and not made.sent:
        made.status, made.reason, made.headers = 500, "Internal Server Error", ()
    return made


def _play(rung: Rung, made: Reply, response: _Response) -> None:
    """Give one crossing to the response that is in the making."""
    data: Any = rung.data
    if rung.step == "start_response":
        args, named = data
        given = [*args, *named.values()]
        if len(given) > 2 and given[2]:
            if made.sent:
                return  # the server raises it again, and that is the next crossing
            response.status = None
        if len(given) > 1:
            response.start_response(given[0], given[1])
    elif rung.step in ("write", "item"):
        made.items += rung.step == "item"
        piece = data[0][0] if rung.step == "write" and data and data[0] else data
        response.deliver(piece)
    elif rung.step == "exhausted":
        made.finished = True
        if not made.sent:
            response.send_head()
    elif rung.step == "close":
        made.closed += 1
    elif rung.step in ("raise", "item-raised", "close-raised"):
        _note(made, exception(data))


def _note(made: Reply, error: BaseException) -> None:
    if made.raised is None:
        made.raised = made.watched.raised = error


def exception(raised: object) -> BaseException:
    """An exception that stands for one in another process, and reads as it does."""
    if isinstance(raised, BaseException):
        return raised
    if not isinstance(raised, Raised):
        return RuntimeError(repr(raised))
    name, text = raised.name.rpartition(".")[2], raised.text
    kind = type(name, (RuntimeError,), {"__repr__": lambda _self: f"{name}({text!r})"})
    made: BaseException = kind(text)
    return made


def shown(rung: Rung) -> Rung:
    """A rung as it may be published: without what the environ has of the process's environment.

    Servers may copy their environment variables into the environ, and secrets with it.
    """
    if rung.step != "call" or not isinstance(rung.data, dict) or "wsgi.version" not in rung.data:
        return rung
    ours = os.environ
    kept = {
        k: v for k, v in rung.data.items() if type(k) is not str or k not in ours or ours[k] != v
    }
    return Rung(rung.step, kept, rung.at)
