"""The table of planted faults: which application, what shows the fault, and what it breaks.

Every fault was planted before the traffic was generated that is to find it, and none of
the suite's fixed cases finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from planted_faults import (
    asgi_http_bodies,
    asgi_http_heads,
    asgi_together,
    asgi_websocket,
    play,
    wsgi_bodies,
    wsgi_heads,
    wsgi_iterables,
)
from planted_faults.play import Trigger, breaks, differs, head_differs, raises

from gateproof.targets.asgi_http import Request as HttpRequest
from gateproof.targets.asgi_scope import ABSENT
from gateproof.targets.asgi_websocket import Connect
from gateproof.targets.wsgi_environ import Request as WsgiRequest

RELATIONS = (
    "body-cut",
    "default-keys",
    "header-container",
    "header-case",
    "extra-keys",
    "cookie-split",
    "head-get",
    "alone-or-among-others",
    "input-reads",
    "mount",
)
"""What a server may do in one way or in another, without a difference in the reply."""


@dataclass(frozen=True)
class Planted:
    """One fault in an application.

    Attributes:
        name: unique in the table.
        interface: ``"wsgi"`` or ``"asgi"``.
        factory: makes the application, with the fault (``True``) or without.
        traffic: the kind of traffic that shows it.
        shows: when it shows, in one sentence.
        breaks: a requirement, one of :data:`RELATIONS`, ``"raises"`` or
            ``"blocks-the-loop"``.
        trigger: plays the least that shows it.
    """

    name: str
    interface: Literal["wsgi", "asgi"]
    factory: Callable[[bool], Any]
    traffic: Literal["wsgi", "http", "websocket", "lifespan"]
    shows: str
    breaks: str
    trigger: Trigger

    def faulty(self) -> Any:
        """The application with its fault, in a state of its own."""
        return self.factory(True)

    def sound(self) -> Any:
        """The same with the fault mended."""
        return self.factory(False)

    def target(self, *, faulty: bool = True) -> str:
        """The target string that names the application, from this folder."""
        module = self.factory.__module__.rpartition(".")[2]
        return f"{module}:{self.factory.__name__}({faulty})"

    def __repr__(self) -> str:
        return f"<{self.interface} {self.name}>"


def wsgi(
    name: str, factory: Callable[[bool], Any], breaks: str, shows: str, trigger: Trigger
) -> Planted:
    """A fault in a WSGI application."""
    return Planted(name, "wsgi", factory, "wsgi", shows, breaks, trigger)


def http(
    name: str, factory: Callable[[bool], Any], breaks: str, shows: str, trigger: Trigger
) -> Planted:
    """A fault in an ASGI application that requests show."""
    return Planted(name, "asgi", factory, "http", shows, breaks, trigger)


def websocket(
    name: str, factory: Callable[[bool], Any], breaks: str, shows: str, trigger: Trigger
) -> Planted:
    """A fault in an ASGI application that WebSocket connections show."""
    return Planted(name, "asgi", factory, "websocket", shows, breaks, trigger)


CHUNKED = ((b"transfer-encoding", b"chunked"),)
MEMORY = 64 * 1024
ONLY_TRAILERS_MISSING = {"extensions": {"http.response.early_hint": {}}}

IN_WSGI = (
    wsgi(
        "short-block-ends-upload",
        wsgi_bodies.upload,
        "input-reads",
        "read(size) of wsgi.input gives fewer octets than there are, of more than 1 KiB",
        differs(WsgiRequest(body=b"a" * 1025), WsgiRequest(body=b"a" * 1025, input="short")),
    ),
    wsgi(
        "block-more-without-rest",
        wsgi_bodies.note,
        "wsgi.input.app-not-read-past-length",
        "the body is a multiple of 4 KiB",
        breaks("wsgi.input.app-not-read-past-length", WsgiRequest(body=b"a" * 4096)),
    ),
    wsgi(
        "input-taken-for-iterator",
        wsgi_bodies.fields,
        "input-reads",
        "the first line of the body ends in CR LF, and wsgi.input has no __next__",
        differs(WsgiRequest(body=b"a\r\n"), WsgiRequest(body=b"a\r\n", input="table")),
    ),
    wsgi(
        "lost-client-trapped",
        wsgi_bodies.mirror,
        "wsgi.exc-info.app-no-trap",
        "a read of wsgi.input raises after an earlier one gave something",
        play.trapped_in_the_middle,
    ),
    wsgi(
        "length-before-escaping",
        wsgi_heads.search,
        "wsgi.content-length.app-accurate",
        "the query string has an apostrophe or a quotation mark",
        breaks("wsgi.content-length.app-accurate", WsgiRequest(query="'")),
    ),
    wsgi(
        "mount-stripped-by-character",
        wsgi_heads.tree,
        "mount",
        "the path begins with characters that occur in SCRIPT_NAME",
        differs(WsgiRequest(path="/a"), WsgiRequest(path="/a", mount="/a")),
    ),
    wsgi(
        "head-not-compressed",
        wsgi_heads.compressed,
        "head-get",
        "HEAD comes with an Accept-Encoding of gzip",
        head_differs(WsgiRequest(headers=(("Accept-Encoding", "gzip"),))),
    ),
    wsgi(
        "version-of-two-numbers",
        wsgi_heads.versioned,
        "raises",
        "SERVER_PROTOCOL is HTTP/2 or HTTP/3",
        raises(WsgiRequest(protocol="HTTP/2")),
    ),
    wsgi(
        "no-port-for-https",
        wsgi_heads.canonical,
        "raises",
        "the request came over https without a Host header",
        raises(WsgiRequest(headers=(), environ={"wsgi.url_scheme": "https"})),
    ),
    wsgi(
        "cookie-beyond-latin-1",
        wsgi_heads.remembered,
        "wsgi.unicode.app-latin1-only",
        "a Cookie header has octets that are no UTF-8",
        breaks("wsgi.unicode.app-latin1-only", WsgiRequest(headers=(("Cookie", "a=\xff"),))),
    ),
    wsgi(
        "head-started-twice",
        wsgi_heads.catalogue,
        "wsgi.start-response.repeat-without-exc-info",
        "HEAD comes with a query string",
        breaks(
            "wsgi.start-response.repeat-without-exc-info", WsgiRequest(method="HEAD", query="a")
        ),
    ),
    wsgi(
        "item-while-closing",
        wsgi_iterables.table,
        "raises",
        "the server stops after the second, third or fourth item",
        raises(WsgiRequest(stop_after=2)),
    ),
    wsgi(
        "items-left-behind",
        wsgi_iterables.stock,
        "alone-or-among-others",
        "an earlier response was stopped between its second item and its last",
        play.left_behind,
    ),
    wsgi(
        "query-in-common",
        wsgi_iterables.results,
        "alone-or-among-others",
        "another response gives its second item between the second and the third of this one",
        play.two_in_turn,
    ),
)

IN_HTTP = (
    http(
        "character-cut",
        asgi_http_bodies.louder,
        "body-cut",
        "the body is cut within a character of several octets",
        differs(HttpRequest(body=(b"\xc3\xa9",)), HttpRequest(body=(b"\xc3", b"\xa9"))),
    ),
    http(
        "empty-piece-ends-body",
        asgi_http_bodies.weighed,
        "body-cut",
        "a body without content-length begins with an empty piece",
        differs(
            HttpRequest(headers=CHUNKED, body=(b"a",)),
            HttpRequest(headers=CHUNKED, body=(b"", b"a")),
        ),
    ),
    http(
        "full-memory-drops-piece",
        asgi_http_bodies.stored,
        "body-cut",
        "a body without content-length is cut, or ends, after exactly 64 KiB",
        differs(
            HttpRequest(headers=CHUNKED, body=(b"a" * (MEMORY + 1),)),
            HttpRequest(headers=CHUNKED, body=(b"a" * MEMORY, b"a")),
        ),
    ),
    http(
        "disconnect-of-one-key",
        asgi_http_bodies.drained,
        "extra-keys",
        "http.disconnect has an unknown key",
        differs(
            HttpRequest(events=(play.request_event(b"", more=True), {"type": "http.disconnect"})),
            HttpRequest(
                events=(play.request_event(b"", more=True), {"type": "http.disconnect", "x": 1})
            ),
        ),
    ),
    http(
        "started-again-for-error",
        asgi_http_bodies.echo,
        "asgi.http.response-start.once",
        "the client goes away after a first piece of the body that was empty",
        breaks(
            "asgi.http.response-start.once",
            HttpRequest(events=(play.request_event(b"", more=True), {"type": "http.disconnect"})),
        ),
    ),
    http(
        "queue-overflows",
        asgi_http_bodies.piped,
        "raises",
        "the body comes in more than four pieces and send takes longer than receive",
        raises(HttpRequest(body=(b"a",) * 8, pauses=5)),
    ),
    http(
        "list-as-key",
        asgi_http_heads.greeting,
        "header-container",
        "a header name is repeated and header pairs are lists",
        differs(
            HttpRequest(headers=((b"a", b""), (b"a", b""))),
            HttpRequest(scope={"headers": [[b"a", b""], [b"a", b""]]}),
        ),
    ),
    http(
        "length-in-lower-case",
        asgi_http_heads.measured,
        "header-case",
        "there is a body and its length is announced as Content-Length",
        differs(
            HttpRequest(headers=((b"content-length", b"1"),), body=(b"a",)),
            HttpRequest(headers=((b"Content-Length", b"1"),), body=(b"a",)),
        ),
    ),
    http(
        "last-cookie-of-several",
        asgi_http_heads.basket,
        "cookie-split",
        "a cookie's name occurs in two Cookie headers with different values",
        differs(
            HttpRequest(headers=((b"cookie", b"a=1; a=2"),), scope={"http_version": "2"}),
            HttpRequest(
                headers=((b"cookie", b"a=1"), (b"cookie", b"a=2")), scope={"http_version": "2"}
            ),
        ),
    ),
    http(
        "head-of-other-type",
        asgi_http_heads.status,
        "head-get",
        "HEAD comes with an Accept header that has neither json nor */*",
        head_differs(HttpRequest(headers=((b"accept", b"text/html"),))),
    ),
    http(
        "trailers-not-offered",
        asgi_http_heads.checked,
        "asgi.extensions.app-uses-only-announced",
        "te: trailers comes while the server offers other extensions, but no trailers",
        breaks(
            "asgi.extensions.app-uses-only-announced",
            HttpRequest(headers=((b"te", b"trailers"),), scope=ONLY_TRAILERS_MISSING),
        ),
    ),
    http(
        "two-keys-absent",
        asgi_http_heads.logged,
        "default-keys",
        "neither raw_path nor root_path is in the scope",
        differs(HttpRequest(), HttpRequest(scope={"raw_path": ABSENT, "root_path": ABSENT})),
    ),
    http(
        "query-unescaped-in-header",
        asgi_http_heads.linked,
        "http1.field.value-grammar-response",
        "the query string has an escaped CR, LF or NUL",
        breaks("http1.field.value-grammar-response", HttpRequest(query=b"%0A")),
    ),
    http(
        "mount-itself",
        asgi_http_heads.section,
        "mount",
        "path is root_path itself",
        differs(HttpRequest(path="/"), HttpRequest(path="/a", scope={"root_path": "/a"})),
    ),
)

IN_WEBSOCKET = (
    websocket(
        "waits-behind-unknown-code",
        asgi_websocket.echo,
        "asgi.websocket.disconnect.app-stops-receiving",
        "websocket.disconnect has a code from 1012 to 2999",
        breaks("asgi.websocket.disconnect.app-stops-receiving", Connect(close={"code": 1012})),
    ),
    websocket(
        "reason-cut-by-character",
        asgi_websocket.commands,
        "asgi.websocket.close.reason-length",
        "a text of many characters is not ASCII",
        breaks("asgi.websocket.close.reason-length", Connect(messages=("\u20ac" * 38,))),
    ),
    websocket(
        "subprotocol-in-lower-case",
        asgi_websocket.negotiated,
        "asgi.websocket.accept.subprotocol-offered",
        "the first subprotocol that is offered has an upper case letter",
        breaks("asgi.websocket.accept.subprotocol-offered", Connect(subprotocols=("A",))),
    ),
    websocket(
        "name-in-common",
        asgi_websocket.settings,
        "alone-or-among-others",
        "another connection sends a message between the first and the second of this one",
        play.names_in_turn,
    ),
    websocket(
        "client-taken-for-granted",
        asgi_websocket.counted,
        "raises",
        "client is absent or None and a second message comes",
        raises(Connect(messages=("", ""), scope={"client": None})),
    ),
    websocket(
        "close-behind-denial",
        asgi_websocket.guarded,
        "asgi.ext.ws-denial.no-other-websocket-messages-after",
        "an Origin has no :// and websocket.http.response is offered",
        breaks(
            "asgi.ext.ws-denial.no-other-websocket-messages-after",
            Connect(
                headers=((b"origin", b"null"),),
                scope={"extensions": {"websocket.http.response": {}}},
            ),
        ),
    ),
    websocket(
        "part-of-nothing",
        asgi_websocket.split,
        "asgi.websocket.send.exactly-one",
        "a text has 125 characters, or a multiple",
        breaks("asgi.websocket.send.exactly-one", Connect(messages=("a" * 125,))),
    ),
    websocket(
        "lists-in-a-set",
        asgi_websocket.localised,
        "header-container",
        "header pairs are lists",
        differs(
            Connect(scope={"headers": [(b"a", b"")]}),
            Connect(scope={"headers": [[b"a", b""]]}),
        ),
    ),
)

IN_COMPANY = (
    http(
        "bodies-in-common",
        asgi_together.collected,
        "alone-or-among-others",
        "a second request begins before the body of the first is complete",
        play.bodies_in_turn,
    ),
    http(
        "sleeps-in-the-loop",
        asgi_together.patient,
        "blocks-the-loop",
        "the first piece of a body without content-length is not the last",
        play.blocked,
    ),
    http(
        "gone-with-the-first",
        asgi_together.rendered,
        "alone-or-among-others",
        "the first of two requests for one path loses its client before its body is complete",
        play.first_one_goes,
    ),
    Planted(
        "version-known-by-absence",
        "asgi",
        asgi_together.started,
        "lifespan",
        "the spec_version in the scope of a lifespan is 1.0",
        "default-keys",
        play.version_1_fails,
    ),
)

PLANTED = (*IN_WSGI, *IN_HTTP, *IN_WEBSOCKET, *IN_COMPANY)
"""All of them."""
