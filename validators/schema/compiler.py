"""From a schema to one specialised accept function.

The function is generated Python source: straight-line checks that return
``False`` at the first failure, with the built-in type of every value settled
once and instances of subclasses turned into plain values before anything else
looks at them. jsonschema gives the same answers a hundred times slower; tests
hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateproof.validators.schema import arrays, dispatch, forms, kinds, patterns
from gateproof.validators.schema.conjunction import Active, Conjunction, Owner, Scoped, conjoin
from gateproof.validators.schema.files import Schema
from gateproof.validators.schema.mappings import mapping
from gateproof.validators.schema.memory import remember

Accept = Callable[[object], bool]


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
            "ADDRESSES": forms.ADDRESSES,
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
        self.value(conjoin(parts, self.active), "v", 2)
        self.put(2, "return True")
        self.put(1, "except Exception:")
        self.put(2, "return False")
        self.functions.append("\n".join(self.lines))
        self.lines = outer
        return name

    def value(self, c: Conjunction, v: str, depth: int) -> None:
        """Write the checks of ``c`` on the variable ``v``, which they may rebind."""
        written = len(self.lines)
        if c.never:
            self.put(depth, "return False")
            return
        for exact in c.exact:
            self.refuse(depth, f"type({v}) is not {dispatch.type_name(exact)}")
        for names in c.protocols:
            self.refuse(depth, f"not {self.give('TYPE', kinds.matcher(names))}({v})")
        for form in c.forms:
            if form in forms.TEXT:
                continue  # texts are asked when the type is settled
            self.refuse(depth, f"not {self.give('FORM', forms.FORMS[form])}({v})")
        for names in c.attributes:
            self.refuse(depth, f"not {self.give('HAS', forms.attributes(names))}({v})")
        self.logic(c, v, depth)
        self.conditions(c, v, depth)
        dispatch.dispatch(self, c, v, depth)
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

    def conditions(self, c: Conjunction, v: str, depth: int) -> None:
        """Write the checks of ``if``, ``then`` and ``else``."""
        for test, then, other in c.conditions:
            parts = [
                conjoin([part], self.active) if part else Conjunction() for part in (then, other)
            ]
            asked = self.function([test])  # written even if unused: it may be refused
            if all(part.idle for part in parts):
                continue
            self.put(depth, f"if {self.quick_test(test, asked, v)}:")
            for word, part in zip(("", "else:"), parts, strict=True):
                if word and part.idle:
                    continue
                if word:
                    self.put(depth, word)
                copy = self.fresh("w")
                self.put(depth + 1, f"{copy} = {v}")
                self.value(part, copy, depth + 1)

    def quick_test(self, test: Scoped, asked: str, v: str) -> str:
        """An expression for ``asked(v)``, quicker where it compares one int in a dict."""
        c = conjoin([test], self.active)
        if len(c.keys) != 1 or c != Conjunction(required=c.required, keys=c.keys):
            return f"{asked}({v})"
        ((key, parts),) = c.keys.items()
        inner = conjoin(parts, self.active)
        if inner != Conjunction(values=inner.values) or not set(c.required) <= {key}:
            return f"{asked}({v})"
        item = self.fresh("x")
        found = " and ".join(
            f"{item} in {self.give('VALUES', frozenset(v for v in values if type(v) is int))}"
            for values in inner.values
        )
        known = f"type({v}) is dict and type({item} := {v}.get({key!r})) is int"
        return f"({found} if {known} else {asked}({v}))"

    def extend(self, depth: int, body: list[str]) -> None:
        """Write lines that were put at depth 0."""
        self.lines.extend("    " * depth + line for line in body)

    def body(self, group: frozenset[type], c: Conjunction, v: str) -> list[str]:
        """The checks of one group of types on a plain ``v``, at depth 0."""
        outer, self.lines = self.lines, []
        if dict in group:
            mapping(self, c, v)
        elif group == dispatch.ARRAY:
            arrays.array(self, c, v)
        elif group == dispatch.TEXT:
            self.scalars(c, v, str)
            self.within(c, f"len({v})", "minLength", "maxLength")
            patterns.text(self, c, v)
        elif group == dispatch.OCTETS:
            patterns.octets(self, c, v)
        elif group == dispatch.NUMBER:
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
