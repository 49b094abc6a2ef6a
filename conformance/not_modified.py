"""Conditional requests: how one is made of a reply, and what a 304 keeps of a 200.

https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5
"""

from __future__ import annotations

KEPT = ("cache-control", "content-location", "date", "etag", "expires", "vary")
"""The fields that a 304 has if the 200 in its place has them."""


def conditions(etag: str | None, modified: str | None) -> tuple[tuple[str, str], ...]:
    """The request headers that ask whether a response with these validators changed.

    ``etag`` is preferred, as servers do: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
    """
    if etag:
        return (("If-None-Match", etag),)
    return (("If-Modified-Since", modified),) if modified else ()
