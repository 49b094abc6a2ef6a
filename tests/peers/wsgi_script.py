"""Plays the steps of a WSGI exchange live: an application and a server that follow one script.

The steps are those that judges are fed. What stands between application and
server sees them happen, so that any checker can be put there.
"""

from __future__ import annotations

import builtins
import copy
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gateproof.validators.wsgi.facts import Raised

Step = tuple[str, Any]
SERVERS = frozenset({"next", "close", "end"})
"""Steps that the server takes of itself."""

ITERATED = frozenset({"item", "exhausted", "item-raised"})
"""Steps that an iterable takes when it is advanced."""

PLAYED = SERVERS | {
    *("call", "start_response", "started", "start_response-raised", "write", "written", "result"),
    *("item", "exhausted", "item-raised", "closed", "close-raised", "input", "errors", "raise"),
}


class UnplayableError(Exception):
    """A script needs something that a live exchange cannot be told to do."""


def playable(steps: Sequence[Step]) -> bool:
    """Whether every step can be played."""
    return bool(steps) and steps[0][0] == "call" and all(_can(*step) for step in steps)


def _can(step: str, data: Any) -> bool:
    if step in ("input", "errors"):
        method, arguments, _ = data
        return hasattr(_Stream, method) and not (method == "close" and arguments)
    if step in ("result", "start_response-raised"):  # what the validator alone can know of these
        return not (type(data) is dict and data["is_file_wrapper"]) and not _outside(data)
    return step in PLAYED


def _outside(data: Any) -> bool:
    return bool(getattr(data, "outside", False))


def _typed(status: Any, headers: Any) -> Any:
    """``headers`` with the Content-Type that some checkers demand, that they look further."""
    if type(headers) is not list or status in ("204 No Content", "304 Not Modified"):
        return headers
    pairs = all(type(one) is tuple and len(one) == 2 for one in headers)
    if not pairs or any(str(name).lower() == "content-type" for name, _ in headers):
        return list(headers)
    return [*headers, ("Content-Type", "text/plain")]


def play(steps: Sequence[Step], wrap: Callable[[Any], Any]) -> None:
    """Play an exchange with ``wrap`` around its application; raises what is raised in it."""
    _Script(steps).serve(wrap)


class _Script:
    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = list(steps)
        self.at = 1
        self.write: Any = None
        self.refusal: Exception | None = None
        self.ends = any(step == "end" for step, _ in steps)
        self.made: dict[int, BaseException] = {}

    def peek(self) -> str:
        return self.steps[self.at][0] if self.at < len(self.steps) else ""

    def take(self, *names: str) -> tuple[bool, Any]:
        """Take the next step if it is one of ``names``."""
        if self.peek() in names:
            self.at += 1
            return True, self.steps[self.at - 1][1]
        return False, None

    # The server

    def serve(self, wrap: Callable[[Any], Any]) -> None:
        environ = self.steps[0][1]
        if type(environ) is dict:
            environ = self.with_streams(environ)
        elif isinstance(environ, dict):  # checkers put streams of their own into it
            environ = copy.copy(environ)
        result = wrap(self.callable())(environ, self.start_response)
        pieces, error, closed = None, None, False
        while self.at < len(self.steps):
            step = self.peek()
            self.at += 1
            try:
                if step == "next":
                    pieces = iter(result) if pieces is None else pieces
                    self.advance(pieces)
                elif step == "close":
                    closed = True
                    result.close()
            except Exception as raised:
                error = error or raised
            self.skip()
        if not self.ends and not closed:
            try:
                if pieces is None and error is None:
                    for _ in zip(result, range(100), strict=False):
                        pass
            finally:
                if hasattr(result, "close"):
                    result.close()
        if error is not None:
            raise error

    def advance(self, pieces: Iterator[Any]) -> None:
        """Take pieces, up to where the script has the server do something else."""
        while True:
            before = self.at
            try:
                next(pieces)
            except StopIteration:
                return
            if self.at == before:
                self.take("item")
            if self.peek() not in ITERATED:
                return

    def skip(self) -> None:
        """What the other side did of the script is done."""
        while self.at < len(self.steps) and self.peek() not in SERVERS:
            self.at += 1

    def with_streams(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        made = dict(environ)
        if any(step == "input" for step, _ in self.steps):
            made["wsgi.input"] = _Stream(self, "input")
        elif type(made.get("wsgi.input")) is io.BytesIO:
            made["wsgi.input"] = io.BytesIO(made["wsgi.input"].getvalue())
        if any(step == "errors" for step, _ in self.steps):
            made["wsgi.errors"] = _Stream(self, "errors")
        elif type(made.get("wsgi.errors")) is io.StringIO:
            made["wsgi.errors"] = io.StringIO()
        return made

    def start_response(self, *arguments: Any, **named: Any) -> Any:
        raised, error = self.take("start_response-raised")
        if raised:
            raise self.exception(error)
        started, value = self.take("started")
        return self.written if not started or value is True else value

    def written(self, *arguments: Any, **named: Any) -> None:
        self.take("written")

    # The application

    def callable(self) -> Callable[..., Any]:
        step, data = self.steps[1] if len(self.steps) > 1 else ("", None)
        if step == "raise" and _outside(data):
            return lambda environ: []  # it cannot be called with two arguments
        return self.application

    def application(self, environ: Any, start_response: Any) -> Any:
        self.environ, self.starter = environ, start_response
        finished, value = self.proceed("result", "raise")
        if finished == "raise":
            raise self.exception(value)
        if finished == "result":
            return self.result(value)
        if self.refusal is not None:
            raise self.refusal
        if self.write is None:
            start_response("200 OK", [("Content-Type", "text/plain")])
        return []

    def proceed(self, *ends: str) -> tuple[str, Any]:
        """Do what the script has the application do, up to one of ``ends`` or a server's step."""
        while self.at < len(self.steps):
            step, data = self.steps[self.at]
            if step in SERVERS:
                break
            self.at += 1
            if step in ends:
                return step, data
            self.do(step, data)
        return "", None

    def do(self, step: str, data: Any) -> None:
        if step == "start_response":
            arguments, named = data
            arguments = tuple(self.exc_info(one) for one in arguments)
            if len(arguments) > 1:
                arguments = (arguments[0], _typed(*arguments[:2]), *arguments[2:])
            refused = self.peek() == "start_response-raised"
            before = self.at
            try:
                self.write = self.starter(*arguments, **named)
            except Exception as error:
                if not refused or self.at == before:
                    raise  # whoever stands between, not the server
                self.refusal = error
        elif step == "write":
            arguments, named = data
            self.write(*arguments, **named)
        elif step in ("input", "errors"):
            method, arguments, outcome = data
            stream = self.environ[f"wsgi.{step}"]
            self.outcome = outcome
            try:
                getattr(stream, method)(*arguments)
            except Exception:
                if not isinstance(outcome, Raised | BaseException):
                    raise

    def exc_info(self, value: Any) -> Any:
        if not isinstance(value, Raised):
            return value
        error = self.exception(value)
        return type(error), error, error.__traceback__

    def exception(self, error: Any) -> BaseException:
        """A live exception for a stand-in; one for each identity."""
        if isinstance(error, BaseException):
            return error
        if error.identity in self.made:
            return self.made[error.identity]
        kind = getattr(builtins, error.name, RuntimeError)
        cause = next((self.made[one] for one in error.causes if one in self.made), None)
        try:
            if kind is UnicodeEncodeError:
                raise UnicodeEncodeError("ascii", "\u2603", 0, 1, error.text)
            raise kind(error.text) from cause
        except Exception as made:
            self.made[error.identity] = made
            return made

    def result(self, facts: Mapping[str, Any]) -> Any:
        """An object of which the facts are true."""
        kind = facts["type"]
        pieces = [data for step, data in self.steps[self.at :] if step == "item"]
        plain = {"NoneType": None, "int": 5, "bytes": b"hello", "str": "hello", "bool": True}
        if kind in plain:
            return plain[kind]
        if not facts["iterable"]:
            return object()
        if facts["len"] and not pieces and not self.ends:
            return [b""] * facts["len"]
        if kind in ("list", "tuple", "set") and facts["len"] in (len(pieces), None):
            return pieces if kind == "list" else tuple(pieces)
        return _body(facts)(self)


class _Pieces:
    """An iterator that does what the script says between two pieces."""

    def __init__(self, script: _Script) -> None:
        self.script = script

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        finished, value = self.script.proceed(*ITERATED)
        if finished == "item-raised":
            raise self.script.exception(value)
        if finished == "item":
            return value
        raise StopIteration


def _body(facts: Mapping[str, Any]) -> type:
    """A class of bodies of which the facts are true."""

    def close(self: Any) -> None:
        raised, error = self.script.take("close-raised")
        self.script.take("closed")
        if raised:
            raise self.script.exception(error)

    def item(self: Any, index: int) -> Any:
        try:
            return next(_Pieces(self.script))
        except StopIteration:
            raise IndexError(index) from None

    def create(self: Any, script: _Script) -> None:
        self.script = script

    has: dict[str, Any] = {"__init__": create}
    if facts["has_close"]:
        has["close"] = close
    if facts["len"] is not None:
        has["__len__"] = lambda self: facts["len"]
    if facts["has_fileno"]:
        has["fileno"] = lambda self: 5
    if facts.get("indexed"):
        has["__getitem__"] = item
    elif facts["iterator"]:
        has["__iter__"], has["__next__"] = _Pieces.__iter__, _Pieces.__next__
    else:
        has["__iter__"] = lambda self: _Pieces(self.script)
    return type("Body", (), has)


class _Stream:
    """``wsgi.input`` or ``wsgi.errors`` whose methods answer as the script says."""

    def __init__(self, script: _Script, name: str) -> None:
        self._script = script
        self._name = name

    def _answer(self, *arguments: Any) -> Any:
        outcome = self._script.outcome
        if isinstance(outcome, Raised | BaseException):
            raise self._script.exception(outcome)
        return outcome

    read = readline = readlines = write = writelines = flush = close = _answer
    seek = tell = fileno = getvalue = isatty = truncate = _answer

    def __iter__(self) -> Any:
        return self
