"""Descriptions of WSGI examples: every legal client in front of every legal server.

Imported only by cases that generate, for Hypothesis takes a while to load.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateproof.conformance.strategies import wsgi_requests as asked
from gateproof.conformance.strategies import wsgi_servers as served
from gateproof.conformance.strategies.choices import Choices
from gateproof.conformance.strategies.wsgi_bodies import several
from gateproof.conformance.strategies.wsgi_requests import Ground
from gateproof.conformance.strategies.wsgi_servers import Change, Drawn, changed
from gateproof.targets.wsgi_environ import Request

ANY = {
    name: freedom
    for table in (*served.GROUPS.values(), served.UNRELATED)
    for name, freedom in table.items()
    if name not in ("mount", "short")  # what they change is observed by relations of their own
}
"""The freedoms that the case without relations takes."""

ENDINGS = ("stops", "gone", "stops", "gone", "write fails")
"""How an exchange may end early; few applications write."""

SINGLE = tuple(kind for kind in asked.KINDS if kind not in ("asterisk", "mount itself", "mounted"))
"""Departures that leave an application at its root."""

MARKS = ("pair", "field", "cookies", "body", "path below")
"""Departures that tell one of several requests from the others."""


@dataclass(frozen=True, slots=True)
class Example:
    """One request, as a server passes it on.

    Attributes:
        plain: the request, as the plainest server passes it on.
        changes: what the server does otherwise.
        ending: how the exchange ends early, if it does.
    """

    plain: Request
    changes: tuple[Change, ...] = ()
    ending: Change | None = None

    @property
    def request(self) -> Request:
        """The request as the server of this example passes it on."""
        ending = () if self.ending is None else (self.ending,)
        return changed(self.plain, (*self.changes, *ending))


@dataclass(frozen=True, slots=True)
class Crowd:
    """Several requests that are under way together.

    Attributes:
        requests: two or more.
        turns: which of them gets on next, by number; when none is left, they end in order.
        threads: each has a thread of its own; otherwise their results are iterated in turn.
    """

    requests: tuple[Request, ...]
    turns: tuple[int, ...]
    threads: bool


def anything(ground: Ground) -> Callable[[Choices], Example]:
    """Describes any request in front of any server."""

    def describe(choices: Choices) -> Example:
        made = asked.draft(choices, ground)
        ending = choices.pick(ENDINGS) if choices.odds(2) else ""
        if ending == "gone" and not made.body:
            asked.body(choices, made)
        plain = made.request()
        found = served.freedoms(choices, plain, ANY, 0, 4).changes
        if not ending:
            return Example(plain, found)
        return Example(plain, found, served.ENDINGS[ending](choices, plain))

    return describe


def related(ground: Ground, group: str) -> Callable[[Choices], Drawn]:
    """Describes a request, and some of a group's freedoms that must not show in the reply."""
    kinds = SINGLE if group == "mount" else asked.KINDS

    def describe(choices: Choices) -> Drawn:
        named = group
        if group == "default-keys" and choices.odds(2):
            named = "voluntary-keys"  # of these only failures count
        made = asked.draft(choices, ground, 3, kinds)
        if group == "header-form":
            asked.repeated(choices, made)
        elif group == "cookie-split":
            asked.cookies(choices, made, least=2)
        elif group == "body-cut" and not made.body:
            asked.body(choices, made)
        table = served.GROUPS[named]
        return served.freedoms(choices, made.request(), table, 1, min(5, 2 * len(table) - 1))

    return describe


def gets(ground: Ground) -> Callable[[Choices], Request]:
    """Describes requests by GET."""

    def describe(choices: Choices) -> Request:
        made = asked.draft(choices, ground)
        return made.request().but(method="GET")

    return describe


def crowds(ground: Ground) -> Callable[[Choices], Crowd]:
    """Describes requests that differ in little, and in whose turn it is when."""

    def describe(choices: Choices) -> Crowd:
        count = 2 + choices.odds(4)
        threads = choices.odds(2)
        mark = choices.pick(MARKS)
        drafts = []
        for _ in range(count):
            made = asked.draft(choices, ground, 1)
            asked.CLIENT[mark](choices, made)
            drafts.append(made.request())
        turns = tuple(choices.below(count) for _ in several(choices, 9, 0, 8))
        return Crowd(tuple(drafts), turns, threads)

    return describe


__all__ = ["Change", "Crowd", "Drawn", "Example", "Ground", "anything", "crowds", "gets", "related"]
