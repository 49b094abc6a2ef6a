"""Helpers to write mutants for the rules of WSGI lints with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corpus.play_wsgi import environ
from peers.lints import Exchange, Wrap

TYPE = [("Content-Type", "text/plain")]
V = "wsgi.environ."
H = "wsgi.response-headers."


def start(status: Any = "200 OK", headers: Any = None, *more: Any) -> Callable[..., Any]:
    """An application with this head and a small body."""

    def application(environ: Any, start_response: Any) -> Any:
        start_response(status, list(TYPE) if headers is None else headers, *more)
        return [b"hello"]

    return application


ok = start()


def head(status: Any = "200 OK", *headers: Any, body: Any = (b"hello",)) -> Callable[..., Any]:
    """An application with these headers, among them a Content-Type."""

    def application(environ: Any, start_response: Any) -> Any:
        start_response(status, [*TYPE, *headers])
        return list(body)

    return application


def started(status: Any, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
    return lambda data: None


def by(app: Callable[..., Any], given: Any = None, close: bool = True) -> Exchange:
    """Serves ``app`` one request, as a server does."""

    def exchange(wrap: Wrap) -> None:
        result = wrap(app)(environ() if given is None else given(), started)
        try:
            for _ in result:
                pass
        finally:
            if close and hasattr(result, "close"):
                result.close()

    return exchange


def given(omit: tuple[str, ...] = (), **changes: Any) -> Exchange:
    """Serves a correct application a request with these variables."""
    return by(ok, lambda: environ(omit, **changes))


def reading(use: Callable[[Any], Any], **changes: Any) -> Exchange:
    """Serves an application that uses its environ."""

    def application(environ: Any, start_response: Any) -> Any:
        use(environ)
        return ok(environ, start_response)

    return by(application, lambda: environ(**changes))


class Pages:
    """A body with a close()."""

    def __init__(self) -> None:
        self.pieces = iter([b"a"])

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> bytes:
        return next(self.pieces)

    def close(self) -> None:
        pass


def start_closable(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", list(TYPE))
    return Pages()
