"""Text from a target made safe to show: nothing invisible, nothing endless, stable ids."""

from __future__ import annotations

import hashlib
import re

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_LONGEST_ID = 200
_PLAIN_ID = re.compile(r"[A-Za-z0-9._:-]+\Z")


def visible(text: str) -> str:
    """``text`` with everything that a reader could not see spelled out.

    Control characters become their pictures (``␊``); bidi and other format
    controls, odd spaces, lone surrogates and unassigned code points become
    escapes. The answer is one line of valid Unicode.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _spelled(ord(char)) for char in text)


def _spelled(code: int) -> str:
    if code in _PICTURES:
        return _PICTURES[code]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def lines(text: str) -> list[str]:
    """The lines of ``text``, each made visible."""
    return [visible(line) for line in text.split("\n")]


def shorten(text: str, limit: int, *, length: bool = True) -> str:
    """``text``, cut in the middle to about ``limit`` characters, with its true ``length``."""
    if len(text) <= limit:
        return text
    tail = limit // 4
    cut = f"{text[: limit - tail]}…{text[-tail:]}"
    return f"{cut} ({len(text)} characters)" if length else cut


def slug(*parts: str) -> str:
    """An id for HTML made of ``parts``: equal for equal parts, and for no others.

    It depends on nothing but its parts, so that links live through changes of
    the suite. Where a part has to be changed, a digest of all keeps ids apart.
    """
    plain = "--".join(
        part if _PLAIN_ID.match(part) else re.sub(r"[^A-Za-z0-9._:-]+", "-", part).strip("-")
        for part in parts
    )
    safe = all(_PLAIN_ID.match(part) and "--" not in f"-{part}-" for part in parts)
    if safe and len(plain) <= _LONGEST_ID:
        return plain
    exact = "\0".join(parts).encode("utf-8", "backslashreplace")
    return f"{plain[:_LONGEST_ID]}--{hashlib.sha256(exact).hexdigest()[:8]}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 case``, ``2 cases``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
