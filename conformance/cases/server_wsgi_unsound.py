"""Headers that no application may give: what a server owes its clients then.

https://peps.python.org/pep-3333/#the-start-response-callable
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import TEXT, each
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.script import Script, result, start


def giving(*headers: tuple[object, object]) -> Script:
    """An application that gives these headers, which it may not."""
    return Script(wsgi=(start("200 OK", [*TEXT, *headers]), result("list", b"ok")), legal=False)


HOP_BY_HOP = (
    ("Connection", "close"),
    ("Keep-Alive", "timeout=5"),
    ("Transfer-Encoding", "chunked"),
    ("Upgrade", "gateproof/1"),
)


@case("server.wsgi", "hop-by-hop-headers", proves=("wsgi.server.rejects-hop-by-hop",))
async def hop_by_hop(stage: ServerStage) -> None:
    """A hop-by-hop header of the application is refused by start_response."""
    await each(stage, [(Request(), giving(header)) for header in HOP_BY_HOP])


UNSOUND: tuple[tuple[object, object], ...] = (
    ("X-Line", "a\r\nX-Injected: 1"),
    ("X Space", "1"),
    ("X-Number", 1),
    ("X-Bytes", b"1"),
    ("X-Colon:", "1"),
)


@case("server.wsgi", "unsound-headers", proves=("wsgi.server.checks-headers-at-call",))
async def unsound_headers(stage: ServerStage) -> None:
    """An unsound header is refused while the code that gave it is on the stack."""
    await each(stage, [(Request(), giving(header)) for header in UNSOUND])


INJECTED: tuple[tuple[str, str], ...] = (
    ("X-Line", "a\r\nX-Injected: 1"),
    ("X-Line", "a\nX-Injected: 1"),
    ("X-Line: a\r\nX-Injected", "1"),
    ("Location", "/there\r\n\r\nX-Injected: 1"),
)
"""Headers that would be two on the wire."""


@case("server.wsgi", "injected-headers", proves=("wsgi.server.rejects-control-in-headers",))
async def injected_headers(stage: ServerStage) -> None:
    """A line break in a header does not become a header of its own."""
    asked = [(Request(), giving(header)) for header in INJECTED]
    for heard in await each(stage, asked):
        lines = heard.reply.raw.replace(b"\r\n", b"\n").split(b"\n")
        if any(line.startswith(b"X-Injected") for line in lines):
            stage.broken(
                "wsgi.server.rejects-control-in-headers",
                "a line break in a header of the application reached the wire",
                heard=heard,
                observed=repr(heard.reply.raw[:200]),
                expected="a refusal, or the header without its line break",
            )
            return


@case("server.wsgi", "wide-headers", proves=("wsgi.unicode.server-rejects-non-latin1",))
async def wide_headers(stage: ServerStage) -> None:
    """A character above U+00FF in a header is not guessed to be UTF-8."""
    heard = await stage.ask(Request(), giving(("X-Wide", "price: \u20ac")))
    if "\u20ac".encode() in heard.reply.raw:
        stage.broken(
            "wsgi.unicode.server-rejects-non-latin1",
            "a header with a character above U+00FF was sent as UTF-8",
            observed=repr(heard.reply.get(b"x-wide")),
            expected="a refusal",
        )
