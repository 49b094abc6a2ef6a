"""The shapes of environ, scope and every message: fast to accept, slow to explain.

:func:`compiled` gives a specialised accept function for a schema;
:func:`explain` says which requirements a rejected value breaks. Only explaining
imports jsonschema, and a schema's file is read when it is first used.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from gateproof.validators.schema.conjunction import Active, Owner
from gateproof.validators.schema.files import (
    SchemaError,
    UnknownSchemaError,
    load,
    names,
)
from gateproof.validators.violation import Breach, Verdict

__all__ = [
    "SchemaDisagreementError",
    "SchemaError",
    "UnknownSchemaError",
    "compiled",
    "explain",
    "names",
    "requirements",
]

_NONE: frozenset[str] = frozenset()


class SchemaDisagreementError(Exception):
    """The compiled check and jsonschema judge one value differently: our fault, nobody else's.

    ``name`` is the schema, ``accepted`` what the compiled check said.
    """

    def __init__(self, name: str, *, accepted: bool) -> None:
        super().__init__(name, accepted)
        self.name = name
        self.accepted = accepted

    def __str__(self) -> str:
        ours, theirs = ("accepts", "rejects") if self.accepted else ("rejects", "accepts")
        return f"the compiled schema {self.name!r} {ours} what jsonschema {theirs}"


@functools.cache
def compiled(
    name: str, ignore: frozenset[str] = _NONE, mildest: Verdict = "observed"
) -> Callable[[object], bool]:
    """The accept function of the schema called ``name``; it never raises.

    Args:
        name: a schema's name, such as ``"asgi/http.response.start"``.
        ignore: ids of requirements that are left out of the check.
        mildest: parts that the schema marks as milder than this are left out.

    Raises:
        UnknownSchemaError: no schema has that name.
    """
    from gateproof.validators.schema.compiler import compile_schema

    return compile_schema(load(name), Active(ignore, mildest))


def explain(
    name: str,
    value: object,
    ignore: frozenset[str] = _NONE,
    mildest: Verdict = "observed",
) -> list[Breach]:
    """What ``value`` breaks, empty if it is accepted; arguments as for :func:`compiled`.

    One breach stands for all places where a requirement is broken in the same
    degree; its message speaks of the first and counts the others.

    Raises:
        UnknownSchemaError: no schema has that name.
        SchemaDisagreementError: the compiled check says otherwise.
    """
    from gateproof.validators.schema.dialect import breaches

    found = breaches(name, value, Active(ignore, mildest))
    accepted = compiled(name, ignore, mildest)(value)
    if accepted is bool(found):
        raise SchemaDisagreementError(name, accepted=accepted)
    return found


@functools.cache
def requirements(name: str) -> frozenset[str]:
    """The ids that the schema called ``name`` can decide.

    Raises:
        UnknownSchemaError: no schema has that name.
    """
    found: set[str] = set()
    pending: list[object] = [load(name)]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            # A property may be called "requirement" too; its schema is no str.
            own = node.get("requirement")
            if isinstance(own, str):
                found.add(Owner().of(node).requirement)
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return frozenset(found)
