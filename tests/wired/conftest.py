"""Applications behind real servers: the engine as the plugin uses it, without pytest around."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateproof.conformance.case import cases
from gateproof.conformance.engine import Engine, Plan
from gateproof.conformance.settings import Settings
from gateproof.conformance.wired_subject import wired_subjects
from gateproof.targets.application import open_application
from gateproof.targets.load import EnvironmentFaultError
from gateproof.validators.policy import Rules

HERE = Path(__file__).resolve().parent
EVERYTHING = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW")
ALL = Rules(level="all")


def chosen(interface, names):
    """The cases for applications of an interface; of those with the given names, if any are."""
    found = [one for one in cases().values() if one.concerns("application", interface)]
    return [one for one in found if not names or one.full_id in names]


def outcomes(engine, selected):
    """The outcome of each case by its full id; the engine is closed afterwards."""
    try:
        return {one.full_id: engine.outcome(one) for one in selected}
    finally:
        engine.close()


@pytest.fixture(scope="session")
def here():
    """Runs cases of an application in this process."""

    def run(target, folder, *names, deadline=10.0):
        application = open_application(target, folder, None)
        selected = chosen(application.interface, names)
        plan = Plan(application=application, methods=EVERYTHING, rules=ALL, deadline=deadline)
        return outcomes(Engine(plan, selected), selected)

    return run


@pytest.fixture(scope="session")
def behind():
    """Runs cases of an application behind a server; skips where that server is not there."""

    def run(server, target, folder=HERE, *names, deadline=10.0, interface=None):
        settings = Settings(
            target=(target,),
            server=(server,),
            app_dir=folder,
            methods=EVERYTHING,
            interface=interface,
            deadline=deadline,
        )
        try:
            (subject,) = wired_subjects(target, settings)
        except EnvironmentFaultError as missing:
            pytest.skip(str(missing))
        selected = chosen(subject.interface, names)
        return outcomes(subject.engine(settings, ALL, selected), selected)

    return run
