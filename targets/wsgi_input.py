"""The streams of a WSGI environ: ``wsgi.input`` in every legal form, ``wsgi.errors``.

PEP 3333 lists the methods that a server must offer and leaves much of their
behaviour open. Each class here is one of the forms that the text allows; all of
them simulate the end of the file at the end of the body.
https://peps.python.org/pep-3333/#input-and-error-streams
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

SHORT = 7
"""Most octets that a short-reading input gives at once."""


class TableInput:
    """An input with the methods of PEP 3333's table and nothing else.

    It is iterable without being an iterator, and keeps no ``close``, ``seek``,
    ``tell``, ``fileno`` or ``readinto``.
    """

    __slots__ = ("_file",)

    def __init__(self, body: bytes) -> None:
        self._file = io.BytesIO(body)

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
