"""What connections owe each other is found in journals as it is found live.

The scenarios are those of the live validator; here the recorder stands around their
applications, and its journals are judged together.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from gateproof.targets import probe
from gateproof.targets.journal import together
from gateproof.targets.probe_folder import ProbeFolder
from gateproof.validators.asgi.loop_replay import CLAIMS
from gateproof.validators.policy import Rules


def scenarios():
    file = Path(__file__).resolve().parent.parent / "asgi" / "test_loops_live.py"
    spec = importlib.util.spec_from_file_location("probed_loops", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


LIVE = scenarios()
OTHERWISE = {
    "test_an_application_that_asks_itself_while_it_starts": "a probe stands outermost",
    "test_an_application_that_asks_itself_while_it_answers": "a probe stands outermost",
    "test_a_servers_breach_is_raised_where_asked_before_the_application_runs": "raises nothing",
    "test_loops_are_forgotten_with_their_connections": "looks into the validator",
    "test_without_a_loop_that_is_known_nothing_is_kept": "looks into the validator",
    "test_a_thousand_requests_leave_nothing_behind": "looks into the validator",
    "test_what_is_found_live_is_found_in_the_ladders": "replays the live ladder",
    "test_two_threads_with_a_loop_each": "reads a list of what was found",
    "test_trio": "reads a list of what was found",
}
"""Scenarios that are about the live wrapper itself."""

NAMES = [
    name
    for name, value in vars(LIVE).items()
    if name.startswith("test_") and callable(value) and name not in OTHERWISE
]


@pytest.fixture
def probed(monkeypatch, tmp_path):
    """Puts the recorder where the scenarios have the validator."""

    def validator(app, on_violation=None, select=(), level="must"):
        folder = ProbeFolder(tmp_path)
        made = probe.asgi_application(probe.Run(str(folder.path)), app)
        made.folder, made.rules = folder, Rules(select, level=level)
        return made

    def told(host):
        calls = host.app.folder.every()
        found = together(calls, host.app.rules)
        found += [v for call in calls for v in call.violations(host.app.rules)]
        return [(v.requirement, v.verdict) for v in found if v.requirement in CLAIMS]

    monkeypatch.setattr(LIVE, "ASGIValidator", validator)
    monkeypatch.setattr(LIVE.Host, "told", property(told))


@pytest.mark.parametrize("name", [n for n in NAMES if "failed_start" not in n])
def test_as_it_is_found_live(name, probed):
    getattr(LIVE, name)()


@pytest.mark.parametrize(
    ("raises", "found"),
    [
        (False, "asgi.lifespan.startup-failed-exits"),
        (True, "asgi.lifespan.exception.after-startup-failed"),
    ],
)
def test_a_server_that_serves_after_a_failed_start(raises, found, probed):
    LIVE.test_a_server_that_serves_after_a_failed_start(raises, found)


def test_the_scenarios_are_all_there():
    assert len(NAMES) >= 40
    assert set(OTHERWISE) <= set(vars(LIVE))
