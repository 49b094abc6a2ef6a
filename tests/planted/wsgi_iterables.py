"""WSGI applications whose responses come in pieces, each with one fault in how they do.

Every function makes an application; with ``faulty=False`` the same one, mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

HTML = ("Content-Type", "text/html; charset=utf-8")
TITLE = b"<!doctype html><title>Stock</title>\n"
ITEMS = (b"<li>apples\n", b"<li>pears\n", b"<li>plums\n")


def table(faulty: bool) -> Application:
    """Sends a page piece by piece, with a footer below the list.

    Fault: the footer is sent from ``finally``, so also when the iterable is closed. Shows when
    the server stops after the second, third or fourth item.
    """

    def pieces() -> Iterator[bytes]:
        yield TITLE
        if faulty:
            try:
                yield from ITEMS
            finally:
                yield b"<footer>That is all.</footer>\n"
        else:
            yield from ITEMS
            yield b"<footer>That is all.</footer>\n"

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [HTML])
        return pieces()

    return application


def stock(faulty: bool) -> Application:
    """Sends a list whose items wait in a queue until the server takes them.

    Fault: all responses have the queue in common, and one that is closed early leaves its
    items there. Shows in the request after one that the server stopped between the
    second item and the last.
    """
    common: list[bytes] = []

    def pieces() -> Iterator[bytes]:
        yield TITLE
        waiting = common if faulty else []
        waiting.extend(ITEMS)
        while waiting:
            yield waiting.pop(0)

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [HTML])
        return pieces()

    return application


def results(faulty: bool) -> Application:
    """Sends a page about the query string, which it looks at when the list begins.

    Fault: what was asked for is kept in one place for all requests. Shows when another
    request with another query string begins its list after the second item of the first
    request and before its third.
    """
    common: dict[str, str] = {}

    def pieces(environ: Environ) -> Iterator[bytes]:
        yield TITLE
        place = common if faulty else {}
        place["asked"] = environ.get("QUERY_STRING", "")
        yield b"<ul>\n"
        yield f"<li>nothing about {escape(place['asked'])}\n".encode("utf-8", "replace")
        yield b"</ul>\n"

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [HTML])
        return pieces(environ)

    return application
