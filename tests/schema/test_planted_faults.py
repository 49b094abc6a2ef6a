"""The agreement test catches faults: each one here is planted in a copy of the compiler."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from gateproof.validators.schema import (
    compiler,
    conjunction,
    fields,
    kinds,
    mappings,
    memory,
)
from gateproof.validators.schema.conjunction import Active
from gateproof.validators.schema.dialect import failures
from gateproof.validators.schema.files import resolve

_SPEC = importlib.util.spec_from_file_location("drawing", Path(__file__).parent / "drawing.py")
draw = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(draw)

TRIES = 6000
"""Schemas tried before a fault counts as missed."""

FAULTS = {
    "a bound is off by one": (compiler, "{measure} < {max", "{measure} <= {max"),
    "an upper bound is forgotten": (compiler, "if c.bound(high):", "if False:"),
    "the widest bound wins": (compiler, "max(c.bound(low))", "min(c.bound(low))"),
    "patterns match a beginning": (
        compiler,
        "re.compile(pattern).fullmatch",
        "re.compile(pattern).match",
    ),
    "only the first pattern counts": (
        compiler,
        "in dict.fromkeys(patterns):",
        "in list(patterns)[:1]:",
    ),
    "what was refused is remembered": (
        compiler,
        'self.put(0, f"if {v} not in {memory}:")',
        'self.put(0, f"if {v} not in {memory} and remember({memory}, {v}) is None:")',
    ),
    "a required key is optional": (
        mappings,
        "required = list(dict.fromkeys(c.required))",
        "required = []",
    ),
    "extra keys go unseen": (
        mappings,
        "for known, patterns, part in c.extras]",
        "for known, patterns, part in c.extras[:0]]",
    ),
    "key names go unseen": (
        mappings,
        "if loop is not None:\n        _each_key",
        "if loop:\n        _each_key",
    ),
    "one key too many is counted": (mappings, "= {sure}", "= {sure + 1}"),
    "items begin one late": (compiler, "[{skip}:]", "[{skip + 1}:]"),
    "prefix items are ignored": (
        compiler,
        "for place, parts in c.prefix.items()",
        "for place, parts in ()",
    ),
    "tuples are no arrays": (
        compiler,
        "_ARRAY = frozenset({list, tuple})",
        "_ARRAY = frozenset({list})",
    ),
    "any is all": (compiler, "' or '.join(calls)", "' and '.join(calls)"),
    "one is any": (compiler, "' + '.join(calls)} != 1", "' + '.join(calls)} < 1"),
    "not is forgotten": (compiler, 'if keyword == "not":', 'if keyword == "not" and not calls:'),
    "else is forgotten": (compiler, "if word and part == Conjunction():", "if word:"),
    "subclasses are refused": (compiler, 'f"{v} = {hold}({v})"', '"return False"'),
    "booleans are numbers": (
        compiler,
        "_NUMBER = frozenset({int, float})",
        "_NUMBER = frozenset({int, float, bool})",
    ),
    "false allows": (conjunction, "to.never |= not schema", "to.never |= False and not schema"),
    "allOf is one": (
        conjunction,
        'for inner in _list(schema, "allOf"):',
        'for inner in _list(schema, "allOf")[:1]:',
    ),
    "an ignored parent hides its children": (
        conjunction,
        "    _add_parts(to, schema, owner, part.logical)\n",
        "    if active.decides(owner):\n        _add_parts(to, schema, owner, part.logical)\n",
    ),
    "ignoring is ignored": (
        conjunction,
        "return False\n        if owner.verdict",
        "pass\n        if owner.verdict",
    ),
    "const is forgotten": (conjunction, 'if "const" in schema:', 'if "const" in ():'),
    "known keys are classified by pattern only": (
        memory,
        "text not in known and not matched",
        "not matched",
    ),
    "field names have case": (fields, "places.get(text.lower(), -1)", "places.get(text, -1)"),
    "a field may repeat": (fields, "bit & once and bit & seen", "bit & once and False"),
    "a present field may be absent": (fields, "return present & ~seen == 0", "return True"),
}


COPIED = (memory, fields, conjunction, mappings, compiler)
"""What the compiler is made of, each after those it takes names from."""


def planted(fault):
    """A compiler with one fault in it."""
    home, right, wrong = FAULTS[fault]
    copies = {}
    for module in COPIED[COPIED.index(home) :]:
        source = inspect.getsource(module)
        if module is home:
            assert right in source, f"the fault {fault!r} has nothing to replace"
            source = source.replace(right, wrong)
        copy = mutated(module, source)
        for name, value in list(vars(copy).items()):
            faulty = copies.get(getattr(value, "__module__", None))
            if faulty is not None:
                setattr(copy, name, getattr(faulty, value.__name__))
        copies[module.__name__] = copy
    return copies[compiler.__name__]


def mutated(home, source):
    made = ModuleType(home.__name__)
    made.__file__ = home.__file__
    exec(compile(source, home.__name__, "exec"), made.__dict__)
    return made


def caught(faulty, seeds):
    for seed in seeds:
        rng = draw.seeded(seed)
        schema = draw.schema(rng)
        plain = resolve(schema, {}, "asgi/random")
        ignored, mildest = draw.active(rng)
        active = Active(ignored, mildest)
        try:
            accept = faulty.compile_schema(schema, faulty.Active(ignored, mildest))
        except Exception:
            return True
        for _ in range(6):
            value = draw.value(rng, schema)
            if accept(value) is (next(failures(plain, value, active), None) is not None):
                return True
    return False


@pytest.mark.parametrize("fault", FAULTS)
def test_is_caught(fault):
    assert caught(planted(fault), range(TRIES))


def test_without_a_fault_nothing_is_caught():
    assert not caught(compiler, range(60))


def test_kinds_are_honest():
    assert kinds.kind_of(draw.Liar()) is None
