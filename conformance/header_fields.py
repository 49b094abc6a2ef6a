"""Header fields of replies: by name, as a condition of a request, and as a 304 keeps them.

https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Text = TypeVar("Text", str, bytes)

KEPT = ("cache-control", "content-location", "date", "etag", "expires", "vary")
"""The fields that a 304 has if the 200 in its place has them."""


def folded(pairs: Iterable[tuple[Text, Text]]) -> dict[Text, tuple[Text, ...]]:
    """Header pairs by lower-case name, values in order."""
    fields: dict[Text, list[Text]] = {}
    for name, value in pairs:
        fields.setdefault(name.lower(), []).append(value)
    return {name: tuple(values) for name, values in fields.items()}


def conditions(etag: str | None, modified: str | None) -> tuple[tuple[str, str], ...]:
    """The request headers that ask whether a response with these validators changed.

    ``etag`` is preferred, as servers do: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
    """
    if etag:
        return (("If-None-Match", etag),)
    return (("If-Modified-Since", modified),) if modified else ()
