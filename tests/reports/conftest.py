"""A builder of synthetic runs: small ones to look at, large ones to measure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest

from gateproof.reports.ladder import evidence
from gateproof.reports.stream import Run
from gateproof.validators.violation import Rung

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.5"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/export",
    "raw_path": b"/export",
    "query_string": b"",
    "root_path": "",
    "headers": [[b"host", b"testserver"], [b"accept", b"*/*"], [b"x-trace", b"0af7651916cd43dd"]],
    "client": ["127.0.0.1", 40312],
    "server": ["testserver", 80],
}

STEPS: list[tuple[str, Any]] = [
    ("call", SCOPE),
    ("receive", None),
    ("received", {"type": "http.request", "body": b"", "more_body": False}),
    (
        "send",
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [[b"content-type", b"text/csv; charset=utf-8"]],
        },
    ),
    ("sent", None),
    ("send", {"type": "http.response.body", "body": b"id,name\r\n" * 400, "more_body": True}),
    ("sent", None),
    ("send", {"type": "http.response.start", "status": 500, "headers": []}),
    ("sent", None),
    ("send", {"type": "http.response.body", "body": b"oops"}),
    ("sent", None),
    ("return", None),
]

MARK = 7
"""The rung of STEPS at which the second start is seen."""


def rungs(steps: list[tuple[str, Any]], every: int = 52_000) -> list[Rung]:
    """Rungs from steps, ``every`` nanoseconds one."""
    return [Rung(step, data, 10**9 + n * every) for n, (step, data) in enumerate(steps)]


@dataclass
class Builder:
    """Builds a run line by line."""

    run: Run = field(default_factory=Run)
    count: Any = field(default_factory=itertools.count)

    def header(self, *targets: str, interface: str = "asgi", **more: Any) -> Builder:
        self.run.add(
            {
                "kind": "header",
                "version": 1,
                "gateproof": "0.1.0",
                "digest": "9f" * 32,
                "specs": [
                    {"name": "ASGI", "version": "3.0"},
                    {"name": "ASGI HTTP & WebSocket", "version": "2.5"},
                ],
                "python": "3.11.9",
                "platform": "Linux-6.1-x86_64",
                "argv": ["pytest", "--target=myapp:application"],
                "started": "2026-03-01T09:30:00+00:00",
                "targets": [
                    {
                        "id": name,
                        "interface": interface,
                        "because": "it is a coroutine function of three arguments",
                        "application": "myapp.Application",
                        "versions": {"myapp": "1.2"},
                        "paths": ["/", "/export"],
                        "methods": ["GET", "HEAD", "OPTIONS"],
                        "backend": "asyncio",
                    }
                    for name in targets or ("myapp:application",)
                ],
                "level": "must",
                "select": [],
                "ignore": [],
                **more,
            }
        )
        return self

    def case(self, name: str, title: str = "", proves: tuple[str, ...] = ()) -> Builder:
        family = name.partition("::")[0]
        title = title or f"What {name.partition('::')[2]} does is what the text says."
        self.run.add(
            {
                "kind": "case",
                "id": name,
                "family": family,
                "title": title,
                "doc": title,
                "proves": list(proves),
            }
        )
        return self

    def finding(
        self, requirement: str = "asgi.http.response-start.once", **more: Any
    ) -> dict[str, Any]:
        return {
            "requirement": requirement,
            "verdict": "fail",
            "level": "must",
            "party": "application",
            "message": "http.response.start was sent a second time, with status 500",
            "event": MARK,
            "expected": "http.response.body",
            "observed": "{'type': 'http.response.start', 'status': 500, 'headers': []}",
            "hint": "let the exception reach the server instead of answering it",
            "url": "https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event",
            "count": 1,
            "evidence": None,
            "request": "GET /export",
            **more,
        }

    def evidence(
        self,
        steps: list[tuple[str, Any]] | None = None,
        request: str = "GET /export",
        dropped: int = 0,
    ) -> str:
        line = evidence(request, rungs(STEPS if steps is None else steps), dropped, "asgi")
        self.run.add({"kind": "evidence", **line})
        return str(line["id"])

    def result(
        self,
        case: str,
        verdict: str = "pass",
        *findings: dict[str, Any],
        target: str = "myapp:application",
        reason: str = "",
        exercised: tuple[str, ...] = ("asgi.http.response-start.before-body",),
        duration: float = 0.0031,
    ) -> Builder:
        if case not in self.run.cases:
            self.case(case)
        self.run.add(
            {
                "kind": "result",
                "case": case,
                "target": target,
                "verdict": verdict,
                "reason": reason,
                "duration": duration,
                "findings": list(findings),
                "exercised": list(exercised),
                "reproduce": f"pytest --target={target} 'gateproof::{case}[app]'",
            }
        )
        return self

    def footer(self, *, complete: bool = True, reason: str = "") -> Run:
        hold, checked = self.run.clauses()
        self.run.add(
            {
                "kind": "footer",
                "complete": complete,
                "reason": reason,
                "counts": self.run.counts(),
                "hold": hold,
                "checked": checked,
                "duration": 6.31,
            }
        )
        return self.run


def mixed(*targets: str, end: bool = True) -> Run:
    """A run with every verdict in it."""
    build = Builder().header(*targets)
    names = targets or ("myapp:application",)
    seen = build.evidence()
    long = build.evidence([*STEPS[:3], *[("send", {"type": "x", "body": b"y"})] * 90], "GET /long")
    build.case(
        "asgi.http::response-start-once",
        "Once the response is started, it is not started again.",
        ("asgi.http.response-start.once",),
    )
    for target in names:
        once = build.finding(evidence=seen)
        build.result("asgi.http::response-start-once", "fail", once, target=target)
        build.result(
            "asgi.http::error-in-stream",
            "fail",
            build.finding(evidence=seen, count=3),
            build.finding(
                "asgi.http.response-start.header-case",
                verdict="weak",
                level="should",
                message="header name b'Content-Type' is not lower case",
                evidence=seen,
                event=3,
                observed="b'Content-Type'",
                expected="b'content-type'",
            ),
            target=target,
        )
        build.result(
            "asgi.http::streaming",
            "fail",
            build.finding(
                "asgi.http.app.completes-response",
                message="the application returned before the response was complete",
                event=60,
                evidence=long,
                request="GET /long",
                observed="returned after a body with more_body=True",
                expected="http.response.body with more_body=False",
            ),
            target=target,
        )
        build.result(
            "asgi.http::mixed-case-headers",
            "weak",
            build.finding(
                "asgi.no-such.requirement",
                verdict="weak",
                level="should",
                message="of a later version",
            ),
            target=target,
        )
        build.result(
            "asgi.http::receive-again",
            "observed",
            build.finding(
                "asgi.http.disconnect.after-response",
                verdict="observed",
                level="may",
                message="receive() is called once more after the response",
                evidence=seen,
                event=None,
            ),
            target=target,
        )
        build.result("asgi.http::known", "known", build.finding(), target=target, reason="bug 42")
        build.result("asgi.http::fixed", "fixed", target=target, reason="it passes since 1.2")
        build.result("asgi.http::wavering", "unstable", target=target, reason="1 of 3 runs failed")
        build.result("asgi.http::crash", "harness", target=target, reason="no free descriptors")
        build.result(
            "asgi.http::post",
            "n/a",
            target=target,
            reason="it sends POST, and --target-methods allows GET, HEAD and OPTIONS",
            exercised=(),
        )
        build.result(
            "asgi.websocket::echo",
            "blocked",
            target=target,
            reason="the handshake did not work",
            exercised=(),
        )
        for name in ("get", "head", "options-asterisk", "query", "empty-body", "cookies"):
            build.result(f"asgi.http::{name}", target=target)
        build.result("asgi.lifespan::startup", target=target, exercised=("asgi.lifespan.once",))
        build.result("asgi.lifespan::shutdown", target=target)
    return build.footer() if end else build.run


def large(cases: int = 1000, targets: int = 12, failing: int = 850) -> Run:
    """A run of the size that reports.md names, with a ladder of its own for each failure."""
    names = [f"server-{n}[http=h11]" for n in range(targets)]
    build = Builder().header(*names)
    every = max(cases * targets // max(failing, 1), 1)
    number = 0
    for n in range(cases):
        name = f"asgi.http::case-number-{n:04d}"
        build.case(name, "A body cut into pieces of any size arrives whole and in order.")
        for target in names:
            number += 1
            if number % every or number // every > failing:
                build.result(name, target=target)
                continue
            seen = build.evidence([*STEPS[:-1], ("return", number)])
            build.result(name, "fail", build.finding(evidence=seen), target=target)
    return build.footer()


class Page(HTMLParser):
    """A report as a reader without script has it."""

    VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "rect", "path"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("td", "th", "dt", "dd", "summary"):
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.raw[self.open[-1]] = self.raw.get(self.open[-1], "") + data
        else:
            self.words.append(data)

    def all(self, name: str) -> list[str]:
        """Every value of the attribute ``name``."""
        return [attrs[name] for _, attrs in self.tags if name in attrs]


@pytest.fixture
def parsed() -> type[Page]:
    return Page


@pytest.fixture
def build() -> Builder:
    return Builder()


@pytest.fixture
def mixed_run() -> Any:
    return mixed


@pytest.fixture
def large_run() -> Any:
    return large
