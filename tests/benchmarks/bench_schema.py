"""Compiled schemas beside hand-written checks and jsonschema, as ratios.

Run ``python tests/benchmarks/bench_schema.py``. Contenders take turns, CPU time
of the thread is counted, and each ratio is the median over rounds.
"""

from __future__ import annotations

import gc
import re
import statistics
import time

from gateproof.validators import schema
from gateproof.validators.schema.dialect import validator_class
from gateproof.validators.schema.files import load

ROUNDS = 25
BLOCK = 4_000_000
"""Nanoseconds of one block."""

TOKEN = re.compile(rb":?[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
LOWER = re.compile(rb"[^A-Z]*").fullmatch
NOT_PSEUDO = re.compile(rb"(?!:)(?s:.*)").fullmatch
CLEAN = re.compile(rb"[^\r\n\x00]*").fullmatch
CONTROL = re.compile(rb"[^\x01-\x08\x0b\x0c\x0e-\x1f\x7f]*").fullmatch
EDGES = re.compile(rb"(?s:(?![ \t]).*(?<![ \t]))").fullmatch
DIGITS = re.compile(rb"[0-9]+").fullmatch
ONCE = frozenset(
    b"content-type content-length location date server etag last-modified retry-after age".split()
)
NEEDS = {401: b"www-authenticate", 405: b"allow", 426: b"upgrade", 206: b"content-range"}
SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/items/5",
    "raw_path": b"/items/5",
    "query_string": b"q=1",
    "root_path": "",
    "headers": [(b"x-header-%d" % n, b"value number %d" % n) for n in range(20)],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
    "state": {},
    "extensions": {"http.response.trailers": {}},
}
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"12345"),
        (b"server", b"example"),
        (b"cache-control", b"no-store"),
        (b"x-request-id", b"0123456789abcdef"),
    ],
}
RECEIVE = {"type": "websocket.receive", "bytes": None, "text": "hello"}
BODY = {"type": "http.response.body", "body": b"hello", "more_body": True}


def scope(s: object) -> bool:
    """By hand what ``asgi/scope.http`` checks."""
    if not isinstance(s, dict) or s.get("type") != "http":
        return False
    asgi = s.get("asgi")
    if not isinstance(asgi, dict) or asgi.get("version") not in ("2.0", "2.1", "3.0"):
        return False
    if asgi.get("spec_version", "2.0") not in ("2.0", "2.1", "2.2", "2.3", "2.4", "2.5"):
        return False
    method = s.get("method")
    if not isinstance(method, str) or not method or method != method.upper():
        return False
    if s.get("http_version") not in ("1.0", "1.1", "2", "3") or not isinstance(s.get("path"), str):
        return False
    scheme = s.get("scheme", "http")
    root = s.get("root_path", "")
    if not isinstance(scheme, str) or not scheme or not isinstance(root, str):
        return False
    if root and (root[0] != "/" or root[-1] == "/"):
        return False
    raw = s.get("raw_path")
    if (raw is not None and not isinstance(raw, bytes)) or not isinstance(
        s.get("query_string"), bytes
    ):
        return False
    headers = s.get("headers")
    if not isinstance(headers, list | tuple):
        return False
    for pair in headers:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            return False
        name, value = pair
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            return False
        if LOWER(name) is None or NOT_PSEUDO(name) is None:
            return False
    for key, address in (("client", s.get("client")), ("server", s.get("server"))):
        if address is None:
            continue
        if not isinstance(address, list | tuple) or len(address) != 2:
            return False
        host, port = address
        if not isinstance(host, str) or isinstance(port, bool):
            return False
        if not isinstance(port, int) and not (key == "server" and port is None):
            return False
        if key == "server" and host.startswith("/") and port is not None:
            return False
    state = s.get("state", {})
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        return False
    extensions = s.get("extensions", {})
    if not isinstance(extensions, dict) or "websocket.http.response" in extensions:
        return False
    for key, value in extensions.items():
        if not isinstance(key, str) or not isinstance(value, dict):
            return False
    return all(isinstance(key, str) for key in s)


def start(m: object) -> bool:
    """By hand what ``asgi/http.response.start`` checks."""
    if not isinstance(m, dict) or m.get("type") != "http.response.start":
        return False
    status = m.get("status")
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        return False
    headers = m.get("headers", ())
    if not isinstance(headers, list | tuple) or not isinstance(m.get("trailers", False), bool):
        return False
    seen = set()
    for pair in headers:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            return False
        name, value = pair
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            return False
        if LOWER(name) is None or NOT_PSEUDO(name) is None or TOKEN(name) is None:
            return False
        if CLEAN(value) is None or CONTROL(value) is None or EDGES(value) is None:
            return False
        lower = name.lower()
        if lower in ONCE and lower in seen:
            return False
        seen.add(lower)
        if lower == b"content-length" and DIGITS(value) is None:
            return False
    if status in NEEDS and NEEDS[status] not in seen:
        return False
    return all(key in ("type", "status", "headers", "trailers") for key in m)


def receive(m: object) -> bool:
    """By hand what ``asgi/websocket.receive`` checks."""
    if not isinstance(m, dict) or m.get("type") != "websocket.receive":
        return False
    octets, text = m.get("bytes"), m.get("text")
    if (octets is None) is (text is None):
        return False
    if octets is not None and not isinstance(octets, bytes):
        return False
    return text is None or isinstance(text, str)


def body(m: object) -> bool:
    """By hand what ``asgi/http.response.body`` checks."""
    if not isinstance(m, dict) or m.get("type") != "http.response.body":
        return False
    if not isinstance(m.get("body", b""), bytes):
        return False
    return isinstance(m.get("more_body", False), bool)


CASES = {
    "asgi/scope.http": (SCOPE, scope),
    "asgi/http.response.start": (START, start),
    "asgi/websocket.receive": (RECEIVE, receive),
    "asgi/http.response.body": (BODY, body),
}


def block(check, value) -> float:
    """Nanoseconds of one call, over one block."""
    number = 0
    begin = time.thread_time_ns()
    while True:
        for _ in range(20):
            check(value)
        number += 20
        spent = time.thread_time_ns() - begin
        if spent > BLOCK:
            return spent / number


def fresh(count: int):
    """Scopes whose header values were never seen, so that no memory helps."""
    return [
        {**SCOPE, "headers": [(b"x-header-%d" % n, b"%d-%d" % (c, n)) for n in range(20)]}
        for c in range(count)
    ]


def main() -> None:
    """Print one line for each schema."""
    gc.disable()
    print(f"{'schema':28}{'us':>8}{'by hand':>10}{'jsonschema':>14}{'build ms':>10}")
    for name, (value, hand) in CASES.items():
        begin = time.perf_counter()
        compiled = schema.compiled(name)
        built = (time.perf_counter() - begin) * 1000
        walker = validator_class()(load(name)).is_valid
        if not (compiled(value) and hand(value) and walker(value)):
            raise SystemExit(f"{name}: the value must be right")
        rounds = []
        for _ in range(ROUNDS):
            gc.collect()
            rounds.append([block(check, value) for check in (compiled, hand, walker)])
        best = min(ours for ours, _, _ in rounds) / 1000
        by_hand = statistics.median(ours / other for ours, other, _ in rounds)
        slower = statistics.median(other / ours for ours, _, other in rounds)
        print(f"{name:28}{best:8.2f}{by_hand:9.2f}x{'1/' + format(slower, '.0f'):>14}{built:10.1f}")
    ours, other = [], []
    for number in range(8):
        scopes = fresh(1500)[number::1]
        for check, times in ((schema.compiled("asgi/scope.http"), ours), (scope, other)):
            begin = time.thread_time_ns()
            for value in scopes:
                check(value)
            times.append((time.thread_time_ns() - begin) / len(scopes))
    ratio = statistics.median(a / b for a, b in zip(ours, other, strict=True))
    print(f"{'scope, values never seen':28}{min(ours) / 1000:8.2f}{ratio:9.2f}x")


if __name__ == "__main__":
    main()
