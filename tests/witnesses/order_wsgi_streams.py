"""Witnesses of what passes over wsgi.input and wsgi.errors."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_wsgi_steps import CALL, END, POST, Step, call, log, read

from gateproof.validators.wsgi.facts import Raised

REFUSES = Raised("TypeError", "takes no argument", 4)
CANNOT = Raised("UnicodeEncodeError", "ordinal not in range", 5)
GONE = Raised("ConnectionResetError", "", 6)
ENDS = call(CONTENT_LENGTH="5", **{"wsgi.input_terminated": True})


def order(requirement: str, breaks: Step, keeps: Step, first: Step = CALL) -> Order:
    return Order(requirement, "wsgi", (first, breaks), (first, keeps))


WITNESSES = [
    order("wsgi.input.read-size", read(b"abc", 2), read(b"ab", 3)),
    order("wsgi.input.read-size", read(REFUSES, 2), read(GONE, 2)),
    order("wsgi.input.read-no-argument", read(REFUSES), read(b"abc")),
    order(
        "wsgi.input.readline",
        read(b"a\nb", method="readline"),
        read(b"a\n", method="readline"),
    ),
    order(
        "wsgi.input.readline-size",
        read(REFUSES, 3, method="readline"),
        read(b"a\n", 3, method="readline"),
    ),
    order(
        "wsgi.input.readlines",
        read((b"a",), method="readlines"),
        read([b"a\n", b"b"], method="readlines"),
    ),
    order("wsgi.input.iter", read(b"a\nb", method="__next__"), read(b"a\n", method="__next__")),
    order("wsgi.unicode.bytes-from-input", read("abc", 3), read(b"abc", 3)),
    order("wsgi.input.app-not-read-past-length", read(b"abcde", 6), read(b"abcde", 5), POST),
    Order(
        "wsgi.input.app-not-read-past-length",
        "wsgi",
        (POST, read(b"abcde", 5), read(b"", 1)),
        (ENDS, read(b"abcde", 5), read(b"", 1)),
    ),
    order("wsgi.streams.app-no-close", read(None, method="close"), read(b"")),
    order(
        "wsgi.streams.app-no-close",
        log("close"),
        # A wrapper of io that is collected closes what it wraps.
        log("close", "readable"),
    ),
    order("wsgi.streams.app-no-other-methods", read(None, method="fileno"), read(b"")),
    order("wsgi.errors.write", log("write", "a", outcome=REFUSES), log("write", "a", outcome=GONE)),
    order("wsgi.errors.writelines", log("writelines", ["a"], outcome=REFUSES), log("flush")),
    order("wsgi.errors.flush", log("flush", outcome=REFUSES), log("flush")),
    order(
        "wsgi.environ.errors-accepts-unicode",
        log("write", "\u2603", outcome=CANNOT),
        log("write", "\udc80", outcome=CANNOT),
    ),
    order("wsgi.environ.errors-newline", log("write", "a\r\n"), log("write", "a\n")),
    order("wsgi.unicode.str-type-only", log("write", b"a"), log("write", "a")),
    Order(
        "wsgi.errors.app-must-flush",
        "wsgi",
        (CALL, log("write", "a"), END),
        (CALL, log("write", "a"), log("flush"), END),
    ),
]
