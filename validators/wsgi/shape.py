"""The schemas of what crosses the WSGI boundary, compiled for one active set.

A hostile object may raise while it is looked at: that counts as a rejection,
and the finding names the requirement of the whole object.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gateproof.validators.policy import Rules
    from gateproof.validators.violation import Breach, Verdict

WHOLE = {
    "wsgi/environ": "wsgi.environ.exact-dict",
    "wsgi/status": "wsgi.status.native-str",
    "wsgi/headers": "wsgi.response-headers.exact-list",
    "wsgi/exc_info": "wsgi.exc-info.tuple",
    "wsgi/item": "wsgi.unicode.bytes-yielded",
    "wsgi/write": "wsgi.unicode.bytes-to-write",
}
"""Each schema, with the requirement named where an object cannot even be looked at."""


class Shapes:
    """Compiled checks of one active set, an attribute for each schema of :data:`WHOLE`.

    Each takes a value and returns whether it is sound; they may raise on a
    hostile object, which the judge takes for a rejection. ``statuses`` remembers
    some that were found sound, for an application uses few, and ``bodiless`` some
    whose responses have no body.
    """

    __slots__ = (
        "bodiless",
        "environ",
        "exc_info",
        "headers",
        "ignore",
        "item",
        "mildest",
        "status",
        "statuses",
        "suspects",
        "write",
    )

    environ: Callable[[object], bool]
    status: Callable[[object], bool]
    headers: Callable[[object], bool]
    exc_info: Callable[[object], bool]
    item: Callable[[object], bool]
    write: Callable[[object], bool]

    def __init__(self, rules: Rules) -> None:
        from gateproof.validators.policy import LEVELS
        from gateproof.validators.schema import compiled

        self.statuses: set[str] = set()
        self.bodiless: set[str] = set()
        self.ignore = {name: _ignored(name, rules) for name in WHOLE}
        self.mildest: Verdict = LEVELS[rules.level][-1]  # type: ignore[assignment]
        self.suspects: Any = None
        for name in WHOLE:
            check = compiled(name, self.ignore[name], self.mildest)
            setattr(self, name.partition("/")[2], check)

    def status_is_sound(self, status: object) -> bool:
        """Whether a status is sound, remembered for the next time."""
        if not self.status(status):
            return False
        if type(status) is str and len(status) < 64 and not status.startswith(RARE):
            known = self.bodiless if status.startswith(BODILESS) else self.statuses
            if len(known) >= MOST:
                known.clear()
            known.add(status)
        return True

    def explain(self, name: str, value: object) -> list[Breach]:
        """What is wrong with a rejected value, as breaches."""
        suspects = self.suspects
        if suspects is None:
            from gateproof.validators.schema.recalled import Suspects

            suspects = self.suspects = Suspects(self.mildest)
        known = suspects.recall(
            name, name, value, self.ignore[name], lambda: self._explain(name, value)
        )
        if known is not None:
            return [known]
        found = self._explain(name, value)
        suspects.learn(name, found)
        return found

    def _explain(self, name: str, value: object) -> list[Breach]:
        from gateproof.validators.schema import explain
        from gateproof.validators.violation import Breach

        try:
            return explain(name, value, self.ignore[name], self.mildest)
        except Exception as error:  # noqa: BLE001 - the value's own code failed
            whole = WHOLE[name]
            if whole in self.ignore[name]:
                return []
            return [
                Breach(
                    whole,
                    f"{name.partition('/')[2]} cannot be examined: "
                    f"it raises {type(error).__name__} when looked at",
                    observed=f"{type(value).__name__} object",
                )
            ]


BODILESS = ("204", "304")
"""How the statuses begin whose responses have no body:
https://www.rfc-editor.org/rfc/rfc9112#section-6.3"""

RARE = ("206", "401", "405", "426", "5")
"""How statuses begin that are looked at closer each time, and so are not remembered."""

_SHAPES: dict[tuple[object, ...], Shapes] = {}

MOST = 64
"""Active sets whose compiled checks are kept, and statuses that are remembered."""


def shapes(rules: Rules) -> Shapes:
    """The compiled checks for an active set, made once for equal sets."""
    key = rules.key
    found = _SHAPES.get(key)
    if found is None:
        if len(_SHAPES) >= MOST:
            _SHAPES.clear()
        found = _SHAPES[key] = Shapes(rules)
    return found


def _ignored(name: str, rules: Rules) -> frozenset[str]:
    """The requirements of a schema that the active set leaves out."""
    if not rules.select and not rules.ignore:
        return frozenset()
    from gateproof.validators.schema import requirements

    return frozenset(entry for entry in requirements(name) if not rules.wants(entry))
