"""WSGI applications that only generated traffic catches, each with its correct neighbour.

The fault of each needs two things together, of which the fixed cases ask but one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

from witnesses.cases_wsgi import answering, length, whole, with_headers, witness
from witnesses.kit import Application

Environ = dict[str, Any]
App = Callable[..., Any]


def looking(
    requirement: str,
    case: str,
    breaks: Callable[[Environ], object],
    keeps: Callable[[Environ], object],
) -> Application:
    """A witness of an application that answers with what it makes of its environ."""
    return witness(requirement, f"generated-{case}", answering(breaks), answering(keeps))


def posted(environ: Environ) -> bool:
    """Whether there is a form, which the plain request has not."""
    return environ.get("CONTENT_TYPE", "").startswith("application/x-www-form")


def asked(environ: Environ, name: str) -> list[str]:
    """The values of a field of the query."""
    return parse_qs(environ.get("QUERY_STRING", "")).get(name, [])


def lines(environ: Environ) -> list[bytes]:
    """The lines of the body, which end where one read does not end in the midst of one."""
    found: list[bytes] = []
    left = length(environ)
    while left:
        piece = environ["wsgi.input"].read(min(left, 16))
        if not piece:
            break
        left -= len(piece)
        found += piece.splitlines()
    return found


def first(environ: Environ) -> int:
    """The size of what one read gives of a body that is no form."""
    return 0 if posted(environ) else len(environ["wsgi.input"].read(length(environ)))


def rest(environ: Environ) -> object:
    """Where it is in the body, by way of a method that files have, for a form of some size."""
    source = environ["wsgi.input"]
    said = whole(environ)
    if posted(environ) and length(environ) > 20:
        return getattr(source, "tell", lambda: "no idea")()
    return said


def hinted(environ: Environ) -> object:
    """How many lines a text has up to a hint."""
    if environ.get("CONTENT_TYPE", "").startswith("text/plain"):
        return len(environ["wsgi.input"].readlines(1))
    return None


def rooted(environ: Environ) -> object:
    """A page of the query, if the environ says where the application is."""
    if asked(environ, "page") and "SCRIPT_NAME" not in environ:
        return "another page"
    return "page"


def needy(environ: Environ) -> object:
    """Where a page is asked for, who asks."""
    return environ["REMOTE_ADDR"] * 0 if asked(environ, "page") else ""


def typed(environ: Environ) -> object:
    """What kind of thing is sent, where something is searched for."""
    return "CONTENT_TYPE" in environ and not environ["CONTENT_TYPE"] and asked(environ, "q")


def measured(environ: Environ) -> object:
    """A length that is taken for a number, where something is searched for."""
    if asked(environ, "q"):
        return environ.get("CONTENT_LENGTH", "0").isdigit()
    return True


def wrapped(environ: Environ) -> object:
    """Another page where the server has no file wrapper."""
    return asked(environ, "page") and "wsgi.file_wrapper" in environ


def crowded(environ: Environ) -> object:
    """Takes what it does not know for what it knows, where a page is asked for."""
    own = [key for key in environ if key.startswith("gateproof.")]
    return bool(own) and bool(asked(environ, "page"))


def nearest(environ: Environ) -> object:
    """The last of those by whom a request was forwarded, apart by a comma alone."""
    return environ.get("HTTP_X_FORWARDED_FOR", "").split(",")[-1]


def crumbs(environ: Environ) -> object:
    """How many cookies there are, where each comes with a blank."""
    return len(environ.get("HTTP_COOKIE", "").split("; "))


def placed(environ: Environ) -> object:
    """Another answer at any place but the root, for one page."""
    return "elsewhere" if environ.get("SCRIPT_NAME") and asked(environ, "page") else "here"


def sized(fault: bool) -> App:
    """One page has another length for HEAD."""

    def headers(environ: Environ) -> list[tuple[str, str]]:
        wrong = fault and environ["REQUEST_METHOD"] == "HEAD" and asked(environ, "page")
        return [("Content-Type", "text/plain"), ("X-Items", "2" if wrong else "3")]

    return with_headers(headers)


def holding(strict: bool) -> App:
    """An application with one place for all who search; its own for each, if not ``strict``."""
    current: list[str] = [""]

    def application(environ: Environ, start_response: App) -> Iterator[bytes]:
        words = "".join(asked(environ, "q"))
        current[0] = words
        start_response("200 OK", [("Content-Type", "text/plain")])

        def body() -> Iterator[bytes]:
            yield b"found: "
            yield (current[0] if strict else words).encode("utf-8", "surrogateescape")

        return body()

    return application


def meddling(strict: bool) -> App:
    """An application that keeps its request in one place while it starts its response."""
    current: list[list[str]] = [[]]

    def application(environ: Environ, start_response: App) -> list[bytes]:
        own = asked(environ, "name")
        current[0] = own
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr(current[0] if strict else own).encode()]

    return application


def keeping(strict: bool) -> App:
    """An application that holds a place for each query while it is read, and gives it back late."""
    taken: set[str] = set()

    def application(environ: Environ, start_response: App) -> Iterator[bytes]:
        page = environ.get("QUERY_STRING", "")
        if page and page in taken:
            raise RuntimeError("this page is being read")
        start_response("200 OK", [("Content-Type", "text/plain")])

        def body() -> Iterator[bytes]:
            taken.add(page)
            try:
                yield b"one "
                yield b"two"
            finally:
                if not strict:
                    taken.discard(page)
            taken.discard(page)

        return body()

    return application


WITNESSES = [
    looking("input.read-size", "body-cut", lines, whole),
    looking("input.read-size", "body-cut", first, length),
    looking("streams.app-no-other-methods", "body-cut", rest, whole),
    looking("input.readlines-hint-optional", "body-cut", hinted, whole),
    looking("environ.empty-cgi-vars-omittable", "default-keys", rooted, bool),
    looking("environ.app-checks-presence", "default-keys", needy, bool),
    looking("environ.content-type-omittable", "default-keys", typed, bool),
    looking("environ.content-length-omittable", "default-keys", measured, bool),
    looking("file-wrapper.app-may-use", "default-keys", wrapped, bool),
    looking("environ.server-extension-vars", "extra-keys", crowded, bool),
    looking("environ.repeated-headers-joined", "header-form", nearest, bool),
    looking("environ.repeated-headers-joined", "cookie-split", crumbs, bool),
    looking("environ.script-name-may-be-empty", "mount", placed, bool),
    witness("app.head-same-as-get", "generated-head", sized(fault=True), sized(fault=False)),
    witness("app.reinvocable", "generated-among-others", holding(True), holding(False)),
    witness("threads.server-dependent", "generated-among-others", meddling(True), meddling(False)),
    witness("app.reinvocable", "generated", keeping(True), keeping(False)),
]
