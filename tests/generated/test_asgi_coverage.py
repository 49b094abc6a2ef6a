"""Generated traffic for ASGI is not empty: each kind of thing is reached, in either style.

Speed would be easy to have with examples in which nothing happens. So the examples of the
profiles are counted by what they hold; each kind has to be there, and not by one chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import pytest

from gateproof.conformance.effort import PROFILES, Effort
from gateproof.conformance.strategies import (
    asgi_bodies,
    asgi_http,
    asgi_lifespan,
    asgi_mounts,
    asgi_parts,
    asgi_together,
    asgi_websocket,
)
from gateproof.conformance.strategies.search import search
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import Leave

PATHS = ("/", "/items/1?q=1")
HTTP = asgi_http.Known(PATHS, ("GET", "HEAD", "OPTIONS", "POST"), stateless=True)
WEBSOCKET = asgi_websocket.Known(PATHS)

DEFAULT, THOROUGH = PROFILES["default"], PROFILES["thorough"]
STYLES = {
    "default": DEFAULT,
    "fast": replace(THOROUGH, drawn=0),
    "drawn": replace(THOROUGH, volume=0),
}
"""What a user's run plays, and each style by itself in a thorough one."""


def counted(
    describe: Callable[[Any], Any], effort: Effort, kinds: Callable[[Any], Iterable[str]]
) -> Counter[str]:
    """How many of the examples that a search plays are of each kind."""
    found: Counter[str] = Counter()

    def play(example: Any) -> dict[str, Any]:
        found.update(set(kinds(example)))
        return {}

    searched = search(describe, play, replace(effort, seconds=120.0))
    assert searched.played >= effort.volume + 0.7 * effort.drawn  # there are no more of some
    return found


def points(leave: Leave) -> Iterator[str]:
    if leave.received is not None:
        yield f"gone after {leave.received} received"
    if leave.sent is not None:
        yield f"gone after {leave.sent} sent"


def cuts(pieces: tuple[bytes, ...]) -> Iterator[str]:
    """What is remarkable about how a body is cut."""
    whole = b"".join(pieces)
    places = list(accumulate(map(len, pieces)))[:-1]
    if not pieces[0]:
        yield "first piece empty"
    if not pieces[-1]:
        yield "last piece empty"
    if any(not piece for piece in pieces[1:-1]):
        yield "piece between empty"
    if any(0 < at < len(whole) and 0x80 <= whole[at] < 0xC0 for at in places):
        yield "inside a character"
    if any(whole[at - 1 : at + 1] == b"\r\n" for at in places if at):
        yield "inside a line end"
    if any(at and whole[at - 1 : at] in (b"&", b"=") for at in places):
        yield "beside a separator"
    for size in (1, 1024, 65_536):
        if len(pieces) > 1 and len(pieces[0]) == size:
            yield f"first piece of {size}"
    yield "many pieces" if len(pieces) > 8 else f"{min(len(pieces), 4)} pieces"


CUTS = (
    "first piece empty",
    "last piece empty",
    "piece between empty",
    "inside a character",
    "inside a line end",
    "beside a separator",
    "first piece of 1",
    "first piece of 1024",
    "first piece of 65536",
    "many pieces",
    *(f"{count} pieces" for count in (2, 3, 4)),
)


RARE = {"first piece of 65536", "first piece of 1024"}
"""Which take a large body and one cut: a few hundred examples may be without."""


def http_kinds(example: asgi_http.Example) -> Iterator[str]:
    """What an HTTP example holds."""
    if example.unknown is not None:
        yield f"unknown {example.unknown['type']}"
        return
    asked, request = example.asked, example.request
    yield f"method {asked.method}"
    yield f"version {asked.scope.get('http_version', '1.1')}"
    yield f"scheme {asked.scope.get('scheme', 'http')}"
    yield f"query {asked.query!r}"
    for known in PATHS:
        path = known.partition("?")[0]
        if asked.path.startswith(path) and (path != "/" or not asked.path.startswith("/items")):
            yield f"suffix {asked.path.removeprefix(path)}"
    for pair in asked.headers:
        yield f"header {pair!r}"
    names = [name for name, _ in asked.headers]
    if len(names) > len(set(names)):
        yield "a header repeated"
    if not names:
        yield "no headers"
    if sum(name == b"cookie" for name, _ in request.headers) > 1:
        yield "cookies in several headers"
    if asked.body:
        size = len(asked.body[0])
        yield f"size {size}" if size < 2 else "size 64 KiB" if size == 65_536 else "size other"
        yield f"body {dict(asked.headers).get(b'content-type', b'of no type')!r}"
        yield from cuts(request.body) if len(request.body) > 1 else ()
    for event in request.events:
        yield f"event of {len(event)} keys"
    if example.freedoms:
        yield f"{min(len(example.freedoms), 5)} freedoms"
    for one in example.freedoms:
        if not one.says.startswith(("the body comes", "the cookies come")):
            yield one.says
    yield from points(example.leave)
    yield f"pauses {request.pauses}"


EACH = (
    *(f"method {method}" for method in HTTP.methods),
    *(f"version {version}" for version in ("1.0", "1.1", "2")),
    *(f"scheme {scheme}" for scheme in ("http", "https")),
    *(f"the spec_version is {version!r}" for version in asgi_scope.SPEC_VERSIONS),
    *(f"gone after {count} {how}" for count in range(3) for how in ("received", "sent")),
    *(f"the scope has no {key!r}" for key in ("client", "server", "scheme", "root_path")),
    *(f"the scope has no {key!r}" for key in ("raw_path", "extensions", "state")),
    *(f"{key!r} is None" for key in ("client", "server", "raw_path")),
    *(f"pauses {pauses}" for pauses in (0, 1, 2, 5, 10)),
    *(f"size {size}" for size in ("0", "1", "64 KiB", "other")),
    "header pairs are lists",
    "the headers are in a tuple",
    "the headers are in a generator",
    "header names are in title case",
    "http.request lacks an empty 'body'",
    "http.request lacks a false 'more_body'",
    "the scope has no spec_version",
    "an unknown extension is offered",
    "http.response.trailers is offered",
    "a header repeated",
    "cookies in several headers",
    "first piece empty",
    "last piece empty",
    "piece between empty",
    "inside a character",
    "first piece of 1",
    "many pieces",
)
"""What every run is to reach."""

ALL = (
    *EACH,
    *CUTS,
    *(f"unknown {kind}" for kind in asgi_http.UNKNOWN),
    *(f"query {query!r}" for query in asgi_parts.QUERIES),
    *(f"suffix {suffix}" for suffix in asgi_parts.SUFFIXES),
    *(f"header {pair!r}" for pair in asgi_parts.HEADERS),
    *(f"body {kind!r}" for kind, _ in asgi_bodies.KINDS.values()),
    "body b'of no type'",
    *(f"gone after {count} {how}" for count in range(7) for how in ("received", "sent")),
    *(one.says for table in (asgi_http._KEYS, asgi_http._OFFERS) for one in table),
    *(one.says for table in (asgi_http._CONTAINERS, asgi_http._EXTRAS) for one in table),
    *(f"{count} freedoms" for count in range(1, 6)),
    *(f"event of {count} keys" for count in range(1, 6)),
    "no headers",
)
"""What a thorough run is to reach in either style."""


@pytest.mark.parametrize("style", STYLES)
def test_every_kind_of_request_is_reached(style: str) -> None:
    found = counted(asgi_http.anything(HTTP), STYLES[style], http_kinds)
    expected = {*EACH} if style == "default" else {*ALL}
    if style == "drawn":
        expected -= RARE

    assert sorted(kind for kind in expected if not found[kind]) == []


@pytest.mark.parametrize(
    ("group", "kinds"),
    [
        ("cut", CUTS),
        ("keys", [one.says for one in (*asgi_http._KEYS, asgi_http._STATELESS)]),
        ("container", [one.says for one in asgi_http._CONTAINERS]),
        ("extra", [one.says for one in asgi_http._EXTRAS]),
        ("pace", [f"pauses {pauses}" for pauses in (0, 2, 5, 10)]),
        ("cookies", ["cookies in several headers"]),
    ],
)
@pytest.mark.parametrize("style", ["half of default", "drawn"])
def test_a_relation_reaches_all_that_it_is_about(style: str, group: str, kinds: Any) -> None:
    half = Effort(DEFAULT.volume // 2, DEFAULT.drawn // 10, 60.0, 1.0)
    effort = STYLES["drawn"] if style == "drawn" else half
    if group == "cut" and style != "drawn":
        effort = replace(half, volume=DEFAULT.volume)

    found = counted(asgi_http.varied(HTTP, group), effort, http_kinds)
    rare = RARE if style != "drawn" else set()

    assert sorted(kind for kind in kinds if not found[kind] and kind not in rare) == []


def test_no_example_of_a_relation_is_plain() -> None:
    for group in ("cut", "keys", "container", "extra", "pace", "cookies"):
        found = counted(
            asgi_http.varied(HTTP, group),
            STYLES["fast"],
            lambda example: ["plain" if example.request == example.plain() else "varied"],
        )
        assert found["plain"] <= 0.02 * found["varied"], group


def websocket_kinds(example: asgi_websocket.Example) -> Iterator[str]:
    """What a WebSocket example holds."""
    request = example.request
    for message in request.messages:
        yield f"says {message[:40]!r} of {len(message)}"
    yield f"{min(len(request.messages), 7)} messages"
    if len({type(message) for message in request.messages}) > 1:
        yield "text and octets"
    yield f"code {request.close['code']}"
    yield f"reason {str(request.close.get('reason', 'absent'))[:6]}"
    yield f"{min(len(request.subprotocols), 3)} subprotocols"
    yield from points(example.leave)
    for one in example.freedoms:
        if one.requirement != "asgi.websocket.disconnect.reason-default":
            yield one.says
    if request.event:
        yield "events with unknown keys"


MESSAGES = (*asgi_websocket.TEXTS, *asgi_websocket.OCTETS)
WEBSOCKET_EACH = (
    *(f"{count} messages" for count in range(8)),
    *(f"{count} subprotocols" for count in range(4)),
    *(f"gone after {count} {how}" for count in range(3) for how in ("received", "sent")),
    *(f"reason {reason}" for reason in ("", "bye", "absent", "None")),
    "text and octets",
    "events with unknown keys",
    "the unused key of websocket.receive is None",
    "the scope has no 'subprotocols'",
    "the scope has no 'query_string'",
    "header pairs are lists",
    "a denial response is offered",
)
WEBSOCKET_ALL = (
    *WEBSOCKET_EACH,
    *(f"says {message[:40]!r} of {len(message)}" for message in MESSAGES),
    *(f"code {code}" for code in asgi_websocket.CODES),
    *(one.says for one in asgi_websocket._KEYS),
    *(one.says for one in (*asgi_websocket._CONTAINERS, *asgi_websocket._EXTRAS)),
)


@pytest.mark.parametrize("style", STYLES)
def test_every_kind_of_connection_is_reached(style: str) -> None:
    found = counted(asgi_websocket.anything(WEBSOCKET), STYLES[style], websocket_kinds)
    expected = WEBSOCKET_EACH if style == "default" else WEBSOCKET_ALL

    assert sorted(kind for kind in set(expected) if not found[kind]) == []


@pytest.mark.parametrize("style", STYLES)
def test_every_kind_of_lifespan_is_reached(style: str) -> None:
    def kinds(example: asgi_lifespan.Example) -> Iterator[str]:
        yield "state" if example.offer_state else "no state"
        yield f"version {example.scope.get('asgi', asgi_scope.asgi('2.0')).get('spec_version')}"
        yield from (f"scope {key!r}" for key in example.scope if key != "asgi")
        yield from (f"event {key!r}" for key in example.event)

    found = counted(asgi_lifespan.describe, STYLES[style], kinds)
    extra = {key for key, _ in asgi_parts.EXTRA}
    expected = {
        *("state", "no state"),
        *(f"version {version}" for version in asgi_lifespan.VERSIONS),
        *(f"{where} {key!r}" for where in ("scope", "event") for key in extra),
    }

    assert sorted(expected - found.keys()) == []


@pytest.mark.parametrize("style", STYLES)
def test_connections_get_on_in_all_kinds_of_orders(style: str) -> None:
    def kinds(example: asgi_together.Together) -> Iterator[str]:
        count, order = len(example.asked), example.order
        yield f"{count} at once"
        yield "one after the other" if not any(order) else "mixed"
        switches = sum(a != b for a, b in pairwise(order))
        yield "many switches" if switches > 8 else "few switches"
        yield from (f"first {order[0]}" for _ in order[:1])
        if any(one.leave != Leave() for one in example.asked):
            yield "one leaves"
        for one in example.asked:
            yield f"{min(len(one.body), 3)} pieces"
            yield f"pauses {one.pauses}"

    expected = {
        *(f"{count} at once" for count in (2, 3, 4)),
        *(f"first {place}" for place in range(4)),
        *(f"{count} pieces" for count in range(4)),
        *(f"pauses {pauses}" for pauses in (0, 1, 3)),
        *("one after the other", "mixed", "many switches", "few switches", "one leaves"),
    }
    effort = STYLES[style]
    if style == "default":
        effort = replace(effort, volume=effort.volume // 4, drawn=effort.drawn // 10)

    found = counted(asgi_together.together(HTTP), effort, kinds)

    assert sorted(expected - found.keys()) == []


@pytest.mark.parametrize("style", STYLES)
def test_every_mount_is_reached(style: str) -> None:
    found = counted(
        asgi_mounts.mounted(HTTP),
        STYLES[style],
        lambda example: [example.root],
    )

    assert {*asgi_mounts.ROOTS, "/items"} - found.keys() == set()
