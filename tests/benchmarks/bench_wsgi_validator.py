"""What the WSGI validator costs, beside nothing, a do-nothing wrapper and three lints.

Run it as a script: ``python tests/benchmarks/bench_wsgi_validator.py``, with
``--markdown`` for the table of the documentation. The contenders take turns inside
one process, in blocks of a few milliseconds timed by the thread's CPU clock. A ratio
is the median over rounds of blocks that were run side by side. Request id, cookie,
ETag and length change with every request and never come again, so that a memory of
what was accepted is not flattered. A peer that cannot be imported is left out, which
is said.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import itertools
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gateproof.validators import WSGIValidator

BLOCK = 0.005
"""Seconds that a block takes at least."""

PIECE = b"x" * 64
OURS = "gateproof"
COUNT = itertools.count()

# The traffic ------------------------------------------------------------------

ERRORS = io.StringIO()

COMMON: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "PATH_INFO": "/some/path",
    "QUERY_STRING": "a=1",
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
    "HTTP_HOST": "example.org",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
    "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.5",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101",
    **{f"HTTP_X_HEADER_{number}": f"value of header {number}" for number in range(12)},
}


def fresh(number: int, body: bytes) -> dict[str, Any]:
    """What no other request has: with :data:`COMMON` twenty header fields and the length."""
    return {
        "HTTP_X_REQUEST_ID": f"{number * 2654435761:032x}",
        "HTTP_COOKIE": f"session={number * 40503:024x}; theme=dark",
        "HTTP_IF_NONE_MATCH": f'"{number * 40503:016x}"',
        "REQUEST_METHOD": "POST" if body else "GET",
        "CONTENT_LENGTH": str(len(body) or number),
        "wsgi.input": io.BytesIO(body),
    }


def response(number: int, length: str | None) -> list[tuple[str, str]]:
    """Five header fields, two of which no other response has."""
    return [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Vary", "Accept"),
        ("X-Request-Id", f"{number * 2654435761:032x}"),
        ("ETag", f'"{number * 40503:016x}"'),
        ("Content-Length", length) if length else ("Server", "bench"),
    ]


heads: Iterator[list[tuple[str, str]]] = iter(())
"""The header fields of the responses to come; they are made before the clock runs."""


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", next(heads))
    return [b"hello"]


def post(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    source = environ["wsgi.input"]
    for _ in range(10):
        source.read(100)
    start_response("200 OK", next(heads))
    return [b"hello"]


def stream(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", next(heads))
    return pieces()


def pieces() -> Iterable[bytes]:
    for _ in range(100):
        yield PIECE


@dataclass(frozen=True)
class Case:
    """What is done, and what our cost may at most be of wsgiref's and of Werkzeug's."""

    name: str
    app: Callable[..., Any]
    wsgiref: float
    werkzeug: float | None
    body: bytes = b""
    length: str | None = "5"


CASES = (
    Case("hello", hello, 0.20, 0.8),
    Case("post, 10 reads", post, 0.20, 0.8, body=b"a" * 1000),
    Case("stream, 100 pieces", stream, 0.40, None, length=None),
)


def write(data: bytes) -> None:
    pass


def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
    return write


# The contenders ---------------------------------------------------------------


class PassThrough:
    """A wrapper that does nothing but be there: it wraps start_response and the iterable."""

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


PEERS = {
    "wsgiref.validate": ("wsgiref.validate", "validator"),
    "werkzeug lint": ("werkzeug.middleware.lint", "LintMiddleware"),
    "paste.lint": ("paste.lint", "middleware"),
}


def peers() -> dict[str, Callable[..., Any]]:
    """The peers that are installed; of the others it is said that they are not."""
    found = {}
    for label, (module, name) in PEERS.items():
        try:
            found[label] = getattr(importlib.import_module(module), name)
        except ImportError:
            print(f"{label} is not installed here: left out\n")
    return found


def contenders(
    app: Callable[..., Any], others: dict[str, Callable[..., Any]]
) -> dict[str, Callable[..., Any]]:
    return {
        "bare": app,
        "pass-through": PassThrough(app),
        OURS: WSGIValidator(app),
        f"{OURS}, level all": WSGIValidator(app, on_violation="collect", level="all"),
        **{label: wrap(app) for label, wrap in others.items()},
    }


# The measuring ----------------------------------------------------------------


def block(case: Case, app: Callable[..., Any], times: int) -> float:
    """Microseconds that one of ``times`` requests takes."""
    global heads  # noqa: PLW0603 - what the applications take their headers from
    numbers = [next(COUNT) for _ in range(times)]
    heads = iter([response(number, case.length) for number in numbers])
    requests = [fresh(number, case.body) for number in numbers]
    gc.collect()
    gc.disable()
    began = time.thread_time_ns()
    for request in requests:
        result = app({**COMMON, **request}, start_response)
        try:
            for _ in result:
                pass
        finally:
            if hasattr(result, "close"):
                result.close()
    spent = time.thread_time_ns() - began
    gc.enable()
    return spent / times / 1000


def measure(
    case: Case, rounds: int, others: dict[str, Callable[..., Any]]
) -> dict[str, list[float]]:
    """For each contender what each round took."""
    apps = contenders(case.app, others)
    times = {}
    for label, app in apps.items():
        block(case, app, 20)  # whatever is made only once
        times[label] = max(5, int(BLOCK * 1e6 / block(case, app, 50)))
    taken: dict[str, list[float]] = {label: [] for label in apps}
    for _ in range(rounds):
        for label, app in apps.items():
            taken[label].append(block(case, app, times[label]))
    return taken


def ratio(taken: dict[str, list[float]], label: str, other: str) -> float | None:
    """The median of what ``label`` took of what ``other`` did in the same round."""
    if other not in taken:
        return None
    return statistics.median(a / b for a, b in zip(taken[label], taken[other], strict=True))


# The tables -------------------------------------------------------------------

OTHERS = ("bare", "pass-through", *PEERS)


def row(taken: dict[str, list[float]], label: str) -> tuple[str, ...]:
    ratios = (ratio(taken, label, other) for other in OTHERS)
    return (
        label,
        f"{min(taken[label]):.2f}",
        *("-" if one is None else f"{one:.2f}" for one in ratios),
    )


def judged(case: Case, taken: dict[str, list[float]]) -> list[tuple[str, ...]]:
    """A row for each goal of ``case``: what it is of, the goal, what was seen, whether met."""
    goals = (("wsgiref.validate", case.wsgiref), ("werkzeug lint", case.werkzeug))
    rows = []
    for other, goal in goals:
        if goal is None:
            continue
        seen = ratio(taken, OURS, other)
        told = "not measured" if seen is None else "met" if seen <= goal else "MISSED"
        shown = "-" if seen is None else f"{seen:.2f}"
        rows.append((case.name, f"x {other}", f"{goal:g}", shown, told))
    return rows


def show(columns: tuple[str, ...], rows: list[tuple[str, ...]], *, markdown: bool) -> None:
    """Print a table, aligned or as Markdown."""
    if markdown:
        for cells in (columns, ("---",) * len(columns), *rows):
            print(f"| {' | '.join(cells)} |")
    else:
        widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
        for cells in (columns, *rows):
            print("  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)))
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--markdown", action="store_true", help="tables for the documentation")
    parser.add_argument("cases", nargs="*", help="beginnings of the names of cases")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of the lints, about what the spec allows
    print(f"CPython {platform.python_version()}, {given.rounds} rounds\n")
    others = peers()
    columns = ("contender", "us", *(f"x {other}" for other in OTHERS))
    goals = []
    for case in CASES:
        if given.cases and not case.name.startswith(tuple(given.cases)):
            continue
        taken = measure(case, given.rounds, others)
        print(f"{case.name}\n")
        show(columns, [row(taken, label) for label in taken], markdown=given.markdown)
        goals += judged(case, taken)
    show(("case", "of", "goal", "seen", ""), goals, markdown=given.markdown)


if __name__ == "__main__":
    main()
