"""Wrappers that change an exchange, each in one way: what a validator must never do."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

Wrap = Callable[[Any], Any]


class Nothing:
    """A wrapper that changes nothing; each defect changes one part of it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ, start_response):
        return self.result(self.app(self.environ(environ), self.starter(start_response)))

    def environ(self, environ):
        return environ

    def starter(self, start_response):
        return start_response

    def result(self, result):
        return result


class CopiesEnviron(Nothing):
    def environ(self, environ):
        return dict(environ)


class AddsAKey(Nothing):
    def environ(self, environ):
        environ["own.validator"] = self
        return environ


class Retypes(Nothing):
    def environ(self, environ):
        environ["SERVER_PORT"] = str(environ["SERVER_PORT"])
        return environ


class LeavesAProxy(Nothing):
    def environ(self, environ):
        environ["wsgi.input"] = io.BufferedReader(Raw(environ["wsgi.input"]))
        return environ


class Raw(io.RawIOBase):
    def __init__(self, inner):
        self.inner = inner

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self.inner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class ReadsTheBody(Nothing):
    def __call__(self, environ, start_response):
        environ["wsgi.input"].read(0)
        return super().__call__(environ, start_response)


class Starting(Nothing):
    """Puts a function in place of ``start_response``."""

    def starter(self, start_response):
        def starter(*args):
            return self.start(start_response, *args)

        return starter

    def start(self, start_response, status, headers, exc_info=None):
        return start_response(status, headers, *([exc_info] if exc_info else []))


class CopiesHeaders(Starting):
    def start(self, start_response, status, headers, exc_info=None):
        return super().start(start_response, status, list(headers), exc_info)


class HeadersOfTuples(Starting):
    def start(self, start_response, status, headers, exc_info=None):
        return super().start(start_response, status, tuple(headers), exc_info)


class LosesExcInfo(Starting):
    def start(self, start_response, status, headers, exc_info=None):
        return start_response(status, headers)


class LosesWrite(Starting):
    def start(self, start_response, status, headers, exc_info=None):
        super().start(start_response, status, headers, exc_info)


class WriteGivesNothing(Starting):
    def start(self, start_response, status, headers, exc_info=None):
        write = super().start(start_response, status, headers, exc_info)

        def quiet(data):
            write(data)

        return quiet


class MendsStatus(Starting):
    def start(self, start_response, status, headers, exc_info=None):
        status = f"{status} OK" if len(status) == 3 else status
        return super().start(start_response, status, headers, exc_info)


class StartsLate(Nothing):
    """Holds start_response back until the result is there."""

    def __call__(self, environ, start_response):
        calls = []

        def starter(*args):
            calls.append(args)
            return lambda data: "written"

        result = self.app(environ, starter)
        for args in calls:
            start_response(*args)
        return result


class Swallows(Nothing):
    def __call__(self, environ, start_response):
        try:
            return super().__call__(environ, start_response)
        except ValueError:
            return []


class Rewraps(Nothing):
    def __call__(self, environ, start_response):
        try:
            return super().__call__(environ, start_response)
        except Exception as error:
            raise type(error)(*error.args) from None


class ListsTheResult(Nothing):
    def result(self, result):
        return list(result) if hasattr(result, "__iter__") else result


class IteratesTheResult(Nothing):
    def result(self, result):
        return iter(result) if hasattr(result, "__iter__") else result


class ForgetsClose(Nothing):
    def result(self, result):
        return list(result) if hasattr(result, "close") and hasattr(result, "__len__") else result


class Result:
    """A proxy that changes nothing that can be iterated; each defect changes a part of it."""

    def __init__(self, inner):
        self.inner = inner

    def __iter__(self):
        return iter(self.inner)

    def close(self):
        if hasattr(self.inner, "close"):
            self.inner.close()


def proxied(kind: type) -> Wrap:
    """A wrapper that puts a proxy of ``kind`` around every result that is iterable."""

    class Proxies(Nothing):
        def result(self, result):
            return kind(result) if hasattr(result, "__iter__") else result

    return Proxies


class HidesLength(Result):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.inner, name)


class AsksTwice(Result):
    def __init__(self, inner):
        super().__init__(inner)
        if hasattr(inner, "__len__"):
            len(inner)
            len(inner)


class ReadsAhead(Result):
    def __iter__(self):
        pieces = iter(self.inner)
        for piece in pieces:
            following = next(pieces, None)
            yield piece
            if following is not None:
                yield following


class DropsEmpty(Result):
    def __iter__(self):
        return (piece for piece in self.inner if piece != b"")


class ClosesTwice(Result):
    def close(self):
        super().close()
        super().close()


class ClosesEarly(Result):
    def __iter__(self):
        yield from self.inner
        self.close()


class SwallowsClose(Result):
    def close(self):
        with contextlib.suppress(OSError):
            super().close()


class EndsOnError(Result):
    def __iter__(self):
        try:
            yield from self.inner
        except LookupError:
            return


class GoesOnAfterStop(Result):
    def close(self):
        for _ in self.inner:
            pass
        super().close()


DEFECTS: dict[str, Wrap] = {
    "copies environ": CopiesEnviron,
    "adds a key": AddsAKey,
    "retypes a value": Retypes,
    "leaves a proxy in environ": LeavesAProxy,
    "reads the body": ReadsTheBody,
    "copies the headers": CopiesHeaders,
    "makes a tuple of the headers": HeadersOfTuples,
    "loses exc_info": LosesExcInfo,
    "loses write": LosesWrite,
    "write gives nothing": WriteGivesNothing,
    "mends the status": MendsStatus,
    "starts late": StartsLate,
    "swallows an error": Swallows,
    "raises another error alike": Rewraps,
    "makes a list of the result": ListsTheResult,
    "iterates the result": IteratesTheResult,
    "forgets to close": ForgetsClose,
    "hides the length": proxied(HidesLength),
    "asks for the length twice": proxied(AsksTwice),
    "reads ahead": proxied(ReadsAhead),
    "drops empty pieces": proxied(DropsEmpty),
    "closes twice": proxied(ClosesTwice),
    "closes early": proxied(ClosesEarly),
    "swallows an error while closing": proxied(SwallowsClose),
    "ends where the result fails": proxied(EndsOnError),
    "goes on after the client has gone": proxied(GoesOnAfterStop),
}
