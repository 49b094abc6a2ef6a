"""Further ways to break what other files have witnesses of: the less usual ones."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_wsgi_steps import (
    BEGUN,
    CALL,
    CLOSE,
    ERROR,
    NEXT,
    OTHER,
    RESTART,
    STARTED,
    closable,
    item,
    refused,
    result,
    write,
)

from gateproof.validators.wsgi.facts import Raised

NO_ITERATOR = Raised("TypeError", "iter() returned non-iterator of type 'list'", 9)
NO_DATA = Raised("TypeError", "write() takes 0 positional arguments but 1 was given", 9)
NO_DATA.outside = True
PAGES = closable()

WITNESSES = [
    Order(
        "wsgi.app.returns-iterable",
        "wsgi",
        (*BEGUN, PAGES, ("no-iterator", NO_ITERATOR), ("item-raised", NO_ITERATOR), CLOSE),
        (*BEGUN, PAGES, ("item-raised", NO_ITERATOR), CLOSE),
    ),
    Order(
        "wsgi.file-wrapper.returns-iterable",
        "wsgi",
        (*BEGUN, result(None, type="Sender", is_file_wrapper=True)),
        (*BEGUN, closable(is_file_wrapper=True)),
    ),
    Order(
        "wsgi.errors-handling.start-response-returns-when-unsent",
        "wsgi",
        (*BEGUN, RESTART, refused(OTHER)),
        (CALL, RESTART, STARTED, result([b"sorry"])),
    ),
    Order(
        "wsgi.server.exc-info-works-after-empty-yield",
        "wsgi",
        (*BEGUN, closable(), NEXT, item(b""), NEXT, RESTART, refused(OTHER)),
        (
            *BEGUN,
            closable(),
            NEXT,
            item(b"a"),
            NEXT,
            RESTART,
            refused(ERROR),
            ("item-raised", ERROR),
        ),
    ),
    Order(
        "wsgi.start-response.returns-write",
        "wsgi",
        (*BEGUN, write(b"a"), ("write-raised", NO_DATA)),
        # It was not called with one argument.
        (*BEGUN, write(b"a"), ("write-raised", OTHER)),
    ),
]
