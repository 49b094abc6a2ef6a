"""WSGI applications whose replies disagree with each other, each with its correct neighbour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from witnesses.kit import Application

Environ = dict[str, Any]
App = Callable[..., Any]


def cached(keep: bool) -> App:
    """A page with an entity tag; ``keep``: whether the 304 has all that the 200 has."""
    whole = [("ETag", '"1"'), ("Vary", "Accept"), ("Content-Type", "text/plain")]

    def application(environ: Environ, start_response: App) -> list[bytes]:
        if environ.get("HTTP_IF_NONE_MATCH") == '"1"':
            start_response("304 Not Modified", whole[: 2 if keep else 1])
            return []
        start_response("200 OK", list(whole))
        return [b"hello"]

    return application


def acquainted(look: Callable[[App], bool]) -> App:
    """Answers differently where it does not know the start_response that it is given."""

    def application(environ: Environ, start_response: App) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"an old friend" if look(start_response) else b"a stranger"]

    return application


def witness(requirement: str, case: str, breaks: App, keeps: App) -> Application:
    return Application(requirement, "wsgi", breaks, keeps, f"wsgi::{case}")


WITNESSES = [
    witness("http1.status.304-metadata", "not-modified", cached(keep=False), cached(keep=True)),
    witness(
        "wsgi.middleware.transparent",
        "behind-middleware",
        acquainted(lambda start: getattr(start, "__name__", "") != "start"),
        acquainted(callable),
    ),
]
