"""The streams of a WSGI environ: ``wsgi.input`` in every legal form, ``wsgi.errors``.

PEP 3333 lists the methods that a server must offer and leaves much of their
behaviour open. Each class here is one of the forms that the text allows; all of
them simulate the end of the file at the end of the body.
https://peps.python.org/pep-3333/#input-and-error-streams
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

SHORT = 7
"""Most octets that a short-reading input gives at once."""


class TableInput:
    """An input with the methods of PEP 3333's table and nothing else.

    It is iterable without being an iterator, and keeps no ``close``, ``seek``,
    ``tell``, ``fileno`` or ``readinto``.
    """

    __slots__ = ("_file",)

    def __init__(self, body: bytes | io.BytesIO) -> None:
        self._file = io.BytesIO(body) if isinstance(body, bytes) else body

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` octets, all that are left without it."""
        return self._file.read(size)

    def readline(self, size: int = -1, /) -> bytes:
        """A line with its end, at most ``size`` octets of it."""
        return self._file.readline(size)

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """The lines that are left, or enough of them to fill ``hint`` octets."""
        return self._file.readlines(hint)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")


class ShortInput(io.BytesIO):
    """An input whose ``read(size)`` gives fewer octets than asked for, but never none."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to ``size`` octets and never more than :data:`SHORT`; all without a size."""
        return super().read(size if size is None or size < 0 else min(size, SHORT))


class HintlessInput(io.BytesIO):
    """An input whose ``readlines`` takes a hint and ignores it, as note 3 allows."""

    def readlines(self, _hint: int | None = -1, /) -> list[bytes]:
        """All lines that are left."""
        return super().readlines()


class BrokenInput(TableInput):
    """An input whose client goes away when half of the body has been read.

    Raises:
        ConnectionResetError: from every read past the middle.
    """

    __slots__ = ("_left",)

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._left = len(body) // 2

    def _count(self, data: bytes) -> bytes:
        if len(data) > self._left or not self._left:
            self._left = 0
            raise ConnectionResetError("the client went away in the middle of the request body")
        self._left -= len(data)
        return data

    def read(self, size: int = -1, /) -> bytes:
        """As for any input, until the client is gone."""
        return self._count(self._file.read(size))

    def readline(self, size: int = -1, /) -> bytes:
        """As for any input, until the client is gone."""
        return self._count(self._file.readline(size))

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """As for any input, until the client is gone."""
        lines = self._file.readlines(hint)
        self._count(b"".join(lines))
        return lines


SPINS = 1000
"""After so many reads at the end of an input, one after the other, nobody believes in an end."""


class EndlessReadingError(ConnectionResetError):
    """What is read when reading at the end of the input never ends."""


class _Client(io.BytesIO):
    """An input whose body comes in pieces, and whose client may go away in its midst."""

    def __init__(self, body: bytes, reading: Reading) -> None:
        gone = reading.until
        super().__init__(body if gone is None or reading.raises else body[:gone])
        self._gives = reading.gives
        self._turn = self._empty = 0
        self._until = gone if reading.raises else None
        self._pause = reading.pause

    def _checked(self, data: Any) -> Any:
        """``data``, which was read just now.

        Raises:
            ConnectionResetError: the client had gone before it was all there.
            EndlessReadingError: nothing was read over and over.
        """
        self._empty = 0 if data else self._empty + 1
        if self._empty > SPINS:
            raise EndlessReadingError("the client is gone, and the input has long ended")
        if self._until is not None and self.tell() > self._until:
            raise ConnectionResetError("the client went away in the middle of the request body")
        return data

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to ``size`` octets, fewer where no more have come, but never none before the end."""
        if self._pause is not None:
            self._pause()
        if size == 0:
            return b""
        if self._gives and size is not None and size > 0:
            size = min(size, self._gives[self._turn])
            self._turn = min(self._turn + 1, len(self._gives) - 1)
        data: bytes = self._checked(super().read(size))
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        """A line with its end, at most ``size`` octets of it."""
        if self._pause is not None:
            self._pause()
        data: bytes = self._checked(super().readline(-1 if size is None else size))
        return data

    def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """The lines that are left, or enough of them to fill ``hint`` octets."""
        lines: list[bytes] = self._checked(super().readlines(hint))
        return lines

    def readinto(self, buffer: Any, /) -> int:
        """As read, into ``buffer``."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def __next__(self) -> bytes:
        data: bytes = self._checked(super().__next__())
        return data


class _Hintless(_Client):
    """The same, whose ``readlines`` takes a hint and ignores it."""

    def readlines(self, _hint: int | None = -1, /) -> list[bytes]:
        """All lines that are left."""
        return super().readlines()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a server hands on a request body: called with one, it makes the input.

    Attributes:
        form: ``"file"``, ``"table"`` or ``"hintless"``, as in :data:`INPUTS`.
        gives: most octets that successive calls of ``read(size)`` give, the last from then
            on; empty for all that is asked for.
        until: octets after which the client is gone; ``None`` for a client that stays.
        raises: what lies behind them raises, instead of being the end of the input.
        pause: called before something is read, for a server that does other work then.
    """

    form: str = "file"
    gives: tuple[int, ...] = ()
    until: int | None = None
    raises: bool = False
    pause: Callable[[], object] | None = None

    def __call__(self, body: bytes) -> Any:
        """The input for ``body``."""
        if not self.gives and self.until is None and self.pause is None:
            return INPUTS[self.form](body)
        if self.form == "table":
            return TableInput(_Client(body, self))
        return (_Hintless if self.form == "hintless" else _Client)(body, self)


INPUTS: dict[str, Callable[[bytes], Any]] = {
    "file": io.BytesIO,
    "table": TableInput,
    "hintless": HintlessInput,
    "short": ShortInput,
    "broken": BrokenInput,
}
"""The forms of ``wsgi.input`` by name; ``"file"`` offers all that a file does."""


class TableErrors:
    """An error stream with the three methods of PEP 3333's table and nothing else."""

    __slots__ = ()

    def write(self, text: str, /) -> None:
        """Take ``text``.

        Raises:
            TypeError: it is not a string.
        """
        if not isinstance(text, str):
            raise TypeError(f"wsgi.errors takes str, not {type(text).__name__}")

    def writelines(self, lines: Iterable[str], /) -> None:
        """Take each of ``lines``.

        Raises:
            TypeError: one is not a string.
        """
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is buffered."""


ERRORS: dict[str, Callable[[], Any]] = {"file": io.StringIO, "table": TableErrors}
"""The forms of ``wsgi.errors`` by name."""
