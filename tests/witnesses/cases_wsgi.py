"""WSGI applications that a case catches, each with its correct neighbour.

Both are made by one factory, so that they differ in nothing but the fault.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from witnesses.kit import Application

Environ = dict[str, Any]
App = Callable[..., Any]


def answering(look: Callable[[Environ], object]) -> App:
    """An application that answers with what ``look`` makes of the environ."""

    def application(environ: Environ, start_response: App) -> list[bytes]:
        said = repr(look(environ)).encode("latin-1", "backslashreplace")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [said]

    return application


def with_headers(make: Callable[[Environ], list[tuple[str, str]]]) -> App:
    """An application with these headers and an empty body."""

    def application(environ: Environ, start_response: App) -> list[bytes]:
        start_response("200 OK", make(environ))
        return []

    return application


def caught(look: Callable[[Environ], object]) -> App:
    """As ``answering``, with a framework around it that makes a 500 of what is raised."""

    def application(environ: Environ, start_response: App) -> list[bytes]:
        try:
            said, status = repr(look(environ)).encode(), "200 OK"
        except Exception:
            said, status = b"sorry", "500 Internal Server Error"
        start_response(status, [("Content-Type", "text/plain")])
        return [said]

    return application


def length(environ: Environ) -> int:
    return int(environ.get("CONTENT_LENGTH") or 0)


def whole(environ: Environ) -> bytes:
    """The body, in as many reads as it takes."""
    pieces, left = [], length(environ)
    while left:
        pieces.append(environ["wsgi.input"].read(left))
        left -= len(pieces[-1]) or left
    return b"".join(pieces)


# Calling again


def counting(after: int) -> App:
    """An application that raises from the call number ``after`` on, if that is not 0."""
    calls = []

    def look(environ: Environ) -> str:
        calls.append(1)
        if after and len(calls) >= after:
            raise RuntimeError("called too often")
        return "hello"

    return answering(look)


def handing_out(make: Callable[[], Iterable[bytes]]) -> App:
    """An application whose iterable is what ``make`` gives."""

    def application(environ: Environ, start_response: App) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return make()

    return application


def once(strict: bool) -> App:
    """An application that takes wsgi.run_once for a promise, if ``strict``."""
    seen = []

    def look(environ: Environ) -> str:
        if strict and seen:
            raise RuntimeError("this process was to serve one request")
        if environ["wsgi.run_once"]:
            seen.append(1)
        return "hello"

    return answering(look)


def inspecting(strict: bool) -> App:
    """An application that asks what kind of callable start_response is, if ``strict``."""

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        if strict:
            start_response.__self__  # noqa: B018
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    return application


def shared(key: Callable[[], object]) -> App:
    """An application that keeps the query string under a key, and answers with it.

    It waits until a second request has come in, if one does, and so shows
    whether the two share a place.
    """
    kept: dict[object, str] = {}
    meeting = threading.Barrier(8)

    def look(environ: Environ) -> str:
        own = key()
        kept[own] = environ.get("QUERY_STRING", "")
        if threading.current_thread() is not threading.main_thread():
            meeting.wait(5)
        return kept[own]

    return answering(look)


def lazy(bind: bool) -> App:
    """An application that reads its request while it is iterated: its own, if ``bind``."""
    current: dict[str, Environ] = {}

    def application(environ: Environ, start_response: App) -> Iterator[bytes]:
        current["request"] = environ
        start_response("200 OK", [("Content-Type", "text/plain")])

        def body() -> Iterator[bytes]:
            yield b"query: "
            request = environ if bind else current["request"]
            yield request.get("QUERY_STRING", "").encode("latin-1")

        return body()

    return application


def locking(release: bool) -> App:
    """An application that counts its open responses, and counts down when one is closed.

    Without ``release`` it does so only at the end of the iteration.
    """
    busy: list[int] = []

    def application(environ: Environ, start_response: App) -> Iterator[bytes]:
        if busy:
            raise RuntimeError("an earlier response is not finished")
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6")])

        def body() -> Iterator[bytes]:
            busy.append(1)
            if release:
                try:
                    yield b"one"
                    yield b"two"
                finally:
                    busy.pop()
            else:
                yield b"one"
                yield b"two"
                busy.pop()

        return body()

    return application


def reading(restore: bool) -> App:
    """An application that is busy while it reads, and stays so when that fails."""
    busy: list[int] = []

    def look(environ: Environ) -> bytes:
        if busy:
            raise RuntimeError("still reading")
        busy.append(1)
        try:
            said = environ["wsgi.input"].read(length(environ))
        except OSError:
            if restore:
                busy.pop()
            raise
        busy.pop()
        return said

    return answering(look)


def writing(restore: bool) -> App:
    """An application that is busy while it writes, and stays so when that fails."""
    busy: list[int] = []

    def application(environ: Environ, start_response: App) -> list[bytes]:
        if busy:
            raise RuntimeError("still writing")
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        busy.append(1)
        try:
            write(b"hello")
        except OSError:
            if restore:
                busy.pop()
            raise
        busy.pop()
        return []

    return application


# Headers and length

LIST = [("Content-Type", "text/plain")]


def measured(total: Callable[[list[int]], bool]) -> App:
    """An application whose second piece, which is empty, does work that the next call needs."""
    done: list[int] = [1]

    def application(environ: Environ, start_response: App) -> Iterator[bytes]:
        if total(done):
            raise RuntimeError("the last response was not finished")
        done.clear()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])

        def body() -> Iterator[bytes]:
            yield b"hello"
            done.append(1)
            yield b""

        return body()

    return application


class Fussy:
    """An iterable whose close() counts, and which raises if it was not read to its end."""

    def __init__(self, strict: bool) -> None:
        self.left = [b"", b"hello"]
        self.strict = strict

    def __iter__(self) -> Fussy:
        return self

    def __next__(self) -> bytes:
        if not self.left:
            self.strict = False
            raise StopIteration
        return self.left.pop()

    def close(self) -> None:
        if self.strict:
            raise RuntimeError("closed before its end")


def fussy(strict: bool) -> App:
    def application(environ: Environ, start_response: App) -> Fussy:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return Fussy(strict)

    return application


def typed(kind: Callable[[Environ], str]) -> App:
    return with_headers(lambda environ: [("Content-Type", kind(environ))])


def sized(size: Callable[[Environ], str]) -> App:
    def application(environ: Environ, start_response: App) -> list[bytes]:
        start_response("200 OK", [("Content-Length", size(environ))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"hello"]

    return application


def made_of_file(plain: bytes) -> App:
    """An application that sends a file with the server's wrapper, or another body without."""

    def look(environ: Environ) -> bytes:
        return b"file" if "wsgi.file_wrapper" in environ else plain

    return answering(look)


def witness(requirement: str, case: str, breaks: App, keeps: App) -> Application:
    return Application(f"wsgi.{requirement}", "wsgi", breaks, keeps, f"wsgi::{case}")


def looking(
    requirement: str,
    case: str,
    breaks: Callable[[Environ], object],
    keeps: Callable[[Environ], object],
    around: Callable[[Callable[[Environ], object]], App] = answering,
) -> Application:
    return witness(requirement, case, around(breaks), around(keeps))


SPENT = iter([b"hello"])

PRESENCE = "environ.app-checks-presence"
OTHERS = "streams.app-no-other-methods"
HINT = "input.readlines-hint-optional"
HEAD = "app.head-same-as-get"

WITNESSES = [
    witness("app.reinvocable", "repeated", counting(4), counting(0)),
    witness("app.reinvocable", "repeated", handing_out(lambda: SPENT), handing_out(lambda: [b"a"])),
    witness("app.reinvocable", "interleaved", lazy(bind=False), lazy(bind=True)),
    witness("app.reinvocable", "closed-early", locking(release=False), locking(release=True)),
    witness(
        "app.reinvocable", "client-gone-in-body", reading(restore=False), reading(restore=True)
    ),
    witness(
        "app.reinvocable", "client-gone-in-write", writing(restore=False), writing(restore=True)
    ),
    witness(
        "app.reinvocable",
        "stopped-at-length",
        measured(lambda done: not done),
        measured(lambda done: False),
    ),
    witness("qa.not-assume-single-run", "run-once-twice", once(strict=True), once(strict=False)),
    witness(
        "callable.no-kind-dependency",
        "start-response-kinds",
        inspecting(strict=True),
        inspecting(strict=False),
    ),
    witness(
        "threads.server-dependent",
        "threads",
        shared(lambda: "one place for all"),
        shared(threading.get_ident),
    ),
    looking(
        PRESENCE,
        "optional-absent",
        lambda environ: environ["QUERY_STRING"],
        lambda environ: environ.get("QUERY_STRING", ""),
    ),
    looking(
        PRESENCE,
        "optional-absent",
        lambda environ: environ["SCRIPT_NAME"],
        lambda environ: environ.get("SCRIPT_NAME", ""),
        caught,
    ),
    looking(
        "environ.empty-cgi-vars-omittable",
        "optional-absent",
        lambda environ: "QUERY_STRING" in environ,
        lambda environ: bool(environ.get("QUERY_STRING")),
    ),
    looking(
        "environ.content-length-omittable",
        "optional-empty",
        lambda environ: int(environ.get("CONTENT_LENGTH", 0)),
        length,
    ),
    looking(
        "environ.content-type-omittable",
        "optional-empty",
        lambda environ: environ.get("CONTENT_TYPE", "a/b").split("/")[1] == "c",
        lambda environ: (environ.get("CONTENT_TYPE") or "a/b").split("/")[1] == "c",
    ),
    looking(
        PRESENCE,
        "voluntary-absent",
        lambda environ: environ["REMOTE_ADDR"],
        lambda environ: environ.get("REMOTE_ADDR"),
    ),
    looking(
        PRESENCE,
        "http10",
        lambda environ: environ["HTTP_HOST"],
        lambda environ: environ.get("HTTP_HOST") or environ["SERVER_NAME"],
    ),
    looking(
        PRESENCE,
        "minimal",
        lambda environ: environ["GATEWAY_INTERFACE"],
        lambda environ: environ["SERVER_PROTOCOL"],
    ),
    looking(
        PRESENCE,
        "mounted",
        lambda environ: environ["PATH_INFO"],
        lambda environ: environ.get("PATH_INFO", ""),
    ),
    looking(
        "environ.path-info-may-be-empty",
        "mounted",
        lambda environ: environ.get("PATH_INFO", "")[0],
        lambda environ: environ.get("PATH_INFO", "")[:1],
    ),
    looking(
        PRESENCE,
        "file-wrapper",
        lambda environ: environ["wsgi.file_wrapper"].__name__,
        lambda environ: environ.get("wsgi.file_wrapper") and None,
    ),
    witness(
        "file-wrapper.app-may-use", "file-wrapper", made_of_file(b"data"), made_of_file(b"file")
    ),
    looking(
        "environ.server-extension-vars",
        "extra-keys",
        lambda environ: [value + "" for key, value in environ.items() if "gateproof" in key],
        lambda environ: [value for value in environ.values() if type(value) is str][:1],
    ),
    looking(
        "app.no-reliance-on-inbound-hop-by-hop",
        "headers-hop-by-hop",
        lambda environ: {"close": 1}[environ.get("HTTP_CONNECTION", "close")],
        lambda environ: None,
    ),
    looking(OTHERS, "input-table-only", lambda e: e["wsgi.input"].seek(0), whole),
    looking(
        OTHERS,
        "input-table-only",
        lambda environ: getattr(environ["wsgi.input"], "tell", lambda: "no idea")(),
        whole,
    ),
    looking(
        OTHERS,
        "errors-table-only",
        lambda environ: environ["wsgi.errors"].isatty(),
        lambda environ: environ["wsgi.errors"].flush(),
    ),
    looking(
        HINT,
        "input-readlines-hint",
        lambda environ: environ["wsgi.input"].readlines(1),
        lambda environ: environ["wsgi.input"].readlines(1)[:1],
    ),
    looking(
        "input.read-size",
        "input-short-reads",
        lambda environ: environ["wsgi.input"].read(length(environ)),
        whole,
    ),
    witness(
        HEAD,
        "head",
        typed(lambda environ: f"text/{environ['REQUEST_METHOD'].lower()}"),
        typed(lambda environ: "text/plain"),
    ),
    witness(
        HEAD,
        "head",
        sized(lambda environ: "7" if environ["REQUEST_METHOD"] == "HEAD" else "5"),
        sized(lambda environ: "5"),
    ),
    witness(
        "response-headers.server-may-mutate",
        "headers-edited-in-place",
        with_headers(lambda environ: LIST),
        with_headers(lambda environ: [("Content-Type", "text/plain")]),
    ),
    witness("server.may-close-early", "stopped-at-length", fussy(strict=True), fussy(strict=False)),
    looking(
        PRESENCE,
        "generated",
        lambda environ: environ["SCRIPT_NAME"],
        lambda environ: environ.get("SCRIPT_NAME", ""),
    ),
    looking(OTHERS, "generated", lambda e: e["wsgi.input"].seek(0), whole),
    witness(
        "callable.no-kind-dependency",
        "generated",
        inspecting(strict=True),
        inspecting(strict=False),
    ),
]
