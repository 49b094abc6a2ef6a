"""Changes of a WSGI request: what another legal server does otherwise, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateproof.conformance.strategies.choices import Choices
from gateproof.targets.wsgi_environ import Request
from gateproof.targets.wsgi_input import Reading
from gateproof.validators.violation import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a server does otherwise.

    Attributes:
        kind: its name in the tables below.
        fields: the fields of the request that say it; those of ``environ`` are added.
        when: in words, to follow "when".
        fails: what an application breaks that fails because of it.
        differs: what one breaks that gives another reply, if anything.
        verdict: the gravest verdict for either; ``None`` for the catalogue's.
        alike: how two replies are made comparable, a key of ``VIEWS`` in
            ``conformance/wsgi_relations.py``.
        hides: texts that show in a reply only where the whole environ is shown.
    """

    kind: str
    fields: Mapping[str, Any]
    when: str
    fails: str = ""
    differs: str = ""
    verdict: Verdict | None = None
    alike: str = ""
    hides: tuple[str, ...] = ()


Freedom = Callable[[Choices, Request], Change | None]
"""Makes a change of a request, or ``None`` where it would say something else."""


def changed(request: Request, changes: Iterable[Change]) -> Request:
    """``request`` as a server passes it on that does all of this."""
    fields: dict[str, Any] = {}
    for change in changes:
        for name, value in change.fields.items():
            fields[name] = _both(fields.get(name, getattr(request, name)), value)
    return request.but(**fields) if fields else request


def _both(before: Any, value: Any) -> Any:
    """A field of which two changes say something."""
    if isinstance(value, dict):
        return {**before, **value}
    if isinstance(value, Reading) and isinstance(before, Reading):
        return Reading(
            value.form if value.form != "file" else before.form,
            value.gives or before.gives,
            before.until if value.until is None else value.until,
            value.raises or before.raises,
        )
    return value
