"""Shapes for the judges: compiled checks of the active set, and their explanations.

The accept-functions of one active set are compiled when first needed and shared
by all connections; they keep nothing of what they saw. They are compiled without
the catalogue, whose files are slow to read. The first rejection reads them and
compiles its check anew without what nobody would be told of, so that such a breach
costs nothing from then on. A rejection is explained by
:func:`gateproof.validators.schema.explain`, an equal one from memory.
"""

from __future__ import annotations

from gateproof.validators.policy import LEVELS, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from gateproof.validators.schema.recalled import Suspects
    from gateproof.validators.violation import Breach, Party, Verdict

    Accept = Callable[[object], bool]
    Plan = tuple[Accept, str, Callable[[Any, dict[str, object]], Iterable[Breach]]]

REMEMBERED = 256
"""Explanations of equal rejections that are kept."""

_active: dict[object, Active] = {}


class Active:
    """What is told under one active set, and the checks compiled for it.

    Args:
        rules: the requirements that count.
        parties: whose breaches count, ``None`` for all.
    """

    def __init__(self, rules: Rules, parties: frozenset[str] | None = None) -> None:
        self.level = rules.level
        self._rules = rules
        self._parties = parties
        self._mildest: Verdict = LEVELS[rules.level][-1]  # type: ignore[assignment]
        self._told: dict[str, bool] = {}
        self._ignored: dict[str, frozenset[str]] = {}
        self._explained: dict[object, tuple[Breach, ...]] = {}
        self._suspects: Suspects | None = None
        self.accepts = Accepts(self)
        self.plans: dict[type, tuple[Plans, Plans]] = {}

    def told(self, requirement: str) -> bool:
        """Whether a breach of ``requirement`` would be told to anyone."""
        told = self._told.get(requirement)
        if told is None:
            from gateproof.validators import catalogue

            try:
                entry = catalogue.requirement(requirement)
            except catalogue.UnknownRequirementError:
                told = True  # a schema ahead of the catalogue: let the policy complain
            else:
                told = (
                    self._rules.wants(requirement)
                    and entry.enforce in LEVELS[self._rules.level]
                    and (
                        self._parties is None
                        or entry.party == "both"
                        or entry.party in self._parties
                    )
                )
            self._told[requirement] = told
        return told

    def accept(self, name: str) -> Accept:
        """The compiled check of schema ``name``, as well as it can be told by now."""
        from gateproof.validators import schema

        ignored = self._ignored.get(name)
        if ignored is None:
            ignored = frozenset(r for r in schema.requirements(name) if not self._rules.wants(r))
        return schema.compiled(name, ignored, self._mildest)

    def rejects(self, name: str, value: object) -> bool:
        """Whether a rejected ``value`` breaks what somebody would be told of."""
        if name not in self._ignored:
            from gateproof.validators import schema

            self._ignored[name] = frozenset(
                r for r in schema.requirements(name) if not self.told(r)
            )
            self.accepts.pop(name, None)
            for sends, receives in self.plans.values():
                sends.forget(name)
                receives.forget(name)
        return not self.accepts[name](value)

    def explain(self, name: str, value: object, party: Party) -> tuple[Breach, ...]:
        """Why ``value`` is not a ``name``; ``party`` did it where both are bound."""
        key = _fingerprint(value)
        if key is not None:
            key = (name, party, key)
            known = self._explained.get(key)
            if known is not None:
                return known
        suspects = self._suspects
        if suspects is None:
            from gateproof.validators.schema.recalled import Suspects

            suspects = self._suspects = Suspects(self._mildest)
        ignored = self._ignored.get(name, frozenset())
        recalled = suspects.recall(
            (name, party), name, value, ignored, lambda: self._explain(name, value, party)
        )
        if recalled is not None:
            return (recalled,)
        breaches = self._explain(name, value, party)
        suspects.learn((name, party), breaches)
        if key is not None:
            if len(self._explained) >= REMEMBERED:
                self._explained.clear()
            self._explained[key] = breaches
        return breaches

    def _explain(self, name: str, value: object, party: Party) -> tuple[Breach, ...]:
        from gateproof.validators import schema

        try:
            said = schema.explain(
                name,
                value,
                self._ignored.get(name, frozenset()),
                self._mildest,
            )
        except schema.SchemaDisagreementError as error:  # our own fault: nobody's breach
            import warnings

            warnings.warn(str(error), RuntimeWarning, stacklevel=2)
            said = []
        return tuple(_blame(_placed(breach, name), party) for breach in said)


class Accepts(dict[str, "Accept"]):
    """The checks of an active set by the names of their schemas, compiled on first use."""

    def __init__(self, shapes: Active) -> None:
        super().__init__()
        self._shapes = shapes

    def __missing__(self, name: str) -> Accept:
        accept = self[name] = self._shapes.accept(name)
        return accept


class Plans(dict["str | None", "Plan | None"]):
    """What to do about each event type that one side may use, made on first use.

    A plan is the compiled check, the schema's name and the method that judges.
    An unknown type has ``None``.
    """

    def __init__(self, judge: type, entries: dict[str, tuple[str, str]], shapes: Active) -> None:
        super().__init__()
        self._judge = judge
        self._entries = entries
        self._shapes = shapes

    def __missing__(self, kind: str | None) -> Plan | None:
        entry = self._entries.get(kind) if kind is not None else None
        if entry is None:
            return None  # not stored: the types that nobody knows have no end
        name, method = entry
        plan = self[kind] = (self._shapes.accepts[name], name, getattr(self._judge, method))
        return plan

    def forget(self, name: str) -> None:
        """Let the plans with the check of schema ``name`` be made anew."""
        for kind, plan in list(self.items()):
            if plan is not None and plan[1] == name:
                del self[kind]


def active(rules: Rules, parties: frozenset[str] | None = None) -> Active:
    """The shared :class:`Active` of an active set."""
    key = (rules.key, parties)
    found = _active.get(key)
    if found is None:
        found = _active[key] = Active(rules, parties)
    return found


def _placed(breach: Breach, name: str) -> Breach:
    """``breach`` with a message that says which event it is about, or that it is the scope."""
    from dataclasses import replace

    title, message = name.rpartition("/")[2], breach.message
    if title.startswith("scope"):
        subject, known = "the scope", message.startswith("the scope")
    elif title == "event":
        subject, known = "the event", message.startswith("the event")
    else:
        subject, known = repr(title), False
        if message.startswith(f"the {title} "):
            return replace(breach, message=f"{subject}{message[len(title) + 4 :]}")
    return breach if known else replace(breach, message=f"in {subject}, {message}")


def _blame(breach: Breach, party: Party) -> Breach:
    if breach.party is not None:
        return breach
    from dataclasses import replace

    from gateproof.validators import catalogue

    try:
        both = catalogue.requirement(breach.requirement).party == "both"
    except catalogue.UnknownRequirementError:
        both = True
    return replace(breach, party=party) if both else breach


_SCALARS = frozenset({str, bytes, int, float, bool, type(None)})
_MOST = 200
_LONG = 200
"""The longest text that a fingerprint holds: a body must not live on in a memory."""


def _fingerprint(value: object) -> object:
    """A hashable that equals another's only for equal values of equal types, or ``None``."""
    parts: list[object] = []
    return tuple(parts) if _describe(value, parts) else None


def _describe(value: object, parts: list[object]) -> bool:
    kind = type(value)
    if kind in _SCALARS:
        if (kind is str or kind is bytes) and len(value) > _LONG:  # type: ignore[arg-type]
            return False
        parts.append(kind)
        parts.append(value)
    elif kind is dict or kind is list or kind is tuple:
        parts.append(kind)
        parts.append(len(value))  # type: ignore[arg-type]
        items: Iterable[object] = (
            (part for pair in value.items() for part in pair)  # type: ignore[attr-defined]
            if kind is dict
            else value  # type: ignore[assignment]
        )
        for item in items:
            if len(parts) > _MOST or not _describe(item, parts):
                return False
    else:
        return False
    return True
