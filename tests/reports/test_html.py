"""The acceptance checks of the HTML report."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from gateproof.reports import html, stream
from gateproof.reports.formats import write
from gateproof.reports.html import render

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    '" onmouseover="alert(1)" x=\'',
    "nul\x00 bell\x07 escape\x1b[2J delete\x7f c1\x9b",
    "lone \ud800 surrogates \udfff",
    "bidi \u202e\u2066\u200f\u2028\u2029\ufeff end",
    "{{ 7 * 7 }}{% raw %}",
    "a" * 1_000_000,
    "line\r\nline\n\n<!-- --> ]]> &amp; &#39;",
    "",
]


def test_everything_is_there_without_script(mixed_run: Any, parsed: Any) -> None:
    run = mixed_run()
    page = parsed(render(run))
    shown = ("fail", "fixed", "unstable", "harness", "weak", "observed", "known")
    for result in run.results:
        assert result["case"].partition("::")[2] in page.text
        if result["verdict"] not in shown:
            continue
        assert result["case"] in page.text
        assert result["reproduce"] in page.text
        assert result["reason"] in page.text
        for finding in result["findings"]:
            for key in ("message", "requirement", "expected", "observed", "hint", "level"):
                assert finding[key] in page.text
    for rung in run.evidence[run.results[0]["findings"][0]["evidence"]]["ladder"]:
        assert f"{rung['what']} {rung['text']}".strip() in page.text
    for reason in (result["reason"] for result in run.results):
        assert reason in page.text


def test_it_says_the_verdict_first(mixed_run: Any, parsed: Any) -> None:
    page = parsed(render(mixed_run()))
    sentence = "myapp:application (ASGI): 2 of 4 checked required clauses hold; 2 fail, 2 weak"
    assert sentence in page.text
    order = [sentence, "Failures", "Weak:", "Observed:", "Cases", "Requirements", "About this run"]
    places = [page.text.rindex(words) for words in order[:1]]
    places += [page.text.index(words, places[0]) for words in order[1:]]
    assert places == sorted(places)


def test_the_marked_rung_is_marked(build: Any, parsed: Any) -> None:
    seen = build.header().evidence()
    build.result("asgi.http::a", "fail", build.finding(evidence=seen))
    page = parsed(render(build.footer()))
    assert "▶ seen here: 5 0.36 ←http.response.start status=500, headers=[]" in page.text
    assert page.text.count("seen here") == 1


def test_the_wire_stands_beside_the_boundary(build: Any, parsed: Any) -> None:
    rung = {"from": "client", "to": "server", "what": "octets", "text": "GET / HTTP/1.1", "at": 0}
    call = {"from": "server", "to": "application", "what": "scope http", "text": "", "at": 70_000}
    build.header().run.add(
        {"kind": "evidence", "id": "e", "request": "GET /", "ladder": [rung, call], "dropped": 0}
    )
    build.result("asgi.http::a", "fail", build.finding(evidence="e", event=1))
    text = parsed(render(build.footer())).text
    assert "client and server server and application" in text
    assert "1 0.00 →octets GET / HTTP/1.1" in text
    assert "seen here: 2 0.07 →scope http" in text


def test_nothing_comes_from_elsewhere(mixed_run: Any, parsed: Any) -> None:
    page = parsed(render(mixed_run("a", "b")))
    names = {tag for tag, _ in page.tags}
    assert not names & {"link", "img", "iframe", "object", "embed", "video", "audio", "base"}
    for name in ("src", "srcset", "poster", "data", "action", "background", "style"):
        assert page.all(name) == []
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    for tag, attrs in page.tags:
        if "href" in attrs:
            assert tag == "a"
            assert attrs["href"].startswith(("#", "https://"))
    for word in ("url(", "@import", "@font-face", "expression(", "src:"):
        assert word not in page.raw["style"]
    for word in ("fetch(", "XMLHttpRequest", "import(", "WebSocket(", "http://", "https://"):
        assert word not in page.raw["script"]


def test_the_policy_allows_its_own_style_and_script_only(mixed_run: Any, parsed: Any) -> None:
    page = parsed(render(mixed_run("a", "b")))

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    (policy,) = [a["content"] for tag, a in page.tags if a.get("http-equiv")]
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest(page.raw['style'])}'",
        f"script-src 'sha256-{digest(page.raw['script'])}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert [tag for tag, _ in page.tags].count("style") == 1


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value[:12]))
def test_what_a_target_says_stays_text(value: str, build: Any, parsed: Any) -> None:
    build.header(value or "t", python=value, argv=[value, "x"])
    steps = [("call", {"type": value, "headers": [[value, value]]}), ("raise", ValueError(value))]
    seen = build.evidence(steps, request=value)
    for requirement in (value, "asgi.http.response-start.once"):
        build.result(
            f"asgi.http::{value}",
            "fail",
            build.finding(
                requirement,
                message=value,
                observed=value,
                expected=value,
                hint=value,
                url=value,
                evidence=seen,
                request=value,
                event=1,
            ),
            target=value or "t",
            reason=value,
        )
    text = render(build.footer(complete=False, reason=value))
    page = parsed(text)
    text.encode("utf-8")
    assert len(text) < 6_000_000
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "img" not in {tag for tag, _ in page.tags}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not [char for char in text if not char.isprintable() and char != "\n"]


def test_a_link_leads_to_the_web_or_nowhere(build: Any, parsed: Any) -> None:
    build.header()
    for url in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "file:///etc"):
        build.result("asgi.http::a", "fail", build.finding("x.y", url=url))
    page = parsed(render(build.footer()))
    assert all(href.startswith(("#", "https://")) for href in page.all("href"))


def test_ids_are_unique_and_links_lead_somewhere(mixed_run: Any, parsed: Any) -> None:
    for run in (mixed_run(), mixed_run("a b", "a-b", "a--b", "A-b")):
        page = parsed(render(run))
        ids = page.all("id")
        assert len(ids) == len(set(ids))
        targets = [href[1:] for href in page.all("href") if href.startswith("#")]
        assert targets
        assert set(targets) <= set(ids)
        labels = page.all("aria-labelledby") + page.all("for")
        assert set(labels) <= set(ids)
        assert all(re.fullmatch(r"[A-Za-z0-9._:-]+", name) for name in ids)


GOLDEN = [
    "asgi.http::a--app--asgi.http.response-start.once",
    "asgi.http::a--app--asgi.http.response-start.once--2",
    "asgi.http::a--myapp:application--wsgi.x",
    "asgi.http::a--server:uvicorn-http-h11--wsgi.x--cfba4c92",
    "asgi.http::b--app--harness",
]


def test_ids_stay_when_the_suite_grows(build: Any, parsed: Any) -> None:
    def ids(run: stream.Run) -> list[str]:
        return [name for name in parsed(render(run)).all("id") if "::" in name]

    build.header("app")
    build.result("asgi.http::a", "fail", build.finding(), build.finding(), target="app")
    build.result("asgi.http::a", "fail", build.finding("wsgi.x"))
    build.result("asgi.http::a", "fail", build.finding("wsgi.x"), target="server:uvicorn[http=h11]")
    build.result("asgi.http::b", "harness", target="app", reason="no memory")
    assert sorted(ids(build.run)) == GOLDEN
    build.run.results.insert(
        0, {**build.run.results[0], "case": "asgi.http::0", "findings": [build.finding()]}
    )
    assert set(GOLDEN) < set(ids(build.run))


def test_every_cell_has_its_word_and_its_headers(mixed_run: Any, parsed: Any) -> None:
    names = ("a", "b", "c")
    text = render(mixed_run(*names))
    start = text.index('<table class="cases')
    table = text[start : text.index("</table>", start) + len("</table>")]
    page = parsed(table)
    cells = re.findall(r"<td class=\"(\w+)\">(?:<a [^>]+>)?(\S+)<span> ([\w/ ]+)</span>", table)
    assert len(cells) == 3 * 19
    for key, glyph, word in cells:
        assert key == ("na" if word == "n/a" else word)
        assert glyph != word
    scopes = [attrs.get("scope") for tag, attrs in page.tags if tag == "th"]
    assert None not in scopes
    assert scopes.count("col") == 5
    assert "caption" in {tag for tag, _ in page.tags}


def test_what_did_not_pass_links_to_why(mixed_run: Any) -> None:
    text = render(mixed_run())
    for name in ("streaming", "wavering", "crash", "receive-again", "known"):
        row = text[text.index(f"<code>{name}</code>") :]
        assert f'<a href="#asgi.http::{name}--' in row[: row.index("</tr>")]


def test_equal_runs_give_equal_bytes(mixed_run: Any, tmp_path: Path) -> None:
    write(mixed_run(), tmp_path / "a.html")
    write(mixed_run(), tmp_path / "b.html")
    lines = [mixed_run().header, *mixed_run().results]
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    again = stream.parse([stream.encode(line) for line in lines], "memory")
    assert render(again) == render(stream.parse([stream.encode(line) for line in lines], "memory"))


def test_a_killed_run_has_a_banner_and_right_counts(mixed_run: Any, parsed: Any) -> None:
    run = mixed_run()
    lines = [stream.encode(run.header)]
    lines += [stream.encode(line) for line in (*run.cases.values(), *run.evidence.values())]
    lines += [stream.encode(line) for line in run.results[:3]]
    lines.append(stream.encode(run.results[3])[:40])
    killed = stream.parse(lines, "killed.jsonl")
    page = parsed(render(killed))
    assert page.text.index("This run is incomplete: it was cut off") < page.text.index(
        "Conformance report"
    )
    assert "1 of 3 checked required clauses hold; 2 fail, 1 weak" in page.text
    assert "✗ fail 3" in page.text
    assert "pass" not in killed.counts()
    assert page.text.count("not run") == 16


def test_an_interrupted_run_says_why(build: Any, parsed: Any) -> None:
    build.header().result("asgi.http::a")
    page = parsed(render(build.footer(complete=False, reason="stopped after 1 failure")))
    assert "This run is incomplete: stopped after 1 failure." in page.text
    assert "alert" in page.all("role")


def test_a_harness_fault_has_a_banner(mixed_run: Any, build: Any, parsed: Any) -> None:
    assert "In 1 case the suite itself" in parsed(render(mixed_run())).text
    clean = build.header().result("asgi.http::a").footer()
    assert "alert" not in parsed(render(clean)).all("role")


def test_almost_nothing_still_makes_a_page(build: Any, parsed: Any) -> None:
    for run in (stream.Run(), stream.Run(header={"kind": "header"}), build.header().run):
        assert "This run is incomplete: it was cut off" in parsed(render(run)).text


def test_requirements_of_the_interface_are_counted(mixed_run: Any, build: Any, parsed: Any) -> None:
    asgi = parsed(render(mixed_run())).text
    assert "✗ 2 broken" in asgi
    assert "not exercised by this run" in asgi
    assert "not observable" in asgi
    assert "PEP 3333" not in asgi.partition("About this run")[0]
    wsgi = build.header(interface="wsgi").result("wsgi::get").footer()
    assert "ASGI, HTTP" not in parsed(render(wsgi)).text


def test_a_plague_is_cut_and_says_so(large_run: Any, parsed: Any) -> None:
    run = large_run(700, 3, 2100)
    text = render(run)
    page = parsed(text)
    assert text.count('<details class="finding') == 20
    assert "2080 more like these are not shown in full here" in page.text
    assert all(name.partition("::")[2] in page.text for name in run.cases)
    assert len(text) < 1_500_000


def test_a_large_run_stays_small(large_run: Any) -> None:
    assert len(render(large_run()).encode()) <= 4_000_000


def test_contrast_is_enough_in_both_schemes() -> None:
    style = html._template("style.css")
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", style.partition("@media")[0]))
    dark_rules = style.partition("prefers-color-scheme: dark")[2].partition("\n}")[0]
    dark = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", dark_rules))
    grounds = ("ground", "paper", "sunk", "fail-wash", "weak-wash", "seen-wash")
    inks = ("ink", "soft", "accent", "fail", "weak", "pass", "seen", "idle")
    for scheme in (light, dark):
        for ink in inks:
            for ground in grounds:
                assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_an_old_report_survives_a_failed_write(
    mixed_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    write(mixed_run(), path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(stream.StreamError, match=r"report\.html: No space left on device"):
        write(mixed_run("other"), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing/report.html", "there is no such folder"),
        ("folder", "it is not a regular file"),
        ("n" * 300 + ".html", "File name too long"),
    ],
)
def test_an_unwritable_path_is_one_sentence(
    name: str, why: str, mixed_run: Any, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(stream.StreamError) as caught:
        write(mixed_run(), tmp_path / name)
    assert str(caught.value) == f"cannot write the report to {tmp_path / name}: {why}"
    assert "\n" not in str(caught.value)
