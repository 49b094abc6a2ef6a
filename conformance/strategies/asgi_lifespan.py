"""Every legal lifespan that a server may offer an application."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.strategies.asgi_parts import EXTRA
from gateproof.conformance.strategies.choices import Choices
from gateproof.targets import asgi_scope

VERSIONS = ("2.0", "1.0", None)


@dataclass(frozen=True, slots=True, repr=False)
class Example:
    """Options of :class:`gateproof.targets.asgi_lifespan.Lifespan`, in the server's hands."""

    offer_state: bool = True
    scope: dict[str, Any] = field(default_factory=dict)
    event: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self}>"  # Hypothesis writes it down, and warns where it is long

    def __str__(self) -> str:
        said = [] if self.offer_state else ["the scope has no 'state'"]
        for name, extra in (("the scope", self.scope), ("events", self.event)):
            said += [f"{key!r} of {name} is {value!r}" for key, value in extra.items()]
        return f"a lifespan{', where ' if said else ''}{', '.join(said)}"


def describe(choices: Choices) -> Example:
    """A lifespan of any version, with and without state and unknown keys."""
    scope: dict[str, Any] = {}
    version = choices.pick(VERSIONS)
    if version != VERSIONS[0]:
        scope["asgi"] = asgi_scope.asgi(version)
    offer = not choices.odds(1)
    scope.update(choices.some(EXTRA, 1))
    return Example(offer, scope, dict(choices.some(EXTRA, 1)))
