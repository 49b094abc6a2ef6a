"""Stand-ins for the objects that cross the WSGI boundary.

Each hands everything on to the object that it stands for: attributes by
``__getattr__``, the special methods that Python looks up on the type by a
subclass made for the type of that object. Every result proxy carries
``close()``, also where the result has none, for servers call it if it is there
and it tells that the exchange is over.
"""

from __future__ import annotations

from sys import is_finalizing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gateproof.validators.wsgi.watching import Watching

SPECIAL = (
    "__bool__",
    "__contains__",
    "__enter__",
    "__exit__",
    "__fspath__",
    "__getitem__",
    "__index__",
    "__len__",
    "__length_hint__",
    "__reversed__",
)
"""Special methods that are handed on where the type has them."""

MOST = 256
"""Types for which a subclass is remembered; a program that makes types must not fill memory."""


class Callee:
    """A callable handed from one side to the other: start_response or write."""

    __slots__ = ("__inner", "__watching", "__weakref__")

    def __init__(self, watching: Watching, inner: Callable[..., Any]) -> None:
        self.__watching = watching
        self.__inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__inner, name)

    def __repr__(self) -> str:
        return f"<watched {self.__inner!r}>"


class Starter(Callee):
    """``start_response`` as the application sees it."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Judge the call, make it, judge the answer."""
        try:
            return self._Callee__watching.start(self._Callee__inner, args, kwargs)
        finally:
            del args, kwargs  # exc_info must not live on in this frame


class Writer(Callee):
    """``write`` as the application sees it."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Judge the call and make it."""
        return self._Callee__watching.write(self._Callee__inner, args, kwargs)


def items(watching: Watching, iterator: Iterator[Any], _result: object) -> Iterator[Any]:
    """The items of a result, each shown to the judge before it is handed on.

    A generator, for a method call for each item would be dear. It keeps the
    result's own proxy alive, for the exchange ends with that.
    """
    body = watching.judge.body
    advance = iterator.__next__
    exchange = watching.exchange
    while True:
        if body.left < 0:
            watching.next()
        try:
            piece = advance()
        except StopIteration:
            watching.exhausted()
            return
        except BaseException as error:
            watching.item_raised(error)
            raise
        if type(piece) is bytes:
            left = body.left - len(piece)
            if left >= 0:
                body.left = left
                body.seen = seen = body.seen + 1
                if exchange.room > 0:  # of a long stream the later items are only counted
                    exchange.add("item", piece)
                    watching.recorded = seen
                yield piece
                continue
        watching.item(piece)
        yield piece


def only_counted(watching: Watching, piece: object) -> bool:
    """Count ``piece`` where no more is due: amid a long stream, and in order."""
    body = watching.judge.body
    if type(piece) is not bytes or watching.exchange.room > 0 or body.left < len(piece):
        return False
    body.left -= len(piece)
    body.seen += 1
    return True


def begun(watching: Watching, iterator: Iterator[Any], result: object) -> Iterator[Any]:
    """The items of a result that is judged closely.

    What can be iterated again begins anew then, for a server that adds up the
    length of a list while it sends it: what is sent was counted already.
    """
    judge = watching.judge.result
    if judge.under_way and not hasattr(type(result), "__next__"):
        yield from iterator
        return
    yield from items(watching, iterator, result)


def uniterable(watching: Any, error: BaseException) -> None:
    """Note where iter() itself refuses a result, whose ``__iter__()`` gave no iterator.

    Raises:
        ConformanceError: as the policy says.
    """
    if type(error) is TypeError and error.__traceback__.tb_next is None:  # type: ignore[union-attr]
        from gateproof.validators.wsgi.facts import Raised

        watching.rare("no-iterator", Raised.of(error))


class Result:
    """The result of an application."""

    __slots__ = ("__inner", "__watching", "__weakref__")

    def __init__(self, watching: Watching, inner: Any) -> None:
        self.__inner = inner
        self.__watching = watching

    def close(self) -> None:
        """Close the result, if it can be closed."""
        inner = self.__inner
        while issubclass(type(inner), Input):  # the server's own stream: not the application's deed
            inner = inner._Input__inner  # noqa: SLF001
        self.__watching.close(inner)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_Result__"):  # not set yet: while a copy is being made
            raise AttributeError(name)
        inner = self.__inner
        if not name.startswith("__"):
            self.__watching.rare("attribute", (name, hasattr(inner, name)))
        return getattr(inner, name)

    def __repr__(self) -> str:
        return f"<watched {self.__inner!r}>"

    def __del__(self) -> None:
        if not is_finalizing():  # then nothing can be imported, and nobody hears a warning
            self.__watching.abandoned()


class Iterable(Result):
    """The result of an application that has ``__iter__()``."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        watching: Watching = self._Result__watching
        try:
            iterator = iter(self._Result__inner)
        except BaseException as error:
            uniterable(watching, error)
            watching.item_raised(error)
            raise
        return begun(watching, iterator, self)


class Indexed(Result):
    """The result of an application that has only ``__getitem__()``.

    ``iter()`` asks it for one index after the other until IndexError; another
    index, or one that was had before, is not part of an iteration.
    """

    __slots__ = ("__next",)

    def __init__(self, watching: Watching, inner: Any) -> None:
        super().__init__(watching, inner)
        self.__next = 0

    def __getitem__(self, index: Any) -> Any:
        watching: Watching = self._Result__watching
        inner = self._Result__inner
        if type(index) is not int or index != self.__next:
            return inner[index]
        watching.next()
        try:
            piece = inner[index]
        except (IndexError, StopIteration):
            watching.exhausted()
            raise
        except BaseException as error:
            watching.item_raised(error)
            raise
        self.__next += 1
        watching.item(piece)
        return piece


class Iterated(Iterable):
    """The result of an application that is an iterator itself.

    ``iter()`` of it is another iterator over the same items, so that the usual
    loop is fast; whoever calls ``next()`` on the result gets them likewise.
    """

    __slots__ = ()

    def __next__(self) -> Any:
        watching: Watching = self._Result__watching
        if watching.judge.body.left < 0:
            watching.next()
        try:
            piece = self._Result__inner.__next__()
        except StopIteration:
            watching.exhausted()
            raise
        except BaseException as error:
            watching.item_raised(error)
            raise
        watching.item(piece)
        return piece


class Input:
    """``wsgi.input`` as the application sees it."""

    __slots__ = ("__asked", "__inner", "__read", "__watching", "__weakref__")

    def __init__(self, watching: Watching, inner: Any) -> None:
        self.__watching = watching
        self.__inner = inner
        self.__read = inner.read
        self.__asked: tuple[str, ...] = ()

    def read(self, *args: Any) -> Any:
        """Read from the input."""
        try:
            data = self.__read(*args)
        except BaseException as error:
            self.__watching.used_input("read", args, error)
            raise
        watching = self.__watching
        watching.add("input", ("read", args, data))
        if type(data) is bytes and len(args) == 1:
            # What the judge finds right as well: a call for each read would be dear.
            size, judge = args[0], watching.judge.streams
            left = judge.input_left
            if type(size) is int and 0 < len(data) <= size and (left is None or size <= left):
                if left is not None:
                    judge.input_left = left - len(data)
                return data
        found = watching.judge.streams.input("read", args, data)
        if found:
            watching.tell(found)
        return data

    def readline(self, *args: Any) -> Any:
        """Read a line."""
        return self.__use("readline", args)

    def readlines(self, *args: Any) -> Any:
        """Read lines."""
        return self.__use("readlines", args)

    def __use(self, method: str, args: tuple[Any, ...]) -> Any:
        try:
            data = getattr(self.__inner, method)(*args)
        except BaseException as error:
            self.__watching.used_input(method, args, error)
            raise
        self.__watching.used_input(method, args, data)
        return data

    def __iter__(self) -> Iterator[Any]:
        try:
            lines = iter(self.__inner)
        except BaseException as error:
            self.__watching.used_input("__iter__", (), error)
            raise
        return self.__lines(lines)

    def __lines(self, lines: Iterator[Any]) -> Iterator[Any]:
        used = self.__watching.used_input
        while True:
            try:
                line = next(lines)
            except StopIteration:
                used("exhausted", (), None)
                return
            except BaseException as error:
                used("__next__", (), error)
                raise
            used("__next__", (), line)
            yield line

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.__inner, name)
        if name == "close":
            self.__watching.used_input(name, self.__asked, None)
        elif not name.startswith("__"):
            self.__asked = (*self.__asked, name)
            self.__watching.used_input(name, (), None)
        return value

    def __repr__(self) -> str:
        return f"<watched {self.__inner!r}>"


class Errors:
    """``wsgi.errors`` as the application sees it."""

    __slots__ = ("__asked", "__inner", "__watching", "__weakref__")

    def __init__(self, watching: Watching, inner: Any) -> None:
        self.__watching = watching
        self.__inner = inner
        self.__asked: tuple[str, ...] = ()

    def write(self, *args: Any) -> Any:
        """Write text."""
        return self.__use("write", args)

    def writelines(self, *args: Any) -> Any:
        """Write texts."""
        return self.__use("writelines", args)

    def flush(self, *args: Any) -> Any:
        """Have what was written stored."""
        return self.__use("flush", args)

    def __use(self, method: str, args: tuple[Any, ...]) -> Any:
        try:
            value = getattr(self.__inner, method)(*args)
        except BaseException as error:
            self.__watching.used_errors(method, args, error)
            raise
        self.__watching.used_errors(method, args, None)
        return value

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.__inner, name)
        if name == "close":
            self.__watching.used_errors(name, self.__asked)
        elif not name.startswith("__"):
            self.__asked = (*self.__asked, name)
            self.__watching.used_errors(name, ())
        return value

    def __repr__(self) -> str:
        return f"<watched {self.__inner!r}>"


class Wrapper(Callee):
    """A ``wsgi.file_wrapper`` that is no class; ``made`` is where it notes what it made."""

    __slots__ = ("__made",)

    def __init__(self, watching: Watching, inner: Callable[..., Any], made: list[Any]) -> None:
        super().__init__(watching, inner)
        self.__made = made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Wrap a file."""
        watching: Watching = self._Callee__watching
        try:
            made = self._Callee__inner(*args, **kwargs)
        except BaseException as error:
            watching.wrapped(args, kwargs, None, error)
            raise
        self.__made.append(made)
        watching.wrapped(args, kwargs, made, None)
        return made


def _forwards(name: str, slot: str) -> Callable[..., Any]:
    def forward(self: Any, *args: Any) -> Any:
        inner = getattr(self, slot)
        return getattr(type(inner), name)(inner, *args)

    forward.__name__ = name
    return forward


def _leaves(slot: str, use: str) -> Callable[..., Any]:
    """``__exit__`` of a stream, which the application closes by leaving its with block."""

    def leave(self: Any, *args: Any) -> Any:
        inner = getattr(self, slot)
        value = type(inner).__exit__(inner, *args)
        if getattr(inner, "closed", False) is True:
            watching = getattr(self, slot.replace("inner", "watching"))
            getattr(watching, use)("close", (), None)
        return value

    leave.__name__ = "__exit__"
    return leave


_LEAVING = {
    "_Input__inner": _leaves("_Input__inner", "used_input"),
    "_Errors__inner": _leaves("_Errors__inner", "used_errors"),
}


def made_for(base: type, inner: type, slot: str, names: tuple[str, ...] = SPECIAL) -> type:
    """A subclass of ``base`` with the special methods that ``inner`` has.

    ``slot`` is where an instance keeps the object that it stands for.
    """
    special = {name: _forwards(name, slot) for name in names if hasattr(inner, name)}
    if "__exit__" in special and slot in _LEAVING:
        special["__exit__"] = _LEAVING[slot]
    return type(base.__name__, (base,), {"__slots__": (), **special})


_RESULTS: dict[type, Callable[..., Any]] = {}
_INPUTS: dict[type, Callable[..., Any] | None] = {}
_ERRORS: dict[type, Callable[..., Any] | None] = {}


def result_proxy(kind: type) -> Callable[[Watching, Any], Any]:
    """What makes the proxy for a result of type ``kind``."""
    found = _RESULTS.get(kind)
    if found is None:
        if len(_RESULTS) >= MOST:
            _RESULTS.clear()
        if not hasattr(kind, "__iter__"):
            names = tuple(name for name in SPECIAL if name != "__getitem__")
            found = made_for(Indexed, kind, "_Result__inner", names)
        else:
            base = Iterated if hasattr(kind, "__next__") else Iterable
            found = made_for(base, kind, "_Result__inner")
        _RESULTS[kind] = found
    return found


def input_proxy(kind: type) -> Callable[[Watching, Any], Any] | None:
    """What makes the proxy for an input of type ``kind``, ``None`` if a method is missing."""
    if kind not in _INPUTS:
        if len(_INPUTS) >= MOST:
            _INPUTS.clear()
        whole = all(hasattr(kind, n) for n in ("read", "readline", "readlines", "__iter__"))
        _INPUTS[kind] = (
            made_for(Input, kind, "_Input__inner", (*SPECIAL, "__next__")) if whole else None
        )
    return _INPUTS[kind]


def errors_proxy(kind: type) -> Callable[[Watching, Any], Any] | None:
    """What makes the proxy for an error stream of type ``kind``, as for inputs."""
    if kind not in _ERRORS:
        if len(_ERRORS) >= MOST:
            _ERRORS.clear()
        whole = all(hasattr(kind, n) for n in ("write", "writelines", "flush"))
        _ERRORS[kind] = (
            made_for(Errors, kind, "_Errors__inner", (*SPECIAL, "__iter__", "__next__"))
            if whole
            else None
        )
    return _ERRORS[kind]
