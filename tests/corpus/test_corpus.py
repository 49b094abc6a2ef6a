"""Correct but odd exchanges, of which the validators have nothing grave to say."""

from __future__ import annotations

from collections import Counter

import pytest
from corpus import play_asgi, play_wsgi
from corpus.load import records

from gateproof.validators import ASGIValidator, WSGIValidator
from gateproof.validators.catalogue import requirement, requirements

PLAYED = {
    "wsgi": (play_wsgi.serve, WSGIValidator),
    "asgi": (play_asgi.serve, ASGIValidator),
}
EVERY = [*records("wsgi"), *records("asgi")]
each = pytest.mark.parametrize("record", EVERY, ids=[f"{r.interface}-{r.name}" for r in EVERY])


def told(record, level="all"):
    """What the validator tells of a record, by id with the gravest verdict first."""
    serve, validator = PLAYED[record.interface]
    made = []

    def wrap(application):
        made.append(validator(application, on_violation="collect", level=level))
        return made[0]

    serve(record, wrap)
    return made[0].violations


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_there_are_many(interface):
    assert len(records(interface)) >= 70


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_names_are_unique(interface):
    names = Counter(record.name for record in records(interface))

    assert [name for name, count in names.items() if count > 1] == []


@each
def test_nothing_fails_and_the_rest_is_expected(record):
    violations = told(record)

    assert [str(v) for v in violations if v.verdict == "fail"] == []
    assert [str(v) for v in violations if v.requirement not in record.expects] == []


@each
def test_what_is_expected_is_told(record):
    assert {v.requirement for v in told(record)} == set(record.expects)


@each
def test_a_record_names_its_clauses(record):
    for name in (record.clause, *record.shows, *record.expects):
        assert requirement(name).id == name
    assert [name for name in record.shows if requirement(name).level != "may"] == []
    assert all(len(reason) >= 20 for reason in record.expects.values())


def test_every_permission_at_the_boundary_is_shown():
    shown = {name for record in EVERY for name in record.shows}
    permitted = {
        entry.id
        for entry in requirements()
        if entry.level == "may" and entry.observable in ("boundary", "static")
    }

    assert sorted(permitted - shown) == []
