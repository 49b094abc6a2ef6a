"""What watching costs: our WSGI validator beside wsgiref.validate, Werkzeug's lint and nothing.

Run it as a script. The contenders take turns inside one process, in blocks of a
few milliseconds timed by the thread's CPU clock, and each ratio is the median
over rounds of blocks that were run side by side; microseconds are the best seen.
"""

from __future__ import annotations

import gc
import io
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.validate import validator

from gateproof.validators import WSGIValidator

ROUNDS = 60
BLOCK = 0.004

HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "no-cache"),
    ("X-Request-Id", "0123456789abcdef"),
    ("Vary", "Accept-Encoding"),
]


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [*HEADERS, ("Content-Length", "5")])
    return [b"hello"]


def post(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    source = environ["wsgi.input"]
    for _ in range(10):
        source.read(100)
    start_response("200 OK", [*HEADERS, ("Content-Length", "2")])
    return [b"ok"]


def stream(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", list(HEADERS))
    return pieces()


def pieces() -> Iterable[bytes]:
    for _ in range(100):
        yield b"x" * 64


class Nothing:
    """A wrapper that hands everything on through objects of its own."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def starter(*args: Any) -> Any:
            return start_response(*args)

        return Handed(self.app(environ, starter))


class Handed:
    def __init__(self, inner: Any) -> None:
        self.advance = iter(inner).__next__
        self.inner = inner

    def __iter__(self) -> Handed:
        return self

    def __next__(self) -> bytes:
        return self.advance()

    def close(self) -> None:
        if hasattr(self.inner, "close"):
            self.inner.close()


ERRORS = io.StringIO()

TEMPLATE: dict[str, Any] = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": ERRORS,
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    **{f"HTTP_X_HEADER_{n}": f"some value of an ordinary length {n}" for n in range(20)},
}


def environ(method: str, body: bytes) -> dict[str, Any]:
    return {
        **TEMPLATE,
        "REQUEST_METHOD": method,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }


def write(data: bytes) -> None:
    pass


def serve(app: Callable[..., Any], method: str, body: bytes) -> None:
    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        return write

    result = app(environ(method, body), start_response)
    try:
        for _ in result:
            pass
    finally:
        if hasattr(result, "close"):
            result.close()


def contenders(app: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    made = {
        "bare": app,
        "nothing": Nothing(app),
        "gateproof": WSGIValidator(app),
        "wsgiref.validate": validator(app),
    }
    try:
        from werkzeug.middleware.lint import LintMiddleware
    except ImportError:
        print("Werkzeug is not installed: its lint is left out", file=sys.stderr)
    else:
        made["werkzeug lint"] = LintMiddleware(app)
    return made


def timed(app: Callable[..., Any], method: str, body: bytes, times: int) -> float:
    gc.collect()
    gc.disable()
    began = time.thread_time()
    for _ in range(times):
        serve(app, method, body)
    taken = time.thread_time() - began
    gc.enable()
    return taken / times


def main() -> None:
    warnings.simplefilter("ignore")
    for app, method, body in (
        (hello, "GET", b""),
        (post, "POST", b"a" * 1000),
        (stream, "GET", b""),
    ):
        made = contenders(app)
        for one in made.values():
            timed(one, method, body, 50)  # whatever is made only once
        seen: dict[str, list[float]] = {name: [] for name in made}
        times = {
            name: max(1, int(BLOCK / timed(one, method, body, 50))) for name, one in made.items()
        }
        for _ in range(ROUNDS):
            for name, one in made.items():
                seen[name].append(timed(one, method, body, times[name]))
        print(app.__name__)
        for name, spent in seen.items():
            pairs = zip(seen["gateproof"], spent, strict=True)
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            print(f"  {name:18} {min(spent) * 1e6:8.2f} us   gateproof takes {ratio:5.2f} of it")


if __name__ == "__main__":
    main()
