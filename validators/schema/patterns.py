"""The part of the compiler that writes the checks of texts and octets.

A regular expression costs five times what a method of ``str`` does, so patterns that
every request meets have quicker forms, and many values are tested at once. Each quicker
form is held to its pattern by a test.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateproof.validators.schema import forms
from gateproof.validators.schema.conjunction import Conjunction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.schema.compiler import Writer

LATIN_1 = r"[\x00-\xff]*"
"""A pattern that every native string of WSGI must match."""

QUICK: dict[str, str] = {
    LATIN_1: "not {v}.isascii() and max({v}) > '\\xff'",
    r"[0-9]+": "not ({v}.isascii() and {v}.isdigit())",
    r"[0-9]*": "{v} and not ({v}.isascii() and {v}.isdigit())",
    r"(?!-\Z)(?s:.*)": "{v} == '-'",
    r"/(?s:.*)": "not {v} or {v}[0] != '/'",
    r"|/(?s:.+)": "{v} and ({v}[0] != '/' or len({v}) < 2)",
    r"|\*|/(?s:.*)": "{v} and {v}[0] != '/' and {v} != '*'",
    r"|(?s:/.*[^/])": "{v} and ({v}[0] != '/' or {v}[-1] == '/')",
}
"""Patterns, and when a plain str ``v`` does not match them."""

QUICK_FORMS: dict[str, str] = {
    "upper case": "{v} != {v}.upper()",
    "ip address": "{v} not in ADDRESSES and not {form}({v})",
}
"""Forms of text, and when a plain str ``v`` has not got them."""

_CLASS = re.compile(r"(\[(?:\\.|[^\]\\])+\])\*")
_EDGES = {r"(?s:(?![ \t]).*(?<![ \t]))", r"(?s:(?! ).*(?<! ))"}
_PRINTABLE = bytes(range(0x20, 0x7F))
_FEW = 4
"""Unsafe characters that are looked for one by one."""
_GLUE = "}{"
"""What stands between values that are tested at once; the worst it can do is to cost time."""


def literals(pattern: str) -> list[str] | None:
    """The texts that ``pattern`` is a plain choice of, or ``None``."""
    choices = []
    for part in pattern.split("|"):
        text = re.sub(r"\\([^A-Za-z0-9])", r"\1", part)
        bare = re.sub(r"\\[^A-Za-z0-9]", "", part)
        if re.search(r"[\\.^$*+?{}\[\]()]", bare):
            return None
        choices.append(text)
    return choices


def text(writer: Writer, c: Conjunction, v: str) -> None:
    """Write what ``c`` asks of a plain str beside constants and length, at depth 0."""
    for form in dict.fromkeys(c.forms):
        if form in forms.TEXT:
            name = writer.give("FORM", forms.FORMS[form])
            writer.refuse(0, QUICK_FORMS.get(form, "not {form}({v})").format(v=v, form=name))
    matched(writer, v, c.text_patterns, 0)


def octets(writer: Writer, c: Conjunction, v: str) -> None:
    """Write what ``c`` asks of plain bytes, at depth 0."""
    _regular(writer, v, [pattern.encode("latin-1") for pattern in c.bytes_patterns], 0)


def matched(writer: Writer, v: str, wanted: Sequence[str], depth: int) -> None:
    """Write that a plain str ``v`` matches all ``wanted`` patterns."""
    rest: list[str | bytes] = []
    for pattern in dict.fromkeys(wanted):
        texts = literals(pattern)
        if pattern in QUICK:
            writer.refuse(depth, QUICK[pattern].format(v=v))
        elif texts is None:
            rest.append(pattern)
        elif len(texts) == 1:
            writer.refuse(depth, f"{v} != {texts[0]!r}")
        else:
            writer.refuse(depth, f"{v} not in {writer.give('TEXTS', frozenset(texts))}")
    _regular(writer, v, rest, depth)


def _regular(writer: Writer, v: str, wanted: Sequence[str | bytes], depth: int) -> None:
    """Write that ``v`` matches regular expressions, which few values are tried on twice."""
    if not wanted:
        return
    memory = writer.give("SEEN", set())
    writer.put(depth, f"if {v} not in {memory}:")
    for pattern in dict.fromkeys(wanted):
        matches = writer.give("MATCH", re.compile(pattern).fullmatch)
        writer.refuse(depth + 1, f"{matches}({v}) is None")
    writer.put(depth + 1, f"remember({memory}, {v})")


def together(writer: Writer, values: str, wanted: Sequence[str], kind: type) -> None:
    """Write that all items of the list ``values`` match, at depth 0.

    Args:
        writer: what is written to.
        values: the name of a list of plain values of type ``kind``.
        wanted: the patterns.
        kind: str or bytes.
    """
    if not wanted:
        return
    quick = _doubtful(writer, values, wanted, kind)
    depth = 0
    if quick:
        writer.put(0, f"if {quick}:")
        depth = 1
    item = writer.fresh("e")
    writer.put(depth, f"for {item} in {values}:")
    for pattern in dict.fromkeys(wanted):
        if kind is str and pattern in QUICK:
            writer.refuse(depth + 1, QUICK[pattern].format(v=item))
        else:
            ready = re.compile(pattern if kind is str else pattern.encode("latin-1"))
            matches = writer.give("MATCH", ready.fullmatch)
            writer.refuse(depth + 1, f"{matches}({item}) is None")


def _doubtful(writer: Writer, values: str, wanted: Sequence[str], kind: type) -> str:
    """An expression that is false only if all items match; empty where there is none."""
    safe = safe_characters(wanted)
    if safe is None or not set(_PRINTABLE) <= set(safe):
        return ""
    joined = writer.fresh("j")
    mark = "" if kind is str else "b"
    glue, before, behind = (f"{mark}{text!r}" for text in (_GLUE, f" {_GLUE}", f"{_GLUE} "))
    writer.put(0, f"{joined} = {glue}.join({values})")
    unsafe = [  # bytes are asked for a number, as it takes them long to look for bytes
        f"{chr(code)!r} in {joined}" if kind is str else f"{code} in {joined}"
        for code in range(256)
        if code not in safe
    ]
    doubts = [f"not {joined}.isascii()"] if kind is str else []
    if len(unsafe) <= _FEW:
        doubts += unsafe
    elif kind is str:
        doubts.append(f"not {joined}.isprintable()")
    else:
        doubts.append(f"{joined}.translate(None, {writer.give('SAFE', safe)})")
    if any(pattern in _EDGES for pattern in wanted):
        doubts += [
            f"{joined}.find({before}) >= 0",
            f"{joined}.find({behind}) >= 0",
            f"{joined}.strip() != {joined}",
        ]
    return " or ".join(doubts)


def safe_characters(wanted: Sequence[str]) -> bytes | None:
    """The characters that texts may consist of in any order and still match all ``wanted``.

    A blank at either end is another matter where a pattern is about the ends. ``None``
    where a pattern is not known to be about single characters.
    """
    safe = set(range(256))
    for pattern in wanted:
        if pattern in _EDGES:
            safe -= {*b"\t\n\v\f\r"}  # blanks too, if not the usual ones
            continue
        found = _CLASS.fullmatch(pattern)
        if found is None:
            return None
        one = re.compile(found[1]).fullmatch
        safe = {code for code in safe if one(chr(code))}
    return bytes(sorted(safe))
