"""Threads that an application left hanging must not hold the interpreter's exit.

A call that hangs in a worker thread cannot be interrupted, and the interpreter
waits for every thread that is not a daemon and for the threads of executors
before it exits. So the first thing it does when it shuts down is to give the leftovers
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
        leftovers: threads that were there when the run ended and not when it began.
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
    """The threads that are alive, without the main one and our own.

    Daemons, too: the threads of an executor that a daemon made are daemons, and
    the interpreter waits for them all the same.
    """
    return {
        thread
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.name.startswith("gateproof")
    }
