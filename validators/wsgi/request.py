"""Checks of how a server calls an application, beyond what a schema says."""

from __future__ import annotations

from gateproof.validators.violation import Breach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REQUIREMENTS = frozenset({"wsgi.server.call-app-positionally"})
"""Every requirement that a function here decides."""


def call_arguments(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Iterator[Breach]:
    """The server must pass exactly environ and start_response, by position.

    https://peps.python.org/pep-3333/#specification-details
    """
    if kwargs or len(args) != 2:
        yield Breach(
            "wsgi.server.call-app-positionally",
            "the server did not call the application with two positional arguments",
            observed=signature("application", len(args), kwargs),
            expected="application(environ, start_response)",
        )


def signature(name: str, positional: int, keywords: Mapping[str, object]) -> str:
    """A call by the shape of its arguments, without their values."""
    parts = ["..."] * positional + [f"{key}=..." for key in keywords]
    return f"{name}({', '.join(parts)})"


def octets(count: int) -> str:
    """A number of octets, in words."""
    return "1 octet" if count == 1 else f"{count} octets"


def article(kind: str) -> str:
    """A type's name as one speaks of an instance; ``NoneType`` is ``None``."""
    if kind == "NoneType":
        return "None"
    return f"an {kind}" if kind[:1].lower() in "aeiou" else f"a {kind}"
