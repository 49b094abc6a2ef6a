"""The Markdown report, hazards in every form of report, and the choice of a form by suffix."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from gateproof.reports import formats, markdown
from gateproof.reports.hazards import hazard_lines, hazards
from gateproof.reports.html import render as html
from gateproof.reports.stream import StreamError, read

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "| a \x00 <script>alert(1)</script> `b` [x](javascript:y) **c**\n# d"


def hazard(severity: str, message: str, **more: Any) -> dict[str, Any]:
    told = {"observed": "served", "expected": "400", "hint": "put a front before it"}
    return {
        "severity": severity,
        "message": message,
        **told,
        "evidence": None,
        "request": "",
        **more,
    }


@pytest.fixture
def run(build: Any) -> Any:
    seen = build.header("one", "two").evidence()
    once = build.finding(evidence=seen)
    build.result("asgi.http::a", "fail", once, target="one")
    build.result("asgi.http::a", "fail", once, target="two")
    build.result("asgi.http::b", "weak", build.finding("x.y", verdict="weak"), target="one")
    build.result("asgi.http::c", "harness", target="two", reason="a wire broke")
    for target, severity in (("one", "low"), ("two", "high")):
        build.result("server.hazards::d", "observed", target=target)
        build.run.results[-1]["hazards"] = [
            hazard(severity, f"{severity} danger", evidence=seen, request="GET /"),
            hazard("medium", "of both"),
        ]
    return build.footer()


def test_it_has_a_row_for_each_target_and_a_line_for_each_requirement(run: Any) -> None:
    text = markdown.render(run)
    rows = [line for line in text.splitlines() if line.startswith("| ")]

    assert rows[0].startswith("| Target | Release | Required clauses that hold | fail | harness |")
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| one (ASGI)", "| two (ASGI)"]
    assert text.count("- [`asgi.http.response-start.once`](https://") == 1
    assert "  On 2 targets: one, two." in text
    assert "## ▲ weak:" in text
    assert "- harness, 1 case: a wire broke" in text


def test_hazards_stand_apart_gravest_first(run: Any) -> None:
    text = markdown.render(run)
    told = [line for line in text.splitlines() if line.startswith("- **")]

    assert told == [
        "- **high**: high danger. On two.",
        "- **medium**: of both. On one, two.",
        "- **low**: low danger. On one.",
    ]
    assert [one.severity for one in hazards(run)] == ["high", "medium", "medium", "low"]
    assert hazard_lines(run) == [
        "hazard[high]: high danger (two)",
        "hazard[medium]: of both (one, two)",
        "hazard[low]: low danger (one)",
    ]


def test_the_page_shows_hazards_with_their_exchange(run: Any) -> None:
    page = html(run)

    assert 'id="hazards-title"' in page
    assert page.count("of both") == 2
    assert page.index("high danger") < page.index("of both") < page.index("low danger")
    assert "put a front before it" in page


def test_a_run_without_hazards_says_nothing_of_them(build: Any) -> None:
    run = build.header().result("asgi.http::a").footer()

    assert "hazards-title" not in html(run)
    assert "Hazards" not in markdown.render(run)
    assert hazard_lines(run) == []


def test_what_a_target_sent_is_no_markup(build: Any) -> None:
    build.header(HOSTILE)
    build.result("asgi.http::a", "fail", build.finding(message=HOSTILE), target=HOSTILE)
    build.run.results[-1]["hazards"] = [hazard("low", HOSTILE)]
    text = markdown.render(build.footer())

    assert "\x00" not in text
    assert "<script>" not in text
    assert "[x](" not in text
    assert "\n# d" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len({row.replace("\\|", "").count("|") for row in rows}) == 1


def test_the_form_follows_the_suffix(run: Any, tmp_path: Path) -> None:
    for name, begins in (
        ("r.md", "# Conformance"),
        ("r.html", "<!doctype"),
        ("r.txt", "<!doctype"),
    ):
        formats.write(run, tmp_path / name)
        assert (tmp_path / name).read_text("utf-8").lower().startswith(begins.lower())


def test_equal_runs_give_equal_texts(run: Any) -> None:
    assert markdown.render(run) == markdown.render(run)


def test_a_compressed_stream_is_read_like_another(tmp_path: Path) -> None:
    lines = [{"kind": "header", "version": 1}, {"kind": "footer", "complete": True}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path = tmp_path / "run.jsonl.gz"
    path.write_bytes(gzip.compress(text.encode()))

    assert read(path).complete
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(StreamError, match=r"cannot read results from .*run\.jsonl\.gz"):
        read(path)
