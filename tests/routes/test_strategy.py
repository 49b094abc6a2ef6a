"""Drawn requests: legal on the wire, true to schemas, never by another method."""

from __future__ import annotations

import json
import re
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, unquote

import jsonschema
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis.errors import NoSuchExample

from gateproof.conformance.strategies.route_bodies import encoded
from gateproof.conformance.strategies.routes import KINDS, LARGEST, _bounded, pool, values, visits
from gateproof.targets.routes.route import Body, Operation, Parameter, Route, Visit
from gateproof.targets.routes.samples import fits, written

ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["name", "count"],
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "count": {"type": "integer"},
        "next": {"anyOf": [False, {"type": "null"}]},
    },
    "additionalProperties": False,
}

QUERY = (
    Parameter("words", place="query", schema={"type": "string", "minLength": 3}),
    Parameter("tags", place="query",
              schema={"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2}),
    Parameter("page", "int", place="query", schema={"type": "integer"}, required=False),
    Parameter("X-Key", place="header"),
    Parameter("sid", place="cookie"),
)  # fmt: skip

ROUTES = (
    Route(("/",), ("GET",)),
    Route(("/items/", Parameter("n", "int", pattern="[0-9]+"), "/", Parameter("name")),
          ("GET", "HEAD")),
    Route(("/files/", Parameter("path", "path")), ("DELETE", "GET")),
    Route(("/years/", Parameter("y", "pattern", pattern="20[0-9]{2}"), ".html")),
    Route(("/search",), ("GET", "POST"), operations={
        "GET": Operation(QUERY),
        "POST": Operation((), (Body("application/json", ITEM, required=True),)),
    }),
    Route(("/form",), ("POST",)),
)  # fmt: skip

PATH = re.compile(r"(?:/|[A-Za-z0-9._~:@!$&'()*+,;=-]|%[0-9A-F]{2})*")
"""https://www.rfc-editor.org/rfc/rfc3986#section-3.3"""

FORM = "application/x-www-form-urlencoded"

QUIET = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=tuple(HealthCheck)
)


@QUIET
@given(visits(ROUTES, ("GET", "HEAD", "OPTIONS")))
def test_requests_are_legal_and_within_the_methods(asked: Visit) -> None:
    assert asked.method in asked.route.allowed(("GET", "HEAD", "OPTIONS"))
    assert PATH.fullmatch(asked.path)
    assert re.fullmatch(r"[!-~]*", asked.query)
    assert "#" not in asked.query
    assert asked.body == b""
    for name, text in asked.headers:
        assert re.fullmatch(r"[\w-]+", name)
        assert re.fullmatch(r"([!-~]([ -~]*[!-~])?)?", text)
    template = "".join(
        re.escape(piece)
        if isinstance(piece, str)
        else "(.+)"
        if piece.kind == "path"
        else "([^/]+)"
        for piece in asked.route.pieces
    )
    found = re.fullmatch(template, asked.path)
    assert found
    for parameter, text in zip(asked.route.parameters, found.groups(), strict=True):
        assert fits(parameter, unquote(text))


@QUIET
@given(visits(ROUTES[4:5], ("GET",)))
def test_queries_follow_their_schemas(asked: Visit) -> None:
    found = parse_qs(asked.query, keep_blank_values=True, strict_parsing=True)

    assert len(found["words"][0]) >= 3
    assert set(found["tags"]) <= {"a", "b"}
    assert len(found["tags"]) >= 2
    assert all(abs(int(page)) <= LARGEST for page in found.get("page", []))
    assert {"X-Key", "Cookie"} == {name for name, _ in asked.headers}


@QUIET
@given(visits(ROUTES[4:5], ("POST",)))
def test_bodies_follow_their_schemas(asked: Visit) -> None:
    jsonschema.validate(json.loads(asked.body), ITEM)

    assert ("Content-Type", "application/json") in asked.headers


def test_all_routes_and_what_is_optional_are_drawn() -> None:
    drawn = visits(ROUTES, ("GET", "POST"))
    quiet = settings(QUIET, max_examples=2000)

    for route in ROUTES:
        find(drawn, lambda asked, route=route: asked.route is route, settings=quiet)
    find(drawn, lambda asked: "page=" in asked.query, settings=quiet)
    find(drawn, lambda asked: bool(asked.query) and "page=" not in asked.query, settings=quiet)
    find(drawn, lambda asked: asked.route.path == "/form" and not asked.body, settings=quiet)
    find(drawn, lambda asked: asked.route.path == "/form" and b"{" in asked.body, settings=quiet)


def test_nothing_is_drawn_where_no_route_may_be_asked() -> None:
    assert visits(ROUTES[5:], ("GET",)).is_empty
    assert pool(ROUTES[5:], ("GET",)) == ()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_gives_values_that_a_path_can_hold(kind: str) -> None:
    parameter = Parameter("a", kind)

    @settings(QUIET, max_examples=30)
    @given(values(parameter))
    def check(value: Any) -> None:
        assert fits(parameter, written(value))

    check()


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter("a", "pattern", pattern="("),
        Parameter("a", schema={"type": "string", "pattern": "("}),
        Parameter("a", schema={"type": "nonsense"}),
        Parameter("a", schema={"$ref": "#/nowhere"}),
        Parameter("a", schema={"enum": []}),
        Parameter("a", schema={"type": "integer", "minimum": 5, "maximum": 1}),
        Parameter("a", schema={"type": "integer", "exclusiveMinimum": True, "minimum": 3}),
        Parameter("a", schema={"type": "string", "maxLength": 0}),
        Parameter("a", "int", pattern="[0-9]{3}", digits=3),
        Parameter("a", schema={"type": "integer", "minimum": 10**9}),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_falls_back_to_the_sample(parameter: Parameter) -> None:
    @settings(QUIET, max_examples=10)
    @given(values(parameter))
    def check(value: Any) -> None:
        assert fits(parameter, written(value)) or not parameter.pattern.strip("(")

    check()


def test_a_pool_is_the_same_each_time_and_begins_with_the_samples() -> None:
    found = pool(ROUTES, ("GET",), most=60, seconds=60)

    assert found == pool(ROUTES, ("GET",), most=60, seconds=60)
    assert [one.path for one in found[:5]] == [
        "/",
        "/items/1/1",
        "/files/example",
        "/years/2024.html",
        "/search",
    ]
    assert {one.method for one in found} == {"GET"}
    assert 20 < len(found) <= 5 + 60
    assert len(pool(ROUTES, ("GET",), seconds=-1)) == 5


@pytest.mark.parametrize(
    ("media_type", "value", "body"),
    [
        ("application/json", {"a": [1, None]}, b'{"a": [1, null]}'),
        ("application/problem+json; charset=utf-8", "x", b'"x"'),
        ("*/*", True, b"true"),
        (FORM, {"a b": ["1", 2], "c": "\xe9&"}, b"a+b=1&a+b=2&c=%C3%A9%26"),
        (FORM, "x", b"value=x"),
        ("text/plain", "\xe9", b"\xc3\xa9"),
        ("application/octet-stream", 5, b"5"),
    ],
)  # fmt: skip
def test_a_body_is_written_in_its_type(media_type: str, value: object, body: bytes) -> None:
    assert encoded(media_type, value)[1] == body


def test_a_form_of_parts_can_be_read() -> None:
    content_type, body = encoded("multipart/form-data", {'a"\r\n': "1", "b": ["2", "3"]})
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts = [
        (part.get_param("name", header="content-disposition"), part.get_payload())
        for part in message.get_payload()  # type: ignore[union-attr]
    ]

    assert parts == [("a%22%0D%0A", "1"), ("b", "2"), ("b", "3")]


def test_an_author_s_examples_are_among_the_values() -> None:
    parameter = Parameter("a", "int", examples=("x/y", 123456789))

    assert find(values(parameter), lambda value: value == 123456789, settings=QUIET) == 123456789
    with pytest.raises(NoSuchExample):  # the path would be another
        find(values(parameter), lambda v: v == "x/y", settings=settings(QUIET, max_examples=50))


def test_bounds_hold_inside_of_bodies() -> None:
    assert _bounded({"properties": {"n": {"type": ["null", "integer"]}}}) == {
        "properties": {"n": {"type": ["null", "integer"], "minimum": -LARGEST, "maximum": LARGEST}}
    }
    assert _bounded({"type": "integer", "minimum": 10**6})["maximum"] == 10**6 + LARGEST
    assert _bounded({"type": "number", "enum": [1]}) == {"type": "number", "enum": [1]}
