"""Threads that an application left hanging must not hold the interpreter's exit.

A call that hangs in a worker thread cannot be interrupted; the interpreter would
wait for that thread for ever before it exits. A daemon thread waits for the main
thread to be done with Python code, gives the others a moment, and exits the
process with the status that the run had.
"""

from __future__ import annotations

import os
import sys
import threading

GRACE = 2.0
"""Seconds that non-daemon threads have to end by themselves."""


def exit_without(leftovers: set[threading.Thread], status: int) -> None:
    """Make sure that the process ends with ``status`` although ``leftovers`` live on.

    Args:
        leftovers: non-daemon threads that were there when the run ended and not
            when it began.
        status: the exit status of the run.
    """
    if not leftovers:
        return

    def wait_and_exit() -> None:
        threading.main_thread().join()
        for thread in leftovers:
            thread.join(GRACE / len(leftovers))
        if any(thread.is_alive() for thread in leftovers):
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            os._exit(status)

    threading.Thread(target=wait_and_exit, name="gateproof exit", daemon=True).start()


def living() -> set[threading.Thread]:
    """The non-daemon threads that are alive, without the main one."""
    return {
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    }
