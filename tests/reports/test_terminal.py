from __future__ import annotations

from typing import Any

import pytest

from gateproof.reports.terminal import (
    blocks,
    counts_line,
    failure_text,
    mild_findings,
    verdict_line,
)

# ruff: noqa: E501 - the terminal's lines are as long as they are
BLOCK = """\
fail[asgi.http.response-start.once]: http.response.start was sent a second time, with status 500
  in asgi.http::once [myapp:application], GET /export (must, application)
     1  server → app     scope http  method='GET', path='/export', query_string=b''…estserver', 80]
     2  server → app     http.request  body=b'', more_body=False
     3  app    → server  http.response.start  status=200, headers=[[b'content-type', …rset=utf-8']]
     4  app    → server  http.response.body  body=b'id,name\\r\\nid,name\\r\\nid,name\\r\\n…ore_body=True
     5  app    → server  http.response.start  status=500, headers=[]
                         ^^^^^^^^^^^^^^^^^^^ here
     6  app    → server  http.response.body  body=b'oops'
     7  app    → server  returns
  observed: {'type': 'http.response.start', 'status': 500, 'headers': []}
  allowed here: http.response.body
  why:   Only one start event is sent per request.
         https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
  note:  A second start event fails while there is a client;"""


def test_a_block_says_what_where_why_and_what_to_do(build: Any) -> None:
    seen = build.header().evidence()
    build.result("asgi.http::once", "fail", build.finding(evidence=seen))
    build.result("asgi.http::again", "fail", build.finding(evidence=seen))
    (block,) = blocks(build.footer())
    assert block.startswith(BLOCK)
    assert block.splitlines()[-3:] == [
        "  help:  let the exception reach the server instead of answering it",
        "  also:  1 finding in asgi.http::again [myapp:application]",
        "  again: pytest --target=myapp:application 'gateproof::asgi.http::once[app]'",
    ]


def test_a_failing_case_prints_all_its_findings(build: Any) -> None:
    seen = build.header().evidence()
    build.result("asgi.http::once", "fail", build.finding(evidence=seen), build.finding("x.y"))
    text = failure_text(build.run.results[0], build.run.evidence)
    assert text.startswith(BLOCK)
    assert "\n\nfail[x.y]: " in text
    assert text.count("  again: ") == 1
    assert text.endswith("'gateproof::asgi.http::once[app]'")


@pytest.mark.parametrize("verdict", ["fixed", "unstable", "harness", "blocked", "n/a", "fail"])
def test_a_bare_verdict_prints_its_reason(verdict: str, build: Any) -> None:
    build.header().result("asgi.http::a", verdict, reason="because\nof that")
    text = failure_text(build.run.results[0], {})
    assert text.startswith(f"{verdict}: because␊of that")


def test_a_long_ladder_is_cut_around_the_mark(build: Any) -> None:
    steps = [("call", {"type": "http"}), *[("send", {"type": f"e{n}"}) for n in range(300)]]
    seen = build.header().evidence(steps)
    build.result("asgi.http::a", "fail", build.finding(evidence=seen, event=200))
    (block,) = blocks(build.run)
    rungs = [line for line in block.splitlines() if " → " in line]
    assert len(rungs) == 8
    assert rungs[0].split()[0] == "1"
    assert rungs[-2].endswith("e199")
    assert "… 99 rungs not shown" in block


def test_a_target_cannot_write_on_the_terminal(build: Any) -> None:
    evil = "\x1b[2J\r\nfail[x]: not ours\u202e\x9b\ud800" + "z" * 100_000
    build.header(evil)
    seen = build.evidence([("send", {"type": evil, evil: evil}), ("raise", ValueError(evil))])
    build.result(
        f"asgi.http::{evil}",
        "fail",
        build.finding(
            evil,
            message=evil,
            observed=evil,
            expected=evil,
            hint=evil,
            url=evil,
            request=evil,
            evidence=seen,
        ),
        target=evil,
        reason=evil,
    )
    run = build.footer()
    printed = [*blocks(run), failure_text(run.results[0], run.evidence), *mild_findings(run)]
    printed += [counts_line(run), verdict_line(run)]
    for text in printed:
        text.encode("utf-8")
        assert not [char for char in text if not char.isprintable() and char != "\n"]
        assert not [line for line in text.splitlines() if line.startswith("fail[x]")]


def test_the_last_lines(mixed_run: Any) -> None:
    run = mixed_run()
    assert verdict_line(run) == "2 of 4 checked required clauses hold"
    assert counts_line(run) == (
        "19 cases, 1 target: 8 passed, 3 failed, 1 fixed, 1 unstable, 1 harness, 1 weak, "
        "1 observed, 1 known, 1 blocked, 1 n/a, in 6.3 s"
    )
    cut = mixed_run(end=False)
    assert verdict_line(cut) == "2 of 4 checked required clauses hold (incomplete run)"
    assert "in 6.3 s" not in counts_line(cut)


def test_milder_findings_take_a_line_each(mixed_run: Any) -> None:
    run = mixed_run()
    weak = [
        "weak[asgi.http.response-start.header-case]: header name b'Content-Type' is not lower case (1 case)",
        "weak[asgi.no-such.requirement]: of a later version (1 case)",
    ]
    assert mild_findings(run, "must") == weak
    assert mild_findings(run, "all") == [
        *weak,
        "observed[asgi.http.disconnect.after-response]: receive() is called once more after the response (1 case)",
    ]


def test_blocks_come_gravest_first(mixed_run: Any) -> None:
    words = [block.partition(":")[0].partition("[")[0] for block in blocks(mixed_run())]
    assert words == ["fail", "fail", "fixed", "unstable", "harness", "weak", "weak"]
