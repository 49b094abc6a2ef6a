"""What the event loop's library tells: which loop runs, and who is being cancelled.

No library is imported for that: one that is not loaded runs no loop.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_modules = sys.modules


def running() -> object | None:
    """The running event loop, of whatever library; ``None`` if it is of an unknown one."""
    get = getattr(_modules.get("asyncio"), "_get_running_loop", None)  # made for loops' authors
    if get is not None:
        loop: object = get()
        if loop is not None:
            return loop
    trio: Any = _modules.get("trio")
    if trio is not None:
        try:
            token: object = trio.lowlevel.current_trio_token()
        except RuntimeError:
            return None
        return token
    return None


def cancelling() -> bool | None:
    """Whether another task of this loop is being cancelled; ``None`` if that cannot be known."""
    asyncio: Any = _modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        current = asyncio.current_task()
        return any(task.cancelling() for task in asyncio.all_tasks() if task is not current)
    except (RuntimeError, AttributeError):  # no asyncio loop, or tasks of another kind
        return None


def cancelled(error: BaseException) -> bool:
    """Whether a call that ``error`` left was cancelled, and not by itself."""
    if isinstance(error, GeneratorExit):
        return True
    asyncio: Any = _modules.get("asyncio")
    if asyncio is not None and isinstance(error, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:
            return True
        return task is not None and task.cancelling() > 0
    trio: Any = _modules.get("trio")
    return trio is not None and isinstance(error, trio.Cancelled)
