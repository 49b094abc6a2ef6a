"""How each requirement is checked, if it is: the account of the whole catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from gateproof.validators.catalogue import Requirement, requirements

By = Literal["validator", "case", "restated", "permission", "reason", "nothing"]

AT_THE_BOUNDARY = ("boundary", "static")
"""What can be seen between server and application, or in the application's source."""

SEEN = (*AT_THE_BOUNDARY, "wire")
"""What has to be accounted for: all that can be seen from outside of either side."""


@dataclass(frozen=True, slots=True)
class Account:
    """How one requirement is checked.

    ``by`` is ``"validator"`` (a schema, a machine or another check of the live
    validators), ``"case"`` (cases of the suite, named in ``names``), ``"restated"``
    (the requirements in ``names`` say the same more closely), ``"permission"``
    (a may: nothing can break it), ``"reason"`` (``why`` says why not) or
    ``"nothing"``.
    """

    requirement: Requirement
    by: By
    names: tuple[str, ...] = ()
    why: str = ""


@cache
def enforced() -> frozenset[str]:
    """The ids that the live validators can find broken, alone or as layers of a stack."""
    from gateproof.validators import schema
    from gateproof.validators.asgi.exercised import CLAIMS as ASGI
    from gateproof.validators.layers.claims import CLAIMS as LAYERS
    from gateproof.validators.wsgi.exercised import CLAIMS as WSGI

    shapes = (schema.requirements(name) for name in schema.names())
    return ASGI | WSGI | LAYERS | frozenset().union(*shapes)


@cache
def proved() -> dict[str, tuple[str, ...]]:
    """The ids that cases of the suite prove, each with the cases' full ids."""
    from gateproof.conformance.case import cases

    found: dict[str, tuple[str, ...]] = {}
    for case in cases().values():
        for name in case.proves:
            found[name] = (*found.get(name, ()), case.full_id)
    return found


def account(entry: Requirement) -> Account:
    """How ``entry`` is checked."""
    if entry.id in enforced():
        return Account(entry, "validator")
    if entry.id in proved():
        return Account(entry, "case", proved()[entry.id])
    if entry.same_as:
        return Account(entry, "restated", entry.same_as)
    if entry.unchecked or entry.why:
        return Account(entry, "reason", why=entry.unchecked or entry.why)
    return Account(entry, "permission" if entry.level == "may" else "nothing")


def unchecked() -> list[Account]:
    """What could be seen, and no check decides, in reading order."""
    found = (account(entry) for entry in requirements() if entry.observable in SEEN)
    return [one for one in found if one.by in ("reason", "nothing")]
