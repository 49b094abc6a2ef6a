"""The report in a real browser, driven over a pipe; skipped where there is none."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateproof.reports.formats import write

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(os.name != "posix", reason="the pipe to Chromium needs POSIX"),
]

PATIENCE = 60.0

ARGV = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)


LAUNCH = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Puts the protocol's pipes where the browser looks for them."""


class Browser:
    """Chromium and one page in it; every wait has a deadline."""

    def __init__(self, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", LAUNCH, str(theirs_in), str(theirs_out)),
                *(str(CHROMIUM), *ARGV, f"--user-data-dir={profile}"),
            ],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def start(self) -> None:
        """Attach to a new page."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        made = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = made["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self._next(deadline)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(deadline - time.monotonic(), 0))
            chunk = os.read(self._in, 1 << 20) if ready else b""
            if not chunk:
                pytest.fail("Chromium went away or did not answer in time")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(line))

    def open(
        self, path: Path, fragment: str = "", *, script: bool = True, width: int = 1280
    ) -> None:
        """Show a file and wait until it is loaded."""
        self.ask("Page.navigate", url="about:blank")
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.events.clear()
        self.ask("Page.navigate", url=path.as_uri() + fragment)
        deadline = time.monotonic() + PATIENCE
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next(deadline))

    def value(self, expression: str) -> Any:
        """What an expression gives in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def complaints(self) -> list[Any]:
        """Errors of the console, breaches of the page's policy, dialogs, requests elsewhere."""
        wrong = ("Log.entryAdded", "Runtime.exceptionThrown", "Page.javascriptDialogOpening")
        found: list[Any] = [event for event in self.events if event.get("method") in wrong]
        asked = [e["params"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return found + [a["request"]["url"] for a in asked if a["type"] != "Document"]

    def close(self) -> None:
        """End the browser."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        os.close(self._in)
        os.close(self._out)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    made = Browser(tmp_path_factory.mktemp("profile"))
    try:
        made.start()
        yield made
    finally:
        made.close()


def displayed(browser: Browser, selector: str) -> list[str]:
    """The first words of the elements that are not hidden."""
    return list(
        browser.value(
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            ".filter(node => node.checkVisibility()).map(node => node.textContent.trim())"
        )
    )


def test_it_reads_without_script(browser: Browser, mixed_run: Any, tmp_path: Path) -> None:
    run = mixed_run()
    write(run, tmp_path / "report.html")
    browser.open(tmp_path / "report.html", script=False)
    assert browser.complaints() == []
    assert displayed(browser, ".copy, .search") == []
    shown = browser.value("document.body.innerText")
    assert "2 of 4 checked required clauses hold" in shown
    assert "http.response.start was sent a second time" in shown
    assert run.results[0]["reproduce"] in shown
    assert len(displayed(browser, ".case")) == 19


def test_the_script_runs_under_the_policy(browser: Browser, mixed_run: Any, tmp_path: Path) -> None:
    write(mixed_run(), tmp_path / "report.html")
    browser.open(tmp_path / "report.html")
    assert browser.complaints() == []
    assert displayed(browser, ".copy")
    assert len(displayed(browser, ".search")) == 1


def test_filters_need_no_script(browser: Browser, mixed_run: Any, tmp_path: Path) -> None:
    write(mixed_run("one", "two"), tmp_path / "report.html")
    browser.open(tmp_path / "report.html", script=False)

    def pick(name: str) -> None:
        browser.value(f"document.getElementById({name!r}).checked = true")

    everything = len(displayed(browser, ".group"))
    pick("show-weak")
    assert all("▲" in text for text in displayed(browser, ".case td:nth-child(2)"))
    assert 0 < len(displayed(browser, ".group")) < everything
    pick("show-pass")
    assert displayed(browser, ".group") == []
    assert len(displayed(browser, ".case")) == 8
    pick("family-2")
    assert len(displayed(browser, ".case")) == 2
    pick("show-all")
    pick("family-all")
    pick("target-1")
    assert displayed(browser, ".finding.t-0") == []
    assert displayed(browser, ".finding.t-1") != []
    assert displayed(browser, ".cases thead th") == ["Case", "two", "ms"]


def test_a_link_opens_what_is_folded(browser: Browser, mixed_run: Any, tmp_path: Path) -> None:
    run = mixed_run()
    write(run, tmp_path / "report.html")
    name = "asgi.http::known--myapp:application--asgi.http.response-start.once"
    for script in (False, True):
        browser.open(tmp_path / "report.html", script=script)
        assert displayed(browser, f"[id='{name}']") == []
        browser.open(tmp_path / "report.html", f"#{name}", script=script)
        assert len(displayed(browser, f"[id='{name}']")) == 1


def test_search_and_keys_are_comfort(browser: Browser, mixed_run: Any, tmp_path: Path) -> None:
    write(mixed_run(), tmp_path / "report.html")
    browser.open(tmp_path / "report.html")
    for key in ("j", "j"):
        browser.ask("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
    assert browser.value("document.activeElement.closest('.finding').open") is False
    browser.ask("Input.dispatchKeyEvent", type="keyDown", key="o", text="o")
    assert browser.value("document.activeElement.closest('.finding').open") is True
    browser.ask("Input.dispatchKeyEvent", type="keyDown", key="/", text="/")
    assert browser.value("document.activeElement.id") == "search"
    browser.ask("Input.insertText", text="completes")
    deadline = time.monotonic() + PATIENCE
    while len(displayed(browser, ".group")) != 1:
        assert time.monotonic() < deadline


@pytest.mark.parametrize("width", [360, 1280])
def test_a_hostile_target_neither_runs_nor_widens(
    width: int, browser: Browser, build: Any, tmp_path: Path
) -> None:
    evil = "</script><img src=x onerror=alert(1)><svg/onload=alert(1)>\0\u202e\ud800" + "w" * 3000
    seen = build.header(evil, python=evil).evidence([("send", {"type": evil, evil: evil})])
    finding = build.finding(
        evil, message=evil, observed=evil, expected=evil, hint=evil, evidence=seen, event=0
    )
    build.result(f"asgi.http::{evil}", "fail", finding, target=evil, reason=evil)
    write(build.footer(), tmp_path / "report.html")
    browser.open(tmp_path / "report.html", width=width)
    assert browser.complaints() == []
    assert browser.value("document.querySelectorAll('img, body script').length") == 1
    assert browser.value("document.documentElement.scrollWidth") <= width


def test_the_page_fits_a_phone(browser: Browser, mixed_run: Any, tmp_path: Path) -> None:
    write(mixed_run("one", "two", "three"), tmp_path / "report.html")
    browser.open(tmp_path / "report.html", width=360)
    assert browser.value("document.documentElement.scrollWidth") <= 360


def test_every_control_has_a_name(browser: Browser, mixed_run: Any, tmp_path: Path) -> None:
    write(mixed_run("one", "two"), tmp_path / "report.html")
    browser.open(tmp_path / "report.html")
    tree = browser.ask("Accessibility.getFullAXTree")["nodes"]
    roles = {"link", "button", "radio", "searchbox", "textbox", "table", "region", "heading"}
    nameless = [
        node["role"]["value"]
        for node in tree
        if not node["ignored"]
        and node["role"]["value"] in roles
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []
    cells = {node["name"]["value"] for node in tree if node["role"]["value"] == "cell"}
    assert {"✓ pass", "✗ fail", "– n/a", "⊘ blocked", "k known"} <= cells  # noqa: RUF001
