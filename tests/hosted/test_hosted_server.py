"""What a hosted server is to the runner: measured, watched, lost and found again."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from gateproof.conformance.case import Case
from gateproof.conformance.heard import ENDED, RECEIVED, SENT
from gateproof.conformance.server_runner import ServerEngine, ServerPlan
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets import hosted, probe
from gateproof.targets.endpoint import Endpoint, names_url
from gateproof.targets.hosted import open_hosted
from gateproof.targets.server import ServerError


def made(run, name="made", *, alone=False):
    """A case for a test alone."""
    proves = ("http1.body.head-none",)
    return Case(name, "server.wsgi", name, name, proves, (), alone, False, False, run, "")


async def plain(stage):
    """Asks once."""
    await stage.ask(Request())


def test_a_server_with_threads_is_measured(deploy):
    server = open_hosted(deploy("threads").url)

    server.start()

    features = server.features
    assert features.concurrency == 4
    assert features.http10
    assert features.streaming_output
    # wsgiref answers one request on a connection, by HTTP/1.0, and knows no chunks.
    assert not features.keep_alive
    assert not features.pipelining
    assert not features.chunked_request
    assert not features.websocket
    assert not features.lifespan


def test_a_server_without_threads_gets_one_request_at_a_time(deploy, monkeypatch):
    monkeypatch.setattr("gateproof.targets.hosted_features.WITHIN", 1.0)
    monkeypatch.setattr("gateproof.targets.hosted_features.HELD", 1.5)
    server = open_hosted(deploy("single").url)

    server.start()

    assert server.features.concurrency == 1
    assert server.features.http10
    assert not server.features.streaming_output


def test_an_asgi_server_is_measured(deploy):
    server = open_hosted(deploy("hypercorn").url)

    server.start()

    features = server.features
    assert features.concurrency == 4
    assert features.keep_alive
    assert features.chunked_request
    assert features.websocket
    assert features.lifespan
    assert features.streaming_input
    assert features.disconnect_seen


def heard_through(server):
    """The evidence of one exchange."""

    async def ask():
        stage = ServerStage(case=made(plain), server=server)
        heard = await stage.ask(Request())
        await stage.close()
        return heard

    heard = asyncio.run(ask())
    return heard, heard.watched().exchange.rungs()


def test_clocks_of_one_machine_give_one_order(deploy):
    server = open_hosted(deploy("threads").url)

    heard, rungs = heard_through(server)

    steps = [rung.step for rung in rungs]
    assert server.folder.same_clock
    assert "another clock" not in server.seen
    assert steps.index(SENT) < steps.index("call") < steps.index(RECEIVED)
    assert not heard.call.foreign


@pytest.mark.parametrize("ahead", [3_600_000_000_000, -3_600_000_000_000])
def test_calls_come_after_the_octets_where_the_clocks_are_two(deploy, monkeypatch, ahead):
    # The probe's process keeps its clock; ours is an hour off.
    deployed = deploy("threads")
    real = time.monotonic_ns
    clock = SimpleNamespace(
        monotonic_ns=lambda: real() + ahead, monotonic=time.monotonic, sleep=time.sleep
    )
    monkeypatch.setattr("gateproof.targets.probe_remote.time", clock)
    monkeypatch.setattr("gateproof.targets.wire.time", clock)
    server = open_hosted(deployed.url)

    heard, rungs = heard_through(server)

    steps = [rung.step for rung in rungs]
    assert not server.folder.same_clock
    assert "by another clock than ours" in server.seen
    assert heard.call.foreign
    own = [step in (SENT, RECEIVED, ENDED) for step in steps]
    assert own == sorted(own, reverse=True)
    assert steps.index("call") == own.index(False)
    # By estimate the call was while the octets went to and fro, not an hour off.
    assert abs(heard.call.rungs[0].at - heard.wire.sent[0][0]) < 60_000_000_000
    assert heard.call.violations() is not None


def test_a_probe_that_tells_no_time_has_a_clock_of_its_own(deploy, monkeypatch):
    server = open_hosted(deploy("threads").url)
    ask = server.folder._ask
    monkeypatch.setattr(
        server.folder,
        "_ask",
        lambda *of: {key: value for key, value in ask(*of).items() if key != "now"},
    )

    server.folder.resume()

    assert not server.folder.same_clock


def test_a_server_that_comes_back_goes_on(deploy):
    deployed = deploy("threads")
    server = open_hosted(deployed.url)
    run = server.folder.run
    deployed.stop()
    assert not asyncio.run(server.answers(1.0))

    deployed.start()
    server.restart(20.0)

    assert server.alive()
    assert server.folder.run == run
    assert asyncio.run(server.answers(5.0))


def test_a_server_that_stays_away_is_lost(deploy):
    deployed = deploy("threads")
    server = open_hosted(deployed.url)
    deployed.stop()

    with pytest.raises(ServerError, match=r"lost during the run .* connection refused"):
        server.restart(0.3)

    assert not server.alive()


def test_what_is_left_is_blocked_when_the_server_is_lost(deploy, monkeypatch):
    monkeypatch.setattr(hosted, "RETURN", 0.3)
    deployed = deploy("threads")
    server = open_hosted(deployed.url)

    async def killing(stage):
        await stage.ask(Request())
        deployed.stop()
        await stage.ask(Request())

    before, kills = made(plain, "a"), made(killing, "b", alone=True)
    after = made(plain, "c", alone=True)
    engine = ServerEngine(ServerPlan(server), [before, kills, after])
    try:
        outcomes = [engine.outcome(case) for case in (before, kills, after)]
    finally:
        engine.close()

    assert [outcome.verdict for outcome in outcomes] == ["pass", "blocked", "blocked"]
    assert "no longer answers; the network may be at fault as well" in outcomes[1].reason
    assert "was lost during the run and cannot be started from here" in outcomes[2].reason


def test_a_server_that_cannot_be_another_is_not_started(deploy):
    server = open_hosted(deploy("threads").url)

    async def owning(stage):
        async with stage.own_server():
            pass

    engine = ServerEngine(ServerPlan(server), [case := made(owning)])
    try:
        outcome = engine.outcome(case)
    finally:
        engine.close()

    assert (outcome.verdict, outcome.reason) == (
        "n/a",
        "a hosted server is not ours to start and stop",
    )


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("https://host.example", "host.example"),
        ("https://host.example:443/", "host.example"),
        ("http://host.example:443", "host.example:443"),
        ("http://[::1]:80", "[::1]"),
        ("https://b\u00fccher.example:8443", "xn--bcher-kva.example:8443"),
    ],
)
def test_the_host_field_is_that_of_the_url(url, field):
    assert Endpoint.of(url).host_field == field


@pytest.mark.parametrize(
    ("target", "is_url"),
    [
        ("https://host.example/probe.py", True),
        ("HTTP://host.example", True),
        ("server:uvicorn", False),
        ("./https.py", False),
        ("http:app", False),
    ],
)
def test_what_is_a_url(target, is_url):
    assert names_url(target) is is_url


def test_the_probe_tells_its_time(tmp_path):
    before = time.monotonic_ns()

    status, told = probe.Run(str(tmp_path), "secret").control.answer("GET", "run", b"")

    assert status == 200
    assert before <= told["now"] <= time.monotonic_ns()
