"""Random WSGI traffic: a server and an application, drawn as data, played into a trace.

Most of it is legal. What is not must pass through a validator unchanged as well.
``rng`` is anything with the methods of ``random.Random``, Hypothesis's included.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import Any

from mirror.trace import Trace

BODIES = [b"", b"a", b"one\ntwo\n\nfour", b"x" * 50]
STATUSES = ["200 OK", "204 No Content", "404 ", "500 Oops", "200"]
HEADERS = [
    [],
    [("Content-Type", "text/plain")],
    [("Content-Length", "2"), ("X-A", "b")],
    [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    [("Content-Length", "0")],
]
PIECES = [b"", b"a", b"bc", b"def", "text", None]
RESULTS = [
    *("list", "tuple", "generator", "iterator", "iterable", "sized", "indexed", "file", "pages"),
    *("generator", "iterator", "iterable", "none", "bytes"),
]


def plan(rng: Any) -> dict[str, Any]:
    """A whole exchange."""
    steps = [step(rng) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.9:
        steps.append(("start", rng.choice(STATUSES), rng.choice(HEADERS), "none"))
    if rng.random() < 0.3:
        steps.append(("start", "500 Oops", [("X-Error", "1")], rng.choice(["none", "error"])))
    if rng.random() < 0.3:
        steps.append(("write", rng.choice(PIECES)))
    steps += [step(rng) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.1:
        steps.append(("raise",))
    body = rng.choice(BODIES)
    return {
        "body": body,
        "input": rng.choice(["whole", "short", "bare", "gone", "whole"]),
        "changes": changes(rng),
        "omit": rng.choice([(), (), ("QUERY_STRING",), ("wsgi.file_wrapper",), ("SCRIPT_NAME",)]),
        "starter": rng.choice(["function", "object", "strict"]),
        "wrapper": rng.choice(["class", "function"]),
        "edits": rng.random() < 0.2,
        "write_fails": rng.random() < 0.1,
        "stop": rng.choice([None, None, None, 0, 1, 2]),
        "pulls": rng.choice(["once", "once", "twice"]),
        "asks": rng.random() < 0.5,
        "asks_file": True,
        "steps": steps,
        "late": rng.choice([0, 0, 0, 1, 2]),
        "result": rng.choice(RESULTS),
        "pieces": [rng.choice(PIECES[:4] * 4 + PIECES) for _ in range(rng.randint(0, 4))],
        "fails_at": rng.choice([None, None, None, None, 0, 1]),
        "close": rng.choice(["none", "quiet", "quiet", "fails"]),
        "lets_pass": rng.random() < 0.5,
    }


def changes(rng: Any) -> dict[str, Any]:
    """Keys of environ beside the usual ones."""
    choices = [
        {},
        {"HTTP_COOKIE": "a=1", "HTTP_X_A": "\xe4"},
        {"own.key": ["anything"], "REMOTE_USER": "me"},
        {"PATH_INFO": "/\u20ac", "SERVER_PORT": 80},
    ]
    return rng.choice(choices[:3] * 3 + choices)


def step(rng: Any) -> tuple[Any, ...]:
    """One deed of the application."""
    return rng.choice(
        [
            ("environ",),
            ("read", rng.choice([1, 2, 100, -1, None, "all"])),
            ("readline", rng.choice(["all", 1, 100, -1])),
            ("readlines",),
            ("lines", rng.randint(0, 3)),
            ("errors", rng.choice(["text", "", b"octets"])),
            ("flush",),
            ("set", "own.answer", 42),
            ("offers", rng.choice(["close", "other"])),
        ]
    )


class Told:
    """An object of either side that records every use of it."""

    def __init__(self, trace: Trace, side: str, name: str) -> None:
        self.trace = trace
        self.side = side
        self.label = name

    def tell(self, deed: str, *facts: object) -> None:
        self.trace.add(self.side, f"{self.label}.{deed}", *facts)


class BareInput(Told):
    """A ``wsgi.input`` with the four methods and no more.

    Its pieces may be ``short``, and it may find the client ``gone``.
    """

    def __init__(self, trace: Trace, body: bytes, kind: str) -> None:
        super().__init__(trace, "server", "input")
        self.source = io.BytesIO(body)
        self.kind = kind

    def read(self, *args):
        self.tell("read", *args)
        if self.kind == "gone" and self.source.tell():
            raise self.trace.name(ConnectionResetError("the client has gone"), "gone")
        if self.kind == "short" and args and type(args[0]) is int and args[0] > 1:
            return self.source.read(args[0] // 2)
        return self.source.read(*args)

    def readline(self, *args):
        self.tell("readline", *args)
        return self.source.readline(*args)

    def readlines(self, *args):
        self.tell("readlines", *args)
        return self.source.readlines(*args)

    def __iter__(self):
        self.tell("iter")
        return iter(self.source)


class Input(BareInput):
    """A ``wsgi.input`` that is more of a file."""

    def close(self):
        self.tell("close")


class Errors(Told):
    def write(self, text):
        self.tell("write", text)
        if not isinstance(text, str):
            raise self.trace.name(TypeError("text"), "refused text")
        return len(text)

    def writelines(self, texts):
        self.tell("writelines", texts)

    def flush(self):
        self.tell("flush")


class FileWrapper:
    """The server's own; what it makes must come back as the same object."""

    def __init__(self, file, size=2):
        self.file = file
        self.size = size

    def __iter__(self):
        return iter(lambda: self.file.read(self.size), b"")

    def close(self):
        self.file.close()


def wrap_file(file, size=2):
    """The server's own where it is no class."""
    return FileWrapper(file, size)


WRAPPERS = {"class": FileWrapper, "function": wrap_file}


def environ_of(plan: dict[str, Any], trace: Trace) -> dict[str, Any]:
    kind = BareInput if plan["input"] == "bare" else Input
    made = {
        "REQUEST_METHOD": "POST" if plan["body"] else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(plan["body"])),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": trace.name(kind(trace, plan["body"], plan["input"]), "input"),
        "wsgi.errors": trace.name(Errors(trace, "server", "errors"), "errors"),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": trace.name(WRAPPERS[plan["wrapper"]], "file_wrapper"),
        **plan["changes"],
    }
    return {key: value for key, value in made.items() if key not in plan["omit"]}


class Application:
    """Plays the application's part of a plan."""

    def __init__(self, plan: dict[str, Any], trace: Trace) -> None:
        self.plan = plan
        self.trace = trace

    def __call__(self, environ, start_response):
        self.trace.add("application", "called", environ)
        self.environ = environ
        self.start = start_response
        self.write = None
        steps = self.plan["steps"]
        late = self.plan["late"] if self.plan["result"] in ("generator", "iterator") else 0
        self.later = steps[len(steps) - late :] if late else []
        for deed, *facts in steps[: len(steps) - late]:
            self.do(deed, *facts)
        return self.trace.name(self.made(), "result")

    def do(self, deed: str, *facts: Any) -> None:
        """One deed; what it gives or raises is recorded, and a raise may pass on."""
        if deed == "raise":
            raise self.trace.name(ValueError("the application's own"), "own error")
        try:
            value = getattr(self, f"do_{deed}")(*facts)
        except Exception as error:
            self.trace.add("application", deed, "raised", error)
            if self.plan["lets_pass"]:
                raise
        else:
            self.trace.add("application", deed, value)

    def do_environ(self):
        proxies = ["wsgi.input", "wsgi.errors"]  # which the application sees
        if self.plan["wrapper"] == "function":
            proxies.append("wsgi.file_wrapper")
        return {key: value for key, value in self.environ.items() if key not in proxies}

    def do_read(self, size):
        return self.environ["wsgi.input"].read(*(() if size == "all" else (size,)))

    def do_readline(self, size):
        return self.environ["wsgi.input"].readline(*(() if size == "all" else (size,)))

    def do_readlines(self):
        return self.environ["wsgi.input"].readlines()

    def do_lines(self, count):
        return [line for _, line in zip(range(count), self.environ["wsgi.input"], strict=False)]

    def do_offers(self, name):
        return hasattr(self.environ["wsgi.input"], name)

    def do_errors(self, text):
        return self.environ["wsgi.errors"].write(text)

    def do_flush(self):
        return self.environ["wsgi.errors"].flush()

    def do_set(self, key, value):
        self.environ[key] = value

    def do_start(self, status, headers, exc_info):
        headers = list(headers)
        if exc_info == "none":
            self.write = self.start(status, headers)
        else:
            try:
                raise self.trace.name(KeyError("a failure"), "failure")
            except KeyError:
                self.write = self.start(status, headers, sys.exc_info())
        return headers  # as they are once the server has seen them

    def do_write(self, data):
        return "no write" if self.write is None else self.write(data)

    def made(self) -> Any:
        """The result, of the kind that the plan says."""
        pieces, kind = self.plan["pieces"], self.plan["result"]
        plain = {"list": list, "tuple": tuple, "none": lambda _: None, "bytes": lambda _: b"ab"}
        if kind in plain:
            return plain[kind](pieces)
        if kind == "generator":
            return self.pieces()
        if kind == "file":
            wrapper = self.environ.get("wsgi.file_wrapper")
            if wrapper is None:
                return pieces
            return wrapper(io.BytesIO(b"".join(p for p in pieces if type(p) is bytes)))
        return CLASSES[kind][self.plan["close"] != "none"](self)

    def pieces(self) -> Iterator[Any]:
        self.trace.add("application", "generator begins")
        try:
            for deed, *facts in self.later:
                self.do(deed, *facts)
            for number, piece in enumerate(self.plan["pieces"]):
                if number == self.plan["fails_at"]:
                    raise self.trace.name(LookupError("in the middle"), "middle error")
                yield piece
        finally:
            self.trace.add("application", "generator ends")


class Body(Told):
    """What all results of classes of our own have in common."""

    def __init__(self, app: Application) -> None:
        super().__init__(app.trace, "application", "result")
        self.app = app
        self.source = app.pieces()

    extra = "an attribute"


class Iterable(Body):
    def __iter__(self):
        self.tell("iter")
        return self.source


class Iterating(Body):
    def __iter__(self):
        self.tell("iter")
        return self

    def __next__(self):
        self.tell("next")
        return next(self.source)


class Sized(Iterable):
    def __len__(self):
        self.tell("len")
        return len(self.app.plan["pieces"])


class Indexed(Body):
    def __getitem__(self, index):
        self.tell("getitem", index)
        return self.app.plan["pieces"][index]


class Pages(list):
    def __init__(self, app: Application) -> None:
        super().__init__(app.plan["pieces"])
        self.app = app

    extra = "an attribute"


def closing(kind: type) -> type:
    """A subclass of ``kind`` that has a close()."""

    def close(self):
        self.app.trace.add("application", "result.close")
        if self.app.plan["close"] == "fails":
            raise self.app.trace.name(OSError("while closing"), "closing error")

    return type(f"Closing{kind.__name__}", (kind,), {"close": close})


CLASSES = {
    name: (kind, closing(kind))
    for name, kind in (
        ("iterable", Iterable),
        ("iterator", Iterating),
        ("sized", Sized),
        ("indexed", Indexed),
        ("pages", Pages),
    )
}
