"""The part of the compiler that writes the checks of lists and tuples, headers among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateproof.validators.schema import patterns
from gateproof.validators.schema.conjunction import Conjunction, conjoin
from gateproof.validators.schema.dispatch import ARRAY, OCTETS, TEXT, settle
from gateproof.validators.schema.fields import Names, Rules
from gateproof.validators.schema.fields import compiled as compiled_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.schema.compiler import Writer


def array(writer: Writer, c: Conjunction, v: str) -> None:
    """Write the checks of ``v``, a plain list or tuple, at depth 0."""
    low = max(c.bound("minItems"), default=0)
    high = min(c.bound("maxItems"), default=None)
    if not _unpacks(writer, c, low, high):
        if low and low == high:
            writer.refuse(0, f"len({v}) != {low!r}")
        else:
            writer.within(c, f"len({v})", "minItems", "maxItems")
    _prefix(writer, c, v, low, high)
    fields = c.fields
    for skip in sorted({skip for skip, _ in c.items}):
        inner = conjoin([part for at, part in c.items if at == skip], writer.active)
        if inner.idle:
            continue
        pair = None if skip else _pair(writer, inner)
        if pair is not None:
            _headers(writer, inner, pair, fields, v)
            fields = []
            continue
        item = writer.fresh("e")
        writer.put(0, f"for {item} in {v}{f'[{skip}:]' if skip else ''}:")
        writer.value(inner, item, 1)
    if fields:
        writer.refuse(0, f"not {writer.give('FIELDS', compiled_fields(fields))}({v})")


def _inner(writer: Writer, c: Conjunction) -> dict[int, Conjunction]:
    """What is asked of the first places of an array, where anything is."""
    return {
        place: conjoined
        for place, parts in c.prefix.items()
        if not (conjoined := conjoin(parts, writer.active)).idle
    }


def _unpacks(writer: Writer, c: Conjunction, low: float, high: float | None) -> bool:
    """Whether the checks begin by unpacking, which no other length survives."""
    return low == high and bool(low) and sorted(_inner(writer, c)) == list(range(int(low)))


def _prefix(writer: Writer, c: Conjunction, v: str, low: float, high: float | None) -> None:
    """The checks of the first places of an array of ``low`` to ``high`` items."""
    inner = _inner(writer, c)
    names = {place: writer.fresh("e") for place in inner}
    if _unpacks(writer, c, low, high):
        writer.put(0, f"{', '.join(names[place] for place in sorted(names))}, = {v}")
        for place in sorted(inner):
            writer.value(inner[place], names[place], 0)
        return
    for place, conjoined in inner.items():
        depth = 0
        if place >= low:
            writer.put(0, f"if len({v}) > {place}:")
            depth = 1
        writer.put(depth, f"{names[place]} = {v}[{place}]")
        writer.value(conjoined, names[place], depth)


def _pair(writer: Writer, c: Conjunction) -> tuple[Conjunction, Conjunction] | None:
    """What a header's name and value must be, if ``c`` asks for pairs of texts and no more."""
    if c.kinds is None or not c.kinds <= ARRAY or c.bound("minItems") != [2]:
        return None
    if c != Conjunction(kinds=c.kinds, bounds=c.bounds, prefix=c.prefix):
        return None
    if sorted(c.bounds) != [("maxItems", 2), ("minItems", 2)] or sorted(c.prefix) != [0, 1]:
        return None
    name, value = (conjoin(c.prefix[place], writer.active) for place in (0, 1))
    return (name, value) if _is_text(name) and _is_text(value) else None


def _is_text(c: Conjunction) -> bool:
    """Whether ``c`` asks for one type of text or octets, and patterns at most."""
    if c.kinds not in (TEXT, OCTETS) or any(exact not in c.kinds for exact in c.exact):
        return False
    return c == Conjunction(
        kinds=c.kinds,
        exact=c.exact,
        text_patterns=c.text_patterns,
        bytes_patterns=c.bytes_patterns,
    )


def _kind(c: Conjunction) -> type:
    return str if c.kinds == TEXT else bytes


def _wanted(c: Conjunction) -> Sequence[str]:
    return c.text_patterns if c.kinds == TEXT else c.bytes_patterns


def _headers(
    writer: Writer,
    pair: Conjunction,
    texts: tuple[Conjunction, Conjunction],
    rules: Sequence[Rules],
    v: str,
) -> None:
    """Write one loop over headers: types, names known from before, fields by name.

    Values are new with every request, so they are tested together behind the loop.
    """
    name, value = texts
    names = Names(rules, _wanted(name), _kind(name), _kind(value))
    entry, key, item, held = (writer.fresh(stem) for stem in ("p", "k", "x", "h"))
    seen, bit = writer.fresh("s"), writer.fresh("b")
    gathers = bool(_wanted(value))
    if gathers:
        writer.put(0, f"{held} = []")
    if names.rules:
        writer.put(0, f"{seen} = 0")
    writer.put(0, f"for {entry} in {v}:")
    settle(writer, replace(pair, bounds=[], prefix={}), entry, 1)
    writer.put(1, f"{key}, {item} = {entry}")  # raises where there are more or fewer
    settle(writer, value, item, 1)
    if gathers:
        writer.put(1, f"{held}.append({item})")
    settle(writer, name, key, 1)
    _known(writer, names, key, item, seen, bit)
    if names.present:
        writer.refuse(0, f"{names.present} & ~{seen}")
    if gathers:
        patterns.together(writer, held, _wanted(value), _kind(value))


def _known(writer: Writer, names: Names, key: str, item: str, seen: str, bit: str) -> None:
    """Write what is to be done about one header's name, inside the loop."""
    if not names.rules and not names.wanted:
        return
    writer.put(1, f"if {key} not in {writer.give('PLAIN', names.plain)}:")
    learn = writer.give("LEARN", names.learn)
    if not names.rules:
        writer.refuse(2, f"{learn}({key}) < 0")
        return
    writer.put(2, f"{bit} = {writer.give('RECALL', names.ruled.get)}({key}) or {learn}({key})")
    wrong = [f"{bit} < 0"]
    if names.absent:
        wrong.append(f"{bit} & {names.absent}")
    if names.once:
        wrong.append(f"{bit} & {seen} & {names.once}")
    writer.refuse(2, " or ".join(wrong))
    writer.put(2, f"{seen} |= {bit}")
    if names.values:
        checks = writer.give("VALUES", names.values)
        writer.refuse(2, f"{bit} & {names.patterned} and not {checks}[{bit}]({item})")
