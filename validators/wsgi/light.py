"""Proxies for ordinary exchanges: what is right is accepted where it crosses.

They are the proxies of ``proxies.py`` with shorter ways for what most exchanges
consist of. Each way ends in a few facts of the exchange's :class:`Ordinary`, or, for
anything else, in the closer watch. Making one is dear in Python, so that none has
an initialiser: whoever makes one sets what it has to know. And reading an attribute
of an object that hands on its attributes is dear, so that each reads as few of its
own as can be.
"""
# ruff: noqa: SLF001 - these attributes are named so that they hide none of the object's own

from __future__ import annotations

import itertools
from sys import is_finalizing

from gateproof.validators.exchange import HEAD
from gateproof.validators.wsgi import proxies
from gateproof.validators.wsgi.memory import declared_length, true

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gateproof.validators.wsgi.ordinary import Ordinary

READS = 24
"""How long the log may be where a read is added: the steps that follow need room too."""

CLOSELY = -1
"""What both phases are from when on the judge is asked about every step."""

UNSTARTED, STARTED, SENT = range(3)
"""Phases of the response: no head, a head, data as well."""

CALLED, RETURNED, ITERATING, EXHAUSTED, CLOSED, WHOLE, WHOLE_CLOSED = range(7)
"""Phases of the result. ``WHOLE`` is a list of one piece, which was judged when the server
began with it: its own iterator knows how far that is."""

UNDER_WAY = (ITERATING, EXHAUSTED, WHOLE)
"""Phases in which the result was iterated and not closed."""

NEXT: tuple[str, object] = ("next", None)
WRITER: tuple[str, object] = ("started", True)
END: tuple[str, object] = ("exhausted", None)
CLOSE: tuple[str, object] = ("close", None)
DONE: tuple[str, object] = ("closed", None)

_ABSENT: object = object()

UNBOUNDED = 1 << 62
"""Octets that may be read where no length is declared."""

TRUSTED = frozenset(
    {type(_ for _ in ()), type(iter([])), type(iter(())), map, filter, itertools.chain}
)
"""Iterators that are their own ``iter()``, so that a loop may be put around them."""


class Writer(proxies.Writer):
    """``write`` as the application sees it."""

    __slots__ = ()
    __init__ = object.__init__


class Starter(proxies.Starter):
    """``start_response`` as the application sees it."""

    __slots__ = ()
    __init__ = object.__init__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Judge the call, make it, judge the answer."""
        watching: Ordinary = self._Callee__watching
        inner = watching.inner
        if watching.response != UNSTARTED or kwargs or len(args) != 2:
            return _closely_started(watching, inner, args, kwargs)
        status, headers = args
        shapes = watching.shapes
        room = -1
        try:
            known = type(status) is str and status in shapes.statuses
            sound = (
                (known or (type(status) is str and status in shapes.bodiless))
                and type(headers) is list
                and shapes.headers(headers)
            )
            if sound:
                for name, value in headers:
                    if len(name) == 14 and name.lower() == "content-length":
                        # A second one, and any oddity, is for the judge to read.
                        sound = room < 0 and value.isdigit() and value.isascii()
                        if not sound or len(value) > 18:
                            sound = False
                            break
                        room = int(value)
        except Exception:  # noqa: BLE001 - a hostile object
            sound = False
        if not sound or (room >= 0 and not known and status.startswith("204")):
            return _closely_started(watching, inner, args, kwargs)
        if not known:
            room = 0  # not a single octet is ordinary
        elif room >= 0 and watching.log[0][1].get("REQUEST_METHOD") == "HEAD":
            room = -1
        log = watching.log
        log.append((status, headers.copy(), None))
        watching.response = STARTED
        watching.room = room
        try:
            write = inner(status, headers)
        except BaseException as error:
            watching.closely().refused(error)
            raise
        if watching.response != STARTED or not callable(write):
            return watching.closely().answered(write)
        log.append(WRITER)
        writer: Any = Writer()
        writer._Callee__watching = watching
        writer._Callee__inner = write
        return writer


def _closely_started(
    watching: Ordinary, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    try:
        return watching.closely().start(inner, args, kwargs)
    finally:
        del args, kwargs  # exc_info must not live on in this frame


class Input(proxies.Input):
    """``wsgi.input`` as the application sees it."""

    __slots__ = ()
    __init__ = object.__init__

    def read(self, size: Any = _ABSENT, /, *more: Any) -> Any:
        """Read from the input."""
        watching: Ordinary = self._Input__watching
        if type(size) is not int or more:
            args = () if size is _ABSENT else (size, *more)
            return _closely_read(watching, args)
        try:
            data = watching.source.read(size)
        except BaseException as error:
            watching.closely().used_input("read", (size,), error)
            raise
        left = watching.reads
        if left is None:
            left = watching.reads = _allowed(watching.log[0][1])
        if type(data) is bytes and 0 < (read := len(data)) <= size <= left:
            log = watching.log
            if len(log) < READS:
                watching.reads = left - read
                log.append((size, data))
                return data
        watching.closely().used_input("read", (size,), data)
        return data


def _closely_read(watching: Ordinary, args: tuple[Any, ...]) -> Any:
    try:
        data = watching.source.read(*args)
    except BaseException as error:
        watching.closely().used_input("read", args, error)
        raise
    watching.closely().used_input("read", args, data)
    return data


def _allowed(environ: dict[str, Any]) -> int:
    """How many octets of the request's body may be read."""
    length, terminated = environ.get("CONTENT_LENGTH"), environ.get("wsgi.input_terminated")
    if type(length) is not str or not length or (terminated is not None and true(terminated)):
        return UNBOUNDED
    declared = declared_length(length)
    return UNBOUNDED if declared is None else declared


class Errors(proxies.Errors):
    """``wsgi.errors`` as the application sees it."""

    __slots__ = ()
    __init__ = object.__init__


def pieces(watching: Ordinary, iterator: Iterator[Any], result: object) -> Iterator[Any]:
    """The items of a result, each looked at before it is handed on.

    A generator, for a method call for each item would be dear. It keeps the
    result's own proxy alive, for the exchange ends with that.
    """
    if watching.closing != RETURNED:
        if watching.closing in UNDER_WAY and not hasattr(type(result), "__next__"):
            yield from iterator  # it begins anew, and was counted already
        else:
            yield from proxies.begun(watching.closely(), iterator, result)
        return
    log = watching.log
    log.append(NEXT)
    watching.closing = ITERATING
    watching.left = -1
    watching.seen = seen = 0
    known = type(iterator) in TRUSTED
    asked = True  # whether the application is, or the server
    try:
        for piece in iterator if known else stepped(iterator.__next__):
            ordinary = type(piece) is bytes
            if ordinary:
                left = watching.left
                if seen == 0:
                    ordinary = _begins(watching, piece)
                elif watching.room < 0:
                    ordinary = left >= 0
                else:
                    left -= len(piece)
                    ordinary = left >= 0
                    if ordinary:
                        watching.left = left
            asked = False
            if not ordinary:
                closer = watching.closely()
                if not proxies.only_counted(closer, piece):
                    closer.item(piece)
                yield piece
                yield from proxies.items(closer, iterator, result)
                return
            watching.seen = seen = seen + 1
            if len(log) < HEAD:  # of a long stream the later items are only counted
                log.append(piece)
            yield piece
            asked = True
    except BaseException as error:
        if asked:
            watching.closely().item_raised(error)
        raise
    if not _ends(watching):
        watching.closely().exhausted()


def stepped(advance: Callable[[], Any]) -> Iterator[Any]:
    """The items of an iterator of a type that we do not know."""
    while True:
        try:
            piece = advance()
        except StopIteration:
            return
        yield piece


def _begins(watching: Ordinary, piece: bytes) -> bool:
    """Whether ``piece`` begins the body of an ordinary response; noted if it does."""
    if watching.response != STARTED or not piece:
        return False
    room = watching.room
    left = room - len(piece) if room >= 0 else 0
    if left < 0:
        return False
    watching.response = SENT
    watching.left = left
    return True


def _ends(watching: Ordinary) -> bool:
    """Whether the iteration may end here; noted if it may."""
    seen, length = watching.seen, watching.length
    if seen:
        sound = watching.left == 0 or (watching.left > 0 and watching.room < 0)
    else:
        sound = watching.response == STARTED and watching.room <= 0
    if not sound or (length is not None and length != seen):
        return False
    watching.closing = EXHAUSTED
    watching.log.append(END)
    return True


class _Steps:
    """What the proxies of results have in common."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        watching: Ordinary = self._Result__watching  # type: ignore[attr-defined]
        try:
            iterator = iter(self._Result__inner)  # type: ignore[attr-defined]
        except BaseException as error:
            proxies.uniterable(watching, error)
            watching.closely().item_raised(error)
            raise
        return pieces(watching, iterator, self)

    def close(self) -> None:
        """Close the result, if it can be closed."""
        watching: Ordinary = self._Result__watching  # type: ignore[attr-defined]
        inner = self._Result__inner  # type: ignore[attr-defined]
        if watching.closing != EXHAUSTED:
            watching.closely().close(inner)
            return
        watching.closing = CLOSED
        watching.log.append(CLOSE)
        try:
            close = getattr(inner, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            watching.closely().not_closed(error)
            raise
        if watching.closing != CLOSED:
            watching.closely().was_closed(close is not None)
            return
        if close is not None:
            watching.log.append(DONE)
        lift(watching)


class Iterable(_Steps, proxies.Iterable):
    """The result of an application that is iterable."""

    __slots__ = ()
    __init__ = object.__init__

    def __del__(self) -> None:
        watching: Ordinary = self._Result__watching
        if watching.closing != CLOSED and not is_finalizing():  # then nothing can be imported
            watching.closely().abandoned()


class Iterated(_Steps, proxies.Iterated):
    """The result of an application that is an iterator itself."""

    __slots__ = ()
    __init__ = object.__init__
    __del__ = Iterable.__del__


class Listed:
    """The result of an application that is a list, given after start_response.

    No code of the application runs any more and there is nothing to close, so that
    the exchange may end unseen.
    """

    __slots__ = ("_Result__inner", "_Result__watching", "__weakref__")

    _Result__inner: list[Any]
    _Result__watching: Ordinary

    __getattr__ = proxies.Result.__getattr__
    __repr__ = proxies.Result.__repr__

    def __iter__(self) -> Iterator[Any]:
        watching, inner = self._Result__watching, self._Result__inner
        if len(inner) == 1 and watching.closing == RETURNED:
            piece, room = inner[0], watching.room
            if type(piece) is bytes and piece and (room < 0 or len(piece) == room):
                watching.closing = WHOLE
                watching.whole = piece
                watching.iterator = iterator = iter(inner)
                return iterator
        return pieces(watching, iter(inner), self)

    def close(self) -> None:
        """Note that the server is done with the list."""
        watching = self._Result__watching
        if watching.closing == WHOLE:
            watching.closing = WHOLE_CLOSED
        else:
            _Steps.close(self)  # type: ignore[arg-type]


def lift(watching: Ordinary) -> None:
    """Put back what the proxies stood for, unless the application replaced them itself."""
    environ = watching.environ
    if environ is None:
        return
    watching.environ = None
    proxy: Any = watching.input
    if environ.get("wsgi.input") is proxy is not None:
        environ["wsgi.input"] = watching.source
    proxy = watching.errors
    if environ.get("wsgi.errors") is proxy is not None:
        environ["wsgi.errors"] = watching.stream
    watching.input = watching.errors = None
    if watching.wrapper is not None:
        proxy = environ.get("wsgi.file_wrapper")
        if type(proxy) is proxies.Wrapper and proxy._Callee__watching is watching:
            environ["wsgi.file_wrapper"] = watching.wrapper


class _Kinds(dict):  # type: ignore[type-arg]
    """What makes the proxy for an object of each type, made when it is first needed.

    ``None`` stands for a type that lacks a method, of whose objects no proxy is made.
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[type], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, kind: type) -> Any:
        if len(self) >= proxies.MOST:
            self.clear()
        made = self[kind] = self._make(kind)
        return made


def _result(kind: type) -> Any:
    base = Iterated if hasattr(kind, "__next__") else Iterable
    return proxies.made_for(base, kind, "_Result__inner")


def _input(kind: type) -> Any:
    made = proxies.input_proxy(kind)
    return made and proxies.made_for(Input, kind, "_Input__inner", (*proxies.SPECIAL, "__next__"))


def _errors(kind: type) -> Any:
    made = proxies.errors_proxy(kind)
    names = (*proxies.SPECIAL, "__iter__", "__next__")
    return made and proxies.made_for(Errors, kind, "_Errors__inner", names)


RESULTS: dict[type, Any] = _Kinds(_result)
INPUTS: dict[type, Any] = _Kinds(_input)
ERRORS: dict[type, Any] = _Kinds(_errors)
LISTED: Any = proxies.made_for(Listed, list, "_Result__inner")
