"""Witnesses of what only few exchanges have: file wrappers, kept exceptions, other calls."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO, StringIO

from witnesses.kit import Order
from witnesses.order_wsgi_steps import (
    BEGUN,
    CALL,
    ERROR,
    RESTART,
    STARTED,
    Step,
    call,
    closable,
    start,
)

from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.wrapper import call_facts

ALONE = call(**{"wsgi.multithread": False})
LAST = call(**{"wsgi.run_once": True})


class Blocks:
    """What a wrapper makes: an iterable with a close()."""

    def __iter__(self) -> Blocks:
        return self

    def close(self) -> None:
        pass


class Readable:
    """A file-like object with the one method that it must have."""

    def read(self, size: int = -1) -> bytes:
        return b""


class Real(Readable):
    """One that has a descriptor as well."""

    def fileno(self) -> int:
        return 0


class Closed(Readable):
    """One that was closed."""

    def fileno(self) -> int:
        raise ValueError


def refused(name: str, text: str, *, outside: bool = False) -> Raised:
    return Raised(name, text, 9, outside=outside)


def wrapped(*args: object, made: object = None, raised: Raised | None = None) -> Step:
    return ("file-wrapper", call_facts(args, {}, made, raised))


def wrapper(requirement: str, breaks: Step, keeps: Step) -> Order:
    return Order(f"wsgi.file-wrapper.{requirement}", "wsgi", (CALL, breaks), (CALL, keeps))


ARITY = refused("TypeError", "wrap() takes 1 positional argument but 2 were given", outside=True)
NO_FILENO = refused("AttributeError", "'Readable' object has no attribute 'fileno'")
NO_DESCRIPTOR = refused("UnsupportedOperation", "fileno")
GONE = refused("OSError", "disk")
make: Callable[[], Blocks] = Blocks

WITNESSES = [
    wrapper(
        "callable-signature",
        wrapped(Real(), 4096, raised=ARITY),
        wrapped(Real(), 4096, made=make()),
    ),
    wrapper(
        "callable-signature",
        wrapped(Real(), raised=GONE),
        # A file that was closed before excuses the wrapper.
        wrapped(Closed(), raised=refused("ValueError", "I/O operation on closed file")),
    ),
    wrapper("returns-iterable", wrapped(Readable(), made=5), wrapped(Readable(), made=[b"a"])),
    wrapper("filelike-read", wrapped("path", raised=GONE), wrapped(Readable(), made=make())),
    wrapper("filelike-read", wrapped(StringIO("a"), made=make()), wrapped(BytesIO(), made=make())),
    wrapper(
        "close-propagated",
        wrapped(BytesIO(), made=iter(())),
        # What cannot be closed needs no close() around it.
        wrapped(Readable(), made=iter(())),
    ),
    wrapper(
        "inspects-suitability",
        wrapped(BytesIO(), raised=NO_DESCRIPTOR),
        wrapped(BytesIO(), made=make()),
    ),
    wrapper(
        "works-with-unsuitable-object",
        wrapped(Readable(), raised=NO_FILENO),
        wrapped(Readable(), made=make()),
    ),
    Order(
        "wsgi.environ.multithread-accurate",
        "wsgi",
        (ALONE, ("overlap", 1)),
        (ALONE, start(), STARTED),
    ),
    Order("wsgi.environ.run-once-accurate", "wsgi", (LAST, ("again", 1)), (LAST, start(), STARTED)),
    Order(
        "wsgi.server.no-other-iterable-attributes",
        "wsgi",
        (*BEGUN, closable(), ("attribute", ("status_code", True))),
        # Asking whether there is a descriptor is not using it.
        (*BEGUN, closable(), ("attribute", ("fileno", True)), ("attribute", ("status", False))),
    ),
    Order(
        "wsgi.exc-info.no-reference-kept",
        "wsgi",
        (*BEGUN, RESTART, STARTED, ("exc-info-kept", ("exception", 1))),
        (*BEGUN, RESTART, STARTED),
    ),
    Order(
        "wsgi.errors-handling.always-give-exc-info",
        "wsgi",
        (CALL, start(status="500 Oops"), ("handling", ERROR), STARTED),
        (CALL, start(status="500 Oops", exc_info=ERROR), STARTED),
    ),
]
