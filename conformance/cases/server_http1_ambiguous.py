"""Requests hidden where a strict parser sees a body, or an error (RFC 9112, 11.2)."""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    Outcome,
    accuse,
    apiece,
    each,
    echo_all,
    sent,
)
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.http1_request import filled

HIDDEN = b"GET /HIDDEN HTTP/1.1\r\nHost: {host}\r\n\r\n"
"""The hidden request; ``HIDDEN`` stands for its own token."""

LAST = b"0\r\n\r\n"


def _head(method: str, *fields: bytes) -> bytes:
    line = method.encode() + b" /{token} HTTP/1.1"
    return b"\r\n".join((line, b"Host: {host}", *fields, b"\r\n"))


LENGTH = b"Content-Length: SIZE"
CHUNKED = b"Transfer-Encoding: chunked"
CODED = _head("POST", CHUNKED)

STREAMS = (
    *(
        (f"the body of {method}", _head(method, LENGTH) + HIDDEN)
        for method in ("GET", "DELETE", "OPTIONS", "HEAD", "POST")
    ),
    ("a body with a folded length", _head("POST", b"Content-Length:\r\n SIZE") + HIDDEN),
    ("a body whose length has zeros", _head("POST", b"Content-Length: 000SIZE") + HIDDEN),
    (
        "a body beside an unknown upgrade",
        _head("POST", b"Connection: upgrade", b"Upgrade: foo", LENGTH) + HIDDEN,
    ),
    ("a body with Expect", _head("POST", b"Expect: 100-continue", LENGTH) + HIDDEN),
    ("what follows chunks beside a length", _head("POST", LENGTH, CHUNKED) + LAST + HIDDEN),
    (
        "a chunk beside a length",
        _head("POST", b"Content-Length: PART", CHUNKED) + b"HEXSIZE\r\n" + HIDDEN + b"\r\n" + LAST,
    ),
    ("a chunk", CODED + b"HEXSIZE\r\n" + HIDDEN + b"\r\n" + LAST),
    (
        "chunks with LF in an extension",
        CODED + b"2;\nxx\r\nHEXMORE\r\n" + LAST + HIDDEN + b"\r\n" + LAST,
    ),
    ("the trailers", CODED + b"0\r\nX-A: b\r\n" + HIDDEN),
    ("the trailers alone", CODED + b"0\r\n" + HIDDEN),
    ("a body with a folded coding", _head("POST", b"Transfer-Encoding:\r\n chunked") + HIDDEN),
    (
        "a body with a blank in the name of its coding",
        _head("POST", LENGTH, b"Transfer-Encoding : chunked") + HIDDEN,
    ),
)
"""Where the hidden request stands.

``SIZE`` and ``HEXSIZE`` stand for its length, ``HEXMORE`` for that and the last chunk before it,
``PART`` for the length of the line before it.
In each a strict parser sees one request at most, besides the plain one behind it, before it
refuses or closes.
"""


@case("server.http1", "hidden-request", proves=["http1.limits.smuggling-consistent"])
async def hidden_request(stage: ServerStage) -> None:
    """A request that a strict parser takes for a body, or for an error, is not served."""
    hidden = {what: stage.lay() for what, _ in STREAMS}

    async def run(row: tuple[str, bytes]) -> Outcome:
        what, octets = row
        inner = filled(HIDDEN, "", stage.host).replace(b"HIDDEN", hidden[what].encode())
        size = len(inner)
        octets = octets.replace(HIDDEN, inner).replace(b"HEXMORE", b"%x" % (size + len(LAST)))
        octets = octets.replace(b"PART", b"%d" % len(b"%x\r\n" % size))
        octets = octets.replace(b"HEXSIZE", b"%x" % size).replace(b"SIZE", b"%d" % size)
        return await sent(stage, what, octets, echo_all(stage), within=within)

    within = apiece(stage, len(STREAMS))
    outcomes = await each(stage, STREAMS, run)
    served = [one for one in outcomes if stage.server.folder.calls(hidden[one.what])]
    accuse(
        stage,
        "http1.limits.smuggling-consistent",
        "served a request that was hidden in",
        served,
        expected="the body given to the application, or an error and a closed connection",
    )
