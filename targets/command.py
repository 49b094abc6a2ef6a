"""A command run to its end: bounded in time, with nothing of it left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_OURS = ("PYTHON", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
_ELSEWHERE = frozenset(
    {"PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV"}
)


@dataclass(frozen=True)
class Done:
    """How a command ended.

    Attributes:
        code: its exit code; None when it was killed at its deadline.
        text: both outputs, as they were written.
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
    env: dict[str, str] | None = None,
    given: str = "",
) -> Done:
    """Run a command in an empty folder until it ends, at most ``within`` seconds.

    Settings of this process's Python are not handed on, nor those that send pip elsewhere. It has
    a process group of its own, which is killed in every case: at the deadline, when we are
    interrupted, and for what it left behind after a good end.

    Args:
        argv: the command.
        within: seconds.
        keep: descriptors that it inherits.
        env: further environment variables.
        given: its standard input.
    """
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name not in _ELSEWHERE
    }
    with tempfile.TemporaryDirectory(prefix="gateproof-") as scratch:
        folder = Path(scratch, "empty")
        folder.mkdir()
        output, errors = Path(scratch, "output"), Path(scratch, "errors")
        said = Path(scratch, "input")
        said.write_text(given, "utf-8")
        with said.open("rb") as stdin, output.open("wb") as stdout, errors.open("wb") as stderr:
            try:
                process = subprocess.Popen(
                    [str(word) for word in argv],
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    cwd=folder,
                    env={**clean, **(env or {})},
                    pass_fds=tuple(keep),
                    start_new_session=True,
                )
            except OSError as error:
                return Done(127, f"{argv[0]}: {error.strerror}")
            code = _waited(process, within)
        texts = [file.read_bytes().decode("utf-8", "replace") for file in (output, errors)]
    return Done(code, "".join(texts), texts[0])


def _waited(process: subprocess.Popen[bytes], within: float) -> int | None:
    """The exit code, or None after the deadline; its group is gone when this returns."""
    try:
        return process.wait(max(0.0, within))
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.returncode is None:
            process.wait()
