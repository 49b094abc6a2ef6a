"""What a case is: a stimulus, an expectation, and the requirements it proves.

A case is an ordinary function with the :func:`case` decorator, in the file of
its spec section under ``conformance/cases/``. It takes a *stage*, drives the
target through it and reports what it finds; the validator around the
application reports the rest by itself.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

APPLICATION_FAMILIES = ("wsgi", "asgi.http", "asgi.websocket", "asgi.lifespan")
"""The families of cases for applications; cases of one family share one started target."""

SERVER_FAMILIES = (
    "server.http1",
    "server.wsgi",
    "server.asgi.http",
    "server.asgi.websocket",
    "server.asgi.lifespan",
    "server.hazards",
)
"""The families of cases for servers, likewise; hazards are no matter of conformance."""

FAMILIES = APPLICATION_FAMILIES + SERVER_FAMILIES

_ON_ANY_SERVER = ("server.http1", "server.hazards")


class NotApplicable(Exception):  # noqa: N818 - an outcome, not an error
    """The target does not speak what the case is about, or it may not be sent."""


class Blocked(Exception):  # noqa: N818 - an outcome, not an error
    """The case could not run because something it rests on did not work."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the suite.

    Attributes:
        id: its name within the family, in lower-case words joined by hyphens.
        family: one of :data:`FAMILIES`.
        title: one sentence, from the docstring's first line.
        doc: the whole docstring.
        proves: ids of the requirements that the case itself judges or whose
            checks its stimulus is there to reach.
        methods: HTTP methods that it has to send; it is n/a where
            ``--target-methods`` does not allow one of them.
        alone: it must not overlap with other cases of its target.
        first: it comes before the others of its family, so that a report begins
            with the plainest exchange.
        last: it comes after the others of its family have ended.
        run: takes the stage; a coroutine function for ASGI, a function for WSGI.
        where: file and line, for reports.
    """

    id: str
    family: str
    title: str
    doc: str
    proves: tuple[str, ...]
    methods: tuple[str, ...]
    alone: bool
    first: bool
    last: bool
    run: Callable[[Any], Awaitable[None] | None]
    where: str

    @property
    def full_id(self) -> str:
        """``family::id``, unique in the suite."""
        return f"{self.family}::{self.id}"

    def concerns(self, subject: str, interface: str) -> bool:
        """Whether it is for a target of this kind.

        Args:
            subject: ``"application"`` or ``"server"``.
            interface: ``"wsgi"`` or ``"asgi"``.
        """
        parts = self.family.split(".")
        if subject == "server":
            return parts[0] == "server" and (self.family in _ON_ANY_SERVER or parts[1] == interface)
        return parts[0] == interface


_CASES: dict[str, Case] = {}


def case(
    family: str,
    name: str,
    *,
    proves: Iterable[str] = (),
    methods: Iterable[str] = ("GET",),
    alone: bool = False,
    first: bool = False,
    last: bool = False,
) -> Callable[[Callable[[Any], Awaitable[None] | None]], Callable[[Any], Awaitable[None] | None]]:
    """Make a function a case of the suite.

    Raises:
        ValueError: an unknown family, a name used twice in it, or no docstring.
    """
    if family not in FAMILIES:
        raise ValueError(f"unknown family {family!r}; one of {', '.join(FAMILIES)}")

    def register(
        run: Callable[[Any], Awaitable[None] | None],
    ) -> Callable[[Any], Awaitable[None] | None]:
        doc = inspect.getdoc(run)
        if not doc:
            raise ValueError(f"case {name!r} needs a docstring: its first line is its title")
        code = inspect.unwrap(run).__code__
        made = Case(
            id=name,
            family=family,
            title=doc.partition("\n")[0],
            doc=doc,
            proves=tuple(proves),
            methods=tuple(methods),
            alone=alone,
            first=first,
            last=last,
            run=run,
            where=f"{run.__module__}:{code.co_firstlineno}",
        )
        if made.full_id in _CASES:
            raise ValueError(
                f"two cases are called {made.full_id}: "
                f"{_CASES[made.full_id].where} and {made.where}"
            )
        _CASES[made.full_id] = made
        return run

    return register


def cases() -> dict[str, Case]:
    """Every case of the suite by full id, in the order of families, files and lines."""
    import gateproof.conformance.cases as package

    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"{package.__name__}.{module}")
    order = {family: n for n, family in enumerate(FAMILIES)}

    def place(item: tuple[str, Case]) -> tuple[int, bool, bool]:
        return order[item[1].family], not item[1].first, item[1].last

    return dict(sorted(_CASES.items(), key=place))
