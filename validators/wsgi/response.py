"""Checks of a response that neither a schema nor a machine can decide.

The judge calls these only once it has seen that something is wrong, or where the
case is rare; each gives the breaches that the facts it is handed amount to.
"""

from __future__ import annotations

from dataclasses import replace

from gateproof.validators.violation import Breach
from gateproof.validators.wsgi import wrapper
from gateproof.validators.wsgi.request import article, octets, signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from gateproof.validators.wsgi.facts import Raised
    from gateproof.validators.wsgi.judge import WSGIJudge

REQUIREMENTS = frozenset(
    {
        "wsgi.app.len-accurate",
        "wsgi.app.no-assumption-fully-consumed",
        "wsgi.app.returns-iterable",
        "wsgi.app.two-positional-arguments",
        "wsgi.content-length.app-accurate",
        "wsgi.content-length.stop-iterating",
        "wsgi.content-length.write-past-raises",
        "wsgi.errors-handling.app-traps-own-errors",
        "wsgi.exc-info.app-no-trap",
        "wsgi.exc-info.propagates-to-server",
        "wsgi.legacy.app-no-bare-file-return",
        "wsgi.legacy.server-uses-for-loop",
        "wsgi.server.checks-headers-at-call",
        "wsgi.server.no-assumption-started-before-iteration",
        "wsgi.server.rejects-hop-by-hop",
        "wsgi.start-response.app-calls-positionally",
        "wsgi.start-response.signature",
        "wsgi.write.app-still-returns-iterable",
        "wsgi.write.avoid-in-new-apps",
        "wsgi.write.prefer-iterable",
        "wsgi.write.single-bytes-parameter",
    }
)
"""Every requirement that a function here decides."""

MIDDLEWARE_MAY = frozenset({"wsgi.exc-info.raises-after-headers-sent"})
"""What a middleware that answers errors itself may leave undone, and a server may not.

https://peps.python.org/pep-3333/#error-handling
"""

STATUS_NAMES = ("status",)
HEADERS_NAMES = ("response_headers", "headers")
EXC_INFO_NAMES = ("exc_info",)


def milder(breach: Breach) -> Breach:
    """The breach as a warning."""
    return replace(breach, verdict="weak")


def start_arguments(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Iterator[Breach]:
    """start_response takes status, headers and perhaps exc_info, all by position."""
    yield Breach(
        "wsgi.start-response.app-calls-positionally",
        "start_response was not called with two or three positional arguments",
        observed=signature("start_response", len(args), kwargs),
        expected="start_response(status, response_headers) or "
        "start_response(status, response_headers, exc_info)",
        party="application",
    )


def positional(args: tuple[object, ...], kwargs: Mapping[str, object]) -> tuple[object, ...]:
    """The three arguments of a call that gave some by keyword, or too few or many.

    What is missing is a status and headers that nothing can be said against.
    """
    found: list[object] = list(args[:3])
    defaults: tuple[tuple[tuple[str, ...], object], ...] = (
        (STATUS_NAMES, "200 OK"),
        (HEADERS_NAMES, []),
        (EXC_INFO_NAMES, None),
    )
    for names, default in defaults[len(found) :]:
        found.append(next((kwargs[name] for name in names if name in kwargs), default))
    return tuple(found)


def leniency(defects: tuple[str, ...]) -> Iterator[Breach]:
    """A server should refuse unsound headers in start_response itself.

    Args:
        defects: the requirements that the call broke and the server accepted.
    """
    if "wsgi.app.no-hop-by-hop" in defects:
        yield Breach(
            "wsgi.server.rejects-hop-by-hop",
            "the server accepted a hop-by-hop header from the application",
            observed="start_response returned",
            expected="an exception out of start_response",
        )
    if any(defect.startswith("wsgi.response-headers.") for defect in defects):
        yield Breach(
            "wsgi.server.checks-headers-at-call",
            "the server accepted unsound headers in start_response",
            observed="start_response returned",
            expected="an exception out of start_response",
        )


def write_arguments(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Breach:
    """write() takes one bytestring."""
    return Breach(
        "wsgi.write.single-bytes-parameter",
        "write() was not called with one positional argument",
        observed=signature("write", len(args), kwargs),
        expected="write(data)",
    )


def wrote(size: int) -> Breach:
    """write() is there for old code; new applications and frameworks avoid it."""
    return Breach(
        "wsgi.write.prefer-iterable" if size else "wsgi.write.avoid-in-new-apps",
        "the application produces body data by write()" if size else "the application uses write()",
        observed=f"write() of {octets(size)}",
        expected="body data produced by the returned iterable",
        verdict="observed",
    )


def written_past(room: int) -> Breach:
    """A write() beyond Content-Length should raise."""
    return Breach(
        "wsgi.content-length.write-past-raises",
        "the server accepted a write() beyond the declared Content-Length",
        observed="write() returned",
        expected=f"an exception, for Content-Length declares {octets(room)}",
    )


WROTE = frozenset({"wsgi.write.avoid-in-new-apps", "wsgi.write.prefer-iterable"})
"""What is said of a use of write(), once in an exchange."""


def result(facts: Mapping[str, Any], wrote: bool) -> Iterator[Breach]:
    """What an application returns is an iterable of bytestrings."""
    kind = facts["type"]
    if not facts["iterable"] and facts["is_file_wrapper"]:
        yield wrapper.uniterable(kind)
    elif not facts["iterable"]:
        name = "wsgi.write.app-still-returns-iterable" if wrote else "wsgi.app.returns-iterable"
        yield Breach(
            name,
            f"the application returned {article(kind)}, which is not iterable",
            observed=article(kind),
            expected="an iterable of bytestrings, which may be empty",
        )
    elif kind in ("str", "bytes", "bytearray", "memoryview"):
        items = "characters" if kind == "str" else "numbers"
        yield Breach(
            "wsgi.app.returns-iterable",
            f"the application returned {article(kind)}, which iterates as {items}",
            observed=article(kind),
            expected="an iterable of bytestrings, such as a list of one",
            verdict="weak" if facts["len"] == 0 else None,  # it yields nothing that is wrong
        )
    elif facts["has_fileno"] and not facts["is_file_wrapper"]:
        yield Breach(
            "wsgi.legacy.app-no-bare-file-return",
            f"the application returned a bare file ({kind})",
            observed=article(kind),
            expected="the file in environ['wsgi.file_wrapper'] where there is one",
            verdict="observed",
        )


def no_iterator(judge: WSGIJudge, raised: Raised) -> Iterator[Breach]:
    """``__iter__()`` of the result gave something that is no iterator."""
    memory = judge.memory
    memory.answered = (*memory.answered, raised.identity)
    facts = judge.result.facts
    if facts is None:
        return
    judge.result.item_raised(raised)  # what follows from it goes without saying
    yield Breach(
        "wsgi.app.returns-iterable",
        f"the application returned {article(facts['type'])}, whose __iter__() gives no iterator",
        observed=repr(raised),
        expected="an iterable of bytestrings",
    )


def length(declared: int, seen: int) -> Breach:
    """Where len() of the result works, it is the number of items."""
    return Breach(
        "wsgi.app.len-accurate",
        f"len() of the result is {declared} but it gave {_items(seen)}",
        observed=_items(seen),
        expected=_items(declared),
    )


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


def too_short(room: int, total: int) -> Breach:
    """The body ended before Content-Length was reached."""
    return Breach(
        "wsgi.content-length.app-accurate",
        f"the body has {octets(total)} but Content-Length declares {room}",
        observed=octets(total),
        expected=octets(room),
    )


def too_long(room: int, total: int) -> Breach:
    """The body goes on beyond Content-Length."""
    return Breach(
        "wsgi.content-length.app-accurate",
        f"the body reaches {octets(total)} but Content-Length declares {room}",
        observed=f"at least {octets(total)}",
        expected=octets(room),
    )


def beyond(room: int) -> Breach:
    """The server goes on iterating although it has more than was declared."""
    return Breach(
        "wsgi.content-length.stop-iterating",
        "the server went on iterating after more than Content-Length had been produced",
        observed="another piece was asked for",
        expected=f"the end of the iteration after {octets(room)}",
    )


def trap(trapped: Raised) -> Breach:
    """What start_response raises when called with exc_info must leave the application."""
    return Breach(
        "wsgi.exc-info.app-no-trap",
        f"the application swallowed {trapped.name}, "
        "which start_response raised when called with exc_info",
        observed="the application went on",
        expected=f"{trapped.name} leaves the application",
    )


def left_with(
    raised: Raised, trapped: Raised | None, answered: tuple[int, ...]
) -> Iterator[Breach]:
    """The application, or its iterable, was left with an exception.

    Args:
        raised: the exception.
        trapped: what start_response raised before when called with exc_info.
        answered: identities of exceptions that the server's own callables raised.
    """
    if raised.outside and raised.name == "TypeError" and _refused_call(raised.text):
        yield Breach(
            "wsgi.app.two-positional-arguments",
            "the application cannot be called with two positional arguments",
            observed=repr(raised),
            expected="application(environ, start_response)",
        )
    elif trapped is not None and not raised.stems_from(trapped):
        yield Breach(
            "wsgi.exc-info.propagates-to-server",
            f"the application raised {raised.name} instead of {trapped.name}, "
            "which start_response raised when called with exc_info",
            observed=repr(raised),
            expected=repr(trapped),
        )
    elif trapped is None and raised.identity not in answered:
        yield Breach(
            "wsgi.errors-handling.app-traps-own-errors",
            f"an exception left the application: {raised!r}",
            observed=repr(raised),
            expected="an error response",
            verdict="observed",
        )


def _refused_call(text: str) -> bool:
    """Whether the text of a TypeError says that the call itself did not fit."""
    return "positional argument" in text or " takes " in text or "not callable" in text


def refused_arguments(raised: Raised, with_exc_info: bool) -> Iterator[Breach]:
    """start_response takes two positional arguments, and a third."""
    if raised.name == "TypeError" and _refused_call(raised.text):
        arguments = "status, response_headers" + (", exc_info" if with_exc_info else "")
        yield Breach(
            "wsgi.start-response.signature",
            "start_response cannot be called with two or three positional arguments",
            observed=repr(raised),
            expected=f"start_response({arguments})",
        )


def refused_data(raised: Raised) -> Iterator[Breach]:
    """The callable that start_response returns takes one bytestring."""
    if raised.name == "TypeError" and _refused_call(raised.text):
        yield Breach(
            "wsgi.start-response.returns-write",
            "what start_response returned cannot be called with one bytestring",
            observed=repr(raised),
            expected="write(data)",
        )


def never_iterated(facts: Mapping[str, Any]) -> Breach:
    """The server had neither a status nor looked for one in the iterable.

    A client that has gone excuses it, and cannot be seen here.
    """
    return Breach(
        "wsgi.server.no-assumption-started-before-iteration",
        f"the server never iterated the result ({facts['type']}), "
        "although start_response had not been called yet",
        observed="no item was asked for",
        expected="iteration, during which start_response may be called",
        verdict="weak",
    )


def not_looped(facts: Mapping[str, Any]) -> Breach:
    """The server let go of an iterable of the old kind without looking into it.

    A client that has gone excuses it, and cannot be seen here.
    """
    return Breach(
        "wsgi.legacy.server-uses-for-loop",
        f"the server never iterated the result ({facts['type']}), "
        "which offers __getitem__() and no __iter__()",
        observed="no item was asked for",
        expected="for piece in result",
        verdict="weak",
    )


def close_failed(raised: Raised) -> Breach:
    """An iterable that is closed before its end copes with that."""
    return Breach(
        "wsgi.app.no-assumption-fully-consumed",
        f"close() raised {raised.name} when the iteration was cut short",
        observed=repr(raised),
        expected="close() returns",
    )
