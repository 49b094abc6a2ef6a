"""What machines' states and symbols are called in messages."""

from __future__ import annotations

from collections.abc import Container

from gateproof.validators.asgi.machines import (
    ANSWER,
    CONTENT,
    LIFE,
    REQUEST,
    RESPONSE,
    SOCKET,
    Answer,
    Answers,
    Content,
    Delivers,
    Gives,
    Life,
    Lives,
    Request,
    Response,
    Sends,
    Socket,
    Tells,
)
from gateproof.validators.machine import Machine

EXTENSION_OF = {
    "http.response.push": "http.response.push",
    "http.response.zerocopysend": "http.response.zerocopysend",
    "http.response.pathsend": "http.response.pathsend",
    "http.response.early_hint": "http.response.early_hint",
    "http.response.trailers": "http.response.trailers",
    "http.response.debug": "http.response.debug",
    "websocket.http.response.start": "websocket.http.response",
    "websocket.http.response.body": "websocket.http.response",
}
"""Events that belong to an extension, and the extension's name."""

SYMBOLS: dict[str, dict[int, str]] = {
    RESPONSE.name: {
        Sends.START: "'http.response.start'",
        Sends.PROMISE: "'http.response.start' with trailers",
        Sends.MORE: "'http.response.body' with more_body",
        Sends.LAST: "'http.response.body'",
        Sends.ZEROCOPY_MORE: "'http.response.zerocopysend' with more_body",
        Sends.ZEROCOPY_LAST: "'http.response.zerocopysend'",
        Sends.PATHSEND: "'http.response.pathsend'",
        Sends.PUSH: "'http.response.push'",
        Sends.HINT: "'http.response.early_hint'",
        Sends.DEBUG: "'http.response.debug'",
        Sends.TRAILERS_MORE: "'http.response.trailers' with more_trailers",
        Sends.TRAILERS_LAST: "'http.response.trailers'",
        Sends.RETURN: "the end of the call",
    },
    CONTENT.name: {
        Gives.BODY: "'http.response.body'",
        Gives.PATHSEND: "'http.response.pathsend'",
    },
    REQUEST.name: {
        Delivers.MORE: "'http.request' with more_body",
        Delivers.LAST: "'http.request'",
        Delivers.DISCONNECT: "'http.disconnect'",
    },
    ANSWER.name: {
        Answers.ACCEPT: "'websocket.accept'",
        Answers.SEND: "'websocket.send'",
        Answers.CLOSE: "'websocket.close'",
        Answers.DENY: "'websocket.http.response.start'",
        Answers.DENY_MORE: "'websocket.http.response.body' with more_body",
        Answers.DENY_LAST: "'websocket.http.response.body'",
        Answers.LISTEN: "receive()",
        Answers.RETURN: "the end of the call",
    },
    SOCKET.name: {
        Tells.CONNECT: "'websocket.connect'",
        Tells.RECEIVE: "'websocket.receive'",
        Tells.DISCONNECT: "'websocket.disconnect'",
    },
    LIFE.name: {
        Lives.STARTUP: "'lifespan.startup'",
        Lives.SHUTDOWN: "'lifespan.shutdown'",
        Lives.COMPLETE: "'lifespan.startup.complete'",
        Lives.FAIL: "'lifespan.startup.failed'",
        Lives.STOP: "'lifespan.shutdown.complete'",
        Lives.STOP_FAIL: "'lifespan.shutdown.failed'",
        Lives.RETURN: "the end of the call",
        Lives.RAISE: "an exception",
    },
}
"""What each symbol is called; one that is not named is never offered."""

_LIVED = (Lives.COMPLETE, Lives.FAIL, Lives.STOP, Lives.STOP_FAIL, Lives.RETURN)

STATES: dict[str, dict[int, str]] = {
    RESPONSE.name: {
        Response.WAITING: "before the response was started",
        Response.DEBUGGED: "after debug information and before the response was started",
        Response.STARTED: "after the response was started and before any content",
        Response.STREAMING: "while the response was not complete",
        Response.PROMISED: "after a response with trailers was started and before any content",
        Response.PROMISED_STREAMING: "while the response, with trailers to come, was not complete",
        Response.OWING: "after the last content and while trailers were owed",
        Response.DONE: "after the response was complete",
        Response.ENDED: "after the response and its trailers were complete",
        Response.ASTRAY: "after a message that was refused",
    },
    CONTENT.name: {
        Content.NOTHING: "before any content",
        Content.BODY: "after content in 'http.response.body'",
        Content.PATH: "after 'http.response.pathsend'",
        Content.MIXED: "after content of both kinds",
    },
    REQUEST.name: {
        Request.OPEN: "before any part of the request",
        Request.RECEIVING: "while the request was not complete",
        Request.COMPLETE: "after the request was complete",
        Request.GONE: "after 'http.disconnect'",
    },
    ANSWER.name: {
        Answer.WAITING: "before 'websocket.connect' was received and answered",
        Answer.ACCEPTED: "after the connection was accepted",
        Answer.CLOSED: "after the application had closed the connection",
        Answer.REFUSED: "after the application had refused the connection",
        Answer.DENYING: "while a denial response was not complete",
        Answer.DENIED: "after a denial response",
        Answer.GONE: "after 'websocket.disconnect'",
        Answer.LOST: "after send() had failed",
        Answer.ASTRAY: "after a message that was refused",
    },
    SOCKET.name: {
        Socket.SILENT: "before 'websocket.connect'",
        Socket.CONNECTED: "after 'websocket.connect'",
        Socket.GONE: "after 'websocket.disconnect'",
    },
    LIFE.name: {
        Life.IDLE: "before 'lifespan.startup'",
        Life.HASTY: "after startup was answered unasked",
        Life.STARTING: "while 'lifespan.startup' was unanswered",
        Life.RUNNING: "after startup was complete",
        Life.STOPPING: "while 'lifespan.shutdown' was unanswered",
        Life.STOPPED: "after the lifespan had ended",
        Life.FAILED: "after startup had failed",
        Life.UNSUPPORTED: "after the application had raised",
        Life.ASTRAY: "after a message that had no place",
    },
}
"""When each state is, as the end of a sentence."""

CASES: dict[str, dict[tuple[int, int], tuple[str, str]]] = {
    REQUEST.name: {
        (state, Delivers.UNASKED): (
            "to a receive() that was called after the response was complete",
            "'http.disconnect'",
        )
        for state in (Request.OPEN, Request.RECEIVING)
    },
    SOCKET.name: {
        (Socket.CONNECTED, Tells.UNASKED): (
            "while the connection was not accepted",
            "'websocket.disconnect', or nothing before 'websocket.accept'",
        ),
    },
    ANSWER.name: {
        (Answer.WAITING, Answers.ACCEPT_UNHEARD): (
            "before 'websocket.connect' was received",
            "receive()",
        ),
        **{
            (Answer.GONE, symbol): ("after 'websocket.disconnect'", "the end of the call")
            for symbol in Answers
        },
    },
    LIFE.name: {
        **{
            (state, symbol): (STATES[LIFE.name][state], "receive(), for 'lifespan.shutdown'")
            for state in (Life.HASTY, Life.RUNNING)
            for symbol in _LIVED
        },
        **{
            (Life.IDLE, symbol): (
                STATES[LIFE.name][Life.IDLE],
                "receive(), or an exception where lifespan is not supported",
            )
            for symbol in _LIVED
        },
        (Life.FAILED, Lives.SHUTDOWN): (STATES[LIFE.name][Life.FAILED], "no event"),
        (Life.STOPPING, Lives.RETURN): (
            STATES[LIFE.name][Life.STOPPING],
            "'lifespan.shutdown.complete', 'lifespan.shutdown.failed'",
        ),
    },
}
"""Moves of which the state and its legal moves tell less than the symbol does: when
such a move happened, and what would have been legal in its place."""

HINTS: dict[tuple[str, int, int], str] = {
    (RESPONSE.name, state, Sends.RETURN): (
        "send http.response.start and http.response.body before returning"
    )
    for state in (Response.WAITING, Response.DEBUGGED)
}
"""What to do about a move, where the requirement's own advice is for another one."""

REMARKS = {
    "asgi.ext.trailers.start-flag": ", and its start had promised no trailers",
    "asgi.http.response-start.once": ", for the second time",
}
"""What is said at the end of a message, by requirement."""

_SERVERS = {
    LIFE.name: frozenset({Lives.STARTUP, Lives.SHUTDOWN}),
    REQUEST.name: frozenset(Delivers),
    SOCKET.name: frozenset(Tells),
}


_NOTHING = {CONTENT.name: "no further content"}


def where(machine: Machine, state: int, symbol: int | None = None) -> str:
    """When ``state`` is, as the end of a sentence; with ``symbol``, when that move was made."""
    case = CASES.get(machine.name, {}).get((state, symbol if symbol is not None else -1))
    return STATES[machine.name][state] if case is None else case[0]


def mended(machine: Machine, state: int, symbol: int) -> str:
    """What to do about a move, empty where the requirement's own advice fits."""
    return HINTS.get((machine.name, state, symbol), "")


def allowed(machine: Machine, state: int, symbol: int, offered: Container[object] = ()) -> str:
    """What the side that moved by ``symbol`` was allowed in ``state``.

    Messages of extensions are named only if ``offered`` holds the extension.
    """
    case = CASES.get(machine.name, {}).get((state, symbol))
    if case is not None:
        return case[1]
    servers = _SERVERS.get(machine.name, frozenset())
    names = SYMBOLS[machine.name]
    return ", ".join(
        names[move]
        for move in machine.allowed(state)
        if move in names
        and (move in servers) == (symbol in servers)
        and _offered(names[move], offered)
    ) or _NOTHING.get(machine.name, "no event")


def _offered(name: str, offered: Container[object]) -> bool:
    kind = name.split("'")[1] if "'" in name else ""
    if "with trailers" in name:
        kind = "http.response.trailers"
    extension = EXTENSION_OF.get(kind)
    return extension is None or extension in offered
