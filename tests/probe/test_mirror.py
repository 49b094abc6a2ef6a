"""What a server and its application see of each other is the same around the recorder."""

from __future__ import annotations

import os
import random

import pytest
from mirror import asgi_application, asgi_plans, wsgi_plans, wsgi_server
from mirror.trace import difference

from gateproof.targets import probe

SEEDS = 50 * int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))


def bare(app):
    return app


@pytest.mark.parametrize("kept", ["kept", "nowhere"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_wsgi(seed, kept, recorded):
    made = wsgi_plans.plan(random.Random(seed))
    run = recorded.run if kept == "kept" else probe.Run("")

    watched = wsgi_server.play(made, lambda app: probe.wsgi_application(run, app))

    assert difference(wsgi_server.play(made, bare), watched) == "", made
    assert watched.looks <= 1
    assert bool(recorded.calls()) == (kept == "kept")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_asgi(seed, recorded):
    made = asgi_plans.plan(random.Random(seed))

    watched = asgi_application.play(made, recorded.asgi)

    assert difference(asgi_application.play(made, bare), watched) == "", made
    assert recorded.calls()
