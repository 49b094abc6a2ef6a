"""A hang is a verdict: interrupt code that blocks the main thread.

Deadlines of an event loop do nothing against a blocked thread. On POSIX, in the
main thread, an interval timer looks whether there was progress and raises
:class:`Hang` inside whatever runs. Elsewhere nothing can be interrupted and the
caller has to run the work in a daemon thread that it can abandon.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Hang(BaseException):
    """Raised inside code that made no progress for too long.

    Not an ``Exception``, so that an application's own handlers let it pass.
    ``endless`` says that there was progress all the time, but no end: a response
    may lawfully stream for ever, so that this is no fault of the application.
    """

    def __init__(self, message: str, *, endless: bool = False) -> None:
        super().__init__(message)
        self.endless = endless


def can_interrupt() -> bool:
    """Whether blocked code can be interrupted here: POSIX, in the main thread."""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextmanager
def interrupting(
    progress: Callable[[], object], patience: float, limit: float | None = None
) -> Iterator[None]:
    """Raise :class:`Hang` in the main thread when the work inside stands still.

    Args:
        progress: gives a value that changes as long as the work gets on; must
            be cheap and must not raise.
        patience: seconds without a change after which :class:`Hang` is raised;
            raised again each further second, should the code swallow it.
        limit: seconds after which it is raised although there was progress.
    """
    started = changed = time.monotonic()
    last = progress()

    def look(_signal: int, frame: FrameType | None) -> None:
        nonlocal changed, last
        now = time.monotonic()
        current = progress()
        if current != last or _is_ours(frame):
            last, changed = current, now
        if now - changed >= patience:
            raise Hang(f"no progress for {patience:g} s")
        if limit is not None and now - started >= limit:
            raise Hang(f"not finished after {limit:g} s", endless=True)

    interval = min(1.0, patience / 4)
    previous = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, interval, interval)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


_AROUND = (
    "gateproof.conformance.loops",
    "gateproof.validators.asgi.validator",
    "gateproof.validators.wsgi.light",
    "gateproof.validators.wsgi.ordinary",
    "gateproof.validators.wsgi.watching",
    "gateproof.validators.wsgi.proxies",
)
"""Our modules that call the application's code, or run the loop that does."""


def _is_ours(frame: FrameType | None) -> bool:
    """Whether the code under way is the suite's own, which is slow at most, never hung."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if isinstance(module, str) and module.startswith("gateproof."):
            return module not in _AROUND
        frame = frame.f_back
    return False


def hang_in(error: BaseException) -> Hang | None:
    """The :class:`Hang` that ``error`` is or, as an exception group, contains."""
    if isinstance(error, Hang):
        return error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            found = hang_in(inner)
            if found is not None:
                return found
    return None
