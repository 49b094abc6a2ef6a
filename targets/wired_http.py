"""An ASGI HTTP case's request over the wire, and its reply out of the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gateproof.targets.adapter import Features
from gateproof.targets.asgi_http import Leave, Reply, Request
from gateproof.targets.asgi_scope import ABSENT
from gateproof.targets.journal import Call
from gateproof.targets.watched import Watched
from gateproof.targets.wired import Crossed, Sending, Unaskable, head_of
from gateproof.validators.violation import Rung

SAFE = "/:@!$&'()*+,;=-._~%"
"""Characters of a path that are not encoded, as in :mod:`asgi_scope`."""

TURNS = 3
"""Turns of the loop that any server's ``send`` may take."""


def sending(
    asked: Request,
    sample: Mapping[str, Any],
    *,
    host: str,
    features: Features,
) -> Sending:
    """``asked`` in octets.

    Args:
        asked: what a case asks.
        sample: the scope that the server makes of the plainest request.
        host: the ``host`` header.
        features: what the server can do.

    Raises:
        Unaskable: the wire cannot say it, and the server does not do it of itself.
    """
    version = "HTTP/1.1"
    for key, value in asked.scope.items():
        if key == "http_version" and value == "1.0" and features.http10:
            version = "HTTP/1.0"
        elif not fulfilled(key, value, sample):
            raise Unaskable(f"the scope's {key!r} is given by the server, and not as asked for")
    if asked.events or asked.when_gone != "by-version" or asked.pauses > TURNS:
        raise Unaskable("the events are the server's own")
    headers = [(b"host", host.encode("latin-1"))] if host else []
    headers += list(asked.headers)
    body = _body(asked, headers, features.chunked_request)
    leave = asked.leave
    cut = leave.received is not None and 0 < leave.received < len(body)
    if cut and not features.streaming_input:
        raise Unaskable("the server reads a body before it calls the application")
    target = quote(asked.path, safe=SAFE).encode("ascii")
    target += b"?" + asked.query if asked.query else b""
    head = head_of(asked.method, target, headers, version)
    sent = body[: leave.received] if cut else body
    return Sending(str(asked), asked.method, head, sent, b"".join(asked.body), _leaving(leave))


def _body(asked: Request, headers: list[tuple[bytes, bytes]], chunked: bool) -> tuple[bytes, ...]:
    """The body as it is sent; a field that frames it is added where there is none."""
    given = {name.lower() for name, _ in headers}
    pieces = asked.body
    if b"transfer-encoding" in given:
        if not chunked:
            raise Unaskable("the server takes no body without a length")
        full = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece]
        return (*full, b"0\r\n\r\n")
    if len(pieces) > 1 and not all(pieces):
        raise Unaskable("an empty piece of a body cannot be sent")
    if any(pieces) and b"content-length" not in given:
        headers.append((b"content-length", b"%d" % sum(map(len, pieces))))
    return tuple(piece for piece in pieces if piece)


def _leaving(leave: Leave) -> Any:
    if leave.received is not None:
        return "begun" if leave.received else "sent"
    return "answered" if leave.sent is not None else "never"


def fulfilled(key: str, value: Any, scope: Mapping[str, Any]) -> bool:
    """Whether the scopes of a server are as an override of ``key`` wants them."""
    if value is ABSENT or key not in scope:
        return (value is ABSENT) == (key not in scope)
    if key == "extensions" and isinstance(value, dict) and isinstance(scope[key], dict):
        return set(value) <= set(scope[key])
    return type(scope[key]) is type(value) and bool(scope[key] == value)


def reply(asked: Request, watched: Watched, crossed: Crossed) -> Reply:
    """What became of a request whose exchange reached the application.

    Args:
        asked: what was asked.
        watched: the exchange; what left the application is put into it.
        crossed: the exchange on the wire.
    """
    made = Reply(asked, watched)
    if crossed.call is None:
        return made
    waiting: list[Any] = []
    for rung in crossed.call.rungs:
        _take(rung, made, waiting)
    for event in waiting:  # the server may take its time to return: it was sent all the same
        _sent(event, made)
    refused, raised = identities(crossed.call)
    if refused and not refused & raised:
        made.refused = made.late = len(refused)
    made.timed_out = crossed.stuck or (crossed.left and asked.leave == Leave())
    made.left = crossed.left and not made.complete
    return made


def _take(rung: Rung, made: Reply, waiting: list[Any]) -> None:
    data: Any = rung.data
    if rung.step == "received":
        made.received += isinstance(data, dict) and data.get("type") == "http.request"
    elif rung.step == "send":
        waiting.append(data)
    elif rung.step == "send-raised":
        waiting[:1] = []
    elif rung.step == "sent":
        _sent(waiting.pop(0) if waiting else None, made)
    else:
        ending(rung, made)


def _sent(event: Any, made: Reply) -> None:
    if isinstance(event, dict) and not made.complete:
        made.sent += 1
        _respond(event, made)


def ending(rung: Rung, made: Any) -> None:
    """Take in how a call ended."""
    if rung.step == "raise":
        made.ended = "raised"
        if isinstance(rung.data, BaseException):
            made.watched.raised = rung.data
    elif rung.step == "cancel":
        made.ended = "cancelled"
    elif rung.step == "return":
        made.ended = "returned"


def _respond(event: dict[str, Any], made: Reply) -> None:
    kind = event.get("type")
    if kind == "http.response.start" and made.status is None:
        status = event.get("status")
        made.status = status if isinstance(status, int) else 0
        made.headers = [
            (bytes(pair[0]), bytes(pair[1]))
            for pair in event.get("headers") or ()
            if len(pair) == 2 and all(isinstance(part, bytes | bytearray) for part in pair)
        ]
    elif kind == "http.response.body" and made.status is not None:
        piece = event.get("body") or b""
        if isinstance(piece, bytes | bytearray) and piece:
            made.pieces.append(bytes(piece))
        made.complete = not event.get("more_body", False)
    elif kind == "http.response.pathsend":
        made.complete = True


def identities(call: Call) -> tuple[set[int], set[int]]:
    """Which errors ``send`` raised for want of a client, and which left the application.

    Returns:
        Two sets of identities; the second holds also what an error was caused by.
    """
    refused, raised = set[int](), set[int]()
    if call.path is None or not any(rung.step == "send-raised" for rung in call.rungs):
        return refused, raised
    for line in call.path.read_bytes().splitlines()[1:]:
        try:
            found = json.loads(line)
            held = found["d"]["e"]
        except (ValueError, KeyError, TypeError):
            continue
        if found["s"] == "send-raised" and "OSError" in held["bases"]:
            refused.add(held["id"])
        elif found["s"] == "raise":
            raised |= {held["id"], *held["causes"]}
    return refused, raised
