"""The judge of ``state``: what the lifespan stores, and the copy each connection gets.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html#lifespan-state
"""

from __future__ import annotations

from gateproof.validators.asgi.values import NOTHING, breach, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gateproof.validators.asgi.judge import Found
    from gateproof.validators.violation import Breach

    Fact = dict[str, Any]
    Entries = dict[str, int]

COPIED = "asgi.lifespan.state.copied-to-requests"
SHALLOW = "asgi.lifespan.state.shallow-copy"
ISOLATED = "asgi.lifespan.state.request-additions-isolated"
ADVERTISED = "asgi.lifespan.state.advertised-in-lifespan-scope"
UNTOUCHED = "asgi.lifespan.state.server-does-not-touch"
POPULATED = "asgi.lifespan.state.populated-before-complete"

FINDS = (COPIED, SHALLOW, ISOLATED, ADVERTISED, UNTOUCHED, POPULATED)
"""What can be found broken."""

NOTES = 32
"""Keys of which it is noted that they are not the lifespan's; each is told once."""


class StateJudge:
    """Judges the copies of one lifespan's namespace.

    Args:
        namespace: the identity of the lifespan scope's ``state``, ``None`` for none.
        noting: whether remarks of verdict ``observed`` are wanted.
    """

    def __init__(self, namespace: int | None = None, *, noting: bool = True) -> None:
        self.noting = noting
        self._namespace = namespace
        self._entries: Entries = {}  # as they were when startup was complete
        self._first: frozenset[str] | None = None  # keys when the first connection came
        self._noted: set[str] = set()
        self._shared = False
        self.settled = False  # a connection with the very entries needs no judging

    def stored(self, entries: Entries) -> None:
        """Startup is complete, and the namespace holds ``entries``."""
        self._entries = entries

    def stopping(self, entries: Entries) -> Found:
        """Shutdown was delivered, and the namespace holds ``entries``."""
        if not self.noting or not self._entries or entries or self._shared:
            return NOTHING
        return (
            breach(
                UNTOUCHED,
                "the lifespan's state had been emptied when 'lifespan.shutdown' was delivered",
                "{}",
                f"the keys that were stored: {_names(self._entries)}",
                verdict="observed",
            ),
        )

    def connected(self, fact: Fact) -> Found:
        """A connection was opened while the lifespan was running."""
        if "state" not in fact:
            return NOTHING
        if fact["state"] is None:
            return self._missing(fact, sorted(self._entries), "weak") if self._entries else NOTHING
        if self._namespace is None:
            return self._unadvertised()
        if fact["state"] == self._namespace:
            self._shared = True
            return (
                breach(
                    SHALLOW,
                    f"{_who(fact)} was given the lifespan's own state, not a copy",
                    "the same dict",
                    "a copy of the lifespan's state, new for each connection",
                ),
            )
        if fact.get("same") is not None:
            return self._leaked(fact)
        entries: Entries = fact["entries"]
        if entries == self._entries and self._first is not None and "namespace" not in fact:
            return NOTHING
        return self._compared(fact, entries, fact.get("namespace", self._entries))

    def chances(self, fact: Fact) -> frozenset[str]:
        """The requirements that a connection, opened next, gives a chance to be broken."""
        stored = {COPIED} if self._entries else set()
        if "state" not in fact or fact["state"] is None:
            return frozenset(stored if "state" in fact else ())
        if self._namespace is None:
            return frozenset({ADVERTISED})
        seen = {ADVERTISED, SHALLOW, UNTOUCHED, *stored}
        return frozenset(seen if self._first is None else {*seen, ISOLATED, POPULATED})

    def _compared(self, fact: Fact, entries: Entries, now: Entries) -> Found:
        """Compare what a connection was given with what the lifespan stored and still holds."""
        expected = {key: held for key, held in self._entries.items() if now.get(key) == held}
        missing = [key for key in expected if key not in entries]
        alike = fact.get("alike", expected)
        other = [
            key
            for key, held in expected.items()
            if key in entries and entries[key] != held and key in alike
        ]
        found: list[Breach] = []
        if missing:
            found += self._missing(fact, missing)
        if other:
            found.append(
                breach(
                    SHALLOW,
                    f"{_who(fact)} was given other objects in state than the lifespan "
                    f"stored: {_names(other)}",
                    f"other objects for {_names(other)}",
                    "the very objects: a shallow copy",
                )
            )
        if self._first is None:
            self._first = frozenset(now)
            self.settled = True
        late = [key for key in entries if key in now and key not in self._first]
        if late and not self._shared:
            self._first = self._first.union(late)
            found.append(
                breach(
                    POPULATED,
                    f"the lifespan's state was given more keys while requests were being served: "
                    f"{_names(late)}",
                    f"{_names(late)} after the first connection",
                    "all that requests are to see, before 'lifespan.startup.complete'",
                )
            )
        return (*found, *self._foreign(entries, now))

    def _missing(self, fact: Fact, keys: list[str], verdict: Any = None) -> Found:
        given = "no state" if verdict else f"a state without {_names(keys)}"
        return (
            breach(
                COPIED,
                f"{_who(fact)} was given {given}, though the lifespan stored {_names(keys)}",
                given,
                f"a copy of the lifespan's state, with {_names(keys)}",
                verdict=verdict,
            ),
        )

    def _leaked(self, fact: Fact) -> Found:
        added = fact.get("added", ())
        return (
            breach(
                ISOLATED,
                f"{_who(fact)} was given the state of an earlier connection, with what "
                f"was added there: {_names(added)}",
                f"the dict of connection {fact['same']}",
                "a copy of the lifespan's state, new for each connection",
            ),
        )

    def _unadvertised(self) -> Found:
        if not self.noting or "" in self._noted:
            return NOTHING
        self._noted.add("")
        return (
            breach(
                ADVERTISED,
                "connections are given a state, and the lifespan scope had none",
                "'state' in the scope of a connection",
                "'state' in the lifespan scope as well, or in neither",
                verdict="observed",
            ),
        )

    def _foreign(self, entries: Entries, now: Entries) -> Found:
        """Note keys that the lifespan never had; a middleware may have added them."""
        if not self.noting or len(self._noted) >= NOTES:
            return NOTHING
        known = self._entries
        more = [k for k in entries if k not in now and k not in known and k not in self._noted]
        if not more:
            return NOTHING
        self._noted.update(more[:NOTES])
        return (
            breach(
                UNTOUCHED,
                f"state has keys that the lifespan did not store: {_names(more)}",
                f"{_names(more)} in the scope of a connection",
                "what the lifespan stored, unless a middleware before this one added to it",
                verdict="observed",
            ),
        )


def _who(fact: Fact) -> str:
    return f"a connection of type {fact['protocol']!r}"


def _names(keys: Any) -> str:
    names = list(keys)
    listed = ", ".join(shown(name, 40) for name in names[:8])
    return listed + (", ..." if len(names) > 8 else "")
