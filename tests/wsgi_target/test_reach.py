"""The stimulus of a case reaches the checks of the validator that it is there for."""

from __future__ import annotations

import sys

import pytest

from gateproof.conformance.case import cases

PLAIN = [("Content-Type", "text/plain")]


def trapping(environ, start_response):
    """Streams, reads, and shows an error page that the server refuses, then goes on."""
    start_response("200 OK", PLAIN)
    yield b"begun "
    try:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    except OSError:
        try:
            start_response("500 Oops", PLAIN, sys.exc_info())
        except OSError:
            yield b"never mind"


def redirecting(environ, start_response):
    start_response("302 Found", [("Location", environ.get("PATH_INFO", "") + "/")])
    return []


def decoding(environ, start_response):
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    start_response("200 OK", [("X-Path", path.replace("\n", "").replace("\r", ""))])
    return []


class Fussy:
    def __init__(self):
        self.left = [b"c", b"b", b"a"]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop()

    def close(self):
        if self.left:
            raise RuntimeError("not read to the end")


def fussy(environ, start_response):
    start_response("200 OK", PLAIN)
    return Fussy()


def greedy(environ, start_response):
    size = int(environ.get("CONTENT_LENGTH") or 0)
    environ["wsgi.input"].read(size * 2)
    start_response("200 OK", PLAIN)
    return []


def fragile(environ, start_response):
    environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8")
    environ.get("QUERY_STRING", "").encode("ascii")
    environ.get("HTTP_X_LATIN", "").encode("ascii")
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("PATH_INFO") == "*":
        raise ValueError
    if int(environ.get("CONTENT_LENGTH") or 0) > 2**20 or environ["wsgi.url_scheme"] != "http":
        raise ValueError
    start_response("200 OK", PLAIN)
    return []


def lying(environ, start_response):
    start_response("200 OK", [("Content-Length", "9")])
    return [b"short"]


def silent(environ, start_response):
    return []


def hasty(environ, start_response):
    yield b"too soon"
    start_response("200 OK", PLAIN)


def one_argument(environ):
    return []


TRAPS = "errors-handling.app-traps-own-errors"


@pytest.mark.parametrize(
    ("application", "case", "requirement"),
    [
        (lambda environ, start_response: None, "get", "app.returns-iterable"),
        (silent, "get", "app.start-response-always-called"),
        (hasty, "get", "app.start-response-before-first-body"),
        (one_argument, "get", "app.two-positional-arguments"),
        (lying, "get", "content-length.app-accurate"),
        (trapping, "client-gone-in-body", "exc-info.app-no-trap"),
        (redirecting, "path-control", "response-headers.value-no-control"),
        (decoding, "path-not-ascii", "unicode.app-latin1-only"),
        (fussy, "closed-early", "app.no-assumption-fully-consumed"),
        (fussy, "head-closed-early", "app.no-assumption-fully-consumed"),
        (greedy, "body-sizes", "input.app-not-read-past-length"),
        (fragile, "path-not-ascii", TRAPS),
        (fragile, "query", TRAPS),
        (fragile, "headers-odd", TRAPS),
        (fragile, "body-sizes", TRAPS),
        (fragile, "https", TRAPS),
        (fragile, "options", TRAPS),
        (fragile, "options-asterisk", TRAPS),
        (fragile, "method-unknown", TRAPS),
        (fragile, "post", TRAPS),
        (fragile, "delete", TRAPS),
    ],
)
def test_a_case_reaches_the_check(application, case, requirement, play):
    played = play(application, f"wsgi::{case}")

    assert f"wsgi.{requirement}" in {v.requirement for v in played.by_validator}
    assert f"wsgi.{requirement}" in cases()[f"wsgi::{case}"].proves
