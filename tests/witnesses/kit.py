"""What a witness is: something that breaks one requirement, and a neighbour that keeps it.

A check is worth something only if it fires on ``breaks`` and is silent on
``keeps``. Files beside this one hold the witnesses; tests run them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A value that a schema rejects for ``requirement``, and a correct one."""

    requirement: str
    schema: str
    breaks: object
    keeps: object


@dataclass(frozen=True)
class Order:
    """A sequence of events that breaks ``requirement``, and one that keeps it."""

    requirement: str
    protocol: str
    breaks: tuple[object, ...]
    keeps: tuple[object, ...]


@dataclass(frozen=True)
class Application:
    """An application that breaks ``requirement``, and one that keeps it.

    ``case`` is the case that must notice, where it is not found by requirement.
    """

    requirement: str
    interface: str
    breaks: Callable[..., object]
    keeps: Callable[..., object]
    case: str = ""


def shapes(schema: str, keeps: object, breaks: Mapping[str, object]) -> list[Shape]:
    """Witnesses of several requirements with one neighbour, ``breaks`` by requirement."""
    return [Shape(requirement, schema, broken, keeps) for requirement, broken in breaks.items()]


def without(value: Mapping[str, object], *keys: str) -> dict[str, object]:
    """A copy of ``value`` that lacks ``keys``."""
    return {key: inner for key, inner in value.items() if key not in keys}


@dataclass(frozen=True)
class Layered:
    """A middleware that breaks ``requirement``, and one that keeps it, around ``app``.

    Both are made by calling them with the application inside. ``interface`` is
    ``"wsgi"``, ``"asgi"``, or ``"bridge"`` for ASGI outside and WSGI inside. A
    permission has no ``breaks``: what it permits is in ``keeps``. ``also`` are the
    ids that cannot but be broken along with it.
    """

    requirement: str
    interface: str
    breaks: Callable[..., object] | None
    keeps: Callable[..., object]
    app: Callable[..., object]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loop:
    """Facts about the connections of an event loop that break ``requirement``, and others.

    They happen at intervals of a millisecond.
    """

    requirement: str
    breaks: tuple[Mapping[str, object], ...]
    keeps: tuple[Mapping[str, object], ...]


@dataclass(frozen=True)
class Server:
    """A fault of the reference server (``tests/reference``) that breaks ``requirement``.

    ``case`` is the full id of the case that must notice, or empty for any.
    """

    requirement: str
    case: str
    fault: str
