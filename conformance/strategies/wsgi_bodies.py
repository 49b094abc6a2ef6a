"""Bodies of generated WSGI requests: of every kind and size, and where reading them is cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote_plus

from gateproof.conformance.cases.wsgi_bodies import BODIES
from gateproof.conformance.strategies.choices import Choices
from gateproof.conformance.vocabulary import Vocabulary

SIZES = (
    *(3, 1, 2, 0, 5, 10, 64, 100, 1000, 1023, 1024, 1025),
    *(4096, 8192, 16_384, 65_535, 65_536, 65_537),
)
"""Octets of a body, the most telling first; buffers are as large as some of them."""

NAMES = ("a", "name", "id", "text")
VALUES = (
    "1",
    "",
    "caf\xe9",
    "a b&c=d",
    "\u20ac",
    "\U0001f40d",
    "x" * 100,
    "two\r\nlines",
    "0",
    "-1",
)

READS = (1, 2, 3, 5, 7, 16, 64, 1000, 1024, 4096, 16_384)
"""Most octets that a read gives."""

MANY = 600
"""Reads that one body may take at most, or generated requests become slow."""

_BOUNDARY = "gateproof"


def several(choices: Choices, most: int, least: int = 1, ends: int = 3) -> Iterator[int]:
    """Numbers from 0, ``least`` to ``most`` of them.

    Before each further one there is a choice whether it comes, once in ``ends`` times not.
    So one in the midst can be taken away together with what it chose, which a count before
    all of them would not allow; nor would it if that choice were left out after the last.
    """
    for number in range(most + 1):
        if number >= least and (not choices.below(ends) or number == most):
            return
        yield number


def _pairs(choices: Choices, words: Vocabulary) -> list[tuple[str, str]]:
    names, values = NAMES + words.names, VALUES + words.values
    return [(choices.pick(names), choices.pick(values)) for _ in several(choices, 4)]


def _form(choices: Choices, words: Vocabulary) -> bytes:
    plus = "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in _pairs(choices, words))
    return plus.encode()


def _json(choices: Choices, words: Vocabulary) -> bytes:
    return json.dumps(dict(_pairs(choices, words)), ensure_ascii=choices.odds(1)).encode()


def _multipart(choices: Choices, words: Vocabulary) -> bytes:
    parts = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in _pairs(choices, words)
    )
    return f"{parts}--{_BOUNDARY}--\r\n".encode()


def _lines(choices: Choices, words: Vocabulary) -> bytes:
    ends = ("\n", "\r\n", "", "\n\n", "\r")
    values = VALUES + words.values
    texts = (choices.pick(values) + choices.pick(ends) for _ in several(choices, 5))
    return "".join(texts).encode()


def _octets(choices: Choices, words: Vocabulary) -> bytes:
    near = words.numbers + tuple(n + 1 for n in words.numbers)
    return _some(choices.pick(SIZES + tuple(n for n in near if n <= SIZES[-1])))


@lru_cache(maxsize=64)
def _some(size: int) -> bytes:
    """So many octets, of which no two stretches of a buffer's size are alike."""
    return b"".join(b"%d\n" % n for n in range(size // 2 + 1))[:size]


KINDS: Mapping[str, tuple[str, Callable[[Choices, Vocabulary], bytes]]] = {
    "octets": ("application/octet-stream", _octets),
    "form": ("application/x-www-form-urlencoded", _form),
    "json": ("application/json", _json),
    "multipart": (f"multipart/form-data; boundary={_BOUNDARY}", _multipart),
    "lines": ("text/plain; charset=utf-8", _lines),
}
"""Bodies by what they hold: their content type, and what makes one."""


def body(choices: Choices, words: Vocabulary) -> tuple[str, bytes]:
    """A content type, empty for none, and a body, which need not fit each other."""
    kinds = tuple(KINDS)
    number = choices.below(len(kinds) + 2)
    if number == len(kinds):
        return choices.pick(BODIES)
    kind, make = KINDS[kinds[number % len(kinds)]] if number < len(kinds) else ("", _octets)
    return kind, make(choices, words)


def seams(octets: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Places at which a cut is likely to matter.

    Returns:
        Those within a line end or a character, and those beside signs and at the ends.
    """
    within, beside = [], [1, len(octets) - 1, len(octets) // 2]
    for place, octet in enumerate(octets[:400], 1):
        if octet >= 0x80 or octet == 0x0D:
            within.append(place)
        elif octet in b'\n&="%-+:':
            beside += [place - 1, place]
    last = len(octets)
    return (
        tuple(place for place in within if place < last),
        tuple(dict.fromkeys(place for place in beside if 0 < place < last)),
    )


def gives(choices: Choices, octets: bytes) -> tuple[int, ...]:
    """How much successive reads of a body give at most."""
    least = len(octets) // MANY + 1
    if choices.odds(1):
        return (max(least, choices.pick(READS)),)
    within, beside = seams(octets)
    if not choices.odds(2):
        first = choices.pick(within if within and not choices.odds(1) else beside)
        return (first, 1 << 30) if not choices.odds(2) else (first, max(least, choices.pick(READS)))
    return tuple(max(least, 1 + choices.below(12)) for _ in several(choices, 4))
