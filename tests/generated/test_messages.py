"""Every legal shape is accepted, and every near miss is caught by its own requirement alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import find, given

from gateproof.conformance.strategies.choices import Given
from gateproof.conformance.strategies.message_misses import blamed, misses, near_misses
from gateproof.conformance.strategies.message_places import root
from gateproof.conformance.strategies.messages import legal
from gateproof.conformance.strategies.walks import strategy
from gateproof.validators import catalogue, schema
from gateproof.validators.asgi.judge import judge
from gateproof.validators.asgi.versions import declared, owes
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.schema.files import load
from gateproof.validators.violation import VERDICTS

_SPEC = importlib.util.spec_from_file_location("playing", Path(__file__).parent / "playing.py")
playing = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(playing)

each_schema = pytest.mark.parametrize("name", schema.names())

EACH = 6
"""Examples for each form that a value can have, if that is more than 150 in all."""


# Legal shapes -----------------------------------------------------------------------


def forms(place, path=()):
    """Every form that a value can have: of which type it is, and each of its parts, if there."""
    for atom in place.atoms:
        yield path, type(atom).__name__
    for kind in place.kinds:
        yield path, kind.__name__
        if kind is dict:
            for key, inner in place.keys.items():
                if inner.possible:
                    yield from forms(inner, (*path, key))
                    if key not in place.wanted.required:
                        yield (*path, key), "absent"
        else:
            for index in range(max(len(place.wanted.prefix), 1)):
                yield from forms(place.item(index), (*path, step(place, index)))


def step(place, index):
    """An item's part in a path: all are one where a list has no length of its own."""
    return index if place.wanted.bound("maxItems") else ""


def held(place, value, path=()):
    """The forms that ``value`` has."""
    yield path, type(value).__name__
    if isinstance(value, dict) and dict in place.kinds:
        for key, inner in place.keys.items():
            if key in value:
                yield from held(inner, value[key], (*path, key))
            elif inner.possible:
                yield (*path, key), "absent"
    elif type(value) in place.kinds:
        for index, item in enumerate(value):
            yield from held(place.item(index), item, (*path, step(place, index)))


@each_schema
def test_legal_values_are_accepted_and_have_every_form(name):
    place = root(name)
    wanted = set(forms(place))
    seen = set()
    count = [0]

    @playing.examples(max(150, EACH * len(wanted)))
    @given(strategy(legal(name), fast=True))
    def look(value):
        assert schema.compiled(name)(value)
        count[0] += 1
        if count[0] % 40 == 0:
            assert schema.explain(name, value) == []
        seen.update(held(place, value))

    look()
    assert wanted - seen == set()


@each_schema
def test_the_structured_style_draws_legal_values(name):
    @playing.examples(20)
    @given(strategy(legal(name)))
    def look(value):
        assert schema.explain(name, value) == []

    look()


@each_schema
def test_the_plainest_value_is_legal_and_any_choices_make_one(name):
    for numbers in ((), [1] * 300, [10**9] * 300, range(300)):
        assert schema.compiled(name)(legal(name)(Given(numbers)))


# Near misses ------------------------------------------------------------------------


def gravest(breaches):
    """Each requirement that is broken, and the gravest verdict of it."""
    found = {}
    for breach in breaches:
        verdict = breach.verdict or catalogue.requirement(breach.requirement).enforce
        other = found.get(breach.requirement, verdict)
        found[breach.requirement] = min(verdict, other, key=VERDICTS.index)
    return found


def decided(name):
    """Each requirement that some subschema decides, with the verdict that it has there."""
    found = set()
    pending = [(load(name), None)]
    while pending:
        node, owner = pending.pop()
        requirement = node.get("requirement")
        if isinstance(requirement, str):
            verdict = node.get("verdict") or catalogue.requirement(requirement).enforce
            owner = (requirement, verdict)
        if owner and node.keys() - ABOUT:
            found.add(owner)
        for keyword in ("properties", "patternProperties"):
            pending.extend((inner, owner) for inner in node.get(keyword, {}).values())
        for keyword in ("allOf", "prefixItems"):
            pending.extend((inner, owner) for inner in node.get(keyword, ()))
        single = ("items", "additionalProperties", "propertyNames", "then", "else")
        pending.extend((node[keyword], owner) for keyword in single if keyword in node)
    return found


ABOUT = {"requirement", "verdict", "title", "description", "$schema", "$id", "allOf", "properties"}
"""Keywords that assert nothing by themselves."""

NEVER_ALONE = {
    ("asgi/scope.lifespan", "asgi.strings.dict-keys-str"): (
        "a key that is no text is none of those that the text lists either, and both are told"
    ),
}
"""What cannot be broken alone, and why."""


@each_schema
def test_every_subschema_is_broken_alone(name):
    broken = {(miss.requirement, miss.verdict) for group in near_misses(name) for miss in group}
    lacking = decided(name) - broken

    assert {(name, requirement) for requirement, _ in lacking} == {
        place for place in NEVER_ALONE if place[0] == name
    }
    assert broken <= decided(name)


@each_schema
def test_known_near_misses_are_caught_by_their_own_requirement_alone(name):
    for group in near_misses(name):
        miss = group[0]
        found = schema.explain(name, miss.value)
        assert gravest(found) == {miss.requirement: miss.verdict}, miss.edit
        assert schema.compiled(name)(miss.base)
        assert miss.edit.apply(miss.base) is not miss.base


@pytest.mark.parametrize("fast", [False, True], ids=["structured", "fast"])
@each_schema
def test_drawn_near_misses_are_caught_by_their_own_requirement_alone(name, fast):
    seen = set()

    @playing.examples(25)
    @given(strategy(misses(name), fast=fast))
    def look(miss):
        assert not schema.compiled(name)(miss.value)
        assert schema.compiled(name, frozenset({miss.requirement}))(miss.value)
        assert blamed(name, miss.value, (miss.requirement,)) == (miss.requirement, miss.verdict)
        seen.add(miss.requirement)

    look()
    assert len(seen) >= min(3, len(schema.requirements(name)))


def test_a_near_miss_shrinks_to_a_plain_value_with_one_edit():
    miss = find(
        strategy(misses("asgi/http.response.start")),
        lambda miss: miss.requirement == "asgi.http.response-start.headers-lowercase",
        settings=playing.examples(3000),
    )

    assert set(miss.value) == {"type", "status", "headers"}
    assert len(miss.value["headers"]) <= 2


# By the live judges -----------------------------------------------------------------

SCOPES = {
    "http": {**playing.HTTP, "asgi": {"version": "3.0", "spec_version": "2.5"}},
    "websocket": {**playing.WEBSOCKET, "asgi": {"version": "3.0", "spec_version": "2.5"}},
    "lifespan": playing.LIFESPAN,
}
SOUND = {
    "http": [("receive", None), ("received", {"type": "http.request"})],
    "websocket": [
        ("receive", None),
        ("received", {"type": "websocket.connect"}),
        ("send", {"type": "websocket.accept"}),
        ("sent", None),
    ],
    "lifespan": [],
}
SERVERS = {
    *("http.request", "http.disconnect", "websocket.connect", "websocket.receive"),
    *("websocket.disconnect", "lifespan.startup", "lifespan.shutdown"),
}
EVENTS = [
    name
    for name in schema.names()
    if name.startswith(("asgi/http.", "asgi/websocket.", "asgi/lifespan."))
]


def told(name, event):
    """What the judge of a connection tells of an event's shape."""
    kind = name.removeprefix("asgi/")
    protocol = kind.partition(".")[0]
    policy = Policy("collect", Rules(level="all"))
    judging = judge(SCOPES[protocol], policy)
    judging.called(SCOPES[protocol])
    for rung, data in SOUND[protocol]:
        assert list(judging.feed(rung, data)) == []
    if kind in SERVERS:
        judging.feed("receive")
        found = judging.feed("received", event)
    else:
        found = judging.feed("send", event)
    return [breach for breach in found if breach.requirement in schema.requirements(name)]


def typed(name, value):
    """Whether ``value`` is an event of the type that the schema is about."""
    return type(value) is dict and value.get("type") == name.removeprefix("asgi/")


@pytest.mark.parametrize("name", EVENTS)
def test_the_judges_tell_of_near_misses_and_of_no_legal_shape(name):
    @playing.examples(15)
    @given(strategy(legal(name), fast=True))
    def sound(event):
        assert told(name, event) == []

    judged = set()

    @playing.examples(30)
    @given(strategy(misses(name), fast=True))
    def amiss(miss):
        if typed(name, miss.value):
            assert gravest(told(name, miss.value)) == {miss.requirement: miss.verdict}
            judged.add(miss.requirement)

    sound()
    amiss()
    assert len(judged) >= 2


UNSTATED = {"http": (2, 0), "websocket": (2, 0), "lifespan": (1, 0)}


@pytest.mark.parametrize("protocol", UNSTATED)
def test_the_judges_tell_of_a_scope_that_is_a_near_miss(protocol):
    name = f"asgi/scope.{protocol}"

    judged = set()

    @playing.examples(60)
    @given(strategy(misses(name), fast=True))
    def amiss(miss):
        scope = miss.value
        if not typed(f"asgi/{protocol}", scope):
            return
        found = judge(scope, Policy("collect", Rules(level="all"))).called(scope)
        shown = gravest(one for one in found if one.requirement in schema.requirements(name))
        bound = owes(protocol, declared(scope, UNSTATED[protocol]), miss.requirement)
        assert shown == ({miss.requirement: miss.verdict} if bound else {})
        judged.update([miss.requirement] if bound else [])

    amiss()
    assert len(judged) >= 5
