"""A small but correct server to run applications under the validator, and what it saw."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.validator import watch


class Wrapper:
    """A server's ``wsgi.file_wrapper``."""

    def __init__(self, file: Any, size: int = 8) -> None:
        self.file = file
        self.size = size
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self):
        return iter(lambda: self.file.read(self.size), b"")


def environ(**changes: Any) -> dict[str, Any]:
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
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": Wrapper,
        **changes,
    }
    if body:
        made.setdefault("CONTENT_LENGTH", str(len(body)))
    return made


@dataclass
class Served:
    """What the server saw of one exchange, and what the validator found."""

    status: str = ""
    headers: list[Any] = field(default_factory=list)
    body: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    environ: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    closed: bool = False
    violations: list[Any] = field(default_factory=list)
    exchange: Exchange = field(default_factory=lambda: Exchange(head=1000))

    @property
    def ids(self) -> set[str]:
        return {violation.requirement for violation in self.violations}

    @property
    def seen(self) -> tuple[Any, ...]:
        error = self.error and (type(self.error), str(self.error))
        return (self.status, self.headers, self.body, error)


class RefusalError(Exception):
    """The server refuses a call."""


def play(call: Any, served: Served, stop: int | None = None) -> Served:
    """Serve one request correctly: ``call`` takes environ and start_response."""
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
        return write

    def write(data, /):
        nonlocal sent
        sent = True
        served.body.append(data)

    served.environ = served.environ or environ()
    result = None
    try:
        result = call(served.environ, start_response)
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


@pytest.fixture
def make_environ():
    return environ


@pytest.fixture
def serve():
    """Serve an application under watch: ``serve(app, level=..., stop=..., **environ)``."""

    def run(app, *, level="all", stop=None, given=None, host="any", **changes):
        served = Served(environ=environ(**changes) if given is None else given)
        policy = Policy(served.violations.append, Rules(level=level))

        def call(environ, start_response):
            return watch(
                app, environ, start_response, policy=policy, exchange=served.exchange, host=host
            )

        play(call, served, stop)
        served.kind, served.result = type(served.result), None  # the server lets go of it
        return served

    return run


@pytest.fixture
def bare():
    """The same without watch."""

    def run(app, *, stop=None, given=None, **changes):
        served = Served(environ=environ(**changes) if given is None else given)
        return play(app, served, stop)

    return run
