"""The order of ASGI events as total tables, one machine for each object.

A response is followed by two machines, one for the sequence of its messages and
one for the way its content is given; a WebSocket by one for each direction. The
judges classify events to symbols: what a server announced, whether the client
has gone and what a body holds is settled there, not here.

``ASTRAY`` is where judging goes on after a message that the server refused or
that had no place at all: only a fresh start leads out, and nothing is told on
the way, for one mistake must not be told twice.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from gateproof.validators.machine import Machine, breaks

# ruff: noqa: E501 - a table reads by its columns

# The HTTP response, as the application sends it -------------------------------


class Response(IntEnum):
    """How far an application has come with its response."""

    WAITING = 0
    DEBUGGED = 1
    STARTED = 2
    STREAMING = 3
    PROMISED = 4
    PROMISED_STREAMING = 5
    OWING = 6
    DONE = 7
    ENDED = 8
    ASTRAY = 9


class Sends(IntEnum):
    """What an application can do with a response; ``RETURN`` is the end of the call.

    ``PROMISE`` is a start that promises trailers to a server that offers them.
    """

    START = 0
    PROMISE = 1
    MORE = 2
    LAST = 3
    ZEROCOPY_MORE = 4
    ZEROCOPY_LAST = 5
    PATHSEND = 6
    PUSH = 7
    HINT = 8
    DEBUG = 9
    TRAILERS_MORE = 10
    TRAILERS_LAST = 11
    RETURN = 12


def _response() -> Machine:
    WAITING, DEBUGGED, STARTED, STREAM, PROMISED, PSTREAM, OWING, DONE, ENDED, ASTRAY = Response  # noqa: N806
    start, once, after = (
        breaks("asgi.http.response-start.before-body", ASTRAY),
        partial(breaks, "asgi.http.response-start.once"),
        partial(breaks, "asgi.http.app.no-events-after-complete"),
    )
    zearly = breaks("asgi.ext.zerocopy.timing", ASTRAY)
    zlate = partial(breaks, "asgi.ext.zerocopy.timing", verdict="weak")
    path = breaks("asgi.ext.pathsend.after-start", ASTRAY)
    pearly = partial(breaks, "asgi.ext.push.timing-after-start")
    plate = partial(breaks, "asgi.ext.push.timing-before-final-body")
    hlate = partial(breaks, "asgi.ext.early-hint.timing")
    debug = partial(breaks, "asgi.ext.debug.before-start-once")
    noflag = partial(breaks, "asgi.ext.trailers.start-flag")
    # Early trailers count as given: the promise is not claimed a second time.
    tearly = partial(breaks, "asgi.ext.trailers.follow-final-body")
    owed = breaks("asgi.ext.trailers.promised-must-come", ENDED)
    nobody = breaks("asgi.http.response-start.followed-by-body", ENDED)
    torso = breaks("asgi.http.app.completes-response", ENDED)
    # fmt: off
    return Machine.table("http response, as the application sends it",
        tuple(Sends),
        #          START          PROMISE        MORE          LAST          ZEROCOPY_MORE  ZEROCOPY_LAST  PATHSEND      PUSH             HINT             DEBUG            TRAILERS_MORE    TRAILERS_LAST    RETURN
        (WAITING,  STARTED,       PROMISED,      start,        start,        zearly,        zearly,        path,         pearly(WAITING), WAITING,         DEBUGGED,        tearly(ASTRAY),  tearly(ASTRAY),  torso),
        (DEBUGGED, STARTED,       PROMISED,      start,        start,        zearly,        zearly,        path,         pearly(DEBUGGED),DEBUGGED,        debug(DEBUGGED), tearly(ASTRAY),  tearly(ASTRAY),  torso),
        (STARTED,  once(STARTED), once(STARTED), STREAM,       DONE,         STREAM,        DONE,          DONE,         STARTED,         STARTED,         debug(STARTED),  noflag(STARTED), noflag(STARTED), nobody),
        (STREAM,   once(STREAM),  once(STREAM),  STREAM,       DONE,         STREAM,        DONE,          DONE,         STREAM,          STREAM,          debug(STREAM),   noflag(STREAM),  noflag(STREAM),  torso),
        (PROMISED, once(PROMISED),once(PROMISED),PSTREAM,      OWING,        PSTREAM,       OWING,         OWING,        PROMISED,        PROMISED,        debug(PROMISED), tearly(STARTED), tearly(STARTED), nobody),
        (PSTREAM,  once(PSTREAM), once(PSTREAM), PSTREAM,      OWING,        PSTREAM,       OWING,         OWING,        PSTREAM,         PSTREAM,         debug(PSTREAM),  tearly(STREAM),  tearly(STREAM),  torso),
        (OWING,    once(OWING),   once(OWING),   after(OWING), after(OWING), zlate(OWING),  zlate(OWING),  after(OWING), plate(OWING),    hlate(OWING),    debug(OWING),    OWING,           ENDED,           owed),
        (DONE,     once(DONE),    once(DONE),    after(DONE),  after(DONE),  zlate(DONE),   zlate(DONE),   after(DONE),  plate(DONE),     hlate(DONE),     debug(DONE),     noflag(DONE),    noflag(DONE),    DONE),
        (ENDED,    once(ENDED),   once(ENDED),   after(ENDED), after(ENDED), zlate(ENDED),  zlate(ENDED),  after(ENDED), plate(ENDED),    hlate(ENDED),    debug(ENDED),    after(ENDED),    after(ENDED),    ENDED),
        (ASTRAY,   STARTED,       PROMISED,      ASTRAY,       ASTRAY,       ASTRAY,        ASTRAY,        ASTRAY,       ASTRAY,          ASTRAY,          ASTRAY,          ASTRAY,          ASTRAY,          ASTRAY),
    )
    # fmt: on


RESPONSE = _response()
"""The sequence of a response's messages."""


class Content(IntEnum):
    """By what kind of message the content of a response came so far."""

    NOTHING = 0
    BODY = 1
    PATH = 2
    MIXED = 3


class Gives(IntEnum):
    """A message that carries content and may not be mixed."""

    BODY = 0
    PATHSEND = 1


def _content() -> Machine:
    NOTHING, BODY, PATH, MIXED = Content  # noqa: N806
    mixed = breaks("asgi.ext.pathsend.not-mixed", MIXED)
    # fmt: off
    return Machine.table("content of an http response",
        tuple(Gives),
        #         BODY   PATHSEND
        (NOTHING, BODY,  PATH),
        (BODY,    BODY,  mixed),
        (PATH,    mixed, breaks("asgi.ext.pathsend.once", PATH)),
        (MIXED,   MIXED, MIXED),
    )
    # fmt: on


CONTENT = _content()
"""Whether a response is made of body messages or of one path."""


# The HTTP request, as the server delivers it ----------------------------------


class Request(IntEnum):
    """How much of a request a server has delivered."""

    OPEN = 0
    RECEIVING = 1
    COMPLETE = 2
    GONE = 3


class Delivers(IntEnum):
    """What a server can deliver of a request.

    ``UNASKED`` is an ``http.request`` in answer to a receive() that was called
    after the response was complete.
    """

    MORE = 0
    LAST = 1
    UNASKED = 2
    DISCONNECT = 3


def _request() -> Machine:
    OPEN, RECEIVING, COMPLETE, GONE = Request  # noqa: N806
    final = breaks("asgi.http.request.none-after-final", COMPLETE)
    over = breaks("asgi.http.disconnect.repeatable", GONE)
    late = partial(breaks, "asgi.http.disconnect.after-response")
    # fmt: off
    return Machine.table("http request, as the server delivers it",
        tuple(Delivers),
        #           MORE       LAST      UNASKED          DISCONNECT
        (OPEN,      RECEIVING, COMPLETE, late(RECEIVING), GONE),
        (RECEIVING, RECEIVING, COMPLETE, late(RECEIVING), GONE),
        (COMPLETE,  final,     final,    final,           GONE),
        (GONE,      over,      over,     over,            GONE),
    )
    # fmt: on


REQUEST = _request()
"""The parts of a request."""


# The WebSocket, one machine for each direction --------------------------------


class Answer(IntEnum):
    """How an application has answered a WebSocket."""

    WAITING = 0
    ACCEPTED = 1
    CLOSED = 2
    REFUSED = 3
    DENYING = 4
    DENIED = 5
    GONE = 6
    LOST = 7
    ASTRAY = 8


class Answers(IntEnum):
    """What an application can do with a WebSocket, and what ends its duties.

    ``ACCEPT_UNHEARD`` is an accept before ``websocket.connect`` was received,
    ``LISTEN`` a call of receive(), ``LEAVE`` a disconnect that was received,
    ``LOSE`` a send() that failed, ``RETURN`` the end of the call.
    """

    ACCEPT = 0
    ACCEPT_UNHEARD = 1
    SEND = 2
    CLOSE = 3
    DENY = 4
    DENY_MORE = 5
    DENY_LAST = 6
    LISTEN = 7
    LEAVE = 8
    LOSE = 9
    RETURN = 10


def _answer() -> Machine:
    WAITING, ACCEPTED, CLOSED, REFUSED, DENYING, DENIED, GONE, LOST, ASTRAY = Answer  # noqa: N806
    unheard = breaks("asgi.websocket.connect.received-before-accept", ACCEPTED)
    unanswered = breaks("asgi.websocket.connect.must-be-answered", REFUSED)
    early = breaks("asgi.websocket.send.after-accept", ASTRAY)
    again = partial(breaks, "asgi.websocket.accept.once")
    late = partial(breaks, "asgi.websocket.send.not-after-close")
    twice = partial(breaks, "asgi.websocket.close.once")
    denied = breaks("asgi.ext.ws-denial.not-after-accept", ASTRAY)
    other = partial(breaks, "asgi.ext.ws-denial.no-other-websocket-messages-after")
    row = partial(breaks, "asgi.ext.ws-denial.sequence")
    noted = breaks("asgi.websocket.close.not-after-disconnect", GONE)
    deaf = breaks("asgi.websocket.disconnect.app-stops-receiving", GONE)
    # fmt: off
    return Machine.table("websocket, as the application answers it",
        tuple(Answers),
        #          ACCEPT           ACCEPT_UNHEARD   SEND            CLOSE                    DENY            DENY_MORE              DENY_LAST              LISTEN    LEAVE LOSE    RETURN
        (WAITING,  ACCEPTED,        unheard,         early,          REFUSED,                 DENYING,        row(ASTRAY),           row(ASTRAY),           WAITING,  GONE, LOST,   unanswered),
        (ACCEPTED, again(ACCEPTED), again(ACCEPTED), ACCEPTED,       CLOSED,                  denied,         denied,                denied,                ACCEPTED, GONE, LOST,   ACCEPTED),
        (CLOSED,   again(CLOSED),   again(CLOSED),   late(CLOSED),   twice(CLOSED),           denied,         denied,                denied,                CLOSED,   GONE, LOST,   CLOSED),
        (REFUSED,  again(REFUSED),  again(REFUSED),  late(REFUSED),  twice(REFUSED),          late(REFUSED),  late(REFUSED),         late(REFUSED),         REFUSED,  GONE, LOST,   REFUSED),
        (DENYING,  other(ASTRAY),   other(ASTRAY),   other(ASTRAY),  other(DENYING, "weak"),  row(DENYING),   DENYING,               DENIED,                DENYING,  GONE, LOST,   row(DENIED)),
        (DENIED,   other(DENIED),   other(DENIED),   other(DENIED),  other(DENIED, "weak"),   row(DENIED),    row(DENIED,"observed"),row(DENIED,"observed"),DENIED,   GONE, LOST,   DENIED),
        (GONE,     GONE,            GONE,            GONE,           noted,                   GONE,           GONE,                  GONE,                  deaf,     GONE, GONE,   GONE),
        (LOST,     LOST,            LOST,            LOST,           LOST,                    LOST,           LOST,                  LOST,                  LOST,     GONE, LOST,   LOST),
        (ASTRAY,   ACCEPTED,        ACCEPTED,        ASTRAY,         ASTRAY,                  DENYING,        ASTRAY,                ASTRAY,                ASTRAY,   GONE, LOST,   ASTRAY),
    )
    # fmt: on


ANSWER = _answer()
"""What an application does with a WebSocket."""


class Socket(IntEnum):
    """What a server has told of a WebSocket."""

    SILENT = 0
    CONNECTED = 1
    GONE = 2


class Tells(IntEnum):
    """What a server can tell of a WebSocket.

    ``UNASKED`` is a ``websocket.receive`` on a connection not accepted.
    """

    CONNECT = 0
    RECEIVE = 1
    UNASKED = 2
    DISCONNECT = 3


def _socket() -> Machine:
    SILENT, CONNECTED, GONE = Socket  # noqa: N806
    first = partial(breaks, "asgi.websocket.connect.first-event")
    early = breaks("asgi.websocket.connect.no-receive-before-accept", CONNECTED)
    last = breaks("asgi.websocket.disconnect.last-event", GONE)
    # fmt: off
    return Machine.table("websocket, as the server tells of it",
        tuple(Tells),
        #           CONNECT           RECEIVE           UNASKED           DISCONNECT
        (SILENT,    CONNECTED,        first(CONNECTED), first(CONNECTED), first(GONE, "weak")),
        (CONNECTED, first(CONNECTED), CONNECTED,        early,            GONE),
        (GONE,      last,             last,             last,             GONE),
    )
    # fmt: on


SOCKET = _socket()
"""The events of a WebSocket."""


# The lifespan, both directions in one -----------------------------------------


class Life(IntEnum):
    """How far a lifespan has come. ``HASTY`` answered a startup it had not received."""

    IDLE = 0
    HASTY = 1
    STARTING = 2
    RUNNING = 3
    STOPPING = 4
    STOPPED = 5
    FAILED = 6
    UNSUPPORTED = 7
    ASTRAY = 8


class Lives(IntEnum):
    """What can happen in a lifespan; ``RETURN`` and ``RAISE`` end the call."""

    STARTUP = 0
    SHUTDOWN = 1
    COMPLETE = 2
    FAIL = 3
    STOP = 4
    STOP_FAIL = 5
    RETURN = 6
    RAISE = 7


def _life() -> Machine:
    IDLE, HASTY, STARTING, RUNNING, STOPPING, STOPPED, FAILED, UNSUPPORTED, ASTRAY = Life  # noqa: N806
    first = partial(breaks, "asgi.lifespan.startup.first-event")
    hasty = partial(breaks, "asgi.lifespan.startup-complete.after-startup")
    once = partial(breaks, "asgi.lifespan.startup-complete.once")
    early = partial(breaks, "asgi.lifespan.shutdown-complete.after-shutdown")
    single = partial(breaks, "asgi.lifespan.shutdown.once-after-startup-complete")
    spared = breaks("asgi.lifespan.startup-failed.no-shutdown-sent", FAILED)
    over = breaks("asgi.lifespan.exception.no-further-events", UNSUPPORTED)
    mute = breaks("asgi.lifespan.startup-complete.app-sends", ASTRAY, "observed")
    left = breaks("asgi.lifespan.app.early-return", STOPPED)
    silent = breaks("asgi.lifespan.app.early-return", STOPPED, "observed")
    threw = breaks("asgi.lifespan.app.use-startup-failed-to-abort", UNSUPPORTED)
    gone = breaks("asgi.lifespan.shutdown-complete.app-sends", STOPPED, "weak")
    # fmt: off
    return Machine.table("lifespan",
        tuple(Lives),
        #             STARTUP          SHUTDOWN           COMPLETE         FAIL             STOP             STOP_FAIL        RETURN       RAISE
        (IDLE,        STARTING,        first(ASTRAY),     hasty(HASTY),    hasty(FAILED),   early(ASTRAY),   early(ASTRAY),   silent,      UNSUPPORTED),
        (HASTY,       RUNNING,         STOPPING,          once(HASTY),     once(HASTY),     early(HASTY),    early(HASTY),    left,        STOPPED),
        (STARTING,    first(STARTING), single(ASTRAY),    RUNNING,         FAILED,          early(STARTING), early(STARTING), mute,        threw),
        (RUNNING,     first(RUNNING),  STOPPING,          once(RUNNING),   once(RUNNING),   early(RUNNING),  early(RUNNING),  left,        STOPPED),
        (STOPPING,    first(STOPPING), single(STOPPING),  once(STOPPING),  once(STOPPING),  STOPPED,         STOPPED,         gone,        gone),
        (STOPPED,     first(STOPPED),  single(STOPPED),   once(STOPPED),   once(STOPPED),   STOPPED,         STOPPED,         STOPPED,     STOPPED),
        (FAILED,      FAILED,          spared,            once(FAILED),    once(FAILED),    early(FAILED),   early(FAILED),   FAILED,      FAILED),
        (UNSUPPORTED, over,            over,              UNSUPPORTED,     UNSUPPORTED,     UNSUPPORTED,     UNSUPPORTED,     UNSUPPORTED, UNSUPPORTED),
        (ASTRAY,      ASTRAY,          ASTRAY,            ASTRAY,          ASTRAY,          ASTRAY,          ASTRAY,          ASTRAY,      ASTRAY),
    )
    # fmt: on


LIFE = _life()
"""The events of a lifespan, from both sides."""

MACHINES = (RESPONSE, CONTENT, REQUEST, ANSWER, SOCKET, LIFE)
"""Every machine of ASGI."""
