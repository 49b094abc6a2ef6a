"""The public functions, and how light they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateproof.validators import schema
from gateproof.validators.schema import dialect, texts

START = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
NAME = "asgi/http.response.start"


def test_accepting_imports_neither_jsonschema_nor_other_weights():
    script = (
        "import sys\n"
        "from gateproof.validators import schema\n"
        f"assert schema.compiled({NAME!r})({START!r})\n"
        f"assert not schema.compiled({NAME!r})(5)\n"
        "heavy = {'jsonschema', 'hypothesis', 'asyncio', 'anyio', 'tomllib', 'referencing'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
        "schema.explain('wsgi/item', 'a')\n"
        "print('jsonschema' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "True"]


def test_checks_are_compiled_once_for_each_active_set():
    assert schema.compiled(NAME) is schema.compiled(NAME)
    ignored = frozenset({"asgi.http.response-start.status-type"})
    assert schema.compiled(NAME, ignored) is not schema.compiled(NAME)
    assert schema.compiled(NAME, ignored)({**START, "status": "200"})


def test_an_ignored_parent_leaves_its_children_checked():
    ignored = frozenset({"asgi.http.response-start.headers-iterable"})
    odd = {**START, "headers": [(b"a", b"b", b"c")]}
    assert schema.compiled(NAME, ignored)(odd)
    found = schema.explain(NAME, {**START, "headers": [("a", b"b", b"c")]}, ignored)
    assert [breach.requirement for breach in found] == [
        "asgi.http.response-start.headers-name-bytes"
    ]


def test_milder_parts_can_be_left_out():
    unusual = {**START, "status": 700}
    (breach,) = schema.explain(NAME, unusual)
    assert breach.verdict == "weak"
    assert schema.compiled(NAME, mildest="fail")(unusual)
    assert schema.explain(NAME, unusual, mildest="fail") == []


def test_the_graver_of_two_findings_about_one_fault_is_told():
    (breach,) = schema.explain(NAME, {**START, "status": 1200})
    assert breach.verdict is None


def test_many_places_make_one_finding():
    names = [(b"A%d" % n, b"x") for n in range(500)]
    (breach,) = schema.explain(NAME, {**START, "headers": names})
    assert breach.message == "headers[0][0] is b'A0', not in lower case (and 199 more like it)"


def test_every_fault_is_told():
    found = schema.explain(NAME, {"type": "http.response.start", "headers": [("a", 5)]})
    assert len({breach.requirement for breach in found}) == 3


def test_unknown_names_are_helped():
    with pytest.raises(schema.UnknownSchemaError, match=r"did you mean.*http\.response\.start"):
        schema.compiled("asgi/http.response.strat")
    for name in ("asgi/../dialect", "dialect", "", "asgi/", "asgi/http.request.json"):
        with pytest.raises(schema.UnknownSchemaError):
            schema.compiled(name)


def test_disagreement_is_an_error_of_ours(monkeypatch):
    monkeypatch.setattr(dialect, "breaches", lambda *_: [])
    with pytest.raises(schema.SchemaDisagreementError, match="rejects what jsonschema accepts"):
        schema.explain(NAME, 5)


def test_requirements_of_a_schema():
    assert schema.requirements("wsgi/item") == {"wsgi.unicode.bytes-yielded"}
    assert "asgi.ext.tls.is-dict" in schema.requirements("asgi/scope.http")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a" * 500, repr("a" * 50) + "..."),
        (b"a" * 500, repr(b"a" * 50) + "..."),
        pytest.param(10**5000, "an int of 16610 bits", id="giant"),
        (list(range(9)), "[0, 1, 2, 3, ...]"),
        ((1,), "(1,)"),
        ({"a": {"b": {"c": 1}}}, "{'a': {'b': a dict of 1}}"),
        (object(), "<object object>"),
    ],
)
def test_values_are_shown_short(value, shown):
    assert texts.short(value) == shown
