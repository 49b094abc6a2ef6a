"""Request bodies of every kind and size, and the ways in which a server may cut them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise

from gateproof.conformance.strategies.choices import Choices

_TEXT = "g\u00e9\u4f60\U0001f40dx "
_FORM = b"a=1&b=caf%C3%A9&c=+&a=2&d=\xc3\xa9&"
_LINES = b"one\r\ntwo\r\n\r\n--gateproof\r\n"
_PART = b'--gateproof\r\nContent-Disposition: form-data; name="%d"\r\n\r\ncaf\xc3\xa9\r\n'
_END = b"--gateproof--\r\n"


def _repeated(block: bytes, size: int) -> bytes:
    return (block * (size // len(block) + 1))[:size]


def _text(size: int) -> bytes:
    found = _repeated(_TEXT.encode(), size)
    while True:  # whole characters only: it is the cuts that are to part them
        try:
            found.decode()
        except UnicodeDecodeError as error:
            found = found[: error.start] + b"." * (len(found) - error.start)
        else:
            return found


def _json(size: int) -> bytes:
    return b'"' + _text(size - 2) + b'"' if size >= 2 else b"1"[:size]


def _multipart(size: int) -> bytes:
    count = max(0, size - len(_END)) // len(_PART)
    return b"".join(_PART % n for n in range(count)) + _END


KINDS: Mapping[str, tuple[bytes, Callable[[int], bytes]]] = {
    "text": (b"text/plain; charset=utf-8", _text),
    "json": (b"application/json", _json),
    "form": (b"application/x-www-form-urlencoded", lambda size: _repeated(_FORM, size)),
    "lines": (b"text/plain", lambda size: _repeated(_LINES, size)),
    "multipart": (b"multipart/form-data; boundary=gateproof", _multipart),
    "octets": (
        b"application/octet-stream",
        lambda size: _repeated(bytes(range(255, -1, -1)) + b"\r\n", size),
    ),
    "zeros": (b"application/octet-stream", bytes),
}
"""Bodies by what they hold: their content type, and what makes one of about a size."""

SIZES = (12, 2, 1, 0, 100, 1000, 4096, 10, 3, 1025, 8191, 65_535, 65_536, 65_537, 140_000)

REGULAR = (1, 2, 3, 7, 64, 1024, 4096, 16_384, 65_536)
"""Sizes of pieces that are all alike."""

_SEPARATORS = b'\r\n&="%-'

MANY = 300
"""Pieces at most."""


@lru_cache(maxsize=256)
def made(kind: str, size: int) -> bytes:
    """A body of a kind, of about ``size`` octets."""
    return KINDS[kind][1](size)


@lru_cache(maxsize=256)
def seams(body: bytes) -> tuple[int, ...]:
    """Places at which a cut is likely to matter, of the body's ends and beginnings.

    Inside of characters, line ends and boundaries, beside what separates fields,
    and at the sizes that buffers have.
    """
    found: list[int] = []
    for start in {0, max(0, len(body) - 200)}:
        part = body[start : start + 200]
        found += [
            start + n for n, octet in enumerate(part) if octet >= 0x80 or octet in _SEPARATORS
        ]
    for size in (1024, 4096, 8192, 16_384, 65_536):
        found += [at for at in (size - 1, size, size + 1) if at <= len(body)]
    return tuple(dict.fromkeys(found)) or (0,)


def body(choices: Choices, kinds: tuple[str, ...] = tuple(KINDS)) -> tuple[bytes, bytes]:
    """A content type and a body."""
    kind = choices.pick(kinds)
    return KINDS[kind][0], made(kind, choices.pick(SIZES))


def _place(choices: Choices, whole: bytes) -> int:
    size = len(whole)
    how = choices.below(4)
    if how == 0:
        return min(1 + choices.below(4), size)
    if how == 1:
        return choices.below(size + 1)
    if how == 2:
        return max(0, size - choices.below(4))
    return min(choices.pick(seams(whole)), size)


def pieces(choices: Choices, whole: bytes) -> tuple[bytes, ...]:
    """``whole`` in more than one piece, some of them perhaps empty."""
    how = choices.below(7)
    if how == 0:
        return whole[:1], whole[1:]
    if how == 1:
        return whole, b""
    if how in (2, 6):  # as servers do that read so many octets at a time
        step = max(choices.pick(REGULAR), -(-len(whole) // MANY))
        if step >= len(whole):
            return whole[:-1], whole[-1:]
        return tuple(whole[at : at + step] for at in range(0, len(whole), step))
    places = sorted(_place(choices, whole) for _ in range(1 + choices.below(4)))
    parts = [whole[a:b] for a, b in pairwise([0, *places, len(whole)])]
    if how == 3:
        parts.append(b"")
    elif how == 4:
        at = choices.below(len(parts) + 1)
        parts[at:at] = [b""] * (1 + choices.below(3))
    return tuple(parts)
