"""Several connections at once, and the order in which they get on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateproof.conformance.strategies import asgi_http, asgi_websocket
from gateproof.conformance.strategies.asgi_http import told
from gateproof.conformance.strategies.choices import Choices
from gateproof.targets.asgi_http import Leave, Request
from gateproof.targets.asgi_websocket import Connect

MOST = 4
"""Connections at most."""

TURNS = 24
"""Turns of which it is chosen whose they are; then the first that waits has its turn."""

_STAYS = Leave()
_LANGUAGES = (b"en", b"de;q=0.9, en", b"fr", b"ja")


@dataclass(frozen=True, slots=True, repr=False)
class Together:
    """Requests that are under way together.

    Attributes:
        asked: the requests, each of which can be told from the others.
        order: whose turn it is, by the place among those that wait.
    """

    asked: tuple[Request, ...]
    order: tuple[int, ...]

    def __repr__(self) -> str:
        return f"<{self}>"  # Hypothesis writes it down, and warns where it is long

    def __str__(self) -> str:
        return f"{'  and  '.join(map(told, self.asked))}, in the order {list(self.order)}"


@dataclass(frozen=True, slots=True, repr=False)
class Joined:
    """WebSocket connections that are open together; attributes as of `Together`."""

    asked: tuple[Connect, ...]
    order: tuple[int, ...]

    def __repr__(self) -> str:
        return f"<{self}>"  # Hypothesis writes it down, and warns where it is long

    def __str__(self) -> str:
        said = [f"{one} that says {', '.join(map(repr, one.messages))}" for one in self.asked]
        return f"{'  and  '.join(said)}, in the order {list(self.order)}"


def _order(choices: Choices, count: int) -> tuple[int, ...]:
    return tuple(choices.below(count) for _ in range(choices.below(TURNS + 1)))


def _marked(query: bytes, number: int) -> bytes:
    return b"&".join(filter(None, (query, b"who=%d" % number)))


def together(known: asgi_http.Known) -> Callable[[Choices], Together]:
    """Two to four requests, one of which may end early, in any order."""

    def one(choices: Choices, number: int) -> Request:
        path, _, query = choices.pick(known.paths).partition("?")
        body = b"the body of request %d, for nobody else" % number
        headers = [
            (b"x-request-id", b"%d" % number),
            (b"cookie", b"session=%d; theme=dark" % number),
            (b"authorization", b"Bearer token-%d" % number),
            (b"accept-language", _LANGUAGES[number % len(_LANGUAGES)]),
        ]
        pieces: tuple[bytes, ...] = ()
        if choices.odds(1):
            pieces = choices.cuts(body, 2)
            headers.append((b"content-length", b"%d" % len(body)))
        made = Request(
            choices.pick(known.methods),
            path,
            _marked(query.encode("latin-1", "replace"), number),
            tuple(headers),
            pieces,
            pauses=choices.pick((1, 0, 3)),
        )
        if number and choices.odds(7):
            made = replace(made, leave=Leave(received=choices.below(3)))
        return made

    def describe(choices: Choices) -> Together:
        count = 2 + choices.below(MOST - 1)
        order = _order(choices, count)
        return Together(tuple(one(choices, number) for number in range(count)), order)

    return describe


def joined(known: asgi_websocket.Known) -> Callable[[Choices], Joined]:
    """Two to four WebSocket connections, in any order."""

    def one(choices: Choices, number: int) -> Connect:
        path, _, query = choices.pick(known.paths).partition("?")
        said: list[str | bytes] = []
        for turn in range(choices.below(4) if known.kinds else 0):
            text = f'"message {turn} of {number}"'
            said.append(text if choices.pick(known.kinds) is str else text.encode())
        headers = ((b"cookie", b"session=%d" % number), (b"x-request-id", b"%d" % number))
        marked = _marked(query.encode("latin-1", "replace"), number)
        made = Connect(path, marked, headers, messages=tuple(said))
        if number and choices.odds(7):
            made = replace(made, leave=Leave(received=1 + choices.below(3)))
        return made

    def describe(choices: Choices) -> Joined:
        count = 2 + choices.below(MOST - 1)
        order = _order(choices, count)
        return Joined(tuple(one(choices, number) for number in range(count)), order)

    return describe
