from __future__ import annotations

import json
from typing import Any

import jsonschema

from gateproof.reports import stream


def test_synthetic_runs_are_streams(mixed_run: Any, large_run: Any) -> None:
    check = jsonschema.Draft202012Validator(stream.schema())
    for run in (mixed_run(), mixed_run("a", "b[http=h11]", end=False), large_run(20, 3, 10)):
        held = [run.header, *run.cases.values(), *run.evidence.values(), *run.results]
        for line in held + ([run.footer] if run.footer else []):
            check.validate(json.loads(stream.encode(line)))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(stream.schema())
