"""ASGI over HTTP: the request body, as receive() delivers it.

https://asgi.readthedocs.io/en/latest/specs/www.html#request-receive-event
"""

from __future__ import annotations

from collections.abc import Sequence

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAMILY,
    HOST,
    begin,
    finished,
    of_type,
    reached,
    refused,
    request_body,
    requested,
    shown,
    told,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import ECHO, Script, catching, receive, respond

CHUNKED = (HOST, ("Transfer-Encoding", "chunked"))

_JOINED = "asgi.http.request.body-concatenated"
_DECODED = "asgi.http.request.decoded-content"
_CHUNKS = "asgi.http.server.handles-transfer-encoding"
_SHAPES = (
    "asgi.event.is-dict",
    "asgi.event.type-key",
    "asgi.event.type-unicode",
    "asgi.event.type-namespaced",
    "asgi.event.allowed-types",
    "asgi.event.int-range",
    "asgi.event.float-finite",
    "asgi.event.tuples-as-lists",
    "asgi.event.dict-keys-unicode",
    "asgi.http.request.type",
    "asgi.http.request.body-type",
    "asgi.http.request.more-body-type",
)

_ALL_OCTETS = bytes(range(256))
_LARGE = 400_000
"""Octets that no server is expected to hold in one buffer."""

_FIRST = Script(asgi=(receive(within=3.0), respond()))
"""Takes one event and answers."""

_TO_THE_END = Script(asgi=(receive(), receive(4.0), receive(0.5), catching(respond())))
"""Receives what there can be until the client has gone, and answers though there is nobody."""


def chunks(*parts: bytes, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    """A body in the chunked coding, one chunk for each of ``parts``."""
    framed = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts if part)
    return framed + b"0\r\n" + trailers + b"\r\n"


def _post(payload: bytes, headers: Sequence[tuple[str, str]] = (HOST,)) -> Request:
    return Request(method="POST", headers=tuple(headers), body=payload)


def _judge(stage: ServerStage, heard: Heard, payload: bytes, requirement: str) -> bool:
    """Report a body that did not arrive as it was sent; whether all was well."""
    seen = request_body(heard.call)
    if seen != payload:
        stage.broken(
            requirement,
            f"a request body of {len(payload)} octets arrived as another",
            heard=heard,
            observed=f"{len(seen)} octets: {shown(seen)}",
            expected=f"{len(payload)} octets: {shown(payload)}",
        )
    elif not finished(heard.call):
        stage.broken(
            "asgi.http.request.ends-with-more-body-false",
            "the whole body arrived, and no event said that it was the last",
            heard=heard,
            observed="more_body true to the end",
            expected="a last http.request whose more_body is false",
        )
    else:
        return True
    return False


@case(
    FAMILY,
    "body-absent",
    proves=(*_SHAPES, "asgi.http.request.sent-to-app"),
)
async def absent(stage: ServerStage) -> None:
    """A request without a body gives one event, which is empty and the last."""
    for request in (Request(), _post(b"", (HOST, ("Content-Length", "0")))):
        heard = await stage.ask(request, _FIRST, calls=1)
        requests = of_type(heard.call, "http.request")
        if requests and (request_body(heard.call) or not finished(heard.call)):
            shape = "an event with a body, or with more to come"
        elif not heard.call.steps("received", "receive-raised", "receive-unusable"):
            shape = "receive() gave nothing within 3 s"
        else:
            continue
        stage.broken(
            "asgi.http.request.sent-to-app",
            "a request without a body did not give the one empty event that it has",
            heard=heard,
            observed=shape,
            expected="http.request with an empty body and more_body false",
        )
        return


@case(
    FAMILY,
    "body-with-length",
    methods=("POST",),
    proves=(_JOINED, "asgi.http.request.ends-with-more-body-false"),
)
async def with_length(stage: ServerStage) -> None:
    """A body with a Content-Length arrives whole, however it was cut on the way."""
    rows: tuple[tuple[bytes, tuple[int, ...]], ...] = (
        (b"x", ()),
        (_ALL_OCTETS, ()),
        (b"hello world", (-11, -7, -1)),
        (_ALL_OCTETS * (_LARGE // 256), (-_LARGE // 2, -1)),
    )
    for payload, ends in rows:
        size = len(_post(payload).octets("gp" + "x" * 12, stage.host))
        cuts = [size + end for end in ends]
        heard = await stage.ask(_post(payload), ECHO, cuts=cuts, calls=1)
        if not _judge(stage, heard, payload, _JOINED):
            return


@case(
    FAMILY,
    "body-chunked",
    methods=("POST",),
    proves=(_CHUNKS, "asgi.http.request.ends-with-more-body-false"),
)
async def chunked(stage: ServerStage) -> None:
    """A chunked body arrives without its framing, whatever the chunks and the cuts."""
    stage.needs("chunked_request")
    large = _ALL_OCTETS * (_LARGE // 256)
    rows: tuple[tuple[bytes, bytes, tuple[int, ...]], ...] = (
        (b"", chunks(), ()),
        (b"hello world", chunks(b"hello", b" world"), ()),
        (b"hello world", chunks(b"hello", b" world"), (1, 2, 3, 5, 8, 10, 12, 20, 23)),
        (_ALL_OCTETS, chunks(*(bytes([octet]) for octet in range(256))), ()),
        (large, chunks(large[:7], large[7:70_000], large[70_000:]), (50_000, 70_020)),
    )
    for payload, framed, ends in rows:
        request = _post(framed, CHUNKED)
        head = len(request.octets("gp" + "x" * 12, stage.host)) - len(framed)
        heard = await stage.ask(request, ECHO, cuts=[head + end for end in ends], calls=1)
        if not _judge(stage, heard, payload, _CHUNKS):
            return


@case(FAMILY, "body-chunked-decoded-once", methods=("POST",), proves=(_DECODED,))
async def decoded_once(stage: ServerStage) -> None:
    """Content that looks like chunks arrives as it is; extensions and trailers are no content."""
    stage.needs("chunked_request")
    rows: tuple[tuple[bytes, dict[str, bytes]], ...] = (
        (b"5\r\nhello\r\n0\r\n\r\n", {}),
        (b"a\r\n", {"extension": b";name=value"}),
        (b"content", {"trailers": b"X-Trailer: 1\r\n"}),
    )
    for payload, more in rows:
        framed = chunks(payload[:4], payload[4:], **more)
        heard = await stage.ask(_post(framed, CHUNKED), ECHO)
        if refused(heard):
            continue  # some servers refuse extensions or trailers
        if not _judge(stage, heard, payload, _DECODED):
            return


@case(
    FAMILY,
    "body-cut-short",
    methods=("POST",),
    proves=("asgi.http.request.truncated-body-disconnect", "asgi.http.disconnect.type"),
)
async def cut_short(stage: ServerStage) -> None:
    """A body that the client breaks off ends with a disconnect and never looks complete."""
    stage.needs("streaming_input", "disconnect_seen")
    rows = (
        Request(method="POST", headers=(HOST, ("Content-Length", "100")), body=b"x" * 10),
        Request(method="POST", headers=CHUNKED, body=b"64\r\n" + b"x" * 10),
        Request(method="POST", headers=CHUNKED, body=b"a\r\n" + b"x" * 10 + b"\r\n"),
    )
    for request in rows:
        heard = await begin(stage, _TO_THE_END, request)
        if await reached(stage, heard.token, requested) is None:
            continue  # the server waits for more before it calls
        await heard.wire.close()
        await stage.gather(heard, 1, stage.patience * 2)
        ending = "a last http.request" if finished(heard.call) else "no http.disconnect"
        if finished(heard.call) or not told(heard.call):
            stage.broken(
                "asgi.http.request.truncated-body-disconnect",
                "the client broke the request off in the middle of its body",
                heard=heard,
                observed=ending,
                expected="http.disconnect, and no http.request with more_body false",
            )
            return
