"""Shapes for the judges: compiled checks of the active set, and their explanations.

The accept-functions of one active set are compiled once and shared by all
connections; they keep nothing of what they saw. A rejection is explained by
:func:`gateproof.validators.schema.explain`, an equal one from memory.
"""

from __future__ import annotations

from gateproof.validators.policy import LEVELS, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from gateproof.validators.violation import Breach, Party, Verdict

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
        self._rules = rules
        self._parties = parties
        self._mildest: Verdict = LEVELS[rules.level][-1]  # type: ignore[assignment]
        self._told: dict[str, bool] = {}
        self._ignored: dict[str, frozenset[str]] = {}
        self._explained: dict[object, tuple[Breach, ...]] = {}
        self.plans: dict[type, Any] = {}
        """Dispatch tables that judges build once for this active set."""

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

    def accept(self, name: str) -> Callable[[object], bool]:
        """The compiled check of schema ``name`` for this active set."""
        from gateproof.validators import schema

        ids = schema.requirements(name)
        ignored = self._ignored[name] = frozenset(r for r in ids if not self.told(r))
        return schema.compiled(name, ignored, self._mildest)

    def explain(self, name: str, value: object, party: Party) -> tuple[Breach, ...]:
        """Why ``value`` is not a ``name``; ``party`` did it where both are bound."""
        from gateproof.validators import schema

        key = _fingerprint(value)
        if key is not None:
            key = (name, party, key)
            known = self._explained.get(key)
            if known is not None:
                return known
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
        breaches = tuple(_blame(breach, party) for breach in said)
        if key is not None:
            if len(self._explained) >= REMEMBERED:
                self._explained.clear()
            self._explained[key] = breaches
        return breaches


def active(rules: Rules, parties: frozenset[str] | None = None) -> Active:
    """The shared :class:`Active` of an active set."""
    key = (rules.key, parties)
    found = _active.get(key)
    if found is None:
        found = _active[key] = Active(rules, parties)
    return found


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


def _fingerprint(value: object) -> object:
    """A hashable that equals another's only for equal values of equal types, or ``None``."""
    parts: list[object] = []
    return tuple(parts) if _describe(value, parts) else None


def _describe(value: object, parts: list[object]) -> bool:
    kind = type(value)
    if kind in _SCALARS:
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
