"""Journals of the probe, read back: one recorded call as a ladder that judges can read."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateproof.targets import probe
from gateproof.validators.asgi.judge import STEPS as ASGI_STEPS
from gateproof.validators.asgi.values import Misuse
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.schema.kinds import EXACT_TYPES
from gateproof.validators.violation import Rung, Violation
from gateproof.validators.wsgi.facts import Raised

OWN = ("note", "end", "clipped")
"""Steps of the probe's own, which judges of ASGI pass over."""


class JournalError(ValueError):
    """A journal that cannot be read: of another version of the probe, or no journal."""


@dataclass
class Call:
    """One recorded call of an application.

    Attributes:
        token: of the script that was played, ``""`` for none.
        interface: ``"wsgi"`` or ``"asgi"``.
        meta: the journal's first line.
        rungs: what crossed, in order; steps ``note`` and ``end`` are the probe's own.
        ended: whether the call is over.
        clipped: whether the journal grew so long that rungs before its end are missing.
        foreign: whether its times are an estimate, for they are of another machine's clock.
    """

    token: str
    interface: str
    meta: dict[str, Any]
    rungs: tuple[Rung, ...] = ()
    ended: bool = False
    path: Path | None = field(default=None, repr=False)
    clipped: bool = False
    foreign: bool = False

    @property
    def request(self) -> Any:
        """The environ or scope, ``None`` where the call did not come so far."""
        return next((rung.data for rung in self.rungs if rung.step == "call"), None)

    def steps(self, *names: str) -> list[Any]:
        """What crossed by the steps ``names``, in order."""
        return [rung.data for rung in self.rungs if rung.step in names]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """The player's remarks."""
        return self.steps("note")

    @property
    def raised(self) -> Any:
        """What left the application: a :class:`Raised` or an exception; ``None`` for nothing."""
        return next(iter(self.steps("raise")), None)

    @property
    def broken(self) -> str:
        """Why its script could not be played, ``""`` where it could."""
        return next((note["broken"] for note in self.notes if "broken" in note), "")

    @property
    def body(self) -> bytes:
        """The octets of the request's body that the application was given."""
        if self.interface == "asgi":
            events = self.steps("received")
            pieces = [event.get("body", b"") for event in events if isinstance(event, dict)]
        else:
            read = ("read", "readline", "readlines", "__next__")
            pieces = []
            for method, _, outcome in self.steps("input"):
                if method in read:
                    pieces += outcome if isinstance(outcome, list) else [outcome]
        return b"".join(piece for piece in pieces if isinstance(piece, bytes))

    def ladder(self) -> tuple[Rung, ...]:
        """The rungs that a judge is to be fed."""
        if self.interface == "asgi":
            return tuple(rung for rung in self.rungs if rung.step in ASGI_STEPS)
        rungs = [rung for rung in self.rungs if rung.step not in OWN]
        if self.clipped:
            return tuple(rungs)
        # Only the end of what the recorder saw to its end means something to the judge.
        ends = [rung for rung in self.rungs if rung.step == "end" and rung.data is None]
        return (*rungs, *ends[:1])

    def violations(self, rules: Rules | None = None) -> list[Violation]:
        """What the judge finds in it, in order; all parties'."""
        policy = Policy("collect", rules or Rules(level="all"))
        ladder = self.ladder()
        if self.interface == "wsgi":
            from gateproof.validators.wsgi.replay import replay

            return replay(ladder, policy, host="server")
        if not ladder or ladder[0].step != "call":
            return []
        from gateproof.validators.asgi.replay import replay as replay_asgi

        found = replay_asgi(ladder, policy)
        if any("cancelling" in note for note in self.notes) and found:
            # Swallowing a cancellation is the application's way to leave.
            cut = [Rung("cancel", None, r.at) if r.step == "return" else r for r in ladder]
            before = replay_asgi([r for r in ladder if r.step != "return"], policy)
            if len(found) > len(before):
                found = replay_asgi(cut, policy)
        return found


def together(calls: Iterable[Call], rules: Rules | None = None) -> list[Violation]:
    """What is broken between the connections of one server's event loops."""
    from gateproof.validators.asgi.loop_replay import replay_together

    policy = Policy("collect", rules or Rules(level="all"))
    return replay_together([call.ladder() for call in calls if call.interface == "asgi"], policy)


def read(path: Path) -> Call | None:
    """The call whose journal lies at ``path``; ``None`` while it has no first line.

    Raises:
        JournalError: it is no journal, or one of another version.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    return parse(text, path)


def parse(text: bytes, path: Path | None = None) -> Call | None:
    """The call that a journal's text holds; a last line without its end is left out.

    Raises:
        JournalError: as for :func:`read`.
    """
    lines = text.split(b"\n")[:-1]
    if not lines:
        return None
    try:
        meta = json.loads(lines[0])
        version, interface = meta["probe"], meta["interface"]
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(f"not a journal of a probe: {lines[0][:80]!r}") from error
    if version != probe.VERSION:
        raise JournalError(
            f"the journal is of a probe of version {version!r}; "
            f"this is version {probe.VERSION!r}: copy the probe anew"
        )
    stand_in = _Reader()
    try:
        rungs = tuple(stand_in.rung(json.loads(line)) for line in lines[1:])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise JournalError(f"a line of the journal cannot be read: {error}") from error
    ended = any(rung.step == "end" for rung in rungs)
    clipped = any(rung.step == "clipped" for rung in rungs)
    return Call(meta.get("token", ""), interface, meta, rungs, ended, path, clipped)


# Stand-ins -------------------------------------------------------------------------


class _Reader:
    """Makes rungs of lines, with stand-ins for what was alive.

    One object is one stand-in throughout a journal, as far as its identity tells.
    """

    def __init__(self) -> None:
        self._objects: dict[tuple[int, str], Any] = {}

    def rung(self, line: dict[str, Any]) -> Rung:
        return Rung(line["s"], probe.decode(line["d"], self._stand_in), line["t"])

    def _stand_in(self, tag: str, held: Any) -> Any:
        makers: dict[str, Callable[[Any], Any]] = {
            "as": self._subclass,
            "e": self._error,
            "r": _raised,
            "o": self._object,
            "c": _class,
            "m": self._misuse,
            "cut": _cut,
        }
        maker = makers.get(tag)
        if maker is None:
            raise ValueError(f"unknown tag {tag!r}")
        return maker(held)

    def _subclass(self, held: dict[str, Any]) -> Any:
        value = probe.decode(held["held"], self._stand_in)
        if type(value) not in EXACT_TYPES:
            return value  # too deep inside: a stand-in already
        return _named(held["as"], type(value))(value)

    def _misuse(self, held: Any) -> Misuse:
        arguments, named = (probe.decode(part, self._stand_in) for part in held)
        return Misuse(tuple(arguments), named)

    def _error(self, held: dict[str, Any]) -> Any:
        key = (held["id"], held["type"])
        if key not in self._objects:
            self._objects[key] = _exception(held, probe.decode(held["args"], self._stand_in))
        return self._objects[key]

    def _object(self, held: dict[str, Any]) -> Any:
        key = (held["id"], held["type"])
        if key not in self._objects:
            self._objects[key] = _stand_in(held)
        if "fileno" in held:
            _give(self._objects[key], probe.decode(held["fileno"], self._stand_in))
        return self._objects[key]


def _raised(held: dict[str, Any]) -> Raised:
    return Raised(
        held["type"].rpartition(".")[2],
        held["text"],
        held["id"],
        tuple(held["causes"]),
        held["outside"],
    )


def _named(name: str, base: type, **members: Any) -> Any:
    module, _, plain = name.rpartition(".")
    return type(plain, (base,), {"__module__": module or "builtins", **members})


def _class(held: dict[str, Any]) -> type:
    name = held["type"]
    own = getattr(builtins, name, None)
    if isinstance(own, type):
        return own
    return _named(name, _builtin(held["bases"], object))  # type: ignore[no-any-return]


def _builtin(names: list[str], default: type) -> type:
    """The most derived built-in class of ``names`` that can be made of a text."""
    for name in names:
        found = getattr(builtins, name, None)
        if isinstance(found, type) and not name.endswith("ExceptionGroup"):
            return found
    return default


def _exception(held: dict[str, Any], args: list[Any]) -> BaseException:
    """An exception that stands for one elsewhere: of the same built-in class, and as it reads."""
    text, shown = held["text"], held["repr"]

    def init(self: Any, *_: Any) -> None:
        self.args = tuple(args)

    kind = _named(
        held["type"],
        _builtin(held["bases"], Exception),
        __init__=init,
        __str__=lambda _self: text,
        __repr__=lambda _self: shown,
    )
    made: BaseException = kind.__new__(kind)
    made.args = tuple(args)
    return made


def _cut(held: list[Any]) -> bytes:
    """Octets of which only both ends are known; as long as they were."""
    head, tail, length, _ = held
    middle = length - len(head) - len(tail)
    filled: bytes = head.encode("latin-1") + b"\0" * middle + tail.encode("latin-1")
    return filled


def _stand_in(held: dict[str, Any]) -> Any:
    """An object that offers what the one elsewhere did, and looks like it."""
    shown = held["repr"]
    members: dict[str, Any] = dict.fromkeys(held["methods"], _useless)
    if held.get("callable"):
        members["__call__"] = _useless
    made = _named(held["type"], object, __repr__=lambda _self: shown, **members)()
    for name in held.get("own", ()):
        setattr(made, name, _useless)
    return made


def _give(file: Any, number: Any) -> None:
    """Let a file's stand-in give the descriptor that the file gave, or raise what it raised."""

    def fileno(_self: Any) -> Any:
        if isinstance(number, BaseException):
            raise number
        return number

    type(file).fileno = fileno


def _useless(*_: Any, **__: Any) -> Any:
    raise TypeError("a stand-in for an object of another process does nothing")
