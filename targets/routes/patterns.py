"""Regular expressions of routers: taken apart into a path, and a text that matches one.

Routers use a small part of the language. What is not understood is passed over: the worst
that comes of it is a path that the application does not know.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gateproof.targets.routes.route import Parameter, Pieces

CANDIDATES = (
    "1",
    "example",
    "2024",
    "01",
    "1.5",
    "a",
    "en",
    "00000000-0000-4000-8000-000000000001",
    "2024-01-02",
    "2024-01-02T03:04:05Z",
    "example.txt",
    "a/b",
    "A1",
    "",
)
"""Values that parameters often have, tried in this order."""

_CHARACTERS = "1aA-_.é" + "".join(map(chr, range(32, 127))) + "\t\n"
"""What one character of a class is tried with, in this order."""

_ZERO_WIDTH = re.compile(r"\^|\$|\\[AZzbB]")
_QUANTIFIER = re.compile(r"([*+?]|\{(\d*)(,?)(\d*)\})[?+]?")
_GROUP = re.compile(
    r"\((?:\?(?:P?<(?P<name>\w+)>|(?P<look>=|!|<=|<!|#)|[aiLmsux-]*(?P<flags>[:)])))?"
)
_LITERALS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_MOST = 64
"""So often at most a part is repeated in an example."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One part of a regular expression, with how often it stands there.

    Attributes:
        text: its source, without the quantifier.
        literal: the text that it stands for, where it is plain text.
        name: the name of a group.
        inner: the source within a group's parentheses.
        least: how often it stands there at least.
        quantifier: the source of the quantifier.
    """

    text: str
    literal: str = ""
    name: str = ""
    inner: str | None = None
    least: int = 1
    quantifier: str = ""


def path_pieces(pattern: str) -> Pieces:
    """Take the regular expression of a path apart, into text and parameters.

    Args:
        pattern: the source, with or without anchors.
    """
    alternatives = list(_alternatives(pattern))
    if len(alternatives) > 1:
        return (Parameter("path", "pattern", pattern=pattern),)
    pieces: list[str | Parameter] = []
    unnamed = 0
    for atom in atoms(pattern):
        if atom.literal:
            again = max(1, atom.least)
            pieces.append(atom.literal * min(again, _MOST))
            continue
        if not atom.name:
            unnamed += 1
        inner = atom.inner if atom.name and not atom.quantifier else atom.text + atom.quantifier
        name = atom.name or f"_{unnamed}"
        pieces.append(Parameter(name, "pattern", pattern=inner or ""))
    return joined(pieces)


def joined(pieces: list[str | Parameter]) -> Pieces:
    """``pieces`` with neighbouring text in one piece, and without empty text."""
    found: list[str | Parameter] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return tuple(found)


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """``pattern``, ready to match; ``None`` where it is broken. It is not ours to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern)
        except (re.error, RecursionError, OverflowError):
            return None


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of ``text`` matches ``pattern``."""
    one = compiled(pattern)
    return one is not None and one.fullmatch(text) is not None


def example(pattern: str) -> str | None:
    """A text that ``pattern`` matches as a whole, always the same; ``None`` if none is found."""
    whole = compiled(pattern)
    if whole is None:
        return None
    for candidate in CANDIDATES:
        if whole.fullmatch(candidate):
            return candidate
    made = _made(pattern, 0)
    return made if whole.fullmatch(made) else None


def _made(pattern: str, depth: int) -> str:
    """A text put together from the parts of ``pattern``, which may well not match it."""
    first = next(_alternatives(pattern), "")
    if depth > 20:
        return ""
    made = []
    for atom in atoms(first):
        if atom.literal:
            one = atom.literal
        elif atom.inner is not None:
            one = _made(atom.inner, depth + 1)
        else:
            one = _character(atom.text)
        made.append(one * min(max(atom.least, 1), _MOST))
    return "".join(made)


def _character(source: str) -> str:
    one = compiled(source)
    return next((text for text in _CHARACTERS if one and one.fullmatch(text)), "")


def atoms(pattern: str) -> Iterator[Atom]:
    """The parts of one alternative, in order; what has no width is left out."""
    at = 0
    while at < len(pattern):
        anchor = _ZERO_WIDTH.match(pattern, at)
        if anchor:
            at = anchor.end()
            continue
        end = _end(pattern, at)
        text = pattern[at:end]
        quantifier = _QUANTIFIER.match(pattern, end)
        least, source = _least(quantifier)
        at = quantifier.end() if quantifier else end
        atom = _atom(text, least, source)
        if atom is not None:
            yield atom


def _least(quantifier: re.Match[str] | None) -> tuple[int, str]:
    if quantifier is None:
        return 1, ""
    words = quantifier.group()
    if words[0] in "*?":
        return 0, words
    return (int(quantifier[2] or 0), words) if words[0] == "{" else (1, words)


def _atom(text: str, least: int, quantifier: str) -> Atom | None:
    """The part whose source is ``text``, ``None`` if it has no width."""
    if text[0] == "(":
        opening = _GROUP.match(text)
        if opening is None or opening["look"] or opening["flags"] == ")":
            return None
        inner = text[opening.end() : -1]
        return Atom(
            text, name=opening["name"] or "", inner=inner, least=least, quantifier=quantifier
        )
    if text[0] == "\\":
        letter = text[1:2]
        if letter.isalnum() and letter not in _LITERALS:
            return Atom(text, least=least, quantifier=quantifier)
        return Atom(text, _LITERALS.get(letter, letter), least=least, quantifier=quantifier)
    if text[0] in "[.":
        return Atom(text, least=least, quantifier=quantifier)
    return Atom(text, text, least=least, quantifier=quantifier)


def _alternatives(pattern: str) -> Iterator[str]:
    """The alternatives that ``|`` sets apart outside of groups."""
    begin = at = 0
    while at < len(pattern):
        if pattern[at] == "|":
            yield pattern[begin:at]
            at += 1
            begin = at
        else:
            at = _end(pattern, at)
    yield pattern[begin:]


def _end(pattern: str, at: int) -> int:
    """Where the part that begins ``at`` is over: a character, an escape, a class or a group."""
    if pattern[at] == "\\":
        return at + 2
    if pattern[at] == "[":
        return _class_end(pattern, at)
    if pattern[at] != "(":
        return at + 1
    depth = 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
            continue
        if pattern[at] == "[":
            at = _class_end(pattern, at)
            continue
        depth += {"(": 1, ")": -1}.get(pattern[at], 0)
        at += 1
        if depth == 0:
            break
    return at


def _class_end(pattern: str, at: int) -> int:
    at += 1
    at += pattern.startswith("^", at)
    at += pattern.startswith("]", at)  # the first one stands for itself
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1
