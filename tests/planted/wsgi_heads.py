"""WSGI applications that look at the head of a request, each with one fault in how it does.

Every function makes an application; with ``faulty=False`` the same one, mended.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from html import escape
from typing import Any
from urllib.parse import quote, unquote_plus

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

PLAIN = ("Content-Type", "text/plain; charset=utf-8")
HTML = ("Content-Type", "text/html; charset=utf-8")


def length(body: bytes) -> tuple[str, str]:
    """The header that says how long ``body`` is."""
    return ("Content-Length", str(len(body)))


def search(faulty: bool) -> Application:
    """Shows what was searched for, the query string, as text in a page.

    Fault: Content-Length counts quotation marks as they are, in the page they are escaped.
    Shows when the query string has an apostrophe or, escaped, a quotation mark.
    """
    page = "<!doctype html><title>Search</title><p>Nothing was found for <q>{}</q>.</p>\n"

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = unquote_plus(environ.get("QUERY_STRING", ""), errors="replace")
        shown = escape(asked, quote=not faulty)
        size = len(page.format("")) + len(shown.encode("utf-8", "replace"))
        start_response("200 OK", [HTML, ("Content-Length", str(size))])
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return [page.format(escape(asked)).encode("utf-8", "replace")]

    return application


def tree(faulty: bool) -> Application:
    """Lists the segments of the path below the place where it is mounted.

    Fault: the mount is taken off the path with ``lstrip``, which takes characters, not a
    prefix. Shows when what follows SCRIPT_NAME begins with characters that occur in it.
    """

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        mount = environ.get("SCRIPT_NAME", "")
        path = mount + environ.get("PATH_INFO", "")
        below = path.lstrip(mount) if faulty else path.removeprefix(mount)
        segments = [segment for segment in below.split("/") if segment]
        body = "".join(f"{segment}\n" for segment in segments).encode("latin-1")
        start_response("200 OK", [PLAIN, length(body)])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


def compressed(faulty: bool) -> Application:
    """Serves one page, compressed for clients that accept gzip.

    Fault: HEAD is answered before compression. Shows when HEAD comes with an
    Accept-Encoding of gzip: its Content-Length is not that of GET.
    """
    page = b"<!doctype html><title>Rules</title>" + b"<p>No running on the deck.</p>\n" * 40
    small = gzip.compress(page, mtime=0)

    def accepts_gzip(environ: Environ) -> bool:
        for offer in environ.get("HTTP_ACCEPT_ENCODING", "").lower().split(","):
            coding, _, weight = offer.partition(";")
            if coding.strip() == "gzip":
                return weight.strip().rstrip("0.") != "q="
        return False

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        head = environ["REQUEST_METHOD"] == "HEAD"
        body, headers = page, [HTML, ("Vary", "Accept-Encoding")]
        if accepts_gzip(environ) and not (faulty and head):
            body = small
            headers.append(("Content-Encoding", "gzip"))
        start_response("200 OK", [*headers, length(body)])
        return [] if head else [body]

    return application


def versioned(faulty: bool) -> Application:
    """Streams its rows to clients of HTTP/1.1 and later, and sends others the whole at once.

    Fault: the version is taken for two numbers. Shows when SERVER_PROTOCOL is ``HTTP/2``
    or ``HTTP/3``.
    """
    rows = [f"row {number}\n".encode("ascii") for number in range(5)]

    def streams(protocol: str) -> bool:
        version = protocol.removeprefix("HTTP/")
        major, minor = version.split(".") if faulty else version.partition(".")[::2]
        return (int(major), int(minor or "0")) >= (1, 1)

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if streams(environ["SERVER_PROTOCOL"]):
            start_response("200 OK", [PLAIN])
            return (row for row in rows)
        body = b"".join(rows)
        start_response("200 OK", [PLAIN, length(body)])
        return [body]

    return application


def canonical(faulty: bool) -> Application:
    """Answers with the URL of this request, rebuilt from the environ.

    Fault: the default port of https is not known. Shows when the request came over https
    and has no Host header, or an empty one.
    """
    ports = {"http": "80"} if faulty else {"http": "80", "https": "443"}

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        scheme = environ["wsgi.url_scheme"]
        host = environ.get("HTTP_HOST")
        if not host:
            host = environ["SERVER_NAME"]
            if environ["SERVER_PORT"] != ports[scheme]:
                host += f":{environ['SERVER_PORT']}"
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        body = f"{scheme}://{host}{quote(path.encode('latin-1'))}\n".encode("latin-1")
        start_response("200 OK", [PLAIN, length(body)])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


def remembered(faulty: bool) -> Application:
    """Gives the client its cookies again, so that they last another hour.

    Fault: cookies are read as UTF-8 and given as the text that this makes, where a header
    value has no character above U+00FF. Shows when a Cookie header has octets beyond ASCII
    that are no UTF-8, or stand for such a character.
    """

    def renewed(header: str) -> list[tuple[str, str]]:
        text = header.encode("latin-1").decode("utf-8", "replace")
        pairs = [pair.strip().partition("=") for pair in text.split(";")]
        return [
            ("Set-Cookie", f"{name}={value}; Max-Age=3600")
            for name, equals, value in pairs
            if name and equals and (name + value).isprintable()
            if faulty or (name + value).isascii()
        ]

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = b"Welcome back.\n"
        start_response("200 OK", [PLAIN, length(body), *renewed(environ.get("HTTP_COOKIE", ""))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


def catalogue(faulty: bool) -> Application:
    """Lists books, or those that the query string selects; HEAD is made from GET.

    Fault: for HEAD of a selection the response is started once more, to say its length.
    Shows when HEAD comes with a query string.
    """
    books = ("Emma", "Middlemarch", "Persuasion", "Villette")

    def view(environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        asked = environ.get("QUERY_STRING", "").lower()
        body = "".join(f"{book}\n" for book in books if asked in book.lower()).encode("ascii")
        start_response("200 OK", [PLAIN] if asked else [PLAIN, length(body)])
        return [body]

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        result = view(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return result
        if faulty and environ.get("QUERY_STRING"):
            start_response("200 OK", [PLAIN, length(result[0])])
        return []

    return application
