"""Odd but correct applications: nothing is said about them, and nothing changes for them."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "clean_apps", Path(__file__).parent / "clean_apps.py"
)
clean_apps = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(clean_apps)

each = pytest.mark.parametrize(
    ("app", "how"),
    clean_apps.CLEAN,
    ids=[getattr(app, "__name__", type(app).__name__) for app, _ in clean_apps.CLEAN],
)


def test_there_are_many():
    assert len(clean_apps.CLEAN) >= 30


@each
def test_nothing_is_said(app, how, serve):
    served = serve(app, level="should", **how)

    assert [str(violation) for violation in served.violations] == []


@each
def test_nothing_is_said_that_binds_a_server_directly_above(app, how, serve):
    served = serve(app, level="should", host="server", **how)

    assert [str(violation) for violation in served.violations] == []


@each
def test_the_server_sees_the_same(app, how, serve, bare):
    assert serve(app, **how).seen == bare(app, **how).seen


@each
def test_the_streams_are_put_back(app, how, serve, make_environ):
    given = make_environ(**{key: value for key, value in how.items() if key != "stop"})
    before = {key: given[key] for key in ("wsgi.input", "wsgi.errors", "wsgi.file_wrapper")}

    serve(app, given=given, stop=how.get("stop"))

    if app is clean_apps.clears_environ:
        assert given == {}
        return
    if app is clean_apps.changes_environ:
        assert given["wsgi.input"] is not before.pop("wsgi.input")
        assert type(given["wsgi.input"]) is io.BytesIO
    assert {key: given[key] for key in before} == before
