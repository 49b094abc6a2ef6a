"""The catalogue's files are well formed, and their enforcement is honest."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import tomllib
from importlib import resources

import jsonschema
import pytest

from gateproof.validators import catalogue
from gateproof.validators.catalogue import (
    DOCUMENTS,
    UnknownRequirementError,
    requirement,
    requirements,
)

SPEC = resources.files("gateproof.validators").joinpath("spec")


def entries(document: str) -> list[dict[str, object]]:
    text = SPEC.joinpath(f"{document}.toml").read_text("utf-8")
    found: list[dict[str, object]] = tomllib.loads(text)["requirement"]
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_follow_their_schema(document: str) -> None:
    schema = json.loads(SPEC.joinpath("catalogue.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    problems = [
        f"{error.json_path}: {error.message}"
        for error in validator.iter_errors({"requirement": entries(document)})
    ]

    assert problems == []


@pytest.mark.parametrize(
    "mutation",
    [
        {"colour": "red"},
        {"url": ""},
        {"level": "shall"},
        {"enforce": "always"},
        {"party": "client"},
        {"breaks": "ends in a full stop."},
        {"url": "http://example.com/#no-spec"},
    ],
    ids=lambda mutation: next(iter(mutation)),
)
def test_schema_refuses_a_bad_entry(mutation: dict[str, str]) -> None:
    schema = json.loads(SPEC.joinpath("catalogue.schema.json").read_text("utf-8"))
    bad = {**entries("asgi-core")[0], **mutation}

    assert not jsonschema.Draft202012Validator(schema).is_valid({"requirement": [bad]})


def test_schema_refuses_an_entry_without_a_link() -> None:
    schema = json.loads(SPEC.joinpath("catalogue.schema.json").read_text("utf-8"))
    bad = dict(entries("asgi-core")[0])
    del bad["url"]

    assert not jsonschema.Draft202012Validator(schema).is_valid({"requirement": [bad]})


def test_ids_are_unique_and_found_by_name() -> None:
    ids = [entry["id"] for document in DOCUMENTS for entry in entries(document)]

    assert len(ids) == len(set(ids)) == 1010
    assert [requirement(str(name)).id for name in ids] == ids
    assert [entry.id for entry in requirements()] == ids


@pytest.mark.parametrize("document", DOCUMENTS)
def test_entries_are_read_as_toml_reads_them(document: str) -> None:
    """Entries are read line by line, and one alone: TOML's own reader is the judge of both."""
    for entry in entries(document):
        found = requirement(str(entry["id"]))
        told = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
        absent = {"implied": False, "source": "", "since": "", "why": "", "position": ""}
        absent |= {"unchecked": "", "same_as": ()}

        assert told == absent | entry | {
            "document": document,
            "same_as": tuple(entry.get("same_as", ())),
        }
        assert catalogue.document(document)[found.id] == found


def test_a_name_that_breaks_out_of_its_line_is_unknown() -> None:
    with pytest.raises(UnknownRequirementError):
        requirement('wsgi.preface.python3-string-rules"\nlevel = "must')


def test_the_first_requirement_asked_for_is_found_quickly() -> None:
    """The first finding of a process must not stall its request: no TOML is parsed for it."""
    script = (
        "import sys\n"
        "from gateproof.validators import catalogue\n"
        "assert catalogue.requirement('wsgi.environ.exact-dict').level == 'must'\n"
        "print('tomllib' in sys.modules, catalogue.document.cache_info().currsize)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "0"]


def test_enforcement_never_exceeds_the_text() -> None:
    """A should is never a failure, a may never more than an observation."""
    for entry in requirements():
        if entry.level in ("should", "should-not"):
            assert entry.enforce in ("weak", "observed"), entry.id
        if entry.level == "may":
            assert entry.enforce == "observed", entry.id


def test_a_lowered_enforcement_has_a_written_position() -> None:
    default = {"must": "fail", "must-not": "fail", "should": "weak", "should-not": "weak"}
    silent = [
        entry.id
        for entry in requirements()
        if entry.enforce != default.get(entry.level, "observed") and not entry.position
    ]

    assert silent == []


def test_what_breaks_and_mends_is_said_for_each_in_its_own_words() -> None:
    breaks = [entry.breaks for entry in requirements()]
    mends = [entry.mends for entry in requirements()]

    assert len(set(breaks)) == len(breaks)
    assert len(set(mends)) > 0.95 * len(mends)


def test_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UnknownRequirementError) as caught:
        requirement("asgi.http.response-start.onec")

    assert "asgi.http.response-start.once" in caught.value.nearest
    assert re.search(r"did you mean asgi\.http\.response-start\.once", str(caught.value))
