"""The part of the compiler that settles the type of a value before anything else is asked.

Instances of subclasses are made plain on the way, so that the checks behind run none
of their code.
"""

from __future__ import annotations

from gateproof.validators.schema import kinds
from gateproof.validators.schema.conjunction import Conjunction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.schema.compiler import Writer

TEXT = frozenset({str})
OCTETS = frozenset({bytes})
ARRAY = frozenset({list, tuple})
NUMBER = frozenset({int, float})
MAPPING = frozenset({dict})

GROUPS: tuple[frozenset[type], ...] = (MAPPING, ARRAY, TEXT, OCTETS, NUMBER, frozenset({bool}))
"""The types that are checked alike."""


def dispatch(writer: Writer, c: Conjunction, v: str, depth: int) -> None:
    """Settle the type of ``v`` and write what is asked of that type."""
    kinds_left = allowed(c)
    settled = c.exact[0] if c.exact else None
    if settled is not None:
        kinds_left = frozenset({settled}) if kinds_left is None else kinds_left & {settled}
    bodies = {
        group: writer.body(group, c, v)
        for group in GROUPS
        if kinds_left is None or group & kinds_left
    }
    if kinds_left is None:
        _open_choice(writer, bodies, v, depth)
    elif not kinds_left:
        writer.put(depth, "return False")
    elif settled is not None:
        writer.extend(depth, bodies.get(_group(settled), []))
    elif kinds_left == {kinds.NoneType}:
        writer.refuse(depth, f"{v} is not None")
    elif kinds.NoneType in kinds_left and single(kinds_left - {kinds.NoneType}):
        rest = kinds_left - {kinds.NoneType}
        writer.put(depth, f"if {v} is not None:")
        _one_group(writer, rest, bodies, v, depth + 1)
    elif single(kinds_left):
        _one_group(writer, kinds_left, bodies, v, depth)
    else:
        _closed_choice(writer, kinds_left, bodies, v, depth)


def settle(writer: Writer, c: Conjunction, v: str, depth: int) -> None:
    """Write that ``v`` is of the one group of types that ``c`` allows, and nothing else."""
    if c.exact:
        for exact in c.exact:
            writer.refuse(depth, f"type({v}) is not {type_name(exact)}")
    else:
        _one_group(writer, allowed(c) or frozenset(), {}, v, depth)


def allowed(c: Conjunction) -> frozenset[type] | None:
    """The built-in types that ``c`` leaves possible, ``None`` for any object."""
    left = c.kinds
    for values in c.values:
        possible = {kinds.NoneType if value is None else type(value) for value in values}
        if possible & NUMBER:
            possible |= NUMBER
        left = frozenset(possible) if left is None else left & possible
    return left


def single(types: frozenset[type]) -> bool:
    """Whether one group of types holds all ``types``."""
    return len(types) == 1 or types in (ARRAY, NUMBER)


def type_name(kind: type) -> str:
    """What ``kind`` is called in the source."""
    return "NoneType" if kind is kinds.NoneType else kind.__name__


def _group(kind: type) -> frozenset[type]:
    """The types that are checked as ``kind`` is."""
    return next((group for group in GROUPS if kind in group), frozenset({kind}))


def _type_test(types: frozenset[type], v: str, *, negate: bool) -> str:
    """An expression that tells whether ``v`` is exactly of one of the types."""
    word, glue = ("is not", " and ") if negate else ("is", " or ")
    names = sorted((type_name(kind) for kind in types), reverse=True)
    return glue.join(f"type({v}) {word} {name}" for name in names)


def _one_group(
    writer: Writer,
    types: frozenset[type],
    bodies: dict[frozenset[type], list[str]],
    v: str,
    depth: int,
) -> None:
    """``v`` must be of one group: make it plain, then its checks."""
    kind = next(iter(types))
    if types in (ARRAY, NUMBER):
        hold = "as_array" if types == ARRAY else "as_number"
    else:
        hold = writer.give("AS", kinds.coerce(kind))
    writer.put(depth, f"if {_type_test(types, v, negate=True)}:")
    writer.put(depth + 1, f"{v} = {hold}({v})")
    writer.extend(depth, bodies.get(_group(kind), []))


def _make_plain(writer: Writer, v: str, depth: int) -> None:
    """Write how an instance of a subclass becomes a plain value."""
    writer.put(depth, f"if type({v}) not in EXACT:")
    writer.put(depth + 1, f"{v} = plain({v})")


def _open_choice(
    writer: Writer, bodies: dict[frozenset[type], list[str]], v: str, depth: int
) -> None:
    """``v`` may be anything; only some types have checks."""
    chosen = [(group, body) for group, body in bodies.items() if body]
    if not chosen:
        return
    _make_plain(writer, v, depth)
    word = "if"
    for group, body in chosen:
        writer.put(depth, f"{word} {_type_test(group, v, negate=False)}:")
        writer.extend(depth + 1, body)
        word = "elif"


def _closed_choice(
    writer: Writer,
    types: frozenset[type],
    bodies: dict[frozenset[type], list[str]],
    v: str,
    depth: int,
) -> None:
    """``v`` must be of one of several groups."""
    checked = [(group, body) for group, body in bodies.items() if body and group & types]
    if not checked:  # the type is all that is asked
        given = writer.give("TYPES", types)
        writer.refuse(depth, f"type({v}) not in {given} and type(plain({v})) not in {given}")
        return
    _make_plain(writer, v, depth)
    free = types
    word = "if"
    for group, body in checked:
        test = _type_test(group & types, v, negate=False)
        writer.put(depth, f"{word} {test}:")
        writer.extend(depth + 1, body)
        free -= group
        word = "elif"
    if free:
        writer.put(depth, f"{word} {_type_test(free, v, negate=False)}:")
        writer.put(depth + 1, "pass")
    writer.put(depth, "else:")
    writer.put(depth + 1, "return False")
