"""The part of the compiler that writes the checks of mappings, key by key."""

from __future__ import annotations

from gateproof.validators.schema import environs
from gateproof.validators.schema.conjunction import Conjunction, Scoped, conjoin
from gateproof.validators.schema.memory import KeyTest, classifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.schema.compiler import Writer


def mapping(writer: Writer, c: Conjunction, v: str) -> None:
    """``v`` is a dict; the checks are written at depth 0."""
    outer, writer.lines = writer.lines, []
    _by_key(writer, c, v)
    body, writer.lines = writer.lines, outer
    proof = environs.proof(writer, c) if body else ""
    if proof:
        writer.put(0, f"if not {proof}({v}):")
    writer.extend(1 if proof else 0, body)


def _by_key(writer: Writer, c: Conjunction, v: str) -> None:
    writer.within(c, f"len({v})", "minProperties", "maxProperties")
    loop = _loop(writer, c)
    counted = None if loop is None else _counted(writer, c)
    inner = {key: conjoin(parts, writer.active) for key, parts in c.keys.items()}
    known = counted or frozenset()
    asked = [key for key in inner if not inner[key].idle or key in known]
    required = list(dict.fromkeys(c.required))
    for key in required:
        if key not in asked:
            writer.refuse(0, f"{key!r} not in {v}")
    sure = sum(key in required for key in known)
    number = writer.fresh("n")
    if counted is not None:
        writer.put(0, f"{number} = {sure}")
    for key in asked:
        _key(writer, key, inner[key], v, number if key in known else "", key in required)
    for names in c.exactly_one:
        _one_present(writer, names, v)
    if loop is not None:
        _each_key(writer, c, loop, v, counted, number)


def _key(writer: Writer, key: str, c: Conjunction, v: str, number: str, required: bool) -> None:
    """The checks of one key's value, counting the key if ``number`` is a variable."""
    item = writer.fresh("x")
    depth = 0
    if required:
        if c.idle:
            writer.refuse(0, f"{key!r} not in {v}")
            return
    else:
        writer.put(0, f"if {key!r} in {v}:")
        depth = 1
        if number:
            writer.put(1, f"{number} += 1")
        elif c.idle:
            writer.put(1, "pass")
    if not c.idle:
        writer.put(depth, f"{item} = {v}[{key!r}]")
        writer.value(c, item, depth)


def _one_present(writer: Writer, names: tuple[str, ...], v: str) -> None:
    terms = [f"({v}.get({name!r}) is not None)" for name in names]
    if len(terms) == 2:
        writer.refuse(0, f"{terms[0]} is {terms[1]}")
    else:
        writer.refuse(0, f"{' + '.join(terms)} != 1")


def _loop(writer: Writer, c: Conjunction) -> list[tuple[KeyTest, Conjunction]] | None:
    """What must be done for keys that are not known by name, ``None`` for nothing."""
    tests: list[tuple[KeyTest, Scoped]] = [
        ((frozenset(), (pattern,), False), part) for pattern, part in c.key_patterns
    ]
    tests += [((known, patterns, True), part) for known, patterns, part in c.extras]
    parts = [
        (test, inner) for test, part in tests if not (inner := conjoin([part], writer.active)).idle
    ]
    names = conjoin(c.key_names, writer.active)
    return parts if parts or not names.idle else None


def _counted(writer: Writer, c: Conjunction) -> frozenset[str] | None:
    """The keys beside which nothing needs the loop, ``None`` if every key needs it."""
    known = frozenset(c.keys)
    for keys, _, part in c.extras:
        if not conjoin([part], writer.active).idle:
            known &= keys
    if any(not conjoin([part], writer.active).idle for _, part in c.key_patterns):
        return None
    accepts = writer.apart(c.key_names)
    return known if all(accepts(key) for key in known) else None


def _each_key(
    writer: Writer,
    c: Conjunction,
    parts: list[tuple[KeyTest, Conjunction]],
    v: str,
    counted: frozenset[str] | None,
    number: str,
) -> None:
    depth = 0
    if counted is not None:
        writer.put(0, f"if len({v}) != {number}:")
        depth = 1
    memory: dict[object, int] = {}
    named = writer.apart(c.key_names)
    recall = writer.give("RECALL", memory.get)
    classify = writer.give("CLASS", classifier(memory, named, [test for test, _ in parts]))
    key, item, mask = writer.fresh("k"), writer.fresh("x"), writer.fresh("m")
    writer.put(depth, f"for {key}, {item} in {v}.items():")
    writer.put(depth + 1, f"{mask} = {recall}({key}) if type({key}) is str else None")
    writer.put(depth + 1, f"if {mask} is None:")
    writer.put(depth + 2, f"{mask} = {classify}({key})")
    writer.put(depth + 1, f"if {mask}:")
    writer.refuse(depth + 2, f"{mask} < 0")
    if len(parts) == 1:  # then no bit needs to be told from another
        writer.value(parts[0][1], item, depth + 2)
        return
    for bit, (_, inner) in enumerate(parts):
        copy = writer.fresh("w")
        writer.put(depth + 2, f"if {mask} & {1 << bit}:")
        writer.put(depth + 3, f"{copy} = {item}")
        writer.value(inner, copy, depth + 3)
