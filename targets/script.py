"""Scripts: what an application under a server is to do, as data.

A :class:`Script` is laid down for the probe (``targets/probe.py``), which plays its
steps and writes down what happens. Steps are plain dicts ``{"do": name, ...}`` made by
the functions here; what they hold is data, never code, so that a report can print
them and a generator can draw them.

A step that raises ends the call as it would in any application, unless
:func:`catching` stands around it. Where the steps of a WSGI call end without
:func:`result`, the call returns an empty list; those of an ASGI call return None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateproof.targets.probe import Filled, New

__all__ = [
    "ANSWER",
    "ECHO",
    "PLAIN",
    "RESULTS",
    "Filled",
    "New",
    "Script",
    "Step",
    "alter",
    "answer",
    "catching",
    "drain",
    "echo",
    "errors",
    "filled",
    "flush",
    "gone",
    "iterate",
    "join",
    "note",
    "raise_",
    "read",
    "readline",
    "readlines",
    "receive",
    "repeat",
    "respond",
    "result",
    "return_",
    "send",
    "spawn",
    "start",
    "state",
    "use",
    "wait",
    "wrap",
    "write",
    "yield_",
]

Step = dict[str, Any]

PLAIN = (("Content-Type", "text/plain"),)
"""The response headers that :func:`start` gives unless told otherwise."""

RESULTS = (
    "list",
    "tuple",
    "generator",
    "iterator",
    "iterable",
    "sized",
    "indexed",
    "bytes",
    "str",
    "none",
    "number",
    "file_wrapper",
    "file",
)
"""The kinds of :func:`result`."""


@dataclass(frozen=True)
class Script:
    """What an application does in one call.

    Attributes:
        wsgi: the steps under a WSGI server; empty where it cannot be played there.
        asgi: those under an ASGI server, likewise.
        legal: whether the application keeps the rules. Where it does not, what the
            judges find against it is meant.
    """

    wsgi: tuple[Step, ...] = ()
    asgi: tuple[Step, ...] = ()
    legal: bool = True

    def plays(self, interface: str) -> bool:
        """Whether it can be played under a server of ``interface``."""
        return bool(self.wsgi if interface == "wsgi" else self.asgi)

    def data(self) -> dict[str, Any]:
        """What is laid down for the probe, to be written as typed JSON."""
        from gateproof.targets.probe import VERSION

        return {"version": VERSION, "wsgi": list(self.wsgi), "asgi": list(self.asgi)}


# Both interfaces -------------------------------------------------------------------


def raise_(kind: str = "RuntimeError", text: str = "planted") -> Step:
    """Raise an exception; ``kind`` is the name of a built-in one."""
    return {"do": "raise", "kind": kind, "text": text}


def wait(name: str, within: float = 5.0) -> Step:
    """Wait until the client lets ``name`` go on, or ``within`` seconds have passed.

    The journal has a note ``{"wait": name}`` when the step is reached and
    ``{"waited": name, "let": bool}`` when it is over.
    """
    return {"do": "wait", "name": name, "within": within}


def note(text: str) -> Step:
    """Write a remark into the journal."""
    return {"do": "note", "text": text}


def catching(*steps: Step) -> Step:
    """Play steps; what they raise is noted (``{"caught": exception}``), and the script goes on.

    Cancellations pass. :func:`start` can hand on what was caught last as exc_info.
    """
    return {"do": "catching", "steps": list(steps)}


def repeat(times: int, *steps: Step) -> Step:
    """Play steps ``times`` times."""
    return {"do": "repeat", "times": times, "steps": list(steps)}


def spawn(*steps: Step) -> Step:
    """Play steps beside the others: in a task under ASGI, in a thread under WSGI.

    It is not awaited, even when the call returns, unless :func:`join` does so.
    """
    return {"do": "spawn", "steps": list(steps)}


def join(within: float = 5.0) -> Step:
    """Wait until all that was spawned so far is over, or ``within`` seconds have passed."""
    return {"do": "join", "within": within}


def alter(key: str, value: object) -> Step:
    """Set an entry of environ or scope."""
    return {"do": "alter", "key": key, "value": value}


def drain() -> Step:
    """Read the request body to its end, and drop it.

    Under WSGI that is as much as CONTENT_LENGTH says, and all that there is where
    ``wsgi.input_terminated`` says so; under ASGI ``receive()`` until ``more_body`` is
    false or the client is gone.
    """
    return {"do": "drain"}


def echo(status: int = 200) -> Step:
    """Read the request body to its end and answer with it; ends the call."""
    return {"do": "echo", "status": status}


def filled(size: int, pattern: bytes = b"gateproof ") -> Filled:
    """Octets in bulk, for any step that takes bytes: ``pattern`` again and again."""
    return Filled(pattern, size)


# WSGI ------------------------------------------------------------------------------


def start(
    status: object = "200 OK",
    headers: object = PLAIN,
    exc_info: object = None,
    *,
    arguments: Sequence[object] | None = None,
) -> Step:
    """Call start_response.

    Args:
        status: its first argument.
        headers: its second; a tuple is given as a list, anything else as it is.
        exc_info: ``None`` for no third argument; ``"raised"`` for that of an exception
            raised and caught at once (RuntimeError "planted"), ``"caught"`` for what
            :func:`catching` caught last; any other value as it is.
        arguments: all positional arguments, in place of the others.
    """
    given = list(headers) if isinstance(headers, tuple) else headers
    step: Step = {"do": "start", "status": status, "headers": given}
    if exc_info is not None:
        step["exc_info"] = exc_info
    if arguments is not None:
        step["arguments"] = list(arguments)
    return step


def write(data: object) -> Step:
    """Call the ``write`` that the latest start_response returned."""
    return {"do": "write", "data": data}


def use(stream: str, method: str, *arguments: object) -> Step:
    """Call a method of ``wsgi.input`` or ``wsgi.errors``: ``use("input", "read", 5)``."""
    return {"do": "use", "stream": stream, "method": method, "arguments": list(arguments)}


def read(size: int | None = None) -> Step:
    """Call ``wsgi.input.read()``."""
    return use("input", "read", *(() if size is None else (size,)))


def readline(size: int | None = None) -> Step:
    """Call ``wsgi.input.readline()``."""
    return use("input", "readline", *(() if size is None else (size,)))


def readlines(hint: int | None = None) -> Step:
    """Call ``wsgi.input.readlines()``."""
    return use("input", "readlines", *(() if hint is None else (hint,)))


def iterate(limit: int | None = None) -> Step:
    """Iterate ``wsgi.input``, at most ``limit`` lines of it."""
    return {"do": "iterate", "limit": limit}


def errors(*texts: object) -> Step:
    """Write texts to ``wsgi.errors`` and flush it."""
    return {"do": "errors", "texts": list(texts)}


def flush() -> Step:
    """Flush ``wsgi.errors``."""
    return use("errors", "flush")


def result(
    kind: str,
    *inner: Step | bytes | Filled,
    close: Sequence[Step] | None = (),
    file: str = "memory",
    position: int = 0,
    block: int | None = None,
) -> Step:
    """Return a result; ends the call.

    Args:
        kind: one of :data:`RESULTS`. ``list`` and ``tuple`` hold their pieces; a
            ``generator``, ``iterator``, ``iterable`` (iterable again and again),
            ``sized`` (that has a length as well) or ``indexed`` (only
            ``__getitem__``) play ``inner`` when they are iterated; ``bytes``, ``str``,
            ``none`` and ``number`` are no iterables of bytestrings; ``file_wrapper``
            is what ``wsgi.file_wrapper`` makes of a file of the pieces, or an
            ``iterator`` where the server has none; ``file`` is that file itself.
        inner: :func:`yield_` for a piece (bytes alone are short for that), and any
            other steps between them.
        close: played when ``close()`` is called; ``None`` for a result without
            ``close()``. A list, tuple, text or number has none anyway; that of a
            generator is its own, and plays these as it is left.
        file: for a ``file_wrapper`` or ``file``: ``"memory"`` for one without
            ``fileno()``, ``"unfit"`` for one whose ``fileno()`` raises,
            ``"descriptor"`` for a real one. Its closing is noted (``{"closed": "file"}``).
        position: where that file stands.
        block: the block size that ``wsgi.file_wrapper`` is called with.
    """
    if kind not in RESULTS:
        raise ValueError(f"no result {kind!r}; one of {', '.join(RESULTS)}")
    steps = [step if isinstance(step, dict) else yield_(step) for step in inner]
    made: Step = {
        "do": "result",
        "kind": kind,
        "steps": steps,
        "close": None if close is None else list(close),
    }
    if file != "memory" or position:
        made.update(file=file, position=position)
    if block is not None:
        made["block"] = [block]
    return made


def wrap(*inner: Step | bytes | Filled, file: str = "memory") -> Step:
    """Call ``wsgi.file_wrapper``, if there is one, with a file of these pieces, and drop it."""
    pieces = [step if isinstance(step, dict) else yield_(step) for step in inner]
    return {"do": "wrap", "steps": pieces, "file": file}


def yield_(data: object) -> Step:
    """Give a piece of the body; inside of :func:`result`."""
    return {"do": "yield", "data": data}


# ASGI ------------------------------------------------------------------------------


def receive(within: float | None = None) -> Step:
    """Await ``receive()``; after ``within`` seconds it is cancelled and the script goes on."""
    return {"do": "receive", "within": within}


def gone(within: float = 5.0) -> Step:
    """Await ``receive()`` until it gives a disconnect, at most ``within`` seconds.

    The journal has a note ``{"gone": bool}``.
    """
    return {"do": "gone", "within": within}


def send(event: object) -> Step:
    """Await ``send(event)``."""
    return {"do": "send", "event": event}


def respond(
    status: int = 200,
    headers: Sequence[tuple[bytes, bytes]] = ((b"content-type", b"text/plain"),),
    body: bytes | Filled = b"ok",
) -> Step:
    """Send a whole HTTP response: its start and one body."""
    return {
        "do": "respond",
        "status": status,
        "headers": [tuple(pair) for pair in headers],
        "body": body,
    }


def state(key: str, value: object = None) -> Step:
    """Set an entry of the scope's ``state``; a new object of its own for ``None``."""
    return {"do": "state", "key": key, "value": value}


def return_(value: object = None) -> Step:
    """Return; ends the call."""
    return {"do": "return", "value": value}


# Whole scripts ---------------------------------------------------------------------


def answer(
    status: int = 200,
    headers: Sequence[tuple[bytes, bytes]] = ((b"content-type", b"text/plain"),),
    body: bytes | Filled = b"ok",
    *,
    pieces: Sequence[bytes | Filled] | None = None,
    read: bool = True,
    length: bool = True,
    reason: str = "",
) -> Script:
    """An ordinary response on either interface.

    Args:
        status: its status.
        headers: its fields.
        body: its body, in one piece.
        pieces: its body in several pieces, in place of ``body``.
        read: whether the request body is read first.
        length: whether content-length is added.
        reason: the reason phrase under WSGI, ``"Reason"`` where it is unknown.
    """
    parts = [body] if pieces is None else list(pieces)
    fields = [(bytes(name), bytes(value)) for name, value in headers]
    if length:
        fields.append((b"content-length", str(sum(map(len, parts))).encode()))
    first = (drain(),) if read else ()
    native = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
    begun: Mapping[str, object] = {
        "type": "http.response.start",
        "status": status,
        "headers": fields,
    }
    more = len(parts) - 1
    sent = [
        send({"type": "http.response.body", "body": part, "more_body": place < more})
        for place, part in enumerate(parts)
    ] or [send({"type": "http.response.body", "body": b""})]
    return Script(
        wsgi=(
            *first,
            start(f"{status} {reason or _reason(status)}", native),
            result("list" if pieces is None else "generator", *map(yield_, parts)),
        ),
        asgi=(*first, send(dict(begun)), *sent),
    )


def _reason(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Reason"


ANSWER = answer()
"""Reads the request and answers 200 with ``ok``."""

ECHO = Script(wsgi=(echo(),), asgi=(echo(),))
"""Reads the whole input and answers with it."""
