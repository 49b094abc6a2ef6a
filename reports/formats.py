"""The forms of a report, by the suffix of its file's name: one line a format."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gateproof.reports.stream import Run, StreamError


def _html(run: Run) -> str:
    from gateproof.reports.html import render

    return render(run)


def _markdown(run: Run) -> str:
    from gateproof.reports.markdown import render

    return render(run)


FORMATS: dict[str, Callable[[Run], str]] = {".html": _html, ".htm": _html, ".md": _markdown}
"""What renders a run, by suffix."""


def write(run: Run, path: Path, form: Callable[[Run], str] | None = None) -> None:
    """Write the report to ``path``, whole or not at all.

    Args:
        run: what it tells.
        path: the file.
        form: what renders it; by the suffix of ``path`` when left out, else HTML.

    Raises:
        StreamError: it cannot be written there.
    """
    text = (form or FORMATS.get(path.suffix.lower(), _html))(run)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if path.exists() and not path.is_file():
            # Replacing a folder fails anyway; replacing a device would destroy it.
            raise OSError(errno.EINVAL, "it is not a regular file")
        partial.write_text(text, "utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        why = error.strerror if path.parent.is_dir() else "there is no such folder"
        raise StreamError(f"cannot write the report to {path}: {why}") from None
