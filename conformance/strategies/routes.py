"""Requests to the routes that an application's own router knows.

Parameters, queries and bodies are made from the schema where the application has one (by
hypothesis-jsonschema), else from the convertor's kind or regular expression; what its author
gives as examples is among them.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from gateproof.conformance.strategies.home import away_from_home
from gateproof.conformance.strategies.route_bodies import encoded
from gateproof.targets.routes.patterns import compiled
from gateproof.targets.routes.route import Body, Parameter, Route, Visit
from gateproof.targets.routes.samples import (
    SAMPLES,
    fits,
    sample,
    sample_value,
    visit,
    written,
    written_headers,
    written_path,
    written_query,
)

LETTERS = "1a-._~ A!@:;,+%?#&=\"'<>\\|é€\U0001f600"
"""Characters of a value that may be any text; what is simple comes first."""

BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests usually have a body, also where no description says so."""

UNTOLD = (
    Body("application/json", {"type": "object"}),
    Body("application/x-www-form-urlencoded", {"type": "object"}),
)
"""Bodies of which an application may understand one that does not say what it takes."""

LARGEST = 10_000
"""So far numbers go from 0, or from their one bound."""

MOST = 20
"""Characters of a value that may be any text."""


def visits(routes: Sequence[Route], methods: Collection[str]) -> st.SearchStrategy[Visit]:
    """Requests to one of ``routes`` by one of ``methods``, whatever else the route answers.

    Args:
        routes: those that answer none of ``methods`` are passed over.
        methods: the methods that may be sent.
    """
    pairs = [(route, method) for route in routes for method in route.allowed(methods)]
    return st.sampled_from(pairs).flatmap(lambda pair: visits_to(*pair)) if pairs else st.nothing()


def visits_to(route: Route, method: str) -> st.SearchStrategy[Visit]:
    """Requests to ``route`` by ``method``, with all that is required and some of what is not."""
    operation = route.operation(method)
    in_path = {one.name: values(one) for one in route.parameters}
    beside = [(one, values(one)) for one in operation.parameters]
    bodies = _bodies(operation.bodies, method)

    @st.composite
    def made(draw: st.DrawFn) -> Visit:
        path = {name: written(draw(strategy)) for name, strategy in in_path.items()}
        found = [(o, draw(strategy)) for o, strategy in beside if o.required or draw(st.booleans())]
        fields = list(written_headers([(one, _field(written(value))) for one, value in found]))
        content_type, body = draw(bodies)
        if content_type:
            fields.append(("Content-Type", content_type))
        asked = [pair for o, value in found if o.place == "query" for pair in _pairs(o, value)]
        query = written_query(asked)
        return Visit(route, method, written_path(route, path), query, tuple(fields), body)

    return made()


def values(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values of ``parameter`` as JSON has them; those of a path are such as the route takes."""
    if parameter.schema:
        typed = _from_schema(parameter.schema, lambda: sample(parameter))
    else:
        typed = _of_kind(parameter)
    if parameter.digits:
        typed = typed.map(lambda value: written(value).zfill(parameter.digits))
    if parameter.place == "path":
        # The plainest is at hand where the schema and the pattern have little in common.
        typed = typed.map(partial(_fitting, parameter))
    examples = [one for one in parameter.examples if fits(parameter, written(one))]
    return st.sampled_from(examples) | typed if examples else typed


def _fitting(parameter: Parameter, value: object) -> object:
    return value if fits(parameter, written(value)) else sample(parameter)


def _of_kind(parameter: Parameter) -> st.SearchStrategy[Any]:
    if parameter.kind == "pattern" and parameter.pattern:
        pattern = compiled(parameter.pattern)
        matching = st.nothing() if pattern is None else st.from_regex(pattern, fullmatch=True)
        return _guarded(matching, lambda: sample(parameter))
    return KINDS.get(parameter.kind, KINDS["str"])


def _from_schema(schema: Any, instead: Callable[[], object]) -> st.SearchStrategy[Any]:
    """Values that ``schema`` accepts; what ``instead`` gives where none can be made from it."""
    try:
        from hypothesis_jsonschema import from_schema
    except ImportError:  # it rests on inner parts of Hypothesis and jsonschema, which may move
        return st.builds(instead)
    # Any codec would be tried on every character there is, which takes seconds.
    made = from_schema(_bounded(schema), custom_formats=_FORMATS, codec=None)
    return _guarded(made.map(_encodable), instead)


def _bounded(schema: Any) -> Any:
    """``schema`` with bounds for numbers that have none.

    A handler may make so many of something, or sleep so long: what a user can do to an
    application without bounds is not what the suite is to show on its tester's machine.
    """
    if isinstance(schema, list):
        return [_bounded(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _bounded(one) for name, one in schema.items()}
    if {"integer", "number"}.isdisjoint(_types(schema)) or "enum" in schema or "const" in schema:
        return found
    edges = (schema.get("minimum"), schema.get("exclusiveMinimum"), 0)
    low = max(edge for edge in edges if isinstance(edge, int | float))
    edges = (schema.get("maximum"), schema.get("exclusiveMaximum"), 0)
    high = min(edge for edge in edges if isinstance(edge, int | float))
    if "maximum" not in schema and "exclusiveMaximum" not in schema:
        found["maximum"] = low + LARGEST
    if "minimum" not in schema and "exclusiveMinimum" not in schema:
        found["minimum"] = high - LARGEST
    return found


def _types(schema: dict[str, Any]) -> set[str]:
    kind = schema.get("type")
    return set(map(str, kind)) if isinstance(kind, list) else {str(kind)}


def _encodable(value: Any) -> Any:
    """``value`` with a question mark for each lone surrogate, which UTF-8 does not have."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_encodable(one) for one in value]
    if isinstance(value, dict):
        return {_encodable(name): _encodable(one) for name, one in value.items()}
    return value


@st.composite
def _guarded(
    draw: st.DrawFn, strategy: st.SearchStrategy[Any], instead: Callable[[], object]
) -> Any:
    """What ``strategy`` gives, or what ``instead`` gives where it turns out that it can't."""
    try:
        if strategy.is_empty:
            return instead()
        return draw(strategy)
    except UnsatisfiedAssumption:
        raise
    except Exception:  # noqa: BLE001 - schemas and patterns are the user's, of any kind
        return instead()


def _bodies(known: Sequence[Body], method: str) -> st.SearchStrategy[tuple[str, bytes]]:
    """A content type and a body; both empty for none."""
    none = st.just(("", b""))
    if not known:
        if method not in BODY_METHODS:
            return none
        known = UNTOLD
    some = st.sampled_from(list(known)).flatmap(_body)
    return some if any(one.required for one in known) else none | some


def _body(body: Body) -> st.SearchStrategy[tuple[str, bytes]]:
    made = _from_schema(dict(body.schema), lambda: sample_value(body.schema))
    if body.examples:
        made = st.sampled_from(list(body.examples)) | made
    return made.map(partial(encoded, body.media_type))


def _pairs(parameter: Parameter, value: object) -> list[tuple[str, str]]:
    """The members of a list one by one, as queries have them by default."""
    members = value if isinstance(value, list) else [value]
    return [(parameter.name, written(one)) for one in members]


def _field(text: str) -> str:
    """``text`` as the value of a header field can be: visible characters with blanks between."""
    return "".join(one for one in text if " " <= one <= "~").strip()


def _text() -> st.SearchStrategy[str]:
    return st.text(st.sampled_from(LETTERS), min_size=1, max_size=MOST)


KINDS: dict[str, st.SearchStrategy[Any]] = {
    "str": _text(),
    "int": st.integers(0, LARGEST),
    "float": st.integers(0, 10**6).map(lambda number: f"{number / 1000:.3f}"),
    "decimal": st.integers(0, 10**6).map(lambda number: f"{number / 1000:.3f}"),
    "bool": st.sampled_from(("true", "false", "1", "0")),
    "slug": st.text(st.sampled_from("a1-_Z"), min_size=1, max_size=MOST),
    "path": st.lists(_text(), min_size=1, max_size=4).map("/".join),
    "uuid": st.uuids().map(str),
    "date": st.dates(dt.date(1970, 1, 1), dt.date(2100, 1, 1)).map(str),
    "time": st.times().map(lambda at: at.isoformat("seconds")),
    "datetime": st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)).map(
        lambda at: at.isoformat(timespec="seconds") + "Z"
    ),
    "timedelta": st.integers(0, 10**6).map(str),
}
"""Values of each kind."""

_FORMATS = {
    "uuid": KINDS["uuid"],
    "binary": st.just("octets"),
    "password": _text(),
    "duration": st.just("PT60S"),
}
"""String formats that hypothesis-jsonschema does not know."""


def pool(
    routes: Sequence[Route], methods: Collection[str], *, most: int = 256, seconds: float = 5.0
) -> tuple[Visit, ...]:
    """Requests made beforehand, for examples that are made from numbers.

    Args:
        routes: where they go.
        methods: the methods that may be sent.
        most: about so many, beside the samples, and sixteen for one route.
        seconds: no further route is drawn from after so many; its sample is there.

    Returns:
        The sample of each route and method, then others, always the same ones.
    """
    pairs = [(route, method) for route in routes for method in route.allowed(methods)]
    found = [visit(route, method) for route, method in pairs]
    until = time.monotonic() + seconds
    with away_from_home():
        for route, method in pairs:
            if time.monotonic() > until:
                break
            found += _some(visits_to(route, method), max(min(most // len(pairs), 16), 1))
    return tuple({(one.method, one.target, one.headers, one.body): one for one in found}.values())


def _some(strategy: st.SearchStrategy[Visit], count: int) -> list[Visit]:
    made: list[Visit] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=tuple(HealthCheck),
    )
    @given(strategy)
    def draw(one: Visit) -> None:
        made.append(one)

    draw()
    return made


if set(KINDS) | {"pattern"} != set(SAMPLES):
    raise RuntimeError("kinds of parameters without values, or values without a kind")
