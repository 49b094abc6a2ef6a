"""What a run leaves behind: the stream, the report, and the lines at the end."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gateproof.conformance.case import cases
from gateproof.conformance.settings import Settings
from gateproof.conformance.subjects import Subject
from gateproof.reports.stream import VERSION, Run, StreamError, Writer

SPECS = (
    {"name": "PEP 3333", "version": "1.0.1"},
    {"name": "ASGI", "version": "3.0"},
    {"name": "ASGI HTTP & WebSocket", "version": "2.5"},
    {"name": "ASGI Lifespan", "version": "2.0"},
    {"name": "ASGI TLS", "version": "0.2"},
)
"""The documents that the suite holds targets against."""


class Recording:
    """Writes lines to the streams as they come and keeps them for the report.

    Raises:
        StreamError: a file cannot be written.
    """

    def __init__(self, files: Iterable[Path], report: Path | None) -> None:
        self.run = Run()
        self.report = report
        self.fault = ""
        self._writers = [Writer(path) for path in files]
        self._named = set[str]()
        self._started = time.monotonic()

    def line(self, line: dict[str, Any]) -> None:
        """Take in one line; a case or evidence that is known already is not repeated."""
        kind = line["kind"]
        if kind in ("case", "evidence"):
            if line["id"] in self._named:
                return
            self._named.add(line["id"])
        self.run.add(line)
        rest = {key: value for key, value in line.items() if key != "kind"}
        for writer in self._writers:
            writer.write(kind, rest)

    def finish(self, reason: str) -> None:
        """Write the footer and the report; ``reason`` says why the run is incomplete, if it is."""
        hold, checked = self.run.clauses()
        self.line(
            {
                "kind": "footer",
                "complete": not reason,
                "reason": reason,
                "counts": self.run.counts(),
                "hold": hold,
                "checked": checked,
                "duration": round(time.monotonic() - self._started, 3),
            }
        )
        for writer in self._writers:
            writer.close()
        if self.report is not None and self.run.results:
            from gateproof.reports.formats import write

            try:
                write(self.run, self.report)
            except StreamError as error:
                self.fault = str(error)

    def closing_lines(self, level: str) -> list[str]:
        """What is printed before the last line: milder findings, and where the report is."""
        from gateproof.reports.hazards import hazard_lines
        from gateproof.reports.terminal import counts_line, mild_findings

        lines = [*mild_findings(self.run, level), *hazard_lines(self.run), *self._hollow()]
        lines += self._carried()
        if self.run.results:
            lines.append(counts_line(self.run))
        if self.fault:
            lines.append(self.fault)
        elif self.report is not None and self.run.results:
            lines.append(f"report: {self.report}")
        return lines

    def _carried(self) -> list[str]:
        """For each server that carried an application, what it broke itself."""
        lines = []
        for target in self.run.header.get("targets", ()):
            found = sorted(
                {
                    breach
                    for result in self.run.results
                    if result["target"] == target["id"]
                    for breach in result.get("server", ())
                }
            )
            if found:
                more = f" and {len(found) - 4} more" if len(found) > 4 else ""
                lines.append(
                    f"note: {target['server']} itself, not {target['name']}, broke "
                    f"{', '.join(found[:4])}{more}; gateproof run {target['server']} tells it all"
                )
        return lines

    @property
    def silent(self) -> list[str]:
        """The names of targets that were asked and never answered, so that nothing was shown."""
        return [
            target["name"]
            for target in self.run.header.get("targets", ())
            if not self._codes(target["id"])
            and "blocked" in {r["verdict"] for r in self.run.results if r["target"] == target["id"]}
        ]

    def _codes(self, target: str) -> set[int]:
        """The status codes with which a target answered."""
        return {
            code
            for result in self.run.results
            if result["target"] == target
            for code in result.get("statuses", ())
        }

    def _hollow(self) -> list[str]:
        """A hint for each target that never answered, or always with one and the same error."""
        lines = [f"note: {name} answered no request; see the blocked cases" for name in self.silent]
        for target in self.run.header.get("targets", ()):
            codes = self._codes(target["id"])
            if len(codes) == 1 and min(codes) >= 400:
                lines.append(
                    f"note: {target['name']} answered every request with {min(codes)}; "
                    "its own paths and host may be needed (--target-path, --target-host)"
                )
        return lines


def header(chosen: Settings, subjects: Mapping[str, Subject], argv: list[str]) -> dict[str, Any]:
    """The stream's first line; ``subjects`` are the targets by their ids."""
    return {
        "kind": "header",
        "version": VERSION,
        "gateproof": version("gateproof"),
        "digest": digest(),
        "specs": [dict(spec) for spec in SPECS],
        "python": platform.python_version(),
        "platform": platform.platform(),
        "argv": argv,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "level": chosen.level,
        "select": list(chosen.select),
        "ignore": list(chosen.ignore),
        "targets": [
            {
                "id": slug,
                "name": subject.name,
                "interface": subject.interface,
                **subject.facts(chosen),
            }
            for slug, subject in subjects.items()
        ],
    }


def digest() -> str:
    """A SHA-256 over the suite's cases, to tell whether two runs ran the same suite."""
    seen = hashlib.sha256()
    for case in cases().values():
        seen.update(repr((case.full_id, case.title, case.proves)).encode())
    return seen.hexdigest()
