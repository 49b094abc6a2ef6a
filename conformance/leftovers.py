"""Threads that an application left hanging must not hold the interpreter's exit.

A call that hangs in a worker thread cannot be interrupted, and the interpreter
waits for every thread that is not a daemon before it exits, executors' threads
included. So the first thing it does when it shuts down is to give the leftovers
a moment and, if they still live, to exit with the status that the run had.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

GRACE = 1.0
"""Seconds that left-over threads have to end by themselves."""


def exit_without(leftovers: set[threading.Thread], status: int) -> None:
    """Make sure that the process ends with ``status`` although ``leftovers`` live on.

    Args:
        leftovers: non-daemon threads that were there when the run ended and not
            when it began.
        status: the exit status of the run.
    """

    def leave() -> None:
        for thread in leftovers:
            thread.join(GRACE / len(leftovers))
        if any(thread.is_alive() for thread in leftovers):
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            os._exit(status)

    # What concurrent.futures uses to end its threads; last registered, first called.
    # Without it (it is not public) a hung executor thread holds the exit.
    register: Callable[[Callable[[], None]], None] | None
    register = getattr(threading, "_register_atexit", None)
    if leftovers and register is not None:
        register(leave)


def living() -> set[threading.Thread]:
    """The non-daemon threads that are alive, without the main one."""
    return {
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    }
