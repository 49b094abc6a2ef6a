"""The server that plays its part of a plan of WSGI traffic."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from mirror.trace import Trace
from mirror.wsgi_plans import Application, FileWrapper, environ_of


class RefusalError(Exception):
    """The server refuses."""


class Server:
    """Plays the server's part of a plan."""

    def __init__(self, plan: dict[str, Any], trace: Trace) -> None:
        self.plan = plan
        self.trace = trace
        self.started = False
        self.sent = False
        self.environ = trace.name(self.make_environ(), "environ")

    def make_environ(self) -> dict[str, Any]:
        return environ_of(self.plan, self.trace)

    def callable(self) -> Any:
        """What the application is given as ``start_response``."""
        return Starter(self) if self.plan["starter"] == "object" else self.start_response

    def start_response(self, status, headers, exc_info=None):
        self.trace.add("server", "start_response", status, headers, exc_info and exc_info[1])
        try:
            if exc_info and self.sent:
                raise exc_info[1].with_traceback(exc_info[2])
            if self.started and not exc_info and self.plan["starter"] == "strict":
                raise self.trace.name(RefusalError("again"), "refusal")
        finally:
            exc_info = None
        self.started = True
        if self.plan["edits"] and isinstance(headers, list):
            headers.append(("Server", "odd"))
            headers.sort(key=str)
        return self.write

    def write(self, data):
        self.trace.add("server", "write", data)
        if self.plan["write_fails"]:
            raise self.trace.name(BrokenPipeError("the client has gone"), "broken pipe")
        self.sent = True
        return "written"

    def serve(self, app: Any) -> None:
        """Call the application, take what it gives, and close."""
        told = self.trace.add
        try:
            result = app(self.environ, self.callable())
        except Exception as error:
            told("server", "caught", error)
        else:
            told("server", "has a result")
            told("server", "finds out", *self.kind(result))
            try:
                self.take(result)
            except Exception as error:
                told("server", "caught in the middle", error)
            finally:
                self.close(result)
            del result
        told("server", "has environ", dict(dict.items(self.environ)))

    def kind(self, result: Any) -> Iterator[Any]:
        """What a server may find out about a result without taking anything of it."""
        yield hasattr(result, "__next__")
        yield hasattr(result, "__len__")
        yield hasattr(result, "__getitem__")
        yield isinstance(result, FileWrapper)
        yield getattr(result, "extra", "nothing more")
        if self.plan["asks_file"]:
            yield getattr(result, "fileno", "no file")
        if self.plan["asks"]:
            try:
                yield len(result)
            except TypeError as error:
                yield type(error).__name__

    def take(self, result: Any) -> None:
        """Iterate the result, as far as the client stays."""
        stop = self.plan["stop"]
        for turn in range(2 if self.plan["pulls"] == "twice" else 1):
            pieces = iter(result)
            for count in itertools.count(1):
                if stop is not None and count > stop:
                    return
                try:
                    piece = next(pieces)
                except StopIteration:
                    self.trace.add("server", "end", turn)
                    break
                self.trace.add("server", "piece", piece)
                self.sent = self.sent or bool(piece)

    def close(self, result: Any) -> None:
        try:
            if hasattr(result, "close"):
                result.close()
        except Exception as error:
            self.trace.add("server", "caught while closing", error)


class Starter:
    """A ``start_response`` that is an object."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __call__(self, *args):
        return self.server.start_response(*args)


LOOK = ("application", "result.len")


def play(plan: dict[str, Any], wrap: Callable[[Any], Any]) -> Trace:
    """Serve the plan's exchange with ``wrap`` around its application."""
    trace = Trace()
    Server(plan, trace).serve(wrap(Application(plan, trace)))
    return left_out(trace)


def left_out(trace: Trace) -> Trace:
    """The trace without what a validator may add.

    PEP 3333 lets a server ask any result for its length, and has it right: one look,
    as soon as the application returned. The trace says how many such looks there were.
    """
    for at in [at for at, rung in enumerate(trace.rungs) if rung == ("server", "has a result")]:
        while trace.rungs[at - 1] == LOOK:
            at -= 1  # noqa: PLW2901 - it is followed back
            del trace.rungs[at]
            trace.looks += 1
    return trace
