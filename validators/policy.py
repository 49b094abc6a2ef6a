"""Whose breaches of what are told, and to whom.

:class:`Rules` is the active set (select, ignore, level); :class:`Policy` turns
breaches into violations and hands each to the user's choice: raise, warn, log,
collect or a callable.
"""

from __future__ import annotations

from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Literal

    from gateproof.validators.exchange import Exchange
    from gateproof.validators.violation import Breach, ConformanceError, Violation

    OnViolation = Literal["raise", "warn", "log", "collect"] | Callable[[Violation], object]

LEVELS = {
    "must": ("fail",),
    "should": ("fail", "weak"),
    "all": ("fail", "weak", "observed"),
}
"""The verdicts told at each level."""

ACTIONS = ("raise", "warn", "log", "collect")
"""The named choices of ``on_violation``."""

ONCE = ("log", "collect")
"""Those that need only the first breach of a kind, and the number of the others."""

WARNINGS = 100
"""How often a policy warns of one kind of breach; Python remembers every text it warned with."""


class Rules:
    """The active set: which requirements count, and from which verdict on.

    Args:
        select: globs of requirement ids; empty means all.
        ignore: globs of requirement ids left out, also from ``select``.
        level: ``"must"`` (verdict fail), ``"should"`` (also weak) or ``"all"``.

    Raises:
        ValueError: an unknown level.
    """

    def __init__(
        self, select: Iterable[str] = (), ignore: Iterable[str] = (), level: str = "must"
    ) -> None:
        if level not in LEVELS:
            raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
        self.select = (select,) if isinstance(select, str) else tuple(select)
        self.ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
        self.level = level
        self._wanted: dict[str, bool] = {}

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """What two equal active sets have in common, to cache compiled checks by."""
        return (self.select, self.ignore, self.level)

    def wants(self, requirement: str) -> bool:
        """Whether breaches of ``requirement`` are told at all."""
        wanted = self._wanted.get(requirement)
        if wanted is None:
            from gateproof.validators.catalogue import matches

            wanted = (not self.select or matches(requirement, self.select)) and not matches(
                requirement, self.ignore
            )
            self._wanted[requirement] = wanted
        return wanted


_COUNTING = allocate_lock()
"""Held while a breach is counted; one for all, so that a policy can be copied."""


class Policy:
    """Turns breaches into violations and hands them to the user's choice.

    Args:
        on_violation: ``"raise"``, ``"warn"``, ``"log"``, ``"collect"`` or a
            callable taking a :class:`~gateproof.validators.violation.Violation`.
        rules: the active set.
        parties: whose breaches count. ``None`` means all, save that ``"raise"``
            warns of a server's breach instead of raising.

    Attributes:
        shapes: what judges compiled for this active set, once they did.

    Raises:
        ValueError: an unknown action or party.
    """

    def __init__(
        self,
        on_violation: OnViolation = "raise",
        rules: Rules | None = None,
        parties: Iterable[str] | None = None,
    ) -> None:
        if not callable(on_violation) and on_violation not in ACTIONS:
            raise ValueError(
                f"on_violation must be a callable or one of {', '.join(ACTIONS)}, "
                f"not {on_violation!r}"
            )
        known = ("application", "middleware", "server")
        self.parties = None if parties is None else frozenset(parties)
        if self.parties is not None and not self.parties <= frozenset(known):
            raise ValueError(f"parties must be among {', '.join(known)}, not {parties!r}")
        self.on_violation = on_violation
        self.rules = rules or Rules()
        self.shapes: Any = None
        self._collected: dict[tuple[str, ...], Violation] = {}
        self._counts: dict[tuple[str, ...], int] = {}
        self._kinds: dict[tuple[str | None, ...], tuple[str, ...]] = {}

    @property
    def violations(self) -> list[Violation]:
        """What was collected: the first of each requirement, party, verdict and layer."""
        return list(self._collected.values())

    def count(self, violation: Violation) -> int:
        """How often a collected violation's like was seen."""
        return self._counts.get(_kind(violation), 0)

    def tell(self, breaches: Iterable[Breach], exchange: Exchange) -> None:
        """Hand over what a judge found at the latest rung of ``exchange``.

        Raises:
            ConformanceError: the policy is ``"raise"``, the verdict ``fail`` and
                the party one that counts; the other breaches of the same call
                are handed over before.
        """
        error = None
        for breach in breaches:
            if self._kinds and self._known(breach):
                continue
            violation = self.violation(breach, exchange)
            if violation is None:
                continue
            raised = self._act(violation)
            error = raised or error
            if raised is None and self._enough(violation):
                told = (breach.requirement, breach.party, breach.verdict, breach.layer)
                self._kinds[told] = _kind(violation)
        if error is not None:
            if error.violation.party == "server":
                exchange.due = error  # the application may swallow it, and is not at fault
            raise error

    def _enough(self, violation: Violation) -> bool:
        """Whether all that is still asked of the like of ``violation`` is their number."""
        action = self.on_violation
        if not isinstance(action, str):
            return False
        return action in ONCE or self.count(violation) > WARNINGS

    def _known(self, breach: Breach) -> bool:
        """Count ``breach`` if enough of its like was told."""
        kind = self._kinds.get((breach.requirement, breach.party, breach.verdict, breach.layer))
        if kind is None:
            return False
        with _COUNTING:
            self._counts[kind] += 1
        return True

    def violation(self, breach: Breach, exchange: Exchange) -> Violation | None:
        """The violation that ``breach`` is under this policy, ``None`` if it is not told."""
        if not self.rules.wants(breach.requirement):
            return None
        from gateproof.validators.catalogue import requirement
        from gateproof.validators.violation import VERDICTS, Violation

        entry = requirement(breach.requirement)
        verdict = entry.enforce
        if breach.verdict is not None:
            verdict = max(verdict, breach.verdict, key=VERDICTS.index)
        party = breach.party or entry.party
        if verdict not in LEVELS[self.rules.level]:
            return None
        if self.parties is not None and party != "both" and party not in self.parties:
            return None
        return Violation(
            requirement=entry.id,
            verdict=verdict,
            level=entry.level,
            party=party,
            message=breach.message,
            event=max(exchange.count - 1, 0),
            expected=breach.expected,
            observed=breach.observed,
            hint=breach.hint or entry.mends,
            url=entry.url,
            exchange=exchange.rungs(),
            layer=breach.layer,
        )

    def _act(self, violation: Violation) -> ConformanceError | None:
        action = self.on_violation
        if callable(action):
            action(violation)
            return None
        key = _kind(violation)
        with _COUNTING:
            self._counts[key] = number = self._counts.get(key, 0) + 1
            if action == "collect":
                self._collected.setdefault(key, violation)
                return None
        if action == "log":
            if number == 1:  # bounded: each kind of breach is logged once
                import logging

                logging.getLogger("gateproof").warning("%s", violation)
            return None
        forgiven = self.parties is None and violation.party == "server"
        if action == "raise" and violation.verdict == "fail" and not forgiven:
            from gateproof.validators.violation import ConformanceError

            return ConformanceError(violation)
        if number > WARNINGS:
            return None
        import warnings

        from gateproof.validators.violation import ConformanceWarning

        warnings.warn(ConformanceWarning(violation), stacklevel=2)
        return None


def _kind(violation: Violation) -> tuple[str, ...]:
    """What two violations that are counted as one have in common."""
    return (violation.requirement, violation.party, violation.verdict, violation.layer)
