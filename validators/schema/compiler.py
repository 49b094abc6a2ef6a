"""From a schema to one specialised accept function.

The function is generated Python source: straight-line checks that return
``False`` at the first failure, with the built-in type of every value settled
once and instances of subclasses turned into plain values before anything else
looks at them. jsonschema gives the same answers a hundred times slower; tests
hold the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from gateproof.validators.schema import forms, kinds
from gateproof.validators.schema.conjunction import Active, Conjunction, Owner, Scoped, conjoin
from gateproof.validators.schema.fields import compiled as compiled_fields
from gateproof.validators.schema.files import Schema
from gateproof.validators.schema.mappings import mapping
from gateproof.validators.schema.memory import remember

Accept = Callable[[object], bool]

_TEXT = frozenset({str})
_OCTETS = frozenset({bytes})
_ARRAY = frozenset({list, tuple})
_NUMBER = frozenset({int, float})
_LATIN_1 = r"[\x00-\xff]*"
"""A pattern that every native string of WSGI must match, so it has a quicker form."""

_GROUPS: tuple[frozenset[type], ...] = (
    frozenset({dict}),
    _ARRAY,
    _TEXT,
    _OCTETS,
    _NUMBER,
    frozenset({bool}),
)


def compile_schema(schema: Schema, active: Active | None = None) -> Accept:
    """The accept function of ``schema`` with references already replaced.

    Args:
        schema: a schema of our dialect.
        active: which requirements to decide; all of them by default.

    Raises:
        SchemaError: the schema uses what our dialect refuses.
    """
    return Writer(active or Active()).build([Scoped(schema, Owner())])


def source_of(schema: Schema, active: Active | None = None) -> str:
    """The generated source, for reading."""
    writer = Writer(active or Active())
    writer.build([Scoped(schema, Owner())])
    return writer.source()


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


class Writer:
    """Writes the functions of one schema and the objects they refer to."""

    def __init__(self, active: Active) -> None:
        self.active = active
        self.given: dict[str, object] = {
            "plain": kinds.plain,
            "as_array": kinds.as_array,
            "as_number": kinds.as_number,
            "remember": remember,
            "NoneType": kinds.NoneType,
            "EXACT": kinds.EXACT_TYPES,
        }
        self.functions: list[str] = []
        self.lines: list[str] = []
        self.count = 0

    def build(self, parts: list[Scoped]) -> Accept:
        """The accept function of what all ``parts`` ask."""
        name = self.function(parts)
        # The source is written by this module from schemas that ship with it.
        exec(compile(self.source(), "<compiled schema>", "exec"), self.given)  # noqa: S102
        accept: Accept = self.given[name]  # type: ignore[assignment]
        return accept

    def apart(self, parts: list[Scoped]) -> Accept:
        """An accept function of its own, for what is asked while this one is written."""
        return Writer(self.active).build(parts)

    def source(self) -> str:
        """All functions written so far."""
        return "\n".join(self.functions)

    def fresh(self, stem: str) -> str:
        """A name that is not used yet."""
        self.count += 1
        return f"{stem}{self.count}"

    def give(self, stem: str, thing: object) -> str:
        """A name by which the generated source can refer to ``thing``."""
        name = self.fresh(stem)
        self.given[name] = thing
        return name

    def put(self, depth: int, text: str) -> None:
        """Write a line."""
        self.lines.append("    " * depth + text)

    def refuse(self, depth: int, when: str) -> None:
        """Write that the value is rejected ``when`` an expression is true."""
        self.put(depth, f"if {when}:")
        self.put(depth + 1, "return False")

    def function(self, parts: Iterable[Scoped]) -> str:
        """Write a function that accepts what satisfies all ``parts``; gives its name."""
        outer, self.lines = self.lines, []
        name = self.fresh("accept_")
        self.put(0, f"def {name}(v):")
        self.put(1, "try:")
        self.value(conjoin(parts, self.active), "v", 2, looped=False)
        self.put(2, "return True")
        self.put(1, "except Exception:")
        self.put(2, "return False")
        self.functions.append("\n".join(self.lines))
        self.lines = outer
        return name

    def value(self, c: Conjunction, v: str, depth: int, *, looped: bool) -> None:
        """Write the checks of ``c`` on the variable ``v``, which they may rebind."""
        written = len(self.lines)
        if c.never:
            self.put(depth, "return False")
            return
        for exact in c.exact:
            self.refuse(depth, f"type({v}) is not {self.type_name(exact)}")
        for names in c.protocols:
            self.refuse(depth, f"not {self.give('TYPE', kinds.matcher(names))}({v})")
        for form in c.forms:
            self.refuse(depth, f"not {self.give('FORM', forms.FORMS[form])}({v})")
        for names in c.attributes:
            self.refuse(depth, f"not {self.give('HAS', forms.attributes(names))}({v})")
        self.logic(c, v, depth)
        self.conditions(c, v, depth, looped=looped)
        self.dispatch(c, v, depth, looped=looped)
        if len(self.lines) == written:
            self.put(depth, "pass")

    def logic(self, c: Conjunction, v: str, depth: int) -> None:
        """Write the checks of ``anyOf``, ``oneOf`` and ``not``."""
        for keyword, branches in c.logic:
            calls = [f"{self.function([branch])}({v})" for branch in branches]
            if keyword == "not" and branches[0].schema == {}:
                self.put(depth, "return False")
            elif keyword == "not":
                self.refuse(depth, calls[0])
            elif keyword == "anyOf":
                self.refuse(depth, f"not ({' or '.join(calls)})")
            else:
                self.refuse(depth, f"{' + '.join(calls)} != 1")

    def conditions(self, c: Conjunction, v: str, depth: int, *, looped: bool) -> None:
        """Write the checks of ``if``, ``then`` and ``else``."""
        for test, then, other in c.conditions:
            parts = [
                conjoin([part], self.active) if part else Conjunction() for part in (then, other)
            ]
            asked = self.function([test])  # written even if unused: it may be refused
            if all(part == Conjunction() for part in parts):
                continue
            self.put(depth, f"if {asked}({v}):")
            for word, part in zip(("", "else:"), parts, strict=True):
                if word and part == Conjunction():
                    continue
                if word:
                    self.put(depth, word)
                copy = self.fresh("w")
                self.put(depth + 1, f"{copy} = {v}")
                self.value(part, copy, depth + 1, looped=looped)

    def dispatch(self, c: Conjunction, v: str, depth: int, *, looped: bool) -> None:
        """Settle the type of ``v`` and write what is asked of that type."""
        allowed = self.allowed(c)
        settled = c.exact[0] if c.exact else None
        if allowed is not None and settled is not None:
            allowed &= {settled}
        bodies = {group: self.body(group, c, v, looped=looped) for group in _GROUPS}
        if settled is not None and allowed is None:
            allowed = frozenset({settled})
        if allowed is None:
            self.open_choice(bodies, v, depth)
        elif not allowed:
            self.put(depth, "return False")
        elif settled is not None:
            self.extend(depth, bodies.get(self.group(settled), []))
        elif allowed == {kinds.NoneType}:
            self.refuse(depth, f"{v} is not None")
        elif kinds.NoneType in allowed and self.single(allowed - {kinds.NoneType}):
            rest = allowed - {kinds.NoneType}
            self.put(depth, f"if {v} is not None:")
            self.one_group(rest, bodies, v, depth + 1)
        elif self.single(allowed):
            self.one_group(allowed, bodies, v, depth)
        else:
            self.closed_choice(allowed, bodies, v, depth)

    def allowed(self, c: Conjunction) -> frozenset[type] | None:
        """The built-in types that ``c`` leaves possible, ``None`` for any object."""
        allowed = c.kinds
        for values in c.values:
            possible = {kinds.NoneType if value is None else type(value) for value in values}
            if possible & _NUMBER:
                possible |= _NUMBER
            allowed = frozenset(possible) if allowed is None else allowed & possible
        return allowed

    @staticmethod
    def single(allowed: frozenset[type]) -> bool:
        """Whether one group of types holds all that is allowed."""
        return len(allowed) == 1 or allowed in (_ARRAY, _NUMBER)

    @staticmethod
    def group(kind: type) -> frozenset[type]:
        """The types that are checked as ``kind`` is."""
        return next((group for group in _GROUPS if kind in group), frozenset({kind}))

    @staticmethod
    def type_name(kind: type) -> str:
        """What ``kind`` is called in the source."""
        return "NoneType" if kind is kinds.NoneType else kind.__name__

    def type_test(self, allowed: frozenset[type], v: str, *, negate: bool) -> str:
        """An expression that tells whether ``v`` is exactly of one of the types."""
        word, glue = ("is not", " and ") if negate else ("is", " or ")
        names = sorted((self.type_name(kind) for kind in allowed), reverse=True)
        return glue.join(f"type({v}) {word} {name}" for name in names)

    def extend(self, depth: int, body: list[str]) -> None:
        """Write lines that were put at depth 0."""
        self.lines.extend("    " * depth + line for line in body)

    def one_group(
        self, allowed: frozenset[type], bodies: dict[frozenset[type], list[str]], v: str, depth: int
    ) -> None:
        """``v`` must be of one group: make it plain, then its checks."""
        kind = next(iter(allowed))
        if allowed in (_ARRAY, _NUMBER):
            hold = "as_array" if allowed == _ARRAY else "as_number"
        else:
            hold = self.give("AS", kinds.coerce(kind))
        self.put(depth, f"if {self.type_test(allowed, v, negate=True)}:")
        self.put(depth + 1, f"{v} = {hold}({v})")
        self.extend(depth, bodies.get(self.group(kind), []))

    def make_plain(self, v: str, depth: int) -> None:
        """Write how an instance of a subclass becomes a plain value."""
        self.put(depth, f"if type({v}) not in EXACT:")
        self.put(depth + 1, f"{v} = plain({v})")

    def open_choice(self, bodies: dict[frozenset[type], list[str]], v: str, depth: int) -> None:
        """``v`` may be anything; only some types have checks."""
        chosen = [(group, body) for group, body in bodies.items() if body]
        if not chosen:
            return
        self.make_plain(v, depth)
        word = "if"
        for group, body in chosen:
            self.put(depth, f"{word} {self.type_test(group, v, negate=False)}:")
            self.extend(depth + 1, body)
            word = "elif"

    def closed_choice(
        self,
        allowed: frozenset[type],
        bodies: dict[frozenset[type], list[str]],
        v: str,
        depth: int,
    ) -> None:
        """``v`` must be of one of several groups."""
        checked = [(group, body) for group, body in bodies.items() if body and group & allowed]
        if not checked:  # the type is all that is asked
            types = self.give("TYPES", allowed)
            self.refuse(depth, f"type({v}) not in {types} and type(plain({v})) not in {types}")
            return
        self.make_plain(v, depth)
        free = allowed
        word = "if"
        for group, body in checked:
            test = self.type_test(group & allowed, v, negate=False)
            self.put(depth, f"{word} {test}:")
            self.extend(depth + 1, body)
            free -= group
            word = "elif"
        if free:
            self.put(depth, f"{word} {self.type_test(free, v, negate=False)}:")
            self.put(depth + 1, "pass")
        self.put(depth, "else:")
        self.put(depth + 1, "return False")

    def body(self, group: frozenset[type], c: Conjunction, v: str, *, looped: bool) -> list[str]:
        """The checks of one group of types on a plain ``v``, at depth 0."""
        outer, self.lines = self.lines, []
        if dict in group:
            mapping(self, c, v)
        elif group == _ARRAY:
            self.array(c, v)
        elif group == _TEXT:
            self.text(c, v, looped=looped)
        elif group == _OCTETS:
            self.patterns(v, [p.encode("latin-1") for p in c.bytes_patterns], looped=looped)
        elif group == _NUMBER:
            self.number(c, v)
        elif bool in group:
            self.scalars(c, v, bool)
        body, self.lines = self.lines, outer
        return body

    def scalars(self, c: Conjunction, v: str, *types: type) -> None:
        """``v`` is of ``types`` and must be among the scalars named."""
        for values in c.values:
            mine = [value for value in values if type(value) in types]
            if len(mine) == 1 and types == (str,):
                self.refuse(0, f"{v} != {mine[0]!r}")
            else:
                self.refuse(0, f"{v} not in {self.give('VALUES', frozenset(mine))}")

    def number(self, c: Conjunction, v: str) -> None:
        """``v`` is a number."""
        self.scalars(c, v, int, float)
        self.within(c, v, "minimum", "maximum")

    def within(self, c: Conjunction, measure: str, low: str, high: str) -> None:
        """``measure`` must keep the narrowest of the limits that the two keywords set."""
        if c.bound(low):
            self.refuse(0, f"{measure} < {max(c.bound(low))!r}")
        if c.bound(high):
            self.refuse(0, f"{measure} > {min(c.bound(high))!r}")

    def text(self, c: Conjunction, v: str, *, looped: bool) -> None:
        """``v`` is text; ``looped`` where many values pass, so that some are remembered."""
        self.scalars(c, v, str)
        self.within(c, f"len({v})", "minLength", "maxLength")
        rest: list[str | bytes] = []
        for pattern in c.text_patterns:
            texts = literals(pattern)
            if pattern == _LATIN_1:
                self.refuse(0, f"not {v}.isascii() and max({v}) > {chr(255)!r}")
            elif texts is None:
                rest.append(pattern)
            elif len(texts) == 1:
                self.refuse(0, f"{v} != {texts[0]!r}")
            else:
                self.refuse(0, f"{v} not in {self.give('TEXTS', frozenset(texts))}")
        self.patterns(v, rest, looped=looped)

    def patterns(self, v: str, patterns: list[bytes] | list[str | bytes], *, looped: bool) -> None:
        """``v`` must match all ``patterns``."""
        if not patterns:
            return
        depth = 0
        memory = self.give("SEEN", set()) if looped else ""
        if memory:
            self.put(0, f"if {v} not in {memory}:")
            depth = 1
        for pattern in dict.fromkeys(patterns):
            self.refuse(depth, f"{self.give('MATCH', re.compile(pattern).fullmatch)}({v}) is None")
        if memory:
            self.put(depth, f"remember({memory}, {v})")

    def array(self, c: Conjunction, v: str) -> None:
        """``v`` is a list or a tuple."""
        low = max(c.bound("minItems"), default=0)
        high = min(c.bound("maxItems"), default=None)
        if low and low == high:
            self.refuse(0, f"len({v}) != {low!r}")
        else:
            self.within(c, f"len({v})", "minItems", "maxItems")
        self.prefix(c, v, low, high)
        for skip in sorted({skip for skip, _ in c.items}):
            inner = conjoin([part for at, part in c.items if at == skip], self.active)
            if inner == Conjunction():
                continue
            item = self.fresh("e")
            self.put(0, f"for {item} in {v}{f'[{skip}:]' if skip else ''}:")
            self.value(inner, item, 1, looped=True)
        if c.fields:
            self.refuse(0, f"not {self.give('FIELDS', compiled_fields(c.fields))}({v})")

    def prefix(self, c: Conjunction, v: str, low: float, high: float | None) -> None:
        """The checks of the first places of an array of ``low`` to ``high`` items."""
        inner = {
            place: conjoined
            for place, parts in c.prefix.items()
            if (conjoined := conjoin(parts, self.active)) != Conjunction()
        }
        names = {place: self.fresh("e") for place in inner}
        if inner and low == high and sorted(inner) == list(range(int(low))):
            self.put(0, f"{', '.join(names[place] for place in sorted(names))}, = {v}")
            for place in sorted(inner):
                self.value(inner[place], names[place], 0, looped=True)
            return
        for place, conjoined in inner.items():
            depth = 0
            if place >= low:
                self.put(0, f"if len({v}) > {place}:")
                depth = 1
            self.put(depth, f"{names[place]} = {v}[{place}]")
            self.value(conjoined, names[place], depth, looped=True)
