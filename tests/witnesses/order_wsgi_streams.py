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


def several(requirement: str, breaks: tuple[Step, ...], keeps: tuple[Step, ...]) -> Order:
    return Order(f"wsgi.{requirement}", "wsgi", breaks, keeps)


def line(outcome: object, *args: object) -> Step:
    return read(outcome, *args, method="readline")


def lines(outcome: object, *args: object) -> Step:
    return read(outcome, *args, method="readlines")


def following(outcome: object) -> Step:
    return read(outcome, method="__next__")


ITERATED = read(None, method="__iter__")
ITERATION_OVER = read(None, method="exhausted")
MOVED = read(None, method="seek")

LIBRARY = [
    # An empty result is the end; one of nothing asked for is not.
    several(
        "streams.library-semantics",
        (CALL, read(b"a", 2), read(b"", 2), read(b"b", 2)),
        (CALL, read(b"a", 2), read(b"", 0), read(b"b", 2), read(b"", 2), line(b"")),
    ),
    # The application has moved the position itself.
    several(
        "streams.library-semantics",
        (CALL, line(b"a\n"), line(b""), read(b"b", 2)),
        (CALL, line(b"a\n"), line(b""), MOVED, read(b"b", 2)),
    ),
    several(
        "streams.library-semantics",
        (CALL, line(b"a"), line(b"b\n")),
        (CALL, line(b"a\n"), line(b"b"), line(b"")),
    ),
    several(
        "streams.library-semantics",
        (CALL, lines([b"a", b"b\n"])),
        (CALL, lines([b"a\n", b"b"]), lines([])),
    ),
    several(
        "streams.library-semantics",
        (CALL, lines([b"a\n"]), lines([b"b\n"])),
        # A hint ends the list early.
        (CALL, lines([b"a\n"], 1), lines([b"b\n"], 1), lines([], 1)),
    ),
    several(
        "streams.library-semantics",
        (CALL, ITERATED, following(b"a\n"), ITERATION_OVER, read(b"b", 1)),
        # What a read amid an iteration gives is nowhere said.
        (CALL, ITERATED, following(b"a"), read(b"b", 1), read(b"", 1), read(b"c", 1)),
    ),
    several(
        "streams.library-semantics",
        (CALL, ITERATED, following(b"a"), following(b"b")),
        (CALL, ITERATED, following(b"a\n"), following(b"b"), ITERATION_OVER),
    ),
    several(
        "input.read-no-argument",
        (CALL, read(b"ab"), read(b"c", 1)),
        # A size below zero, or None, is nowhere promised to mean all.
        (CALL, read(b"ab", -1), read(b"c", None), read(b"d", 1)),
    ),
    several(
        "input.readline-size",
        (CALL, line(b"ab", 5), line(b"c\n", 5)),
        (CALL, line(b"abcde", 5), line(b"f\n", 5), line(b"", 5)),
    ),
    several(
        "input.empty-bytes-when-exhausted",
        (POST, read(b"abcde", 5), read(GONE)),
        (POST, read(b"abcd", 5), read(GONE)),
    ),
    several(
        "input.empty-bytes-when-exhausted",
        (POST, read(b"abcdefgh")),
        (POST, read(b"abcde"), read(b"")),
    ),
    several(
        "input.empty-bytes-when-exhausted",
        (POST, lines([b"ab\n", b"cd"]), line(b"next\n")),
        (ENDS, lines([b"ab\n", b"cd"]), line(b"")),
    ),
]

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
    *LIBRARY,
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
