"""The event loop in which an ASGI application lives for the whole session.

:class:`AsyncioLoop` runs in the calling thread, driven by
``run_until_complete``; between two items nothing runs. :class:`ThreadLoop` runs
any anyio backend in a daemon thread that can be abandoned: for trio, and for
asyncio where the calling thread cannot be interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent import futures
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from gateproof.conformance.alarm import Hang, can_interrupt, interrupting

T = TypeVar("T")

_BEAT = 0.1


class AbandonedError(Exception):
    """The loop does not answer any more; nothing can be run in it."""


class Loop(Protocol):
    """An event loop that cases run in."""

    backend: str

    def spawn(self, function: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Start ``function()`` as a task of its own and return a handle of it."""

    def wait(self, handle: Any, timeout: float) -> bool:
        """Run until the task has ended, however it ended, or ``timeout`` seconds have passed.

        Returns whether it has ended.

        Raises:
            AbandonedError: the loop has stood still for longer than its patience
                and could not be interrupted.
        """

    def cancel(self, handle: Any) -> None:
        """Ask the task to end."""

    def run(self, coroutine: Awaitable[T]) -> T:
        """Run one coroutine to its end from outside the loop and return its result."""

    def often(self) -> AbstractContextManager[None]:
        """Within, :meth:`run` is called very often, and what it needs is set up once."""

    def close(self) -> None:
        """End what still runs, within a bound, and close the loop."""


def open_loop(backend: str, patience: float) -> Loop:
    """A loop of ``backend`` (``"asyncio"`` or ``"trio"``) that notices standstill.

    ``patience`` is how many seconds code may block the loop's thread.
    """
    if backend == "asyncio" and can_interrupt():
        return AsyncioLoop(patience)
    return ThreadLoop(backend, patience)


class AsyncioLoop:
    """An asyncio loop in the main thread; blocked code is interrupted by a signal.

    Its clock stands still while nothing drives it, or the deadlines of tasks
    that wait between two items would pass without a turn for the application.
    """

    backend = "asyncio"

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._loop = asyncio.new_event_loop()
        self._loop.time = self._time  # type: ignore[method-assign]
        self._driven = False
        self._stopped = time.monotonic()
        self._stood = 0.0
        self._beats = 0
        self._often = False

    def _time(self) -> float:
        return (time.monotonic() if self._driven else self._stopped) - self._stood

    def _run_until(self, future: Awaitable[T]) -> T:
        self._stood += time.monotonic() - self._stopped
        self._driven = True
        try:
            return self._loop.run_until_complete(future)
        finally:
            self._stopped = time.monotonic()
            self._driven = False

    def spawn(self, function: Callable[[], Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
        """Start a task; it advances while :meth:`wait` or :meth:`run` runs."""
        return self._loop.create_task(function())

    def wait(self, handle: asyncio.Task[Any], timeout: float) -> bool:
        """Run the loop until the task has ended or ``timeout`` seconds have passed."""
        if not handle.done():
            self._drive(asyncio.wait({handle}, timeout=timeout))
        return handle.done()

    def cancel(self, handle: asyncio.Task[Any]) -> None:
        """Cancel the task; it ends when the loop runs next."""
        handle.cancel()

    def run(self, coroutine: Awaitable[T]) -> T:
        """Run one coroutine; what it raises is raised here."""
        if not self._often:
            return self._drive(coroutine)
        self._beats += 1
        task = self._loop.create_task(_awaited(coroutine))
        while True:
            try:
                return self._run_until(task)
            except Hang:  # as below
                if task.done():
                    raise

    @contextlib.contextmanager
    def often(self) -> Iterator[None]:
        """Watch for standstill all the time within, rather than in each run anew."""
        beating = self._loop.create_task(self._beat())
        self._often = True
        try:
            with interrupting(lambda: self._beats, self._patience):
                yield
        finally:
            self._often = False
            beating.cancel()

    def _drive(self, awaitable: Awaitable[T]) -> T:
        async def main() -> T:
            beating = asyncio.ensure_future(self._beat())
            try:
                return await awaitable
            finally:
                beating.cancel()

        # The signal's Hang surfaces in the task that blocks; only one that hits
        # the loop itself comes out here, and then the loop simply runs again.
        task = self._loop.create_task(main())
        while True:
            try:
                with interrupting(lambda: self._beats, self._patience):
                    return self._run_until(task)
            except Hang:
                if task.done():
                    raise

    async def _beat(self) -> None:
        while True:
            self._beats += 1
            await asyncio.sleep(_BEAT)

    def close(self) -> None:
        """Cancel the remaining tasks, wait a moment for them, and close."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        try:
            with interrupting(lambda: self._beats, self._patience):
                if tasks:
                    self._run_until(asyncio.wait(tasks, timeout=1))
                generators = self._loop.shutdown_asyncgens()
                self._run_until(asyncio.wait_for(generators, timeout=1))
        except (Hang, TimeoutError):
            pass
        for task in tasks:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 - told
            elif not task.cancelled():
                task.exception()  # retrieved, so that asyncio does not log it
        self._loop.close()


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable


class Handle:
    """A task in another thread: its result, and the scope that cancels it."""

    def __init__(self) -> None:
        self.result: Future[Any] = Future()
        self.scope: Any = None

    def done(self) -> bool:
        """Whether the task has ended."""
        return self.result.done()

    def cancelled(self) -> bool:
        """Whether the task was cancelled."""
        return self.result.cancelled()

    def exception(self) -> BaseException | None:
        """What the task raised, once it has ended."""
        return self.result.exception(timeout=0)


class ThreadLoop:
    """Any anyio backend in a daemon thread of its own.

    Nothing here waits for the loop to take notice: it may be blocked for good.
    """

    def __init__(self, backend: str, patience: float) -> None:
        self.backend = backend
        self._patience = patience
        self._beats = 0
        self._group: Any = None
        self._soon: Callable[..., object]
        self._calls: Any = None
        ready: Future[None] = Future()

        def live() -> None:
            import anyio

            try:
                anyio.run(self._live, ready, backend=backend)
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                if not ready.done():
                    ready.set_exception(error)

        threading.Thread(target=live, name="gateproof loop", daemon=True).start()
        ready.result(timeout=60)

    async def _live(self, ready: Future[None]) -> None:
        import anyio

        if self.backend == "trio":
            import trio

            self._soon = trio.lowlevel.current_trio_token().run_sync_soon
        else:
            self._soon = asyncio.get_running_loop().call_soon_threadsafe
        self._calls, calls = anyio.create_memory_object_stream[Callable[[], object]](math.inf)
        async with self._calls, calls, anyio.create_task_group() as self._group:
            self._group.start_soon(self._beat)
            ready.set_result(None)
            async for call in calls:
                call()

    async def _beat(self) -> None:
        import anyio

        while True:
            self._beats += 1
            await anyio.sleep(_BEAT)

    def _later(self, call: Callable[[], object]) -> None:
        """Make ``call`` in the loop's thread, inside of a task, when the loop comes to it."""
        self._soon(self._calls.send_nowait, call)

    async def _work(self, function: Callable[[], Coroutine[Any, Any, Any]], handle: Handle) -> None:
        import anyio

        value, error = None, None
        with anyio.CancelScope() as handle.scope:
            try:
                value = await function()
            except anyio.get_cancelled_exc_class():
                handle.result.cancel()
                raise
            except BaseException as caught:  # noqa: BLE001 - told to whoever waits
                error = caught
        if error is not None:
            handle.result.set_exception(error)
        elif not handle.result.done():
            handle.result.set_result(value)

    def spawn(self, function: Callable[[], Coroutine[Any, Any, Any]]) -> Handle:
        """Start a task in the loop's thread."""
        handle = Handle()
        self._later(lambda: self._group.start_soon(self._work, function, handle))
        return handle

    def wait(self, handle: Handle, timeout: float) -> bool:
        """Wait until the task has ended, the time is up, or the loop stands still."""
        until = time.monotonic() + timeout
        beats, changed = self._beats, time.monotonic()
        while not handle.done() and time.monotonic() < until:
            futures.wait([handle.result], timeout=_BEAT)
            if self._beats != beats:
                beats, changed = self._beats, time.monotonic()
            elif time.monotonic() - changed > self._patience:
                raise AbandonedError(f"the event loop stands still for {self._patience:g} s")
        return handle.done()

    def cancel(self, handle: Handle) -> None:
        """Cancel the task in its own thread."""
        self._later(lambda: handle.scope is not None and handle.scope.cancel())

    def run(self, coroutine: Awaitable[T]) -> T:
        """Run one coroutine in the loop's thread; what it raises is raised here."""

        async def main() -> T:
            return await coroutine

        handle = self.spawn(main)
        while not self.wait(handle, 60):
            pass
        result: T = handle.result.result(timeout=0)
        return result

    @contextlib.contextmanager
    def often(self) -> Iterator[None]:
        """Nothing is to be set up: standstill is noticed by whoever waits."""
        yield

    def close(self) -> None:
        """Stop the loop without waiting for a thread that may never end."""
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            self._later(self._group.cancel_scope.cancel)
