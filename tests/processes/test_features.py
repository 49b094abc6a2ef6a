"""What adapters say of their servers is what the servers show."""

from __future__ import annotations

import asyncio
import os
from dataclasses import fields

import pytest
from processes.kit import on
from processes.measure import MANY, MEASURES, all_measured

from gateproof.targets.adapter import Features
from gateproof.targets.opening import columns
from gateproof.targets.server import EnvironmentFaultError, open_server

# Measuring takes seconds a server: all are measured where an environment with them is named.
MEASURED = [*columns()] if os.environ.get("GATEPROOF_SERVERS_PYTHON") else ["server:wsgiref"]
TOLD = {"root_path"}
"""What an adapter offers, rather than what its server does."""


def test_every_feature_has_a_measure():
    assert {one.name for one in fields(Features)} == {*MEASURES, "lifespan", *TOLD}


@pytest.mark.parametrize("target", MEASURED)
def test_features_are_as_measured(target, servers_python):
    try:
        server = open_server(on(target, servers_python))
    except EnvironmentFaultError as problem:
        pytest.skip(str(problem))
    with server:
        server.start()
        found = asyncio.run(all_measured(server))
        said = server.features

    busy = found.pop("concurrency")
    assert {name: getattr(said, name) for name in found} == found
    assert busy >= min(said.concurrency, MANY)
    assert (busy == 1) == (said.concurrency == 1)
