"""What a connection's ``state`` holds, as facts: identities, and whose dict it is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gateproof.validators.asgi.loop_facts import Joined, Record

    Fact = dict[str, Any]

WIDEST = 256
"""Entries up to which a ``state`` is compared."""


def told(fact: Fact, state: Any) -> None:
    """Put into ``fact`` what is to be known of a state that is absent, shared or odd."""
    if state is None:
        fact["state"] = None
        fact["entries"] = {}
    elif issubclass(type(state), dict) and dict.__len__(state) <= WIDEST:
        fact["state"] = id(state)
        fact["entries"] = entries(state)


def compared(fact: Fact, record: Record, state: Any) -> None:
    """Add what the lifespan's state holds now, where a copy of it differs."""
    namespace = record.namespace
    fact["namespace"] = entries(namespace)
    fact["alike"] = [
        key
        for key in fact["namespace"]
        if key in fact["entries"]
        and type(dict.__getitem__(state, key)) is type(dict.__getitem__(namespace, key))
    ]


def recognised(fact: Fact, record: Record, call: Joined, scope: dict[str, Any]) -> None:
    """Add whose dict it is that a connection was given, if it is an earlier one's.

    An identity may be that of a dict that is gone by now. One that looks like an
    earlier connection's is therefore kept, and recognised when it comes again. A
    middleware may pass one request on twice: then its headers are the same.
    """
    kept, left = record.kept, record.left
    if kept is None and (left is None or left[0] != id(call.state)):
        return
    record.kept = None
    headers = scope.get("headers")
    if any(other.state is call.state for other in record.open):
        return
    if kept is not None and kept[0] is call.state:
        record.kept = kept
        if kept[3] is not headers:
            fact["same"], fact["added"] = kept[1], kept[2]
    elif left is not None:
        place, number, added = left
        held = fact["entries"]
        if place == id(call.state) and all(held.get(key) == was for key, was in added.items()):
            record.kept = (call.state, number, list(added), headers)


def holds(state: dict[Any, Any], held: dict[str, int]) -> bool:
    """Whether ``state`` has the very entries ``held`` and no others."""
    if len(state) != len(held):
        return False
    try:
        for key, place in held.items():
            if id(state[key]) != place:
                return False
    except Exception:  # noqa: BLE001 - it is missing, or a key there is hostile
        return False
    return True


def entries(state: Any) -> dict[str, int]:
    """The identities of what a state holds, by key."""
    if not issubclass(type(state), dict) or dict.__len__(state) > WIDEST:
        return {}
    return {key: id(value) for key, value in dict.items(state) if type(key) is str}
