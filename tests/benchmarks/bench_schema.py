"""Compiled schemas beside hand-written checks and jsonschema, as ratios.

Run ``python tests/benchmarks/bench_schema.py``. Contenders take turns, CPU time
of the thread is counted, and each ratio is the median over rounds. Header values change
with every request: request id, cookie, length, path and port.
"""

from __future__ import annotations

import gc
import io
import re
import statistics
import time

from gateproof.validators import schema
from gateproof.validators.schema.dialect import validator_class
from gateproof.validators.schema.files import load

ROUNDS = 60
STREAM = io.TextIOWrapper(io.BytesIO())

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
TOKEN_TEXT = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
CLEAN_TEXT = re.compile(r"[\x20-\x7e\x80-\xff]*").fullmatch
NAME = re.compile(r"(?s:[^.]*|HTTP_.*)|[a-z0-9_][a-z0-9_.]*").fullmatch
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*").fullmatch
DATE = re.compile(
    "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT|0|-1|[0-9]+"
).fullmatch
DATES = frozenset({"last-modified", "expires", "retry-after"})
ONCE_TEXT = frozenset(name.decode() for name in ONCE)
HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "trailers",
        "upgrade",
        "proxy-authenticate",
        "proxy-authorization",
        "transfer-encoding",
    }
)
CGI = frozenset(
    {
        "AUTH_TYPE",
        "GATEWAY_INTERFACE",
        "PATH_TRANSLATED",
        "REMOTE_ADDR",
        "REMOTE_HOST",
        "REMOTE_IDENT",
        "REMOTE_USER",
        "REQUEST_METHOD",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
        "SERVER_SOFTWARE",
        "SCRIPT_NAME",
        "PATH_INFO",
        "QUERY_STRING",
        "CONTENT_TYPE",
        "CONTENT_LENGTH",
    }
)
NEEDED = (
    "REQUEST_METHOD",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
)
NEEDS = {401: b"www-authenticate", 405: b"allow", 426: b"upgrade", 206: b"content-range"}
NAMES = [f"x-header-{n}" for n in range(16)]


def sent(number: int) -> dict[str, str]:
    """Twenty request headers, some of which no other request has."""
    return {
        "host": "example.org",
        "content-length": str(number),
        "cookie": f"session={number:032x}; seen=1",
        "x-request-id": f"{number:016x}",
        **dict.fromkeys(NAMES, f"some value of {number}"),
    }


def a_scope(number: int) -> dict[str, object]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/items/{number}",
        "raw_path": b"/items/%d" % number,
        "query_string": b"q=1",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent(number).items()],
        "client": ("127.0.0.1", 50000 + number),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "extensions": {"http.response.trailers": {}},
    }


def an_environ(number: int) -> dict[str, object]:
    made = sent(number)
    length = made.pop("content-length")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/items/{number}",
        "QUERY_STRING": "q=1",
        "CONTENT_LENGTH": length,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": STREAM,
        "wsgi.errors": STREAM,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": open,
        "HTTP_TE": "trailers",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in made.items()},
    }


def answered(number: int) -> dict[str, str]:
    """Five response headers, some of which no other response has."""
    return {
        "content-type": "text/html; charset=utf-8",
        "content-length": str(number),
        "server": "example",
        "set-cookie": f"session={number:032x}; HttpOnly",
        "x-request-id": f"{number:016x}",
    }


def a_start(number: int) -> dict[str, object]:
    headers = [(name.encode(), value.encode()) for name, value in answered(number).items()]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def response_headers(number: int) -> list[tuple[str, str]]:
    return [(name.title(), value) for name, value in answered(number).items()]


def a_receive(number: int) -> dict[str, object]:
    return {"type": "websocket.receive", "bytes": None, "text": f"hello {number}"}


def a_body(number: int) -> dict[str, object]:
    return {"type": "http.response.body", "body": b"hello %d" % number, "more_body": True}


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


def environ(e: object) -> bool:
    """By hand what ``wsgi/environ`` checks."""
    if type(e) is not dict or not all(key in e for key in NEEDED):
        return False
    for key, value in e.items():
        if not isinstance(key, str) or NAME(key) is None:
            return False
        if key in CGI or key.startswith("HTTP_"):
            if type(value) is not str or (not value.isascii() and max(value) > "\xff"):
                return False
            if key in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
                return False
        elif VARIABLE(key) and not isinstance(value, str):
            return False
    for key in ("REQUEST_METHOD", "SERVER_NAME", "SERVER_PROTOCOL"):
        if not e[key]:
            return False
    for key in ("AUTH_TYPE", "REMOTE_HOST", "REMOTE_IDENT", "REMOTE_USER"):
        if e.get(key) == "-":
            return False
    if not e["SERVER_PORT"].isdigit() or not (e.get("CONTENT_LENGTH") or "0").isdigit():
        return False
    script, path = e.get("SCRIPT_NAME", ""), e.get("PATH_INFO", "")
    if script and (not script.startswith("/") or script == "/"):
        return False
    if path and path != "*" and not path.startswith("/"):
        return False
    version = e["wsgi.version"]
    if not isinstance(version, tuple) or version != (1, 0):
        return False
    if not isinstance(e["wsgi.url_scheme"], str) or e["wsgi.url_scheme"] not in ("http", "https"):
        return False
    for name in ("read", "readline", "readlines", "__iter__"):
        if not hasattr(e["wsgi.input"], name):
            return False
    return all(hasattr(e["wsgi.errors"], name) for name in ("flush", "write", "writelines"))


def headers(h: object) -> bool:
    """By hand what ``wsgi/headers`` checks."""
    if type(h) is not list:
        return False
    seen = set()
    for pair in h:
        if type(pair) is not tuple or len(pair) != 2:
            return False
        name, value = pair
        if type(name) is not str or type(value) is not str or TOKEN_TEXT(name) is None:
            return False
        if CLEAN_TEXT(value) is None or value != value.strip(" "):
            return False
        lower = name.lower()
        if lower in HOP or (lower in ONCE_TEXT and lower in seen):
            return False
        seen.add(lower)
        if lower == "content-length" and not value.isdigit():
            return False
        if lower in DATES and DATE(value) is None:
            return False
    return True


CASES = {
    "asgi/scope.http": (a_scope, scope),
    "asgi/http.response.start": (a_start, start),
    "wsgi/environ": (an_environ, environ),
    "wsgi/headers": (response_headers, headers),
    "asgi/websocket.receive": (a_receive, receive),
    "asgi/http.response.body": (a_body, body),
}
FRESH = 200
"""Values that a block goes through; none is seen twice in a round."""


def block(check, values) -> float:
    """Nanoseconds of one call, over ``values``, each of which is fresh."""
    begin = time.thread_time_ns()
    for value in values:
        check(value)
    return (time.thread_time_ns() - begin) / len(values)


def main() -> None:
    """Print one line for each schema."""
    gc.disable()
    print(f"{'schema':28}{'us':>8}{'by hand':>10}{'jsonschema':>14}{'build ms':>10}")
    for name, (make, hand) in CASES.items():
        begin = time.perf_counter()
        compiled = schema.compiled(name)
        built = (time.perf_counter() - begin) * 1000
        walker = validator_class()(load(name)).is_valid
        if not (compiled(make(1)) and hand(make(1)) and walker(make(1))):
            raise SystemExit(f"{name}: the value must be right")
        rounds = []
        for turn in range(ROUNDS):
            gc.collect()
            first = turn * FRESH * 3
            rounds.append(
                [
                    block(check, [make(first + n) for n in range(at * FRESH, at * FRESH + many)])
                    for at, (check, many) in enumerate(
                        ((compiled, FRESH), (hand, FRESH), (walker, FRESH // 20))
                    )
                ]
            )
        best = min(ours for ours, _, _ in rounds) / 1000
        by_hand = statistics.median(ours / other for ours, other, _ in rounds)
        slower = statistics.median(other / ours for ours, _, other in rounds)
        print(f"{name:28}{best:8.2f}{by_hand:9.2f}x{'1/' + format(slower, '.0f'):>14}{built:10.1f}")


if __name__ == "__main__":
    main()
