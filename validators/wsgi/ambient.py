"""What one exchange shows of others: whether calls overlap, and whether they are repeated.

https://peps.python.org/pep-3333/#environ-variables says that ``wsgi.multithread``
is true where another thread of the process may call the application at the same
time, and ``wsgi.run_once`` where the process is expected to call it only once.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident

from gateproof.validators.violation import Breach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gateproof.validators.wsgi.judge import WSGIJudge
    from gateproof.validators.wsgi.watching import Watching

MULTITHREAD = frozenset({"wsgi.environ.multithread-accurate"})
RUN_ONCE = frozenset({"wsgi.environ.run-once-accurate"})


class Ambient:
    """What the exchanges of one validator have in common.

    It counts only calls whose environ denies that there are others: calls with a
    false ``wsgi.multithread`` while they run, calls with a true ``wsgi.run_once``.
    """

    __slots__ = ("_pid", "_running", "_served")

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._served = 0
        self._pid = 0

    def call(
        self, watching: Watching, app: Callable[..., Any], environ: Any, start_response: Any
    ) -> Any:
        """Call ``app`` under ``watching``, and tell what does not agree with the flags.

        Returns:
            The result, or the proxy for it.

        Raises:
            ConformanceError: as the policy says.
        """

        def usual() -> Any:
            return watching.call(app, environ, start_response)

        if not self.concerns(environ):
            return usual()
        return self.serve(usual, lambda: watching, app, environ, start_response)

    def serve(
        self,
        usual: Callable[[], Any],
        watch: Callable[[], Watching],
        app: Callable[..., Any],
        environ: dict[str, Any],
        start_response: Any,
    ) -> Any:
        """Serve a request of which :meth:`concerns` holds.

        Args:
            usual: serves it where nothing is to be told.
            watch: makes the watch under which it is served otherwise.
            app: the WSGI application.
            environ: the request, as the server made it.
            start_response: the server's own.

        Returns:
            The result, or the proxy for it.

        Raises:
            ConformanceError: as the policy says.
        """
        earlier = self._again() if environ.get("wsgi.run_once") is True else 0
        own, running = get_ident(), self._running
        if environ.get("wsgi.multithread") is not False or own in running:
            # Others may run, or the application calls itself.
            if not earlier:
                return usual()
            return self._told(earlier, 0, watch(), app, environ, start_response)
        running.add(own)
        try:
            others = len(running) - 1
            if others:
                others = _threads(running) - 1
            if not earlier and others <= 0:
                return usual()
            return self._told(earlier, others, watch(), app, environ, start_response)
        finally:
            running.discard(own)

    @staticmethod
    def _told(
        earlier: int,
        others: int,
        watching: Watching,
        app: Callable[..., Any],
        environ: dict[str, Any],
        start_response: Any,
    ) -> Any:
        """Serve a request, and tell of earlier calls and of other calls that run."""

        def invoke(starter: Any) -> Any:
            if earlier:
                watching.rare("again", earlier)
            if others > 0:
                watching.rare("overlap", others)
            return app(environ, starter)

        return watching.call(app, environ, start_response, invoke)

    @staticmethod
    def concerns(environ: Any) -> bool:
        """Whether an environ says that there are no other calls of some kind."""
        return type(environ) is dict and (
            environ.get("wsgi.multithread") is False or environ.get("wsgi.run_once") is True
        )

    def _again(self) -> int:
        """How many such calls this process has made before."""
        pid = os.getpid()
        if pid != self._pid:  # a child of the process that made the validator
            self._pid, self._served = pid, 0
        self._served += 1
        return self._served - 1


def _threads(idents: set[int]) -> int:
    """How many of ``idents`` are of threads, and not of greenlets.

    gevent and eventlet patch ``get_ident`` to tell the greenlets of a thread apart;
    whether the flag means them too, servers disagree.
    """
    return len(idents.intersection(sys._current_frames()))  # noqa: SLF001 - has a page in the docs


def overlap(_judge: WSGIJudge, others: int) -> Iterator[Breach]:
    """The application was called in several threads at the same time, and told otherwise."""
    yield Breach(
        "wsgi.environ.multithread-accurate",
        f"wsgi.multithread is false, but {others} more {_plural('thread', others)} "
        "of the process called the application at the same time",
        observed=f"{others + 1} threads in the application at once",
        expected="environ['wsgi.multithread'] true, or one call at a time",
    )


def again(_judge: WSGIJudge, earlier: int) -> Iterator[Breach]:
    """The application was called again in a process that was to call it once."""
    yield Breach(
        "wsgi.environ.run-once-accurate",
        f"wsgi.run_once is true, but the process had called the application {_times(earlier)} "
        "before",
        observed=f"call {earlier + 1} of one process",
        expected="environ['wsgi.run_once'] false, or one call in the life of a process",
    )


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
