"""Regular expressions of routers, taken apart and answered."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateproof.targets.routes.patterns import example, path_pieces
from gateproof.targets.routes.route import Parameter, Route
from gateproof.targets.routes.samples import visit


@pytest.mark.parametrize(
    ("pattern", "template", "path"),
    [
        (r"^$", "", ""),
        (r"^about/$", "about/", "about/"),
        (r"^a\.b\-c/\d/$", "a.b-c/{_1:pattern}/", "a.b-c/1/"),
        (r"(?P<year>[0-9]{4})/(?P<slug>[\w-]+)\Z", "{year:pattern}/{slug:pattern}", "2024/1"),
        (r"^(\d+)/([a-z]+)$", "{_1:pattern}/{_2:pattern}", "1/example"),
        (r"^x/?$", "x/", "x/"),
        (r"^(?:en|de)/x(?=y)y$", "{_1:pattern}/xy", "en/xy"),
        (r"^(?P<a>\((\d)[)]?\))$", "{a:pattern}", "(1))"),
        (r"^(?i)x$", "x", "x"),
        (r"^(?P<v>v[12])?/x$", "{v:pattern}/x", "/x"),
        (r"^a/$|^b/$", "{path:pattern}", "a/"),
        (r"^x{3}y$", "xxxy", "xxxy"),
        (r"^tab\t[\]x]$", "tab\t{_1:pattern}", "tab%09%5D"),
    ],
)
def test_a_pattern_becomes_a_path(pattern: str, template: str, path: str) -> None:
    route = Route(path_pieces(pattern))

    assert route.path == template
    assert visit(route).path == path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[0-9]+", "1"),
        ("[0-9]{4}", "2024"),
        ("[a-z]+", "example"),
        ("[A-F0-9]{8}", "1" * 8),
        ("[^/]+", "1"),
        ("", ""),
        ("(?:about|help)", "about"),
        (r"v(\d+)\.(\d+)", "v1.1"),
        ("[02468]", "0"),
        ("(foo|bar)-[xyz]{2,3}", "foo-xx"),
        (r"\w+@\w+\.org", "1@1.org"),
        ("(?!1)[0-9a]", "a"),
    ],
)
def test_a_text_that_matches(pattern: str, found: str) -> None:
    assert example(pattern) == found


@pytest.mark.parametrize("pattern", ["(", "[", "(?P<a", r"(a)\2", "(?=b)a", "a{9999999999}"])
def test_none_is_found_where_there_is_none_or_the_pattern_is_broken(pattern: str) -> None:
    assert example(pattern) is None


PARTS = st.sampled_from(
    ["a", r"\d", "[a-c]", "[^/]", "(x|y)", "(?:z)", "(?P<n>[0-9]{2})", r"\.", "é", "."]
)
QUANTIFIED = st.tuples(PARTS, st.sampled_from(["", "+", "?", "*", "{2}", "{1,3}", "+?"])).map(
    "".join
)


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(QUANTIFIED, max_size=6, unique=True).map("".join))
def test_what_is_found_always_matches(pattern: str) -> None:
    if pattern.count("(?P<n>") > 1:
        pattern = pattern.replace("?P<n>", "")
    found = example(pattern)

    assert found is not None
    assert re.fullmatch(pattern, found)


@settings(max_examples=300, deadline=None, database=None)
@given(st.text(st.sampled_from("ab/()[]{}^$|\\.*+?<>P:=!0,-"), max_size=20))
def test_no_text_is_too_odd(pattern: str) -> None:
    pieces = path_pieces(pattern)
    example(pattern)

    assert all(isinstance(piece, str | Parameter) for piece in pieces)
    assert visit(Route(pieces)).path.isascii()
