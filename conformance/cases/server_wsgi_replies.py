"""Status and headers of a response: what the application gave is what the client gets.

https://peps.python.org/pep-3333/#other-http-features: "servers and gateways should play
dumb and allow the application complete control over its output".
"""

from __future__ import annotations

from dataclasses import dataclass

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import TEXT, each
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import Script, result, start

DUMB = "wsgi.server.plays-dumb"
KEPT = "wsgi.server.header-order-and-duplicates-kept"
DOUBLED = "wsgi.server.app-header-not-duplicated"


@dataclass(frozen=True)
class Given:
    """A response as the application gives it."""

    status: str
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/plain"),)
    body: bytes = b"body"

    def app(self) -> Script:
        """An application that gives it."""
        blocks = (self.body,) if self.body else ()
        return Script(wsgi=(start(self.status, list(self.headers)), result("list", *blocks)))


GIVEN: tuple[Given, ...] = (
    Given("200 OK"),
    Given("201 Created", (("Content-Type", "text/plain"), ("Location", "/there?a=b#c"))),
    Given("299 Entirely Our Own", (("Content-Type", "x-gateproof/odd; a=b"),)),
    Given("302 Found", (("Location", "relative/path"),)),
    Given("404 Not Found"),
    Given("418 I'm a teapot"),
    Given("503 Service Unavailable", (("Content-Type", "text/plain"), ("Retry-After", "120"))),
    Given("599 Odd", (("X-Odd", '!#$%&\'*+-.^_`|~ "quoted, \\" text"; a = b'),)),
    Given("200 OK", (("X-Latin", "caf\xe9 \xff"), ("X-Inner", "a  b\tc"))),
    Given("200 OK", (("X-Long", "long " * 800 + "end"), ("X-Short", "1"))),
    Given("200 OK", (("Content-Type", "text/plain"), ("Content-Language", "en"))),
)
"""Responses of which a server has nothing to change."""


@case("server.wsgi", "response-as-given", proves=(DUMB,))
async def response_as_given(stage: ServerStage) -> None:
    """Status code, headers and body reach the client as the application gave them.

    The reason phrase, the case of letters and the order among different names are
    the server's own business.
    """
    asked = [(Request(), given.app()) for given in GIVEN]
    for given, heard in zip(GIVEN, await each(stage, asked), strict=True):
        if heard.called:
            _compare(stage, heard, given)


def _compare(stage: ServerStage, heard: Heard, given: Given) -> None:
    reply = heard.reply
    if str(reply.status) != given.status[:3]:
        stage.broken(
            DUMB,
            f"a response of {given.status!r} with {_names(given)} did not reach the client",
            heard=heard,
            observed=str(reply),
            expected=given.status,
        )
        return
    for name, value in given.headers:
        due = value.encode("latin-1")
        seen = reply.get(name.encode())
        if due not in seen:
            stage.broken(
                DUMB,
                f"the header {name!r} did not reach the client as it was given",
                heard=heard,
                observed=repr(seen)[:120],
                expected=repr(due)[:120],
            )
    if reply.body != given.body:
        stage.broken(
            DUMB,
            f"the body of a response with status {given.status!r} is another",
            heard=heard,
            observed=repr(reply.body[:60]),
            expected=repr(given.body),
        )


def _names(given: Given) -> str:
    return ", ".join(name for name, _ in given.headers)


COOKIES = ("a=1; Path=/", "b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "a=3", "c=4")


@case("server.wsgi", "repeated-response-headers", proves=(KEPT,))
async def repeated_headers(stage: ServerStage) -> None:
    """Headers that the application repeats arrive one by one, in their order."""
    headers = [*TEXT, *(("Set-Cookie", cookie) for cookie in COOKIES)]
    headers[2:2] = [("X-Between", "1"), ("set-cookie", "between=1")]
    heard = await stage.ask(
        Request(), Script(wsgi=(start("200 OK", headers), result("list", b"x")))
    )
    if not heard.called or not heard.reply.status:
        stage.blocked(f"there was no reply: {heard.reply}")
    due = [value.encode() for name, value in headers if name.lower() == "set-cookie"]
    seen = heard.reply.get(b"set-cookie")
    if seen != due:
        stage.broken(
            KEPT,
            "the Set-Cookie headers did not arrive as the application gave them",
            observed=repr(seen)[:200],
            expected=repr(due)[:200],
        )


DATE = "Tue, 01 Jan 2030 00:00:00 GMT"

OWN: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("in the usual case", (("Date", DATE), ("Server", "own/1"), ("Content-Length", "4"))),
    ("in lower case", (("date", DATE), ("server", "own/1"), ("content-length", "4"))),
    ("in an odd case", (("dAtE", DATE), ("sErVeR", "own/1"), ("cOnTeNt-LeNgTh", "4"))),
)
"""Headers that servers add by themselves, given by the application."""


@case("server.wsgi", "own-date-and-server", proves=(DOUBLED,))
async def own_date_and_server(stage: ServerStage) -> None:
    """Date, Server and Content-Length of the application are there once, with its values."""
    asked = [(Request(), Given("200 OK", (*TEXT, *more)).app()) for _, more in OWN]
    for (how, more), heard in zip(OWN, await each(stage, asked), strict=True):
        if not heard.called or not heard.reply.status:
            continue
        for name, value in more:
            seen = heard.reply.get(name.lower().encode())
            if seen != [value.encode()]:
                stage.broken(
                    DOUBLED,
                    f"{name.title()} was given by the application ({how}), "
                    + ("and added once more" if len(seen) > 1 else "and did not arrive"),
                    heard=heard,
                    observed=repr(seen),
                    expected=repr([value.encode()]),
                )


WHOLE = b"0123456789" * 20
TAGGED = (
    ("Content-Type", "text/plain"),
    ("ETag", '"gateproof"'),
    ("Last-Modified", "Tue, 01 Jan 2019 00:00:00 GMT"),
)

FREEDOMS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("wsgi.server.may-do-cache-validation", ("If-None-Match", '"gateproof"')),
    ("wsgi.server.may-send-byte-ranges", ("Range", "bytes=10-19")),
    ("wsgi.server.may-reencode", ("Accept-Encoding", "gzip, deflate")),
)
"""What a server may do by itself with a response, and the request that asks for it."""


@case("server.wsgi", "freedoms", proves=(DUMB, *(requirement for requirement, _ in FREEDOMS)))
async def freedoms(stage: ServerStage) -> None:
    """A server may validate, cut out a range or encode, where the client asks and it is right."""
    given = Given("200 OK", TAGGED, WHOLE)
    asked = [(Request(headers=(("Host", "{host}"), field)), given.app()) for _, field in FREEDOMS]
    for (_, field), heard in zip(FREEDOMS, await each(stage, asked), strict=True):
        if heard.called and not _right(heard, field[0]):
            _compare(stage, heard, given)


def _right(heard: Heard, field: str) -> bool:
    """Whether the server did by itself what it may, and did it well."""
    reply = heard.reply
    if field == "If-None-Match":
        return reply.status == 304
    if field == "Range":
        return (
            reply.status == 206
            and reply.body == WHOLE[10:20]
            and reply.get(b"content-range") == [b"bytes 10-19/200"]
        )
    return bool(reply.get(b"content-encoding"))
