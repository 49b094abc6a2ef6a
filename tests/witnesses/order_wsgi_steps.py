"""The steps of a WSGI exchange, short enough to write witnesses with."""

from __future__ import annotations

from io import BytesIO, StringIO

from gateproof.validators.wsgi.facts import Raised, result_facts

Step = tuple[str, object]

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": BytesIO(),
    "wsgi.errors": StringIO(),
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}

ERROR = Raised("ValueError", "a", 1)
"""What the application was handling when it called start_response with exc_info."""

OTHER = Raised("RuntimeError", "b", 2)


def call(**more: object) -> Step:
    return ("call", {**ENVIRON, **more})


CALL = call()
POST = call(REQUEST_METHOD="POST", CONTENT_LENGTH="5")


def start(*headers: tuple[str, str], status: str = "200 OK", exc_info: object = None) -> Step:
    args = (status, list(headers)) if exc_info is None else (status, list(headers), exc_info)
    return ("start_response", (args, {}))


def length(octets: int, status: str = "200 OK") -> Step:
    return start(("Content-Length", str(octets)), status=status)


RESTART = start(status="500 Oops", exc_info=ERROR)
STARTED: Step = ("started", True)
NEXT: Step = ("next", None)
EXHAUSTED: Step = ("exhausted", None)
WRITTEN: Step = ("written", None)
CLOSE: Step = ("close", None)
CLOSED: Step = ("closed", None)
END: Step = ("end", None)


def refused(error: object = OTHER) -> Step:
    return ("start_response-raised", error)


def write(*args: object, **kwargs: object) -> Step:
    return ("write", (args, kwargs))


def item(piece: object) -> Step:
    return ("item", piece)


def result(value: object = (), **facts: object) -> Step:
    """The application returned ``value``; ``facts`` are put in the place of what it has."""
    return ("result", {**result_facts(value), **facts})


def closable(**facts: object) -> Step:
    return result(iter(()), type="Pages", has_close=True, **facts)


def read(outcome: object, *args: object, method: str = "read") -> Step:
    return ("input", (method, args, outcome))


def log(method: str, *args: object, outcome: object = None) -> Step:
    return ("errors", (method, args, outcome))


BEGUN = (CALL, start(), STARTED)
"""A response that has status and headers."""

SENDING = (*BEGUN, closable(), NEXT, item(b"a"))
"""A response of which a piece was produced, by an iterable that has a close()."""

WITNESSES: list[object] = []
