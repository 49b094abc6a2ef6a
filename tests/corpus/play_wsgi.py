"""A small but correct WSGI server that plays records, and what it saw.

Whatever a server may choose is an option of :func:`serve`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from corpus.kit import Record


class Wrapper:
    """A server's ``wsgi.file_wrapper``."""

    def __init__(self, file: Any, size: int = 8) -> None:
        self.file = file
        self.size = size
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self):
        return iter(lambda: self.file.read(self.size), b"")


def environ(
    omit: Iterable[str] = (), stream: Callable[[bytes], Any] = io.BytesIO, **changes: Any
) -> dict[str, Any]:
    """An environ; ``body`` is the request's, ``stream`` makes ``wsgi.input`` of it."""
    body = changes.pop("body", b"")
    made = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": stream(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": Wrapper,
        **changes,
    }
    if body:
        made.setdefault("CONTENT_LENGTH", str(len(body)))
    return {key: value for key, value in made.items() if key not in omit}


@dataclass
class Served:
    """What the server saw of one exchange, and what a validator recorded and found."""

    status: str = ""
    headers: list[Any] = field(default_factory=list)
    body: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    environ: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    closed: bool = False
    violations: list[Any] = field(default_factory=list)
    exchange: Any = None

    @property
    def ids(self) -> set[str]:
        return {violation.requirement for violation in self.violations}

    @property
    def seen(self) -> tuple[Any, ...]:
        error = self.error and (type(self.error), str(self.error))
        return (self.status, self.headers, self.body, error)


class RefusalError(Exception):
    """The server refuses a call."""


class Starter:
    """A ``start_response`` that is an object, as some servers have it."""

    def __init__(self, start: Callable[..., Any]) -> None:
        self.start = start

    def __call__(self, *arguments: Any) -> Any:
        return self.start(*arguments)


def play(
    call: Callable[..., Any],
    served: Served,
    stop: int | None = None,
    *,
    edits_headers: bool = False,
    starter: Callable[[Callable[..., Any]], Any] | None = None,
    send_raises: BaseException | None = None,
) -> Served:
    """Serve one request correctly.

    Args:
        call: takes environ and start_response.
        served: what is known so far; filled in.
        stop: after how many items the client has gone.
        edits_headers: the server edits the list it is given, in place.
        starter: makes the server's ``start_response`` of a function.
        send_raises: what a ``write()`` to a client that has gone raises.
    """
    sent = False

    def start_response(status, headers, exc_info=None, /):
        if exc_info:
            try:
                if sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif served.status:
            raise RefusalError("start_response was called again")
        served.status = status
        served.headers = list(headers)
        if edits_headers:
            headers.append(("Server", "odd"))
            headers.sort()
        return write

    def write(data, /):
        nonlocal sent
        if send_raises is not None:
            raise send_raises
        sent = True
        served.body.append(data)

    served.environ = served.environ or environ()
    result = None
    try:
        result = call(served.environ, starter(start_response) if starter else start_response)
        served.result = result
        for count, piece in enumerate(result, 1):
            served.body.append(piece)
            sent = sent or bool(piece)
            if count == stop:
                break
    except Exception as error:
        served.error = error
    finally:
        if hasattr(result, "close"):
            try:
                result.close()
            except Exception as error:
                served.error = error
            served.closed = True
    return served


BEHAVIOUR = ("stop", "edits_headers", "starter", "send_raises")
"""The keywords of a record's server that are not about environ."""


def serve(
    record: Record, wrap: Callable[[Any], Any] = lambda app: app, requests: int = 1
) -> list[Served]:
    """Play a record, each request in a new environ.

    Args:
        record: what to play.
        wrap: what to put around the application, once for all requests.
        requests: how many; a record may ask for more.
    """
    how = dict(record.server)
    behaviour = {key: how.pop(key) for key in BEHAVIOUR if key in how}
    requests = max(requests, how.pop("requests", 1))
    app = wrap(record.application)
    played = [play(app, Served(environ=environ(**how)), **behaviour) for _ in range(requests)]
    for served in played:
        served.result = None  # the server lets go of it
    return played
