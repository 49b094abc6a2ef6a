"""A form, without a framework: GET shows it, POST answers with what was typed.

Three things are easy to get wrong and done right here: how much of the request
body is read, how its text is decoded, and that nothing typed becomes markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any
from urllib.parse import parse_qs, quote

LIMIT = 64 * 1024
"""The most octets that this form takes."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Guest book</title>
{greeting}
<form method="post" action="{action}">
  <label>Your name <input name="name" required></label>
  <label>Your message <textarea name="message"></textarea></label>
  <button>Send</button>
</form>
</html>
"""


class BadRequestError(Exception):
    """The request cannot be used; the text says why."""


def read_body(environ: dict[str, Any]) -> bytes:
    """Read as much of the body as was announced, which may take several reads.

    CONTENT_LENGTH may be absent or empty, and then there is nothing to read.
    """
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise BadRequestError("Content-Length is not a number")
    left = int(length)
    if left > LIMIT:
        raise BadRequestError("that is too long")
    pieces = []
    while left:
        piece = environ["wsgi.input"].read(left)
        if not piece:
            raise BadRequestError("the request ended too early")
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def greeting(fields: dict[str, list[str]]) -> str:
    """What is said to someone who has filled in the form."""
    name = fields.get("name", ["stranger"])[0]
    message = fields.get("message", [""])[0]
    return f"<p>Thank you, {escape(name)}, for writing:</p>\n<pre>{escape(message)}</pre>"


def page(environ: dict[str, Any]) -> tuple[str, str]:
    """The status and the text of the response."""
    method = environ["REQUEST_METHOD"]
    action = escape(path_in_url(environ))
    if method in ("GET", "HEAD"):
        return "200 OK", PAGE.format(greeting="", action=action)
    if method == "POST":
        try:
            typed = parse_qs(read_body(environ).decode("utf-8", "replace"))
        except (BadRequestError, ValueError) as error:
            return "400 Bad Request", PAGE.format(greeting=f"<p>{error}</p>", action=action)
        return "200 OK", PAGE.format(greeting=greeting(typed), action=action)
    return "405 Method Not Allowed", PAGE.format(greeting="<p>GET or POST</p>", action=action)


def path_in_url(environ: dict[str, Any]) -> str:
    """The path of this request as it may stand in a URL again.

    The octets of the path stand in the environ as one character each.
    """
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return quote(path.encode("latin-1")) or "/"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Show the form, or answer it."""
    status, text = page(environ)
    body = text.encode("utf-8")
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    if status.startswith("405"):
        headers.append(("Allow", "GET, HEAD, POST"))
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
