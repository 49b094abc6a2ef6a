"""Generated WSGI traffic reaches every kind of key, size, cut, stream, ending and order.

The tables name each kind by what an application sees of it, not by the choice that makes
it. Both styles make the examples that a search would make, without playing them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import pytest

from gateproof.conformance.cases.wsgi_environ import OMITTABLE, VOLUNTARY
from gateproof.conformance.effort import PROFILES, Effort
from gateproof.conformance.strategies import wsgi
from gateproof.conformance.strategies.search import search
from gateproof.conformance.vocabulary import Vocabulary
from gateproof.targets.wsgi_environ import ABSENT, Request, make_environ
from gateproof.targets.wsgi_input import Reading

WORDS = Vocabulary(("page", "colour"), ("x-tenant",), ("/admin",), ("blue", "page"), (500,))
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT")
GROUND = wsgi.Ground(("/", "/below"), METHODS, (), WORDS)

Test = Callable[[Any], bool]
Environ = dict[str, Any]


def environs(key: str, *values: object) -> Test:
    """Whether a variable has one of these values; ``ABSENT`` for none."""
    return lambda e: e.get(key, ABSENT) in values


def variable(key: str, test: Callable[[str], object]) -> Test:
    return lambda e: isinstance(e.get(key), str) and bool(test(e[key]))


def begins(source: Any) -> bool:
    """Whether there is something to be read."""
    try:
        return bool(source.read(1))
    except ConnectionResetError:
        return False


KEYS: Mapping[str, Test] = {
    **{f"{key} absent": environs(key, ABSENT) for key in (*OMITTABLE, *VOLUNTARY)},
    **{f"{key} empty": environs(key, "") for key in OMITTABLE},
    **{f"{key} given": variable(key, bool) for key in OMITTABLE},
    "PATH_INFO absent": environs("PATH_INFO", ABSENT),
    "PATH_INFO empty": environs("PATH_INFO", ""),
    "a length of 0": environs("CONTENT_LENGTH", "0"),
    "no length and a body": lambda e: "CONTENT_LENGTH" not in e and begins(e["wsgi.input"]),
    "input_terminated": environs("wsgi.input_terminated", True),
    "run once": lambda e: bool(e["wsgi.run_once"]),
    "one thread": lambda e: not e["wsgi.multithread"],
    "many processes": lambda e: bool(e["wsgi.multiprocess"]),
    "a flag that is no bool": lambda e: type(e["wsgi.multithread"]) is int,
    "https": environs("wsgi.url_scheme", "https"),
    "HTTP/1.0": environs("SERVER_PROTOCOL", "HTTP/1.0"),
    "another port": lambda e: e["SERVER_PORT"] not in ("80", "443"),
    "another name": lambda e: e["SERVER_NAME"] != "localhost",
    "IPv6 client": variable("REMOTE_ADDR", lambda text: ":" in text),
    "remote host": variable("REMOTE_HOST", bool),
    "no file wrapper": environs("wsgi.file_wrapper", ABSENT),
    "raw target": lambda e: bool({"REQUEST_URI", "RAW_URI"} & set(e)),
    "a key of the server's own": lambda e: any(k.startswith("gateproof.") for k in e),
    "a value that is None": lambda e: any(value is None for value in e.values()),
    "a variable of the process": lambda e: bool({"PATH", "HOME", "LC_ALL", "SHELL", "_"} & set(e)),
}
"""What a server gives."""

ASKED: Mapping[str, Test] = {
    **{method: environs("REQUEST_METHOD", method) for method in METHODS},
    "the second path": variable("PATH_INFO", lambda text: text.startswith("/below")),
    "a path below": variable("PATH_INFO", lambda text: len(text) > 1),
    "UTF-8 in the path": variable("PATH_INFO", lambda text: "caf\xc3\xa9" in text),
    "latin-1 in the path": variable("PATH_INFO", lambda text: "caf\xe9" in text),
    "two slashes": variable("PATH_INFO", lambda text: "//" in text),
    "a semicolon": variable("PATH_INFO", lambda text: ";" in text),
    "dots": variable("PATH_INFO", lambda text: "/.." in text),
    "a blank in the path": variable("PATH_INFO", lambda text: " " in text),
    "a control character": variable("PATH_INFO", lambda text: not text.isprintable()),
    "the asterisk": variable("PATH_INFO", lambda text: text.endswith("*")),
    "a mount": variable("SCRIPT_NAME", bool),
    "a mount beyond ASCII": variable("SCRIPT_NAME", lambda text: not text.isascii()),
    "a path of the code": variable("PATH_INFO", lambda text: "/admin" in text),
    "a query": variable("QUERY_STRING", bool),
    "two pairs": variable("QUERY_STRING", lambda text: text.count("=") > 1),
    "a name of the code": variable("QUERY_STRING", lambda text: "page=" in text),
    "a value of the code": variable("QUERY_STRING", lambda text: "=blue" in text),
    "beside a number of the code": variable("QUERY_STRING", lambda t: "=501" in t or "=499" in t),
    "an odd query": variable("QUERY_STRING", lambda text: "%zz" in text or text == "&"),
    "a header of the code": variable("HTTP_X_TENANT", lambda text: True),
    "an empty header": lambda e: any(k.startswith("HTTP_") and v == "" for k, v in e.items()),
    "a header beyond ASCII": lambda e: any(
        k.startswith("HTTP_") and not v.isascii() for k, v in e.items()
    ),
    "joined lines": lambda e: any(k.startswith("HTTP_X") and "," in v for k, v in e.items()),
    "one cookie": variable("HTTP_COOKIE", lambda text: "; " not in text),
    "several cookies": variable("HTTP_COOKIE", lambda text: "; " in text),
    "a hop-by-hop header": lambda e: bool({"HTTP_CONNECTION", "HTTP_TE"} & set(e)),
}
"""What a client asks."""


def body(test: Callable[[bytes], object]) -> Test:
    return lambda r: bool(test(r.body))


def sent(kind: str) -> Test:
    return lambda r: any(n == "Content-Type" and v.startswith(kind) for n, v in r.headers)


BODIES: Mapping[str, Test] = {
    **{f"{n} octets": body(lambda b, n=n: len(b) == n) for n in (1, 2, 3, 1024, 65_536)},
    "none": body(lambda b: not b),
    "beside a number of the code": body(lambda b: len(b) in (500, 501)),
    "not ASCII": body(lambda b: not b.isascii()),
    "line ends": body(lambda b: b"\r\n" in b),
    "octets": sent("application/octet-stream"),
    "form": sent("application/x-www-form-urlencoded"),
    "json": sent("application/json"),
    "multipart": sent("multipart/form-data; boundary=gateproof"),
    "text": sent("text/plain"),
    "a broken type": sent("nonsense"),
}
"""What it sends."""


def reads(test: Callable[[Reading], object]) -> Test:
    return lambda r: isinstance(r.input, Reading) and bool(test(r.input))


STREAMS: Mapping[str, Test] = {
    "a file": lambda r: r.input == "file",
    "the table's methods only": reads(lambda i: i.form == "table"),
    "a hint that is ignored": reads(lambda i: i.form == "hintless"),
    "one octet at a time": reads(lambda i: i.gives == (1,)),
    "some octets at a time": reads(lambda i: len(i.gives) == 1 and 1 < i.gives[0] < 100),
    "thousands at a time": reads(lambda i: len(i.gives) == 1 and i.gives[0] >= 1000),
    "one cut": reads(lambda i: len(i.gives) == 2 and i.gives[1] == 1 << 30),
    "uneven pieces": reads(lambda i: len(i.gives) > 2),
    "short, and the table's methods only": reads(lambda i: i.gives and i.form == "table"),
}
"""How it is read."""


def cuts(after: bytes) -> Test:
    """Whether the first read ends right behind this."""
    return lambda r: (
        isinstance(r.input, Reading)
        and bool(r.input.gives)
        and r.body[: r.input.gives[0]].endswith(after)
        and len(r.body) > r.input.gives[0]
    )


PLACES: Mapping[str, Test] = {
    "between \\r and \\n": cuts(b"\r"),
    "behind a line end": cuts(b"\n"),
    "within a character": lambda r: any(cuts(bytes([n]))(r) for n in (0xC3, 0xE2, 0xF0)),
    "behind =": cuts(b"="),
    "behind &": cuts(b"&"),
    "behind %": cuts(b"%"),
    "before the last octet": lambda r: (
        isinstance(r.input, Reading) and r.input.gives[:1] == (len(r.body) - 1,)
    ),
}
"""Where the first cut is."""

CALLS: Mapping[str, Test] = {
    **{f"start_response as {n}": (lambda r, n=n: r.starter == n) for n in ("object", "function")},
    "start_response as partial": lambda r: r.starter == "partial",
    "a middleware": lambda r: r.middleware,
    "errors with the table's methods": lambda r: r.errors == "table",
    "headers edited": lambda r: r.edit_headers,
    "an early head": lambda r: r.early_head,
    "stop at Content-Length": lambda r: r.stop_at_length,
    "mandatory keys only": lambda r: r.minimal,
    **{f"stop after {n}": (lambda r, n=n: r.stop_after == n) for n in (0, 1, 2, 3, 5)},
    "write() raises": lambda r: r.write_fails,
    "the input raises": reads(lambda i: i.raises),
    "the input ends early": reads(lambda i: i.until is not None and not i.raises),
    "gone in the midst of a body": lambda r: (
        isinstance(r.input, Reading) and 0 < (r.input.until or 0) < len(r.body)
    ),
    "gone before the body": reads(lambda i: i.until == 0),
    "to the end": lambda r: r.stop_after is None and not r.write_fails,
}
"""What the server does otherwise, and how it ends."""

ORDERS: Mapping[str, Test] = {
    "two": lambda c: len(c.requests) == 2,
    "three": lambda c: len(c.requests) == 3,
    "threads": lambda c: c.threads,
    "one thread": lambda c: not c.threads,
    "one after the other": lambda c: not c.turns,
    "in turn": lambda c: c.turns[:4] in ((0, 1, 0, 1), (1, 0, 1, 0)),
    "one within the other": lambda c: c.turns[:3] == (0, 1, 1),
    "the last begins": lambda c: c.turns[:1] == (len(c.requests) - 1,),
    "many turns": lambda c: len(c.turns) > 7,
    "another query": lambda c: len({one.query for one in c.requests}) > 1,
    "another path": lambda c: len({one.path for one in c.requests}) > 1,
    "another body": lambda c: len({one.body for one in c.requests}) > 1,
    "another header": lambda c: len({one.headers for one in c.requests}) > 1,
}
"""Several at once."""


def passed_on(example: Any) -> Request:
    request: Request = example.request if isinstance(example, wsgi.Example) else example.passed_on
    return request


def environ_of(example: Any) -> Environ:
    return make_environ(passed_on(example))


def itself(example: Any) -> Any:
    return example


TABLES: Mapping[str, tuple[str, Callable[[Any], Any], Mapping[str, Test]]] = {
    "keys": ("anything", environ_of, KEYS),
    "asked": ("anything", environ_of, ASKED),
    "bodies": ("anything", passed_on, BODIES),
    "calls": ("anything", passed_on, CALLS),
    "bodies to cut": ("body-cut", passed_on, BODIES),
    "streams": ("body-cut", passed_on, STREAMS),
    "places": ("body-cut", passed_on, PLACES),
    "orders": ("crowds", itself, ORDERS),
}
"""By name: the description, what is looked at, and the kinds."""

RARE = {
    "keys": {"no length and a body", "input_terminated", "PATH_INFO absent"},
    "asked": {"a path of the code", "the asterisk", "an odd query"},
    "bodies": {"1024 octets", "beside a number of the code", "a broken type"},
    "places": {"behind %"},
}
"""Kinds that the default profile need not reach in each description, so many are they."""


def described(name: str) -> Any:
    if name == "crowds":
        return wsgi.crowds(GROUND)
    return wsgi.anything(GROUND) if name == "anything" else wsgi.related(GROUND, name)


@cache
def examples(name: str, effort: Effort) -> list[Any]:
    """The examples that a search plays which finds nothing."""
    played: list[Any] = []

    def play(example: Any) -> dict[str, Any]:
        played.append(example)
        return {}

    search(described(name), play, effort)
    return played


def counts(name: str, effort: Effort) -> Counter[str]:
    description, look, table = TABLES[name]
    found = Counter(dict.fromkeys(table, 0))
    for example in examples(description, effort):
        seen = look(example)
        found.update(kind for kind, test in table.items() if test(seen))
    return found


def missing(found: Counter[str], least: int = 1) -> list[str]:
    return sorted(kind for kind, count in found.items() if count < least)


DEFAULT, THOROUGH = PROFILES["default"], PROFILES["thorough"]
FAST = Effort(THOROUGH.volume, 0, 120.0, 0.0)
DRAWN = Effort(0, THOROUGH.volume, 120.0, 0.0)


@pytest.mark.parametrize("name", TABLES)
def test_the_default_profile_reaches_all_but_the_rare(name: str) -> None:
    effort = Effort(DEFAULT.volume, DEFAULT.drawn, 120.0, 0.0)

    assert set(missing(counts(name, effort))) <= RARE.get(name, set())


@pytest.mark.parametrize("effort", [FAST, DRAWN], ids=["fast", "drawn"])
@pytest.mark.parametrize("name", TABLES)
def test_each_style_reaches_every_kind(name: str, effort: Effort) -> None:
    assert missing(counts(name, effort), 2) == []


def test_every_freedom_is_taken_and_every_departure_made() -> None:
    kinds = Counter(
        change.kind
        for group in (*wsgi.served.GROUPS, "anything")
        if group != "call"
        for example in examples(group, FAST)
        for change in (*example.changes, *endings(example))
    )
    named = [kind for table in wsgi.served.GROUPS.values() for kind in table]

    assert [kind for kind in (*named, *wsgi.served.UNRELATED) if kinds[kind] < 20] == []
    assert [kind for kind in wsgi.served.ENDINGS if kinds[kind] < 100] == []


def endings(example: Any) -> Iterable[Any]:
    ending = getattr(example, "ending", None)
    return () if ending is None else (ending,)


@pytest.mark.parametrize("name", ["anything", *wsgi.served.GROUPS])
def test_no_example_is_so_large_that_its_tape_ends(name: str) -> None:
    from gateproof.conformance.strategies.choices import OCTETS, Tape

    describe = described(name)
    for number in range(500):
        tape = Tape((b"%d" % number * OCTETS)[:OCTETS])
        describe(tape)
        wide = sum(1 if bound <= 64 else 2 if bound <= 1 << 12 else 4 for _, bound in tape.made)
        assert wide <= OCTETS
