"""The agreement test catches faults: each one here is planted in a copy of the compiler."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from gateproof.validators.schema import (
    arrays,
    compiler,
    conjunction,
    dispatch,
    environs,
    fields,
    kinds,
    mappings,
    memory,
    patterns,
)
from gateproof.validators.schema.conjunction import Active
from gateproof.validators.schema.dialect import failures
from gateproof.validators.schema.files import resolve

_SPEC = importlib.util.spec_from_file_location("boundary", Path(__file__).parent / "boundary.py")
boundary = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(boundary)
draw = boundary.draw

TRIES = 6000
"""Schemas tried before a fault counts as missed."""

FAULTS = {
    "a bound is off by one": (compiler, "{measure} < {max", "{measure} <= {max"),
    "an upper bound is forgotten": (compiler, "if c.bound(high):", "if False:"),
    "the widest bound wins": (compiler, "max(c.bound(low))", "min(c.bound(low))"),
    "patterns match a beginning": (
        patterns,
        "re.compile(pattern).fullmatch",
        "re.compile(pattern).match",
    ),
    "only the first pattern counts": (
        patterns,
        "in dict.fromkeys(wanted):",
        "in list(wanted)[:1]:",
    ),
    "what was refused is remembered": (
        patterns,
        'writer.put(depth, f"if {v} not in {memory}:")',
        'writer.put(depth, f"if {v} not in {memory} and remember({memory}, {v}) is None:")',
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
    "items begin one late": (arrays, "[{skip}:]", "[{skip + 1}:]"),
    "prefix items are ignored": (
        arrays,
        "for place, parts in c.prefix.items()",
        "for place, parts in ()",
    ),
    "tuples are no arrays": (
        dispatch,
        "ARRAY = frozenset({list, tuple})",
        "ARRAY = frozenset({list})",
    ),
    "any is all": (compiler, "' or '.join(calls)", "' and '.join(calls)"),
    "one is any": (compiler, "' + '.join(calls)} != 1", "' + '.join(calls)} < 1"),
    "not is forgotten": (compiler, 'if keyword == "not":', 'if keyword == "not" and not calls:'),
    "else is forgotten": (compiler, "if word and part.idle:", "if word:"),
    "subclasses are refused": (dispatch, 'f"{v} = {hold}({v})"', '"return False"'),
    "booleans are numbers": (
        dispatch,
        "NUMBER = frozenset({int, float})",
        "NUMBER = frozenset({int, float, bool})",
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
    "field names have case": (fields, "_bits.get(text.lower(), 0)", "_bits.get(text, 0)"),
    "a field may repeat": (fields, "bit & names.once & seen", "False"),
    "a present field may be absent": (fields, "return names.present & ~seen == 0", "return True"),
    "headers: a field may repeat": (arrays, "if names.once:", "if False:"),
    "headers: a field may be there": (arrays, "if names.absent:", "if False:"),
    "headers: a present field may be absent": (arrays, "if names.present:", "if False:"),
    "headers: values of fields go unseen": (arrays, "if names.values:", "if False:"),
    "headers: one value hides another's field": (arrays, "{seen} |= {bit}", "{seen} = {bit}"),
    "headers: values go unseen": (arrays, "{held}.append({item})", "{held}"),
    "headers: the type of values goes unseen": (
        arrays,
        "settle(writer, value, item, 1)",
        "writer.put(1, 'pass')",
    ),
    "headers: the type of names goes unseen": (
        arrays,
        "settle(writer, name, key, 1)",
        "writer.put(1, 'pass')",
    ),
    "headers: the type of entries goes unseen": (
        arrays,
        "settle(writer, replace(pair, bounds=[], prefix={}), entry, 1)",
        "writer.put(1, 'pass')",
    ),
    "headers: unsound names are learned": (fields, "            return -1\n", "            pass\n"),
    "headers: names are learned as plain": (
        fields,
        "        if not bit:\n",
        "        if remember(self.plain, name) is None:\n",
    ),
    "headers: digits are whatever Python calls so": (
        fields,
        'set(patterns) == {"[0-9]+"}',
        "patterns",
    ),
    "together: one character too many is safe": (
        patterns,
        "one(chr(code))",
        "one(chr(code)) or code < 32",
    ),
    "together: text is not safe because it is ASCII": (
        patterns,
        'doubts.append(f"not {joined}.isprintable()")',
        "pass",
    ),
    "together: text is not safe because it can be printed": (
        patterns,
        '[f"not {joined}.isascii()"] if kind is str else []',
        "[]",
    ),
    "together: blanks before the glue go unseen": (
        patterns,
        "{joined}.find({before}) >= 0",
        "False",
    ),
    "together: blanks behind the glue go unseen": (
        patterns,
        "{joined}.find({behind}) >= 0",
        "False",
    ),
    "together: blanks at the ends go unseen": (patterns, "{joined}.strip() != {joined}", "False"),
    "together: few unsafe characters go unseen": (patterns, "doubts += unsafe", "pass"),
    "together: nothing is without doubt": (patterns, 'return " or ".join(doubts)', 'return "0"'),
    "environ: unsound names are learned": (memory, "or not self._sound(key)", ""),
    "environ: a forbidden key is learned": (memory, "or key in self._named", ""),
    "environ: anything may hold anything": (memory, "search(key) and not idle", "False"),
    "environ: new keys go unseen": (environs, "and not {learn}(rest)", "and False"),
    "environ: values need not be ASCII": (
        environs,
        "not ''.join(rest.values()).isascii()",
        "''.join(rest.values()) is None",
    ),
    "environ: the exact type goes unseen": (environs, "    if exact:\n", "    if False:\n"),
    "environ: a key is required of none": (
        environs,
        "elif key in required and key not in own",
        "elif False",
    ),
    "environ: what more is asked of text goes unseen": (
        environs,
        "if key in texts and not _plain(inner):",
        "if inner is None:",
    ),
    "environ: what is no text goes unseen": (
        environs,
        "writer.value(c, item, 3)",
        "writer.put(3, 'pass')",
    ),
    "environ: required, what is no text goes unseen": (
        environs,
        "            writer.value(c, item, 2)\n",
        "            pass\n",
    ),
}


COPIED = (
    memory,
    fields,
    conjunction,
    dispatch,
    patterns,
    arrays,
    environs,
    mappings,
    compiler,
)
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
            if isinstance(value, ModuleType):
                setattr(copy, name, copies.get(value.__name__, value))
                continue
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


def differs(faulty, schema, values, active):
    """Whether the ``faulty`` compiler judges one of ``values`` otherwise than jsonschema."""
    plain = resolve(schema, {}, "asgi/random")
    try:
        accept = faulty.compile_schema(schema, faulty.Active(active.ignore, active.mildest))
    except Exception:
        return True
    return any(
        accept(value) is (next(failures(plain, value, active), None) is not None)
        for value in values
    )


def caught(faulty, seeds):
    if any(differs(faulty, made, values, Active()) for made, values in boundary.PAIRS):
        return True
    for seed in seeds:
        rng = draw.seeded(seed)
        schema = draw.drawn(rng)
        active = Active(*draw.active(rng))
        if differs(faulty, schema, [draw.value(rng, schema) for _ in range(6)], active):
            return True
    return False


@pytest.mark.parametrize("fault", FAULTS)
def test_is_caught(fault):
    assert caught(planted(fault), range(TRIES))


def test_without_a_fault_nothing_is_caught():
    assert not caught(compiler, range(60))


def test_kinds_are_honest():
    assert kinds.kind_of(draw.Liar()) is None
