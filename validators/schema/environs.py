"""The part of the compiler that accepts an environ by few calls of C code.

Most values of an environ are native strings under names that do not say what is in
them. They are copied, joined and tested as one; the names are compared with names met
before. What is left gets its own checks. Where this proves nothing, the mapping is
checked key by key. A key that lies about what it equals passes for what it claims to be.
"""

from __future__ import annotations

import re
from dataclasses import replace

from gateproof.validators.schema import patterns
from gateproof.validators.schema.conjunction import Conjunction, conjoin
from gateproof.validators.schema.dispatch import TEXT
from gateproof.validators.schema.memory import TextKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.schema.compiler import Writer


def proof(writer: Writer, c: Conjunction) -> str:
    """Write a function that is true only for plain dicts that ``c`` accepts; gives its name.

    Empty where nothing can be gained, or ``c`` asks what cannot be proven so.
    """
    asked = {key: conjoin(parts, writer.active) for key, parts in c.keys.items()}
    tests = [(pattern, conjoin([part], writer.active).idle) for pattern, part in c.key_patterns]
    if not tests or not _provable(writer, c):
        return ""
    refused = {key for key, inner in asked.items() if inner.never or inner.logic}
    texts = frozenset(key for key, inner in asked.items() if _is_text(inner)) - refused
    own = (asked.keys() | set(c.required)) - texts - refused
    sound = writer.apart(c.key_names)
    if not all(map(sound, texts | own)) or any(
        re.search(pattern, key) for pattern, idle in tests if not idle for key in own
    ):
        return ""
    keys = TextKeys(texts, texts | own | refused, sound, tests)
    outer, writer.lines = writer.lines, []
    name = writer.fresh("proof_")
    writer.put(0, f"def {name}(v):")
    writer.put(1, "try:")
    _body(writer, c, asked, texts, own, keys)
    writer.put(2, "return True")
    writer.put(1, "except Exception:")
    writer.put(2, "return False")
    writer.functions.append("\n".join(writer.lines))
    writer.lines = outer
    return name


def _provable(writer: Writer, c: Conjunction) -> bool:
    """Whether all keys but those named ask at most for native strings."""
    others = [conjoin([part], writer.active) for _, _, part in c.extras]
    named = [conjoin([part], writer.active) for _, part in c.key_patterns]
    return (
        all(inner.idle for inner in others)
        and all(inner.idle or _plain(inner) for inner in named)
        and not c.exactly_one
        and not any(bound.endswith("Properties") for bound, _ in c.bounds)
    )


def _is_text(c: Conjunction) -> bool:
    """Whether ``c`` asks for a native string, whatever else."""
    return c.kinds == TEXT and all(exact is str for exact in c.exact)


def _more(c: Conjunction) -> Conjunction:
    """What ``c`` asks beside a native string."""
    wanted = [pattern for pattern in c.text_patterns if pattern != patterns.LATIN_1]
    return replace(c, text_patterns=wanted)


def _plain(c: Conjunction) -> bool:
    """Whether ``c`` asks for a native string and no more."""
    return _is_text(c) and _more(c) == Conjunction(kinds=c.kinds, exact=c.exact)


def _body(
    writer: Writer,
    c: Conjunction,
    asked: dict[str, Conjunction],
    texts: frozenset[str],
    own: set[str],
    keys: TextKeys,
) -> None:
    required = frozenset(c.required)
    writer.put(2, "rest = v.copy()")
    writer.put(2, "pop = rest.pop")
    for key in (*asked, *sorted(required - asked.keys())):
        if key in own:
            _apart(writer, key, asked.get(key, Conjunction()), required=key in required)
    given = writer.give("KEYS", keys)
    writer.put(2, f"for k in {given}.free:")
    writer.put(3, "pop(k, None)")
    known = writer.give("KNOWN", keys.texts.issuperset)
    learn = writer.give("LEARN", keys.learn)
    writer.refuse(2, f"not {known}(rest) and not {learn}(rest)")
    writer.refuse(2, "not ''.join(rest.values()).isascii()")  # raises for what is no str
    exact = any(inner.exact for inner in asked.values())
    exact |= any(conjoin([part], writer.active).exact for _, part in c.key_patterns)
    if exact:
        only = writer.give("ONLY", TEXT.issuperset)
        writer.refuse(2, f"not {only}(map(type, rest.values()))")
    for key, inner in asked.items():
        if key in texts and not _plain(inner):
            _apart_text(writer, key, _more(inner), required=key in required)
        elif key in required and key not in own:
            writer.refuse(2, f"{key!r} not in v")


def _apart(writer: Writer, key: str, c: Conjunction, *, required: bool) -> None:
    """Take a value that is no text out, and check it."""
    item = writer.fresh("x")
    if required:
        writer.put(2, f"{item} = pop({key!r})")
        if not c.idle:
            writer.value(c, item, 2)
        return
    writer.put(2, f"if {key!r} in rest:")
    writer.put(3, f"{item} = pop({key!r})")
    if not c.idle:
        writer.value(c, item, 3)


def _apart_text(writer: Writer, key: str, c: Conjunction, *, required: bool) -> None:
    """Check of a native string what is asked of it beside."""
    item = writer.fresh("x")
    depth = 2
    if not required:
        writer.put(2, f"if {key!r} in v:")
        depth = 3
    writer.put(depth, f"{item} = v[{key!r}]")
    writer.value(c, item, depth)
