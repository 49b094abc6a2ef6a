"""Random schemas of our dialect, and values drawn from a schema.

Independent values are nearly always invalid in the same dull way. Here a value
is built to satisfy the schema and then nudged: a bound passed by one, a key
left out or added, an equal-looking twin of another type, a subclass.

``rng`` is anything with the methods of ``random.Random``, Hypothesis's included.
"""

from __future__ import annotations

import enum
import random
from collections import OrderedDict

KINDS = ["dict", "list", "tuple", "str", "bytes", "int", "bool", "float", "None"]
KEYS = ["a", "b", "type", "x-y", ""]
TEXTS = ["", "a", "b", "ab", "aB", "abc", "GET", "GET\n", "a.b", "\udc80", "\u20ac", "\xff"]
TEXT_PATTERNS = [
    "a*",
    "[A-Z]+",
    "GET",
    "a|b",
    r"a\.b",
    "(?s:.*)",
    "[^b]*",
    "ab?",
    "|a",
    r"[\x00-\xff]*",
]
BYTES_PATTERNS = ["[^A-Z]*", "[a-z]+", "a*", r"[^\r\n]*", "(?!:)(?s:.*)"]
VALUE_PATTERNS = [
    r"[^\r\n\x00]*",
    r"[^\x01-\x08\x0b\x0c\x0e-\x1f\x7f]*",
    r"(?s:(?![ \t]).*(?<![ \t]))",
    "(?s:(?! ).*(?<! ))",
    r"[\x00-\xff]*",
    "[^A-Z]*",
    "[a-z]+",
]
VALUES = [
    *["a", "a b", "ab"] * 3,
    "",
    "a",
    "1",
    "a b",
    " a",
    "a ",
    "a\t",
    "\ta",
    "a\r",
    "A",
    "\x7f",
    "\xff",
    "a}{",
    "}{ a",
]
KEY_PATTERNS = ["^a", "b", "^HTTP_", "^$"]
NUMBERS = [-1, 0, 1, 2, 200, 599, 2**63, -(2**63), 1.0, 0.5]
FORMS = ["portable types", "portable keys", "no tuples", "upper case", "exc_info", "close reason"]
FIELD_RULES = [
    {"once": True},
    {"absent": True},
    {"present": True},
    {"pattern": "[0-9]+"},
    {"pattern": "x|1"},
]
MOST = 3


class Text(str):
    def __eq__(self, other):
        raise RuntimeError("never asked")

    __hash__ = str.__hash__


class Word(str):
    """A str subclass that can be a key."""


class Clash(str):
    """A key whose comparison raises when it meets its twin."""

    def __eq__(self, other):
        raise RuntimeError("met")

    __hash__ = str.__hash__


class Octets(bytes):
    pass


class Number(int):
    def __lt__(self, other):
        raise RuntimeError("never asked")


class Items(list):
    def __iter__(self):
        raise RuntimeError("never asked")

    def __len__(self):
        raise RuntimeError("never asked")


class Pair(tuple):
    __slots__ = ()


class Map(dict):
    def __getitem__(self, key):
        raise RuntimeError("never asked")

    def __contains__(self, key):
        raise RuntimeError("never asked")


class Code(enum.IntEnum):
    OK = 200


class Hostile:
    def __getattr__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    def __hash__(self):
        raise RuntimeError("no")

    def __bool__(self):
        raise RuntimeError("no")


class Liar:
    """An object that claims to be a str, as proxies do."""

    @property
    def __class__(self):
        return str


ODD = [
    *(None, True, False, 0, 1, 1.0, 0.0, 200, 2**70, 10**5000, float("nan"), float("inf")),
    *("", "a", "GET", "GET\n", b"", b"a", b"GET", b"A\r\n", bytearray(b"a"), memoryview(b"a")),
    *((), [], {}, ("a",), [b"a", b"b"], {"a": 1}, {b"a": 1}, {1: 2}, [(b"a", b"b")], {"a": None}),
    *(Text("a"), Octets(b"a"), Number(1), Items([1]), Pair((b"a", b"b")), Map(a=1), Code.OK),
    *(OrderedDict(a=1), Hostile(), Liar(), object(), str, len, ValueError("a"), {1, 2}, range(3)),
]
CLASHING = [{Clash("a"): 1}, {Clash("type"): "a"}, {Clash("b"): 1, "c": 2}]
"""Dicts that cannot be asked for some of their keys. Nobody can say which parts of a
schema that concerns, so these are no part of ODD."""


def some(rng, items, least=1, most=MOST):
    return [rng.choice(items) for _ in range(rng.randint(least, most))]


def unique(rng, items, least=1, most=MOST):
    return list(dict.fromkeys(some(rng, items, least, most)))


def schema(rng, depth=3, *, logical=False):
    """A random schema; most have one kind of content, so that values get inside."""
    if rng.random() < 0.03:
        return rng.random() < 0.7
    makers = [texts, octets, numbers, types, scalars, forms]
    if depth > 0:
        makers += [mappings, mappings, arrays, arrays, headers, logic, conjunctions, conditions]
        makers += [environs, pairs]
    made = rng.choice(makers)(rng, depth - 1, logical)
    if not logical and rng.random() < 0.4:
        made["requirement"] = rng.choice(["r.one", "r.two", "r.three"])
        if rng.random() < 0.3:
            made["verdict"] = rng.choice(["weak", "observed"])
    return made


def drawn(rng):
    """A random schema, often one of those that have a quick check of their own."""
    roll = rng.random()
    if roll < 0.2:
        return pairs(rng, 1, False)
    return environs(rng, 1, False) if roll < 0.4 else schema(rng)


def python_type(rng, *likely):
    roll = rng.random()
    if roll < 0.6:
        return {"pythonType": rng.choice(likely)}
    if roll < 0.75:
        return {"pythonType": unique(rng, [*likely, *KINDS], 2, 4)}
    if roll < 0.85:
        return {"pythonType": "exact " + rng.choice([k for k in likely if k != "bool"])}
    return {}


def bounds(rng, stem, top=3):
    made = {}
    if rng.random() < 0.4:
        made["min" + stem] = rng.randint(0, top)
    if rng.random() < 0.4:
        made["max" + stem] = rng.randint(0, top)
    return made


def texts(rng, depth, logical):
    made = python_type(rng, "str") | bounds(rng, "Length")
    if rng.random() < 0.6:
        made["textPattern"] = rng.choice(TEXT_PATTERNS)
    return made


def octets(rng, depth, logical):
    return python_type(rng, "bytes") | {"bytesPattern": rng.choice(BYTES_PATTERNS)}


def numbers(rng, depth, logical):
    made = python_type(rng, "int", "float", "bool")
    if rng.random() < 0.6:
        made["minimum"] = rng.choice(NUMBERS)
    if rng.random() < 0.6:
        made["maximum"] = rng.choice(NUMBERS)
    return made


def types(rng, depth, logical):
    names = [*KINDS, "iterable", "callable", "exact dict", "exact str", "memoryview"]
    chosen = unique(rng, names, 1, 4)
    return {"pythonType": chosen if len(chosen) > 1 else chosen[0]}


def scalars(rng, depth, logical):
    constants = [None, True, False, 0, 1, 2, "a", "GET", "", 0.5]
    if rng.random() < 0.5:
        return {"const": rng.choice(constants)}
    return {"enum": some(rng, constants, 1, 4)}


def forms(rng, depth, logical):
    if rng.random() < 0.3:
        return {"attributes": unique(rng, ["read", "items", "encode", "__iter__"])}
    return {"form": rng.choice(FORMS)}


def mappings(rng, depth, logical):
    def inner():
        return schema(rng, depth, logical=logical)

    made = python_type(rng, "dict") | bounds(rng, "Properties")
    if rng.random() < 0.8:
        made["properties"] = {key: inner() for key in some(rng, KEYS)}
    if rng.random() < 0.5:
        made["required"] = unique(rng, KEYS, 1, 2)
    if rng.random() < 0.4:
        made["additionalProperties"] = inner()
    if rng.random() < 0.3:
        made["propertyNames"] = rng.choice(
            [{"pythonType": "str"}, texts(rng, 0, logical), {"enum": ["a", "b"]}, False]
        )
    if rng.random() < 0.3:
        made["patternProperties"] = {p: inner() for p in some(rng, KEY_PATTERNS, 1, 2)}
    if rng.random() < 0.2:
        made["exactlyOne"] = rng.choice([["a", "b"], ["a", "b", "type"]])
    return made


def arrays(rng, depth, logical):
    def inner():
        return schema(rng, depth, logical=logical)

    made = python_type(rng, "list", "tuple") | bounds(rng, "Items")
    if rng.random() < 0.5:
        made["prefixItems"] = [inner() for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.7:
        made["items"] = inner()
    return made


def headers(rng, depth, logical):
    pair = {
        "pythonType": ["list", "tuple"],
        "prefixItems": [octets(rng, 0, logical), octets(rng, 0, logical)],
    }
    if rng.random() < 0.8:
        pair |= {"minItems": 2, "maxItems": 2}
    made = {"items": pair} | python_type(rng, "list", "tuple")
    if rng.random() < 0.6:
        made["fields"] = {
            name: rng.choice(FIELD_RULES) | rng.choice([{}, *FIELD_RULES])
            for name in unique(rng, ["a", "get", "b"], 1, 2)
        }
    return made


def pairs(rng, depth, logical):
    """Headers as ours are: pairs of two native strings, or of two octets, with rules."""
    maker = rng.choice([native, natural])
    pair = {
        "pythonType": rng.choice([["list", "tuple"], "tuple"]),
        "minItems": 2,
        "maxItems": 2,
        "prefixItems": [maker(rng), maker(rng)],
    }
    made = {"pythonType": rng.choice([["list", "tuple"], "list"]), "items": pair}
    if rng.random() < 0.7:
        made["fields"] = {
            name: rng.choice(FIELD_RULES) | rng.choice([{}, *FIELD_RULES])
            for name in unique(rng, ["a", "get", "b"], 1, 3)
        }
    return made


def native(rng):
    wanted = [{"textPattern": pattern} for pattern in value_patterns(rng)]
    return {"allOf": [{"pythonType": "str"}, *wanted, *exactness(rng, "str")]}


def natural(rng):
    wanted = [{"bytesPattern": pattern} for pattern in value_patterns(rng)]
    return {"allOf": [{"pythonType": "bytes"}, *wanted, *exactness(rng, "bytes")]}


def value_patterns(rng):
    """Patterns that values are tested for together, mostly."""
    return unique(rng, VALUE_PATTERNS if rng.random() < 0.2 else VALUE_PATTERNS[:5], 0, 3)


def exactness(rng, kind):
    return [{"pythonType": f"exact {kind}"}] if rng.random() < 0.3 else []


def environs(rng, depth, logical):
    """A mapping of mostly native strings, as an environ is."""
    string = {"pythonType": "str", "textPattern": r"[\x00-\xff]*"}
    made = {"pythonType": "dict", "properties": {}, "patternProperties": {}}
    for key in unique(rng, [*KEYS, "HTTP_B", "own.key"], 2, 5):
        kinds = [string, string, {**string, "minLength": 1}, native(rng), False, {}]
        made["properties"][key] = rng.choice([*kinds, schema(rng, depth, logical=logical)])
    for pattern in unique(rng, KEY_PATTERNS, 1, 2):
        kinds = [string, string, {"pythonType": "exact str"}, {}]
        made["patternProperties"][pattern] = rng.choice(kinds)
    if rng.random() < 0.5:
        made["required"] = unique(rng, [*KEYS, "own.key"], 1, 2)
    if rng.random() < 0.4:
        made["propertyNames"] = {"textPattern": rng.choice(["(?s:[^.].*)|", "[^A-Z]*", "[a-z]*"])}
    if rng.random() < 0.1:
        made["additionalProperties"] = rng.choice([{}, string])
    return made


def logic(rng, depth, logical):
    keyword = rng.choice(["anyOf", "oneOf", "not"])
    if keyword == "not":
        return {"not": schema(rng, depth, logical=True)}
    return {keyword: [schema(rng, depth, logical=True) for _ in range(rng.randint(1, 3))]}


def conjunctions(rng, depth, logical):
    maker = rng.choice([texts, octets, mappings, arrays, headers, numbers])
    branches = [
        maker(rng, depth, logical) if rng.random() < 0.7 else schema(rng, depth, logical=logical)
        for _ in range(rng.randint(1, 3))
    ]
    return maker(rng, depth, logical) | {"allOf": branches}


def conditions(rng, depth, logical):
    made = {"if": schema(rng, depth, logical=True)}
    if rng.random() < 0.8:
        made["then"] = schema(rng, depth, logical=logical)
    if rng.random() < 0.5:
        made["else"] = schema(rng, depth, logical=logical)
    return made


def value(rng, of, depth=4):
    """A value that has a good chance of satisfying ``of``, or of failing it narrowly."""
    made = build(rng, of, depth)
    while rng.random() < 0.4:
        made = nudge(rng, made)
    return made


def parts(of):
    """``of`` and everything it says of the same value."""
    if isinstance(of, bool):
        return
    yield of
    for keyword in ("allOf", "anyOf", "oneOf"):
        for inner in of.get(keyword, ()):
            yield from parts(inner)
    for keyword in ("if", "then", "else"):
        if keyword in of:
            yield from parts(of[keyword])


def build(rng, of, depth):
    said = list(parts(of))
    if depth <= 0 or not said:
        return rng.choice(ODD)
    constants = [c for part in said for c in [*part.get("enum", ()), *[part.get("const")]]]
    if any("enum" in part or "const" in part for part in said) and rng.random() < 0.8:
        return rng.choice(constants)
    makers = []
    for part in said:
        declared = part.get("pythonType", [])
        makers += [declared] if isinstance(declared, str) else declared
        makers += [kind for keyword, kind in HINTS if keyword in part]
    kind = rng.choice(makers).removeprefix("exact ") if makers else "any"
    return BUILDERS.get(kind, build_any)(rng, said, depth)


def limits(said, stem):
    return [limit for part in said for key in ("min", "max") if (limit := part.get(key + stem))]


def length(rng, said, stem, default):
    near = [limit + step for limit in limits(said, stem) for step in (-1, 0, 0, 1)]
    return max(0, rng.choice(near or default))


def build_text(rng, said, depth):
    if any(part.get("textPattern") in VALUE_PATTERNS for part in said) and rng.random() < 0.8:
        return rng.choice([*VALUES, "\u20ac"])
    size = length(rng, said, "Length", [1])
    patterns = [part["textPattern"] for part in said if "textPattern" in part]
    if patterns and rng.random() < 0.5:
        return rng.choice(TEXTS)
    return rng.choice(["a" * size, "B" * size, rng.choice(TEXTS)])


def build_octets(rng, said, depth):
    if any(part.get("bytesPattern") in VALUE_PATTERNS for part in said) and rng.random() < 0.7:
        return rng.choice(VALUES).encode("latin-1")
    return rng.choice([b"", b"a", b"ab", b"A", b":a", b"a\r\n", b"a\n", b"\xff"])


def build_number(rng, said, depth):
    near = [
        limit + step for limit in limits(said, "imum") for step in (-1, 0, 1) if limit is not None
    ]
    return rng.choice([*near, *NUMBERS])


def build_array(rng, said, depth):
    prefixes = [part.get("prefixItems", []) for part in said]
    longest = max(map(len, prefixes), default=0)
    size = length(rng, said, "Items", [longest, longest, longest + 1, longest + 2])
    made = []
    for place in range(min(size, 5)):
        here = [prefix[place] for prefix in prefixes if place < len(prefix)]
        here += [part["items"] for part in said if "items" in part]
        made.append(value(rng, rng.choice(here), depth - 1) if here else rng.choice(ODD))
    names = [name for part in said for name in part.get("fields", ())]
    if names and rng.random() < 0.7:
        name = rng.choice(names)
        entry = (rng.choice([name, name, name.upper()]), rng.choice(["1", "x"]))
        if '"str"' not in str(said).replace("'", '"'):
            entry = tuple(text.encode() for text in entry)
        made.append(entry)
        if rng.random() < 0.3:
            made.append(made[-1])
    return made


def build_map(rng, said, depth):
    made = {}
    for part in said:
        for key, inner in part.get("properties", {}).items():
            if key in part.get("required", ()) or rng.random() < 0.7:
                made[key] = value(rng, inner, depth - 1)
        for key in part.get("required", ()):
            made.setdefault(key, rng.choice(ODD))
        for name in part.get("exactlyOne", ()):
            if rng.random() < 0.5:
                made[name] = rng.choice([None, "a"])
        for pattern, inner in part.get("patternProperties", {}).items():
            if rng.random() < 0.6:
                key = {"^a": "ab", "b": "xb", "^HTTP_": "HTTP_A", "^$": ""}.get(pattern, "OWN_KEY")
                key = rng.choice([key, key, "HTTP_A"])
                made[key] = value(rng, inner, depth - 1)
        extra = part.get("additionalProperties")
        if extra is not None and rng.random() < 0.5:
            made[rng.choice(["extra", "b", 5])] = value(rng, extra, depth - 1)
    return made


def build_any(rng, said, depth):
    return rng.choice(ODD)


HINTS = [
    ("textPattern", "str"),
    ("minLength", "str"),
    ("maxLength", "str"),
    ("bytesPattern", "bytes"),
    ("minimum", "int"),
    ("maximum", "int"),
    ("items", "list"),
    ("prefixItems", "list"),
    ("minItems", "list"),
    ("maxItems", "tuple"),
    ("fields", "list"),
    ("properties", "dict"),
    ("required", "dict"),
    ("propertyNames", "dict"),
    ("patternProperties", "dict"),
    ("additionalProperties", "dict"),
    ("exactlyOne", "dict"),
    ("maxProperties", "dict"),
]
BUILDERS = {
    "str": build_text,
    "bytes": build_octets,
    "int": build_number,
    "float": build_number,
    "list": build_array,
    "tuple": lambda rng, said, depth: tuple(build_array(rng, said, depth)),
    "dict": build_map,
    "None": lambda rng, said, depth: None,
    "bool": lambda rng, said, depth: rng.random() < 0.5,
}


def nudge(rng, made):
    """``made`` with one small change."""
    roll = rng.random()
    if roll < 0.25:
        return twin(rng, made)
    if type(made) is dict and made:
        key = rng.choice(list(made))
        changed = dict(made)
        if roll < 0.5:
            del changed[key]
        elif roll < 0.75:
            changed[rng.choice([*KEYS, b"a", 5, None, Word("zz"), Word("a")])] = rng.choice(ODD)
        else:
            changed[key] = nudge(rng, made[key])
        return changed
    if type(made) in (list, tuple) and made:
        place = rng.randint(0, len(made) - 1)
        changed = list(made)
        if roll < 0.4:
            del changed[place]
        elif roll < 0.55:
            changed.append(rng.choice([changed[place], rng.choice(ODD)]))
        else:
            changed[place] = nudge(rng, made[place])
        return type(made)(changed)
    if type(made) in (int, float) and roll < 0.7:
        return made + rng.choice([-1, 1])
    if type(made) is str and roll < 0.6:
        return made + rng.choice(["\n", "a", " "])
    return rng.choice(ODD)


def twin(rng, made):
    """Something that looks like ``made`` but is of another type."""
    match made:
        case bool():
            return int(made)
        case int() if type(made) is int:
            return rng.choice([float(made) if abs(made) < 2**60 else made, Number(made), str])
        case float():
            return int(made) if made == made and abs(made) < 1e300 else made
        case str() if type(made) is str:
            return rng.choice([Text(made), made.encode("utf-8", "surrogatepass")])
        case bytes() if type(made) is bytes:
            return rng.choice(
                [Octets(made), made.decode("latin-1"), bytearray(made), memoryview(made)]
            )
        case list() if type(made) is list:
            return rng.choice([tuple(made), Items(made)])
        case tuple() if type(made) is tuple:
            return rng.choice([list(made), Pair(made)])
        case dict() if type(made) is dict:
            return rng.choice([Map(made), OrderedDict(made), list(made.items())])
    return rng.choice(ODD)


def active(rng):
    """Ignored requirements and the mildest verdict, mostly none and all."""
    if rng.random() < 0.7:
        return frozenset(), "observed"
    ignored = frozenset(unique(rng, ["r.one", "r.two", "r.three"], 0, 2))
    return ignored, rng.choice(["fail", "weak", "observed"])


def seeded(seed):
    return random.Random(seed)
