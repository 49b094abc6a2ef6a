"""A lock between processes that is waited for no longer than a deadline."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_POLL = 0.05  # seconds; the system tells no deadline to a wait for a file's lock


@dataclass(frozen=True)
class Held:
    """A lock that is held.

    Attributes:
        descriptor: of the lock's file. A child that inherits it holds the lock on, should this
            process be killed.
        waited: whether somebody else held it before.
    """

    descriptor: int
    waited: bool


@contextmanager
def held(file: Path, within: float) -> Iterator[Held]:
    """Hold the lock ``file``; the system gives it back when its holders end, however they do.

    The file itself stays: to delete it would let two processes hold two files of one name.

    Args:
        file: is made where it does not exist.
        within: seconds to wait for whoever holds it.

    Raises:
        TimeoutError: it was not given back in time.
        OSError: the file cannot be opened.
    """
    import fcntl

    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + within
        waited = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"{file} is held by another process") from None
                waited = True
                time.sleep(_POLL)
        yield Held(descriptor, waited)
    finally:
        os.close(descriptor)
