"""Compares the answers of two entrances: what a client can see, less what varies by itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from gateproof.conformance.entrances import Answer, Asked, Entrance

UNCOMPARED = frozenset({"date", "server", "connection", "keep-alive", "transfer-encoding"})
"""Fields that belong to the server."""

LONGEST = 20_000
"""Octets of a body in which what varies is looked for; a longer one that varies is left out."""

SHOWN = 160

_WORD = re.compile(rb"[\w.:+/=-]+|[^\w.:+/=-]+")
_GAP = b"\0gap"


@dataclass(frozen=True, slots=True)
class Ignored:
    """What the user leaves out of the comparison.

    Attributes:
        fields: names of header fields, in lower case.
        patterns: what matches in a body or a field's value is left out.
    """

    fields: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()

    def text(self, value: str) -> str:
        """``value`` without what matches."""
        for pattern in self.patterns:
            value = pattern.sub("", value)
        return value

    def octets(self, body: bytes) -> bytes:
        """``body`` without what matches."""
        return self.text(body.decode("latin-1")).encode("latin-1") if self.patterns else body


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a client sees differ.

    Attributes:
        aspect: ``"status"``, ``"header NAME"``, ``"body"`` or ``"answer"``.
        old: what the old entrance has.
        new: what the new one has.
    """

    aspect: str
    old: str
    new: str


@dataclass
class Comparison:
    """Two entrances, and what of their answers is compared.

    Attributes:
        old: the one that is right by definition.
        new: the one that should be like it.
        ignored: what is left out.
        varied: what was left out because it varied by itself, by aspect.
    """

    old: Entrance
    new: Entrance
    ignored: Ignored = field(default_factory=Ignored)
    varied: set[str] = field(default_factory=set)

    def differences(self, asked: Asked) -> list[Difference]:
        """What differs between the answers to ``asked``.

        Where something does, both are asked once more, so that what differs between two
        answers of one entrance is left out.
        """
        old, new = self.old.ask(asked), self.new.ask(asked)
        if not _differ(old, new, self.ignored, (), ()):
            return []
        return _differ(
            old, new, self.ignored, self._variation(self.old, asked, old),
            self._variation(self.new, asked, new),
        )  # fmt: skip

    def _variation(self, entrance: Entrance, asked: Asked, first: Answer) -> Sequence[Answer]:
        """Further answers of one entrance; what differs among them is noted."""
        again = [entrance.ask(asked), entrance.ask(asked)]
        for one in again:
            self.varied.update(d.aspect for d in _differ(first, one, self.ignored, (), ()))
        return again


def _differ(
    old: Answer, new: Answer, ignored: Ignored, olds: Sequence[Answer], news: Sequence[Answer]
) -> list[Difference]:
    """What differs, where ``olds`` and ``news`` are further answers of the same entrances."""
    olds, news = [old, *olds], [new, *news]
    found: list[Difference] = []
    if old.trouble[:6] != new.trouble[:6]:
        found.append(Difference("answer", old.trouble or str(old.status), new.trouble or "whole"))
    elif _apart({one.status for one in olds}, {one.status for one in news}):
        found.append(Difference("status", str(old.status), str(new.status)))
    if found:
        return found  # all else differs because of that
    names = dict.fromkeys(name for one in (old, new) for name, _ in one.fields)
    same_body = _same_body(olds, news, ignored)
    for name in names:
        if name in UNCOMPARED or name in ignored.fields:
            continue
        if name == "content-length" and old.body != new.body:
            continue
        before = {tuple(map(ignored.text, one.values(name))) for one in olds}
        after = {tuple(map(ignored.text, one.values(name))) for one in news}
        varies = len(before) > 1 or len(after) > 1
        if varies and {len(one) for one in before} == {len(one) for one in after}:
            continue  # it is there as often, and never the same
        if _apart(before, after):
            shown = (_fields(one, name) for one in (old, new))
            found.append(Difference(f"header {name}", *shown))
    if not same_body:
        bodies = (ignored.octets(one.body) for one in (old, new))
        found.append(Difference("body", *_where(*bodies)))
    return found


def _apart(before: Collection[object], after: Collection[object]) -> bool:
    return not set(before) & set(after)


def _same_body(olds: Sequence[Answer], news: Sequence[Answer], ignored: Ignored) -> bool:
    before = [ignored.octets(one.body) for one in olds]
    after = [ignored.octets(one.body) for one in news]
    if set(before) & set(after):
        return True
    if len(set(before)) == 1 and len(set(after)) == 1:
        return False
    if max(map(len, (*before, *after))) > LONGEST:
        return True
    return _constant(before) == _constant(after)


def _constant(bodies: Sequence[bytes]) -> list[bytes]:
    """The words of several bodies, each stretch that differs among them as one gap."""
    first, *others = (_WORD.findall(body) for body in bodies)
    gaps: set[int] = set()  # a gap is before the word of this number, or is that word
    kept = [True] * len(first)
    for other in others:
        for what, begin, end, *_ in SequenceMatcher(None, first, other, False).get_opcodes():
            if what == "insert":
                gaps.add(begin)
            elif what != "equal":
                kept[begin:end] = [False] * (end - begin)
    found: list[bytes] = []
    for number, word in enumerate((*first, b"")):
        gap = number in gaps or not (number == len(first) or kept[number])
        if gap and found[-1:] != [_GAP]:
            found.append(_GAP)
        if number < len(first) and kept[number]:
            found.append(word)
    return found


def _fields(answer: Answer, name: str) -> str:
    values = answer.values(name)
    return ", ".join(map(repr, values)) if values else "none"


def _where(old: bytes, new: bytes) -> tuple[str, str]:
    """The two bodies around the first octet in which they differ."""
    at = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
    if at is None:
        at = min(len(old), len(new))
    begin = max(0, at - 20)
    before = "..." if begin else ""
    shown = [body[begin : begin + SHOWN] for body in (old, new)]
    return tuple(  # type: ignore[return-value]
        f"{len(body)} octets, at {begin}: {before}{piece!r}"
        for body, piece in zip((old, new), shown, strict=True)
    )
