"""What a schema asks of one value, as one flat conjunction.

``allOf`` and siblings all speak of the same value, so they merge: a key that
three branches mention is looked up once. A part whose requirement is ignored
is left out here, and with it everything that would have to be computed for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateproof.validators.schema.fields import Rules
from gateproof.validators.schema.files import Schema, SchemaError
from gateproof.validators.schema.forms import FORMS
from gateproof.validators.schema.kinds import EXACT_PREFIX, KINDS, NAMES, PROTOCOLS, NoneType
from gateproof.validators.violation import VERDICTS, Verdict

ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "title", "description"})
"""Keywords that assert nothing."""

LOGICAL = ("anyOf", "oneOf", "not", "if")
"""Keywords under which no requirement may stand: failing there need not be a failure."""


@dataclass(frozen=True, slots=True)
class Active:
    """Which requirements are to be decided.

    Attributes:
        ignore: requirement ids whose parts are left out.
        mildest: parts that a schema marks as milder than this are left out.
    """

    ignore: frozenset[str] = frozenset()
    mildest: Verdict = "observed"

    def decides(self, owner: Owner) -> bool:
        """Whether a part that belongs to ``owner`` is to be decided."""
        if owner.requirement in self.ignore:
            return False
        if owner.verdict is None:
            return True
        return VERDICTS.index(owner.verdict) <= VERDICTS.index(self.mildest)


@dataclass(frozen=True, slots=True)
class Owner:
    """The requirement and verdict that a failing assertion belongs to."""

    requirement: str = ""
    verdict: Verdict | None = None

    def of(self, schema: dict[str, object]) -> Owner:
        """The owner of ``schema``'s own assertions, where this one encloses it."""
        own = schema.get("requirement")
        if own is None:
            if "verdict" in schema:
                raise SchemaError("a verdict stands beside the requirement it is about")
            return self
        verdict = schema.get("verdict")
        if not isinstance(own, str) or verdict not in (None, *VERDICTS):
            raise SchemaError(f"no requirement with a verdict: {own!r}, {verdict!r}")
        return Owner(own, verdict)


@dataclass(frozen=True, slots=True)
class Scoped:
    """A subschema together with the owner that encloses it."""

    schema: Schema
    owner: Owner
    logical: bool = False


@dataclass(slots=True)
class Conjunction:
    """Everything that is asked of one value.

    Lists hold one entry for each assertion found; ``keys``, ``prefix`` and the
    like hold the subschemas that apply to one part of the value.
    """

    never: bool = False
    kinds: frozenset[type] | None = None
    exact: list[type] = field(default_factory=list)
    protocols: list[tuple[str, ...]] = field(default_factory=list)
    values: list[tuple[object, ...]] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    attributes: list[tuple[str, ...]] = field(default_factory=list)
    logic: list[tuple[str, tuple[Scoped, ...]]] = field(default_factory=list)
    conditions: list[tuple[Scoped, Scoped | None, Scoped | None]] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    keys: dict[str, list[Scoped]] = field(default_factory=dict)
    key_names: list[Scoped] = field(default_factory=list)
    key_patterns: list[tuple[str, Scoped]] = field(default_factory=list)
    extras: list[tuple[frozenset[str], tuple[str, ...], Scoped]] = field(default_factory=list)
    exactly_one: list[tuple[str, ...]] = field(default_factory=list)
    prefix: dict[int, list[Scoped]] = field(default_factory=dict)
    items: list[tuple[int, Scoped]] = field(default_factory=list)
    fields: list[Rules] = field(default_factory=list)
    bounds: list[tuple[str, float]] = field(default_factory=list)
    text_patterns: list[str] = field(default_factory=list)
    bytes_patterns: list[str] = field(default_factory=list)

    @property
    def idle(self) -> bool:
        """Whether nothing is asked."""
        return self.kinds is None and not any(getattr(self, name) for name in self.__slots__)

    def narrow(self, kinds: Iterable[type]) -> None:
        """Allow only values of ``kinds``."""
        kinds = frozenset(kinds)
        self.kinds = kinds if self.kinds is None else self.kinds & kinds

    def bound(self, keyword: str) -> list[float]:
        """The limits that ``keyword`` set."""
        return [limit for name, limit in self.bounds if name == keyword]


_BOUNDS = (
    "minProperties",
    "maxProperties",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
)
_HANDLED = frozenset(
    {
        *ANNOTATIONS,
        *_BOUNDS,
        *("requirement", "verdict", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
        *("pythonType", "const", "enum", "form", "attributes", "required", "properties"),
        *("propertyNames", "patternProperties", "additionalProperties", "exactlyOne"),
        *("prefixItems", "items", "fields", "textPattern", "bytesPattern"),
    }
)
KEYWORDS = _HANDLED | {"$ref", "$defs"}
"""Every keyword of the dialect."""


def conjoin(parts: Iterable[Scoped], active: Active) -> Conjunction:
    """The conjunction of ``parts``, without what ``active`` leaves out.

    Raises:
        SchemaError: a part uses what our dialect refuses.
    """
    result = Conjunction()
    for part in parts:
        _add(result, part, active)
    return result


def _add(to: Conjunction, part: Scoped, active: Active) -> None:
    schema = part.schema
    if isinstance(schema, bool):
        to.never |= not schema and active.decides(part.owner)
        return
    unknown = schema.keys() - _HANDLED
    if unknown:
        raise SchemaError(f"keywords that our dialect does not know: {sorted(unknown)}")
    if part.logical and "requirement" in schema:
        raise SchemaError(f"{schema['requirement']} stands where failing need not be a failure")
    owner = part.owner.of(schema)
    if active.decides(owner):
        _add_assertions(to, schema)
        _add_logic(to, schema, owner)
    _add_condition(to, schema, owner, part.logical)
    _add_parts(to, schema, owner, part.logical)
    for inner in _list(schema, "allOf"):
        _add(to, Scoped(_schema(inner), owner, part.logical), active)


def _add_assertions(to: Conjunction, schema: dict[str, object]) -> None:
    if "pythonType" in schema:
        _add_types(to, schema["pythonType"])
    if "const" in schema:
        to.values.append((_scalar(schema["const"]),))
    if "enum" in schema:
        to.values.append(tuple(_scalar(value) for value in _list(schema, "enum")))
    if "form" in schema:
        if schema["form"] not in FORMS:
            raise SchemaError(f"no form is called {schema['form']!r}")
        to.forms.append(str(schema["form"]))
    if "attributes" in schema:
        to.attributes.append(tuple(map(str, _list(schema, "attributes"))))
    to.required.extend(str(key) for key in _list(schema, "required"))
    if "exactlyOne" in schema:
        to.exactly_one.append(tuple(map(str, _list(schema, "exactlyOne"))))
    if "fields" in schema:
        to.fields.append(schema["fields"])  # type: ignore[arg-type]
    for keyword in _BOUNDS:
        if keyword in schema:
            to.bounds.append((keyword, schema[keyword]))  # type: ignore[arg-type]
    if "textPattern" in schema:
        to.text_patterns.append(str(schema["textPattern"]))
    if "bytesPattern" in schema:
        to.bytes_patterns.append(str(schema["bytesPattern"]))


def _add_types(to: Conjunction, declared: object) -> None:
    names = (declared,) if isinstance(declared, str) else tuple(_tuple(declared))
    if not names or any(name not in NAMES for name in names):
        raise SchemaError(f"no Python type is called so: {declared!r}")
    if all(name in KINDS for name in names):
        to.narrow(KINDS[str(name)] for name in names)
    elif len(names) == 1 and str(names[0]) not in PROTOCOLS:
        to.exact.append(KINDS[str(names[0]).removeprefix(EXACT_PREFIX)])
    else:
        to.protocols.append(tuple(map(str, names)))


def _add_logic(to: Conjunction, schema: dict[str, object], owner: Owner) -> None:
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            branches = tuple(
                Scoped(_schema(inner), owner, logical=True) for inner in _list(schema, keyword)
            )
            to.logic.append((keyword, branches))
    if "not" in schema:
        to.logic.append(("not", (Scoped(_schema(schema["not"]), owner, logical=True),)))


def _add_condition(to: Conjunction, schema: dict[str, object], owner: Owner, logical: bool) -> None:
    if "if" not in schema:
        return
    then, other = (
        Scoped(_schema(schema[keyword]), owner, logical) if keyword in schema else None
        for keyword in ("then", "else")
    )
    to.conditions.append((Scoped(_schema(schema["if"]), Owner(), logical=True), then, other))


def _add_parts(to: Conjunction, schema: dict[str, object], owner: Owner, logical: bool) -> None:
    def scoped(inner: object) -> Scoped:
        return Scoped(_schema(inner), owner, logical)

    keys = _map(schema, "properties")
    patterns = _map(schema, "patternProperties")
    for key, inner in keys.items():
        to.keys.setdefault(key, []).append(scoped(inner))
    for pattern, inner in patterns.items():
        to.key_patterns.append((pattern, scoped(inner)))
    if "propertyNames" in schema:
        to.key_names.append(scoped(schema["propertyNames"]))
    if "additionalProperties" in schema:
        extra = scoped(schema["additionalProperties"])
        to.extras.append((frozenset(keys), tuple(patterns), extra))
    prefix = _list(schema, "prefixItems")
    for place, inner in enumerate(prefix):
        to.prefix.setdefault(place, []).append(scoped(inner))
    if "items" in schema:
        to.items.append((len(prefix), scoped(schema["items"])))


def _schema(value: object) -> Schema:
    if not isinstance(value, dict | bool):
        raise SchemaError(f"{value!r} is not a schema")
    return value


def _scalar(value: object) -> object:
    if not isinstance(value, str | int | float | NoneType):
        raise SchemaError(f"const and enum take scalars only, not {value!r}")
    return value


def _tuple(value: object) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise SchemaError(f"{value!r} is not a list")
    return tuple(value)


def _list(schema: dict[str, object], keyword: str) -> tuple[object, ...]:
    return _tuple(schema[keyword]) if keyword in schema else ()


def _map(schema: dict[str, object], keyword: str) -> dict[str, object]:
    value = schema.get(keyword, {})
    if not isinstance(value, dict):
        raise SchemaError(f"{keyword} is not an object: {value!r}")
    return value
