"""Servers as targets of pytest: items, header, options, known deviations, bad input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateproof.validators.catalogue import requirement

if TYPE_CHECKING:
    from tests.server_suite.conftest import Servers

FEW = ("--conformance-select=host-*", "--conformance-select=watched")


def test_a_server_of_the_standard_library_is_tested(servers: Servers) -> None:
    found = servers.run("server:wsgiref", "-k", "watched and http1")

    assert found.ran.code in (0, 1)
    assert "gateproof: server:wsgiref is release 3." in found.ran.text
    assert list(found.verdicts) == ["server.http1::watched"]
    assert found.results["server.http1::watched"]["target"] == "wsgiref"
    assert found.lines[0]["targets"][0]["subject"] == "server"
    assert found.footer is not None
    assert found.footer["complete"]


def test_the_reference_breaks_nothing_and_a_fault_breaks_its_own(servers: Servers) -> None:
    clean = servers.run(str(servers.reference), *FEW)
    faulty = servers.run(f"{servers.reference}[fault=host-optional]", *FEW)

    assert clean.ran.code == 0, clean.ran.text
    assert set(clean.verdicts.values()) == {"pass"}
    assert faulty.ran.code == 1
    assert faulty.verdicts["server.http1::host-missing"] == "fail"
    finding = faulty.results["server.http1::host-missing"]["findings"][0]
    assert finding["requirement"] == "http1.host.missing-400"
    assert finding["party"] == "server"
    assert finding["evidence"]


def test_the_ladder_holds_both_conversations_in_order_of_time(servers: Servers) -> None:
    found = servers.run(f"{servers.reference}[fault=host-optional]", *FEW)
    shown = next(line for line in found.lines if line["kind"] == "evidence")["ladder"]
    sides = {(rung["from"], rung["to"]) for rung in shown}

    assert {("client", "server"), ("server", "application"), ("server", "client")} <= sides
    assert [rung["at"] for rung in shown] == sorted(rung["at"] for rung in shown)
    assert (shown[0]["from"], shown[-1]["to"]) == ("client", "client")


def test_an_item_runs_alone_by_its_id_and_by_the_command_that_is_printed(servers: Servers) -> None:
    import shlex

    target = servers.target('variants={**ADAPTER.variants, "fault": ("host-optional",)}')
    found = servers.run(target, *FEW)
    again = shlex.split(found.results["server.http1::host-missing"]["reproduce"])
    ran = servers.project.pytest(*again[1:])

    assert ran.code == 1
    assert "fail[http1.host.missing-400]" in ran.text
    assert "1 case, 1 target: 1 failed" in ran.text


def test_workers_of_xdist_come_to_the_same(servers: Servers) -> None:
    select = ("--conformance-select=host-*", "--conformance-select=environ-*")
    one = servers.run(str(servers.reference), *select)
    two = servers.run(str(servers.reference), *select, "-n", "2")

    assert len(one.verdicts) > 5
    assert two.verdicts == one.verdicts
    assert two.ran.code == one.ran.code


def test_a_known_deviation_fails_nothing_and_a_fixed_one_fails_the_run(servers: Servers) -> None:
    known = (
        'known=(Known("http1.host.missing-400", "", "Host is not looked at", '
        '"https://example.org/1"), Known("server.http1::host-twice", "<1", "old", ""),)'
    )
    fault = 'variants={**ADAPTER.variants, "fault": ("host-optional",)}, '
    expected = servers.run(servers.target(fault + known), *FEW)

    assert expected.ran.code == 0, expected.ran.text
    assert expected.verdicts["server.http1::host-missing"] == "known"
    reason = expected.results["server.http1::host-missing"]["reason"]
    assert reason == "Host is not looked at (https://example.org/1)"

    fixed = servers.run(
        servers.target('known=(Known("server.http1::host-twice", "", "was served", ""),)'), *FEW
    )

    assert fixed.ran.code == 1
    assert fixed.verdicts["server.http1::host-twice"] == "fixed"
    assert "no longer deviates" in fixed.results["server.http1::host-twice"]["reason"]

    now_and_then = 'known=(Known("server.http1::host-twice", "", "was served", always=False),)'
    absent = servers.run(servers.target(now_and_then), *FEW)

    assert absent.ran.code == 0, absent.ran.text
    assert absent.verdicts["server.http1::host-twice"] == "pass"


def test_a_deviation_of_one_variant_is_not_missed_in_the_others(servers: Servers) -> None:
    known = (
        'known=(Known("server.http1::host-missing", "", '
        'variants={"fault": "host-optional|host-ignored"}),)'
    )
    having = 'variants={**ADAPTER.variants, "fault": ("host-optional",)}, '
    deviating = servers.run(servers.target(having + known), *FEW)
    others = servers.run(servers.target(known), *FEW)

    assert deviating.verdicts["server.http1::host-missing"] == "known"
    reason = deviating.results["server.http1::host-missing"]["reason"]
    assert reason == requirement("http1.host.missing-400").breaks
    assert others.ran.code == 0, others.ran.text
    assert others.verdicts["server.http1::host-missing"] == "pass"


def test_hazards_are_told_apart_and_fail_nothing(servers: Servers) -> None:
    found = servers.run("server:wsgiref", "--conformance-select=server.hazards::*")
    hazards = [hazard for line in found.results.values() for hazard in line.get("hazards", ())]

    assert found.ran.code in (0, 5), found.ran.text
    assert set(found.verdicts.values()) <= {"pass", "observed", "n/a"}
    for hazard in hazards:
        assert hazard["severity"] in ("high", "medium", "low")
        assert hazard["hint"]
    assert found.ran.text.count("hazard[") == len({(h["severity"], h["message"]) for h in hazards})


@pytest.mark.parametrize(
    ("target", "code", "sentence"),
    [
        ("server:unicorn", 4, "there is no server 'unicorn'; did you mean"),
        ("server:", 4, "expected server:NAME"),
        ("server:wsgiref[threads=2]", 4, "wsgiref has no variant 'threads'"),
        ("server:uvicorn[http=h2]", 4, "http of uvicorn is one of h11, httptools"),
        ("server:gunicorn==0.0.1", 3, "gateproof env gunicorn==0.0.1"),
        ("server:wsgiref[python=/dev/null]", 4, "/dev/null"),
        ("./missing.py", 4, "there is no such file"),
        ("server:all==1.0", 4, "server:all takes neither a version nor variants"),
    ],
)
def test_a_wrong_target_is_one_sentence(
    servers: Servers, target: str, code: int, sentence: str
) -> None:
    ran = servers.project.pytest(f"--target={target}")

    assert ran.code == code, ran.text
    assert sentence in ran.text
    assert "Traceback" not in ran.text


def test_a_server_that_does_not_start_is_the_environments_fault(servers: Servers) -> None:
    target = servers.behaving("raise SystemExit('the licence has expired')")
    found = servers.run(target, *FEW)

    assert found.ran.code == 3
    assert set(found.verdicts.values()) == {"harness"}
    assert "the licence has expired" in found.ran.text
    assert "Traceback" not in found.ran.text


def test_a_server_that_mixes_up_what_comes_together_is_accused_of_that_alone(
    servers: Servers,
) -> None:
    target = servers.target(
        'variants={**ADAPTER.variants, "interface": ("wsgi",), "fault": ("last-only",)}, '
        "features=lambda chosen, plain=ADAPTER.features: replace(plain(chosen), pipelining=False)"
    )
    found = servers.run(target, "-k", "http1 and (pipelining or length or host or content)")
    accused = {case for case, verdict in found.verdicts.items() if verdict == "fail"}

    assert found.ran.code == 1
    assert len(found.verdicts) > 20
    assert accused == {"server.http1::pipelining", "server.http1::pipelining-behind-pieces"}


STARTED_AND_ENDED = """
import atexit, os, time
from pathlib import Path

log = Path({log!r})
def note(what):
    with log.open("a") as file:
        file.write(f"{{what}} {{os.getpid()}}\\n")
note("begun")
import signal
def ended(number, frame):
    note("ended")
    os._exit(0)
signal.signal(signal.SIGTERM, ended)
plain = signal.signal
signal.signal = lambda number, act: None if number == signal.SIGTERM else plain(number, act)
"""


@pytest.mark.parametrize("spread", [(), ("-n", "1")], ids=["one-process", "one-worker"])
def test_a_target_is_stopped_before_the_next_one_begins(
    servers: Servers, spread: tuple[str, ...]
) -> None:
    log = servers.project.folder / "log"
    target = servers.behaving(STARTED_AND_ENDED.format(log=str(log)))
    found = servers.run(
        target,
        f"--target={target}[interface=asgi]",
        "--conformance-select=server.http1::host-*",
        *spread,
    )
    told = [line.split() for line in log.read_text().splitlines()]

    assert len(found.lines) > 4
    assert [what for what, _ in told] == ["begun", "ended"] * 2
    assert told[0][1] == told[1][1] != told[2][1] == told[3][1]
