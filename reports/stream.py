"""The result stream: JSON Lines, written as it happens, read by every report.

Five kinds of line: ``header``, ``case``, ``result``, ``evidence``, ``footer``;
``results.schema.json`` beside this file is the published schema. A stream
without a footer is incomplete, and every view of it says so.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import IO, Any

VERSION = 1
"""The version of the stream's format; readers refuse a newer one."""

KINDS = ("header", "case", "result", "evidence", "footer")
"""The kinds of line, in the order in which they first appear."""

VERDICTS = (
    "fail",
    "fixed",
    "unstable",
    "harness",
    "weak",
    "observed",
    "known",
    "blocked",
    "n/a",
    "pass",
)
"""The verdicts of a case, gravest first."""


class StreamError(Exception):
    """A result stream cannot be written or read; the text says why and where."""


class Writer:
    """Appends lines to a result stream, each flushed at once.

    Raises:
        StreamError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file: IO[str] = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise StreamError(f"cannot write results to {path}: {error.strerror}") from None

    def write(self, kind: str, line: dict[str, Any]) -> None:
        """Append one line of ``kind``."""
        self._file.write(encode({"kind": kind, **line}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file; the stream is complete only if a footer was written."""
        self._file.close()


def encode(line: dict[str, Any]) -> str:
    """One line of JSON; text that is not Unicode (lone surrogates) is escaped."""
    return json.dumps(line, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


@dataclass
class Run:
    """A result stream, read back.

    Attributes:
        header: the header line.
        cases: case lines by full id.
        results: result lines, in order.
        evidence: evidence lines by id.
        footer: the footer, ``None`` where the run did not end.
    """

    header: dict[str, Any] = field(default_factory=dict)
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)
    footer: dict[str, Any] | None = None

    @property
    def complete(self) -> bool:
        """Whether the run came to its end by itself."""
        return self.footer is not None and bool(self.footer.get("complete"))

    def add(self, line: dict[str, Any]) -> None:
        """Take in one line; kinds that this version does not know are passed over."""
        kind = line.get("kind")
        if kind == "header":
            self.header = line
        elif kind == "case":
            self.cases[line["id"]] = line
        elif kind == "result":
            self.results.append(line)
        elif kind == "evidence":
            self.evidence[line["id"]] = line
        elif kind == "footer":
            self.footer = line

    def counts(self) -> dict[str, int]:
        """How many results have each verdict; verdicts that nothing has are left out."""
        found = [result["verdict"] for result in self.results]
        return {verdict: found.count(verdict) for verdict in VERDICTS if verdict in found}

    def clauses(self) -> tuple[int, int]:
        """``(R, S)``: of S required clauses that were exercised, R were not broken.

        A clause counts once for each target.
        """
        exercised: set[tuple[str, str]] = set()
        broken: set[tuple[str, str]] = set()
        for result in self.results:
            target = result["target"]
            exercised.update((target, name) for name in result["exercised"])
            for finding in result["findings"]:
                if finding["verdict"] == "fail":
                    broken.add((target, finding["requirement"]))
        checked = exercised | broken
        return len(checked - broken), len(checked)


def read(path: Path) -> Run:
    """Read a result stream; a last line cut off by a kill is passed over.

    Args:
        path: the file; compressed with gzip where its name ends in ``.gz``.

    Raises:
        StreamError: the file cannot be read or is not a result stream.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            import gzip

            data = gzip.decompress(data)
        text = data.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise StreamError(f"cannot read results from {path}: {error}") from None
    return parse(text.splitlines(), str(path))


def parse(lines: Iterable[str], where: str) -> Run:
    """Read the lines of a result stream; ``where`` names it in errors.

    Raises:
        StreamError: it is not a result stream, or of a newer format.
    """
    run = Run()
    entries = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    for number, line in entries:
        try:
            entry = json.loads(line)
        except ValueError:
            if number == entries[-1][0]:
                break
            raise StreamError(
                f"{where}, line {number}: not JSON; is this a result stream?"
            ) from None
        if not isinstance(entry, dict) or "kind" not in entry:
            raise StreamError(f"{where}, line {number}: not a line of a result stream")
        if entry["kind"] == "header" and entry.get("version", 0) > VERSION:
            raise StreamError(
                f"{where} has format {entry['version']}; "
                f"this gateproof reads up to {VERSION}: upgrade it"
            )
        run.add(entry)
    if not run.header:
        raise StreamError(f"{where}: no header line; is this a result stream?")
    return run


def schema() -> dict[str, Any]:
    """The published JSON Schema of one line of the stream."""
    text = resources.files("gateproof.reports").joinpath("results.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
