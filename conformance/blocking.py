"""Notices code that holds the event loop, and says where.

While one connection is served no other one is, if the application waits without
``await``. From a thread of its own the loop's thread is looked at: does it sleep, or
compute, in the same line of the application, while the loop gets no turn?
"""

from __future__ import annotations

import sys
import sysconfig
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import anyio

T = TypeVar("T")

HELD = 0.1
"""Seconds for which the loop may be held; a disk or a busy machine holds it for less."""

COMPUTED = 0.25
"""Seconds of computing at a stretch that are no reason to wonder."""

LOOK = 0.01
"""Seconds between two looks at the loop's thread."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the application that holds the loop."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}()"


@dataclass
class Held:
    """What was seen of a loop: the place that held it longest, and for how long."""

    place: Place | None = None
    seconds: float = 0.0


async def observed(work: Callable[[], Awaitable[T]]) -> tuple[T, Held]:
    """Do ``work`` in this loop and see who holds the loop meanwhile."""
    looking = _Looking(threading.current_thread())
    looking.start()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(looking.turns)
            result = await work()
            group.cancel_scope.cancel()
    finally:
        looking.stop()
    return result, looking.held


class _Looking:
    """A thread that looks at another one's stack whenever its loop gets no turn."""

    def __init__(self, of: threading.Thread) -> None:
        self.held = Held()
        self._of = of
        self._turn = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="gateproof looks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(1)

    async def turns(self) -> None:
        """Note each turn of the loop."""
        while True:
            self._turn = time.monotonic()
            await anyio.sleep(LOOK / 2)

    def _look(self) -> None:
        """Where the thread has stayed since the loop's last turn, time and again."""
        stay = _Stay(self._of, 0.0, None)
        while not self._over.wait(LOOK):
            here = _place(sys._current_frames().get(self._of.ident or 0))  # noqa: SLF001 - the way
            if not stay.goes_on(self._turn, here):
                stay = _Stay(self._of, self._turn, here)
            elif stay.holds() and stay.seconds > self.held.seconds:
                self.held = Held(here, stay.seconds)


class _Stay:
    """The time that a thread spends in one function of the application's.

    Args:
        thread: the thread.
        turn: the loop's last turn before it.
        place: where the thread is.
    """

    def __init__(self, thread: threading.Thread, turn: float, place: Place | None) -> None:
        self._thread = thread
        self._turn = turn
        self._place = place
        self._began = time.monotonic()
        self._spent = _spent(thread)
        self._looks = 0
        self._asleep = 0

    @property
    def seconds(self) -> float:
        """How long it has been."""
        return time.monotonic() - self._began

    def goes_on(self, turn: float, place: Place | None) -> bool:
        """Whether the thread is still there, and the loop has had no turn."""
        if place is None or self._place is None or turn != self._turn:
            return False
        return (place.file, place.function) == (self._place.file, self._place.function)

    def holds(self) -> bool:
        """Whether the loop is held by that: a thread that only gets no processor is not."""
        self._looks += 1
        self._asleep += _asleep(self._thread)
        if _spent(self._thread) - self._spent >= COMPUTED:
            return True
        return self.seconds >= HELD and self._asleep >= 0.8 * self._looks


def _place(frame: FrameType | None) -> Place | None:
    """The innermost line of the application's, or of a library that it calls, if it is running."""
    library: Place | None = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        file = frame.f_code.co_filename
        if isinstance(module, str) and module.startswith("gateproof."):
            return library  # from here on it is our own code that waits, or calls the rest
        here = Place(file, frame.f_lineno, frame.f_code.co_name)
        if file.startswith(_INSTALLED):  # which may lie below the standard library's folder
            library = library or here
        elif not file.startswith((*_STANDARD, "<")):
            return here
        frame = frame.f_back
    return None


def _folders(*names: str) -> tuple[str, ...]:
    return tuple({str(Path(found)) for name in names if (found := sysconfig.get_path(name))})


_INSTALLED = _folders("purelib", "platlib")
_STANDARD = _folders("stdlib", "platstdlib")


def _asleep(thread: threading.Thread) -> bool:
    """Whether the system lets the thread wait; taken for granted where it does not say."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/stat", "rb") as file:  # noqa: PTH123 - often
            state = file.read().rpartition(b")")[2].split()[:1]
    except OSError:
        return True
    return state in ([b"S"], [b"D"])


def _spent(thread: threading.Thread) -> float:
    """Seconds of processor time that the thread has used; 0 where the system does not say."""
    clock: Any = getattr(time, "pthread_getcpuclockid", None)
    if clock is None or thread.ident is None:
        return 0.0
    try:
        return time.clock_gettime(clock(thread.ident))
    except OSError:
        return 0.0
