"""What becomes of the exception that an application is handling.

https://peps.python.org/pep-3333/#the-start-response-callable and
https://peps.python.org/pep-3333/#error-handling
"""

from __future__ import annotations

import sys

from gateproof.validators.violation import Breach
from gateproof.validators.wsgi.facts import Raised

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import Any

    from gateproof.validators.wsgi.judge import WSGIJudge

    Kept = tuple[str, int]

KEPT = frozenset({"wsgi.exc-info.no-reference-kept"})
UNREPORTED = frozenset({"wsgi.errors-handling.always-give-exc-info"})

PARTS = ("exc_info", "exception", "traceback")
"""What is counted, in this order."""

_COUNT = getattr(sys, "getrefcount", None)


def watched(
    args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Callable[[tuple[Any, ...], Mapping[str, Any]], Kept | None] | None:
    """Count the references to what a call of start_response gives as exc_info.

    One that a log record keeps does not count: what becomes of records is up to
    the handlers of whoever set up logging.

    Returns:
        What counts them again and tells what is kept, ``None`` where nothing can be.
    """
    before = _references(args, kwargs)
    if before is None:
        return None

    def again(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Kept | None:
        after = _references(args, kwargs) or before
        for part, then, now in zip(PARTS, before, after, strict=True):
            if now > then:
                return None if _logged(_given(args, kwargs)) else (part, now - then)
        return None

    return again


def _given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    return args[2] if len(args) > 2 else kwargs.get("exc_info")


def _references(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, ...] | None:
    """How many references there are to exc_info, the exception and the traceback."""
    exc_info = _given(args, kwargs)
    if _COUNT is None or type(exc_info) is not tuple or len(exc_info) != 3:
        return None
    if any(part is None for part in exc_info):
        return None
    return _COUNT(exc_info), _COUNT(exc_info[1]), _COUNT(exc_info[2])


def _logged(exc_info: tuple[Any, ...]) -> bool:
    """Whether a log record holds the parts of ``exc_info``."""
    if "logging" not in sys.modules:
        return False
    import gc

    for part in (exc_info, exc_info[1]):
        for holder in gc.get_referrers(part):
            if holder is exc_info:
                continue
            if _is_record(holder):
                return True
            if type(holder) is tuple and any(map(_is_record, gc.get_referrers(holder))):
                return True
    return False


def _is_record(holder: object) -> bool:
    """Whether an object is a log record, or the dict of one."""
    from logging import LogRecord

    if type(holder) is dict:
        return "levelno" in holder and "exc_info" in holder
    return isinstance(holder, LogRecord)


def kept(_judge: WSGIJudge, data: tuple[str, int]) -> Iterator[Breach]:
    """start_response has returned, and something keeps the exception alive.

    Args:
        _judge: the judge of the exchange.
        data: what is kept, and how many references there are more than before.
    """
    part, more = data
    yield Breach(
        "wsgi.exc-info.no-reference-kept",
        f"start_response keeps a reference to the {part} after it has returned",
        observed=f"{more} more reference{'s' if more > 1 else ''} than before the call",
        expected="as many references as before the call",
    )


def handled(frames: frozenset[object], watching: object) -> Raised | None:
    """The exception that the application is handling right now.

    One that was caught outside the application's call, such as by a server that
    answers an error, is not the application's: the frame that caught it has to
    lie between here and the frame that called the application.

    Args:
        frames: the code objects of our frames that call the application.
        watching: whose frames they are, as their ``self`` or ``watching``.
    """
    error = sys.exc_info()[1]
    if error is None or error.__traceback__ is None:
        return None
    catcher: FrameType = error.__traceback__.tb_frame
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect is slow to load
    found = False
    while frame is not None:
        found = found or frame is catcher
        if frame.f_code in frames and _owner(frame) is watching:
            return Raised.of(error) if found else None
        frame = frame.f_back
    return None


def _owner(frame: FrameType) -> object:
    names = frame.f_locals
    return names.get("watching") or names.get("self")


def unreported(_judge: WSGIJudge, error: Raised) -> Iterator[Breach]:
    """An error response was begun by an error handler, without exc_info.

    "Always provide exc_info when beginning an error response"
    (https://peps.python.org/pep-3333/#error-handling).
    """
    yield Breach(
        "wsgi.errors-handling.always-give-exc-info",
        f"the application began an error response while it handled {error!r}, "
        "and did not give exc_info",
        observed="start_response(status, response_headers)",
        expected="start_response(status, response_headers, sys.exc_info())",
    )
