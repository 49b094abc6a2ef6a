"""Several requests under way in one process, by a schedule that is data.

Which of them gets on next is said by number, so that what shows only in one order shows
again in that order. A server may turn to another request wherever it has the word: when it
is called (start_response, write, a read of the body) and when it has taken an item.
https://peps.python.org/pep-3333/#thread-support
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from typing import Any

from gateproof.targets.wsgi_gateway import Reply, serve, steps
from gateproof.targets.wsgi_input import Reading

PATIENCE = 0.05
"""Seconds after which a thread that does not come to such a place no longer holds up the others."""


def in_turn(application: Any, replies: Sequence[Reply], turns: Sequence[int]) -> None:
    """Play the requests of ``replies`` in this thread, each a step when it is its turn.

    A step is the call of the application, or taking one item. When no turn is left they
    end in their order.

    Raises:
        BaseException: as ``serve`` does.
    """
    running = [_surviving(application, reply) for reply in replies]
    try:
        for turn in turns:
            next(running[turn], None)
        for one in running:
            for _ in one:
                pass
    finally:
        for one in running:
            one.close()


def _surviving(application: Any, reply: Reply) -> Generator[int, None, None]:
    """The steps of one request, which end where the application ends the process."""
    try:
        yield from steps(application, reply)
    except SystemExit as error:
        reply.raised = reply.watched.raised = error


class _Member:
    """A request in a thread of its own, which waits for its turn wherever the server has the word.

    Attributes:
        ended: it has come to its end.
        fatal: what left the application without being an Exception.
    """

    def __init__(self, application: Any, reply: Reply, until: float) -> None:
        self.ended = False
        self.fatal: BaseException | None = None
        self._go = threading.Event()
        self._stopped = threading.Event()
        self._free = False
        self._until = until
        self._application = application
        self._reply = reply
        name = f"wsgi request {reply.request.line[:30]}"
        self.thread = threading.Thread(target=self._run, daemon=True, name=name)

    def turn(self) -> None:
        """Let it go on to the next place, and wait until it is there, within a bound."""
        if self.ended:
            return
        self._stopped.clear()
        self._go.set()
        self._stopped.wait(PATIENCE)

    def finish(self) -> None:
        """Let it go on to its end, and wait for that, within a bound."""
        self._free = True
        self.turn()

    def _pause(self) -> None:
        if self._free:
            return
        self._stopped.set()
        self._go.wait(max(self._until - time.monotonic(), 0))
        self._go.clear()

    def _run(self) -> None:
        self._go.wait(max(self._until - time.monotonic(), 0))
        self._go.clear()
        request = self._reply.request
        try:
            if request.input == "file":
                self._reply.request = request.but(input=Reading(pause=self._pause))
            serve(self._application, self._reply, between=self._pause)
        except SystemExit as error:
            self._reply.raised = self._reply.watched.raised = error
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            self.fatal = error
        self._reply.request = request
        self.ended = True
        self._stopped.set()


def in_threads(
    application: Any, replies: Sequence[Reply], turns: Sequence[int], within: float
) -> bool:
    """Play the requests of ``replies``, each in a thread of its own, one at a time.

    A turn takes a thread to the next place at which the server has the word. One that waits
    for another thread, or is slow, runs on beside the next. When no turn is left they end
    in their order.

    Args:
        application: the WSGI callable.
        replies: the requests, and what becomes of them.
        turns: whose turn it is.
        within: seconds after which threads are left to themselves.

    Returns:
        Whether all came to their end.

    Raises:
        BaseException: what left the application without being an Exception.
    """
    until = time.monotonic() + within
    members = [_Member(application, reply, until) for reply in replies]
    for member in members:
        member.thread.start()
    for turn in turns:
        members[turn].turn()
    for member in members:
        member.finish()
    for member in members:
        member.thread.join(max(until - time.monotonic(), 0))
    for member in members:
        if member.fatal is not None:
            raise member.fatal
    return all(member.ended for member in members)
