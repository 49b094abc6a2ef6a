"""A command run to its end: bounded in time, with nothing of it left whoever dies."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateproof.targets.process import ProcessError, ServerProcess

_OURS = ("PYTHON", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
_ELSEWHERE = frozenset(
    {"PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV"}
)


@dataclass(frozen=True)
class Done:
    """How a command ended.

    Attributes:
        code: its exit code; None when it was killed at its deadline.
        text: both outputs.
        output: standard output alone.
    """

    code: int | None
    text: str
    output: str = ""


def run(
    argv: Sequence[str | Path],
    within: float,
    *,
    keep: Sequence[int] = (),
    files: Mapping[str, str] | None = None,
) -> Done:
    """Run a command in a folder of its own until it ends, at most ``within`` seconds.

    Settings of this process's Python are not handed on, nor those that send pip elsewhere. It and
    all that it started are gone when this returns, and also when this process is killed.

    Args:
        argv: the command.
        within: seconds.
        keep: descriptors that it inherits.
        files: texts by name, put into its working folder.
    """
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name not in _ELSEWHERE
    }
    with tempfile.TemporaryDirectory(prefix="gateproof-") as scratch:
        logs, folder = Path(scratch, "logs"), Path(scratch, "work")
        logs.mkdir()
        folder.mkdir()
        for name, text in (files or {}).items():
            (folder / name).write_text(text, "utf-8")
        try:
            process = ServerProcess([str(word) for word in argv], clean, folder, logs, keep)
        except ProcessError as problem:
            return Done(127, str(problem))
        try:
            ended = process.poll(max(0.0, within))
        finally:
            process.kill()
        output, errors = (
            file.read_bytes().decode("utf-8", "replace")
            for file in (process.stdout, process.stderr)
        )
    return Done(ended.code if ended else None, output + errors, output)
