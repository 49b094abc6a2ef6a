"""Every witness as something to play: an exchange that breaks a requirement, and one that doesn't.

A shape is put into the smallest whole exchange in which it occurs; an order is
played step by step; an application is served under every server of the corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from corpus import play_asgi, play_wsgi
from corpus.kit import Record
from corpus.load import records
from peers import asgi_script, wsgi_script
from peers.lints import Exchange, Wrap
from witnesses import kit
from witnesses import order_asgi_steps as asgi
from witnesses import order_wsgi_steps as wsgi
from witnesses.load import modules

Step = tuple[str, Any]


@dataclass(frozen=True)
class Play:
    """One witness, ready to be played.

    Attributes:
        requirement: what it is about.
        interface: ``"wsgi"`` or ``"asgi"``.
        form: the kind of witness: ``"Shape"``, ``"Order"`` or ``"Application"``.
        breaks: plays the exchange that breaks it.
        keeps: plays the correct neighbour.
    """

    requirement: str
    interface: str
    form: str
    breaks: Exchange
    keeps: Exchange


@cache
def witnesses() -> tuple[object, ...]:
    """All witnesses, each once."""
    found = {
        id(one): one
        for prefix in ("shapes_", "order_", "cases_")
        for module in modules(prefix)
        for value in vars(module).values()
        if isinstance(value, list)
        for one in value
        if isinstance(one, kit.Shape | kit.Order | kit.Application)
    }
    return tuple(found.values())


@cache
def plays() -> tuple[Play, ...]:
    """The witnesses that can be played live."""
    return tuple(play for one in witnesses() if (play := _play(one)) is not None)


def _play(one: object) -> Play | None:
    if isinstance(one, kit.Shape):
        interface, _, name = one.schema.partition("/")
        make = SHAPES.get(interface, {}).get(name)
        if make is None:
            return None
        return _scripted(one, interface, make(one.breaks), make(one.keeps))
    if isinstance(one, kit.Order):
        if one.protocol == "wsgi":
            return _scripted(one, "wsgi", one.breaks, one.keeps)
        breaks, keeps = asgi_script.complete(one.breaks), asgi_script.complete(one.keeps)
        return _scripted(one, "asgi", breaks, keeps)
    assert isinstance(one, kit.Application)
    return Play(
        one.requirement,
        one.interface,
        "Application",
        partial(_served, one.interface, one.breaks),
        partial(_served, one.interface, one.keeps),
    )


def _scripted(
    one: kit.Shape | kit.Order, interface: str, breaks: Sequence[Step], keeps: Sequence[Step]
) -> Play | None:
    script = wsgi_script if interface == "wsgi" else asgi_script
    if not script.playable(breaks) or not script.playable(keeps):
        return None
    form = type(one).__name__
    return Play(
        one.requirement, interface, form, partial(script.play, breaks), partial(script.play, keeps)
    )


def _served(interface: str, application: Callable[..., Any], wrap: Wrap) -> None:
    """Serve an application under each server of the corpus."""
    for record in _servers(interface):
        if interface == "wsgi":
            play_wsgi.serve(replace(record, application=application), wrap)
        else:
            server = {**record.server, "waits": True}
            play_asgi.serve(replace(record, application=application, server=server), wrap)


@cache
def _servers(interface: str) -> tuple[Record, ...]:
    return tuple(one for one in records(interface) if one.application.__name__ == "echo")


# Shapes in whole exchanges


def _environ(value: Any) -> Sequence[Step]:
    return (
        ("call", value),
        wsgi.start(("Content-Type", "text/plain")),
        wsgi.STARTED,
        wsgi.result([b"a"], len=1),
        wsgi.NEXT,
        wsgi.item(b"a"),
        wsgi.NEXT,
        wsgi.EXHAUSTED,
    )


def _head(status: Any = "200 OK", headers: Any = None) -> Sequence[Step]:
    headers = [("Content-Type", "text/plain")] if headers is None else headers
    body = b"hello"
    return (
        wsgi.CALL,
        ("start_response", ((status, headers), {})),
        wsgi.STARTED,
        wsgi.result([body], len=1),
        wsgi.NEXT,
        wsgi.item(body),
        wsgi.NEXT,
        wsgi.EXHAUSTED,
    )


def _exc_info(value: Any) -> Sequence[Step]:
    return (
        wsgi.CALL,
        wsgi.start(("Content-Type", "text/plain")),
        wsgi.STARTED,
        ("start_response", (("500 Oops", [("Content-Type", "text/plain")], value), {})),
        wsgi.STARTED,
        wsgi.result([b"a"], len=1),
        wsgi.NEXT,
        wsgi.item(b"a"),
        wsgi.NEXT,
        wsgi.EXHAUSTED,
    )


def _write(value: Any) -> Sequence[Step]:
    started = (wsgi.CALL, wsgi.start(("Content-Type", "text/plain")), wsgi.STARTED)
    return (*started, wsgi.write(value), wsgi.WRITTEN, wsgi.result([]))


def _item(value: Any) -> Sequence[Step]:
    started = (wsgi.CALL, wsgi.start(("Content-Type", "text/plain")), wsgi.STARTED)
    return (*started, wsgi.closable(), wsgi.NEXT, wsgi.item(value), wsgi.NEXT, wsgi.EXHAUSTED)


def _read(value: Any) -> Sequence[Step]:
    started = (wsgi.POST, wsgi.read(value, 5), wsgi.start(("Content-Type", "text/plain")))
    return (*started, wsgi.STARTED, wsgi.result([]))


def _exchange(kind: str, scope: Any, *steps: Sequence[Step]) -> Sequence[Step]:
    return asgi.steps((("call", scope),), *steps, asgi.RETURN)


NEWEST = {"version": "3.0", "spec_version": "2.5"}
HTTP = {
    **asgi.HTTP,
    "asgi": NEWEST,
    "scheme": "http",
    "root_path": "",
    "extensions": asgi.EVERYTHING,
}
SOCKET = {
    **asgi.WEBSOCKET,
    "asgi": NEWEST,
    "http_version": "1.1",
    "scheme": "ws",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "extensions": {"websocket.http.response": {}},
}
LIFE = {**asgi.LIFESPAN}
REST: dict[str, tuple[Any, ...]] = {
    "http": (asgi.request(), asgi.start(), asgi.body(b"hello")),
    "websocket": (asgi.CONNECT, asgi.ACCEPT, asgi.LEFT),
    "lifespan": (asgi.STARTUP, asgi.COMPLETE, asgi.SHUTDOWN, asgi.STOPPED),
}


def _scope(kind: str) -> Callable[[Any], Sequence[Step]]:
    return lambda value: _exchange(kind, value, *REST[kind])


def _any_scope(value: Any) -> Sequence[Step]:
    """The keys that every scope has, in the scope of an HTTP request."""
    if type(value) is not dict:
        return _exchange("", value, *REST["http"])
    rest = {key: HTTP[key] for key in HTTP if key not in ("type", "asgi", "extensions")}
    return _exchange("", {**rest, **value}, *REST["http"])


def _event(value: Any) -> Sequence[Step]:
    """What every event has, in an event that the server sends."""
    if type(value) is dict and value.get("type") == "sms.receive":
        value = {**value, "type": "http.request"}
    return _exchange("", HTTP, asgi.got(value), START, BODY)


class _File:
    """Something with a descriptor."""

    def fileno(self) -> int:
        return 1


def _zerocopy(value: Any) -> Sequence[Step]:
    if type(value) is dict and "file" in value:
        value = {**value, "file": _File()}
    return _exchange("", HTTP, asgi.request(), START, asgi.sent(value))


def _tls(value: Any) -> Sequence[Step]:
    scope = {**HTTP, "scheme": "https", "extensions": {"tls": value}}
    return _exchange("http", scope, *REST["http"])


def _within(scope: Any, before: Sequence[Any], direction: Any, after: Sequence[Any]) -> Any:
    return lambda value: _exchange("", scope, *before, direction(value), *after)


START, BODY = asgi.start(), asgi.body(b"hello")
SIZED = asgi.start(headers=[(b"content-length", b"5")])
PROMISED = asgi.start(headers=[(b"trailer", b"digest")], trailers=True)
SHAPES: dict[str, dict[str, Callable[[Any], Sequence[Step]]]] = {
    "wsgi": {
        "environ": _environ,
        "status": lambda value: _head(status=value),
        "headers": lambda value: _head(headers=value),
        "exc_info": _exc_info,
        "write": _write,
        "item": _item,
        "read": _read,
    },
    "asgi": {
        "scope": _any_scope,
        "scope.http": _scope("http"),
        "scope.websocket": _scope("websocket"),
        "scope.lifespan": _scope("lifespan"),
        "extension.tls": _tls,
        "event": _event,
        "http.request": _within(HTTP, (), asgi.got, (START, BODY)),
        "http.disconnect": _within(HTTP, (asgi.request(),), asgi.got, ()),
        "http.response.start": _within(HTTP, (asgi.request(),), asgi.sent, (BODY,)),
        "http.response.body": _within(HTTP, (asgi.request(), START), asgi.sent, ()),
        "http.response.push": _within(HTTP, (asgi.request(), START), asgi.sent, (BODY,)),
        "http.response.trailers": _within(HTTP, (asgi.request(), PROMISED, BODY), asgi.sent, ()),
        "http.response.zerocopysend": _zerocopy,
        "http.response.pathsend": _within(HTTP, (asgi.request(), SIZED), asgi.sent, ()),
        "http.response.early_hint": _within(HTTP, (asgi.request(),), asgi.sent, (START, BODY)),
        "http.response.debug": _within(HTTP, (asgi.request(),), asgi.sent, (START, BODY)),
        "websocket.connect": _within(SOCKET, (), asgi.got, (asgi.ACCEPT, asgi.LEFT)),
        "websocket.accept": _within(SOCKET, (asgi.CONNECT,), asgi.sent, (asgi.LEFT,)),
        "websocket.receive": _within(SOCKET, (asgi.CONNECT, asgi.ACCEPT), asgi.got, (asgi.LEFT,)),
        "websocket.send": _within(SOCKET, (asgi.CONNECT, asgi.ACCEPT), asgi.sent, (asgi.LEFT,)),
        "websocket.disconnect": _within(SOCKET, (asgi.CONNECT, asgi.ACCEPT), asgi.got, ()),
        "websocket.close": _within(SOCKET, (asgi.CONNECT, asgi.ACCEPT), asgi.sent, ()),
        "websocket.http.response.start": _within(
            SOCKET,
            (asgi.CONNECT,),
            asgi.sent,
            (asgi.sent({"type": "websocket.http.response.body", "body": b"no"}),),
        ),
        "websocket.http.response.body": _within(
            SOCKET,
            (
                asgi.CONNECT,
                asgi.sent({"type": "websocket.http.response.start", "status": 404, "headers": []}),
            ),
            asgi.sent,
            (),
        ),
        "lifespan.startup": _within(
            LIFE, (), asgi.got, (asgi.COMPLETE, asgi.SHUTDOWN, asgi.STOPPED)
        ),
        "lifespan.startup.complete": _within(
            LIFE, (asgi.STARTUP,), asgi.sent, (asgi.SHUTDOWN, asgi.STOPPED)
        ),
        "lifespan.startup.failed": _within(LIFE, (asgi.STARTUP,), asgi.sent, ()),
        "lifespan.shutdown": _within(
            LIFE, (asgi.STARTUP, asgi.COMPLETE), asgi.got, (asgi.STOPPED,)
        ),
        "lifespan.shutdown.complete": _within(
            LIFE, (asgi.STARTUP, asgi.COMPLETE, asgi.SHUTDOWN), asgi.sent, ()
        ),
        "lifespan.shutdown.failed": _within(
            LIFE, (asgi.STARTUP, asgi.COMPLETE, asgi.SHUTDOWN), asgi.sent, ()
        ),
    },
}


def clean_plays(interface: str) -> Iterator[tuple[Record, Exchange]]:
    """The corpus, ready to be played; without records of which the text asks for a word."""
    player: Any = play_wsgi if interface == "wsgi" else play_asgi
    for record in records(interface):
        if record.expects:
            continue
        yield record, partial(_quiet, player.serve, record)


def _quiet(serve: Callable[..., Any], record: Record, wrap: Wrap) -> None:
    """Play a record; what is raised in it is raised here, for checkers that raise."""
    played = serve(record, wrap)
    for one in played if isinstance(played, list) else [played]:
        if one.error is not None:
            raise one.error
