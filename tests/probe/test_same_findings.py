"""What the judges find in the probe's journal is what the live validators find."""

from __future__ import annotations

import gc
import importlib.util
import os
import random
import sys
from pathlib import Path

import pytest
from corpus import play_asgi, play_wsgi
from corpus.load import records
from mirror.asgi_application import play as play_asgi_plan
from mirror.asgi_plans import plan as asgi_plan
from mirror.wsgi_plans import plan as wsgi_plan
from mirror.wsgi_server import play as play_wsgi_plan

from gateproof.validators import ASGIValidator, WSGIValidator

PLAYED = {
    "wsgi": (play_wsgi.serve, WSGIValidator),
    "asgi": (play_asgi.serve, ASGIValidator),
}
EVERY = [*records("wsgi"), *records("asgi")]


SEEDS = 50 * int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))


def other_test(path):
    """Another folder's test file, as a module of its own."""
    file = Path(__file__).resolve().parent.parent / path
    spec = importlib.util.spec_from_file_location(f"probed_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def collecting(app, live):
    return WSGIValidator(app, on_violation=live.append, level="all")


@pytest.mark.parametrize("record", EVERY, ids=[f"{r.interface}-{r.name}" for r in EVERY])
def test_the_corpus(record, recorded, told):
    serve, validator = PLAYED[record.interface]
    live = []

    serve(record, lambda app: validator(app, on_violation=live.append, level="all"))
    serve(record, getattr(recorded, record.interface))

    assert recorded.calls()
    assert all(call.ended for call in recorded.calls())
    assert told(recorded.found(record.interface)) == told(live)


AT_THE_END = "wsgi.errors.app-must-flush"
"""Told when an exchange ends; where close() raised, a live one ends only with the traceback."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_wsgi_exchange(seed, recorded, told):
    live = []

    play_wsgi_plan(wsgi_plan(random.Random(seed)), lambda app: collecting(app, live))
    play_wsgi_plan(wsgi_plan(random.Random(seed)), recorded.wsgi)
    gc.collect()

    assert recorded.calls()
    assert [one for one in told(recorded.found("wsgi")) if one[0] != AT_THE_END] == [
        one for one in told(live) if one[0] != AT_THE_END
    ]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_asgi_connection(seed, recorded, told):
    live = []

    play_asgi_plan(
        asgi_plan(random.Random(seed)),
        lambda app: ASGIValidator(app, on_violation=live.append, level="all"),
    )
    play_asgi_plan(asgi_plan(random.Random(seed)), recorded.asgi)

    assert recorded.calls()
    assert told(recorded.found("asgi")) == told(live)


BROKEN = other_test("wsgi/test_live_findings.py").BROKEN


@pytest.mark.parametrize("broken", BROKEN, ids=[app.__name__ for app, *_ in BROKEN])
def test_broken_wsgi_applications(broken, recorded, told):
    app, requirements, how = broken
    live = []
    environ = {key: value for key, value in how.items() if key != "stop"}
    for wrap in (lambda app: collecting(app, live), recorded.wsgi):
        served = play_wsgi.Served(environ=play_wsgi.environ(**environ))
        play_wsgi.play(wrap(app), served, how.get("stop"))
        served.result = served.error = None
    gc.collect()

    found = told(recorded.found("wsgi"))
    assert set(requirements) <= {requirement for requirement, *_ in found}
    assert found == told(live)
