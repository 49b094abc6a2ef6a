"""What is accepted without the judge is found, recorded and passed on just as with it."""

from __future__ import annotations

import functools
import inspect
import os
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateproof.validators.asgi.machines import (
    ANSWER,
    CONTENT,
    REQUEST,
    RESPONSE,
    SOCKET,
    Answer,
    Answers,
    Content,
    Delivers,
    Gives,
    Request,
    Response,
    Sends,
    Socket,
    Tells,
)
from gateproof.validators.asgi.ordinary import BOUNDARIES
from gateproof.validators.asgi.validator import watch
from gateproof.validators.exchange import TAIL, Exchange
from gateproof.validators.policy import Policy, Rules

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))


class Cancelled(BaseException):
    """As an event loop cancels: no Exception."""


class Subclass(dict):
    pass


class Text(str):
    pass


@types.coroutine
def pause():
    yield


class Work:
    """What send() gives to await; to drop it gives no warning, as a coroutine would."""

    def __init__(self, work):
        self.work = work

    def __await__(self):
        self.work()
        return iter(())


class Server:
    """Delivers ``events``, each after a pause, and fails at the sends in ``failing``."""

    def __init__(self, scope, events, failing, *, plain):
        self.scope = scope
        self.events = list(events)
        self.failing = failing
        self.plain = plain
        self.sent = []
        self.calls = 0

    async def receive(self):
        await pause()
        if not self.events:
            raise LookupError("no more events")
        return self.events.pop(0)

    def send(self, event):
        """Do the work when called, or when awaited, as servers of either kind do."""
        if self.plain:
            self.take(event)
            return Work(lambda: None)
        return Work(lambda: self.take(event))

    def take(self, event):
        self.calls += 1
        error = self.failing.get(self.calls)
        if error is not None:
            raise error
        self.sent.append(event)


def outcome(coroutine, throwing=None):
    """Where a step leaves a coroutine: paused, or ended by a value or an exception."""
    try:
        coroutine.send(None) if throwing is None else coroutine.throw(throwing)
    except StopIteration as end:
        return ("value", end.value)
    except (Exception, Cancelled) as error:
        return ("error", type(error), str(error))
    return "paused"


async def application(actions, receive, send, seen):
    """Do ``actions``; what comes of each goes to ``seen``."""
    waiting = []
    for action, *data in actions:
        if action == "listen":
            waiting.append(receive())
            seen.append(outcome(waiting[-1]))
        elif action == "hear" and waiting:
            seen.append(outcome(waiting.pop(0)))
        elif action == "cancel" and waiting:
            seen.append(outcome(waiting.pop(0), Cancelled()))
        elif action == "receive":
            one = receive()
            seen.append(outcome(one))
            seen.append(outcome(one))
        elif action in ("send", "forget", "misuse"):
            extra = (1,) if action == "misuse" else ()
            try:
                sending = send(data[0], *extra)
            except Exception as error:
                seen.append(("called", type(error), str(error)))
                continue
            if action == "forget":
                sending.close()
            else:
                seen.append(outcome(sending))
        elif action == "several":
            sendings = [send(event) for event in data]
            seen.extend(outcome(sending) for sending in reversed(sendings))
    for one in waiting:
        one.close()


def played(scope, events, actions, failing, plain, head, level):
    """One exchange: what was found, the ladder, what the two sides saw."""
    server = Server(scope, events, failing, plain=plain)
    violations, seen = [], []
    exchange = Exchange(head=head)
    policy = Policy(violations.append, Rules(level=level))

    async def app(scope, receive, send):
        await pause()
        await application(actions, receive, send, seen)

    watched = watch(app, scope, server.receive, server.send, policy=policy, exchange=exchange)
    assert outcome(watched) == "paused"
    end = outcome(watched)
    return {
        "violations": violations,
        "events": [v.event for v in violations],
        "count": exchange.count,
        "seen": seen,
        "sent": server.sent,
        "left": server.events,
        "end": end,
        "rungs": [(rung.step, repr(rung.data)) for rung in exchange.rungs()],
        "dropped": exchange.dropped,
    }


bodies = st.sampled_from([b"x"] * 4 + [b"", b"12345", b"12345", bytearray(b"x"), None, "text"])
flags = st.sampled_from([True] * 6 + [False, False, 1, None])
kinds = {
    name: st.sampled_from([name] * 6 + [Text(name), name.encode(), "http.other"])
    for name in (
        "http.request",
        "http.response.body",
        "websocket.receive",
        "websocket.send",
    )
}


def shaped(kind, **keys):
    """Events with some of ``keys``, rarely of another dict class or with a further key."""
    return st.builds(
        lambda made, as_, more: as_({**made, **more}),
        st.fixed_dictionaries({"type": kinds[kind]}, optional=keys),
        st.sampled_from([dict] * 8 + [Subclass]),
        st.sampled_from([{}] * 8 + [{"x": 1}, {7: 1}]),
    )


starts = st.builds(
    lambda status, length: {
        "type": "http.response.start",
        "status": status,
        "headers": [] if length is None else [(b"content-length", b"%d" % length)],
    },
    st.sampled_from([200] * 6 + [204, 204, 304, "200"]),
    st.sampled_from([None, None, 0, 1, 5, 7]),
)
parts = shaped("http.response.body", body=bodies, more_body=flags)
pieces = st.builds(
    lambda body, more: {"type": "http.response.body", "body": body, "more_body": more},
    bodies,
    flags,
)
wholes = bodies.map(lambda body: {"type": "http.response.body", "body": body})
requests = st.one_of(
    shaped("http.request", body=bodies, more_body=flags),
    st.just({"type": "http.request", "body": b"x", "more_body": True}),
    st.just({"type": "http.disconnect"}),
)
files = st.sampled_from(
    [
        {"type": "http.response.pathsend", "path": "/a"},
        {"type": "http.response.zerocopysend", "file": 1, "more_body": True},
    ]
)
texts = {"text": st.sampled_from(["a", Text("a"), None, b"a"])}
octets = {"bytes": st.sampled_from([b"a", None, bytearray(b"a"), "a"])}
messages = st.one_of(
    st.just({"type": "websocket.accept"}),
    st.just({"type": "websocket.send", "text": "a"}),
    st.just({"type": "websocket.send", "bytes": b"a"}),
    shaped("websocket.send", **texts, **octets),
    st.just({"type": "websocket.close"}),
)
deliveries = st.one_of(
    st.just({"type": "websocket.receive", "text": "a"}),
    shaped("websocket.receive", **texts, **octets),
    st.just({"type": "websocket.disconnect", "code": 1000}),
)
HTTP = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "query_string": b"",
    "headers": [],
    "extensions": {"http.response.pathsend": {}, "http.response.zerocopysend": {}},
}
WEBSOCKET = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "path": "/",
    "query_string": b"",
    "headers": [],
}


def acting(sends):
    return st.one_of(
        *[st.tuples(st.just("send"), sends)] * 6,
        st.just(("receive",)),
        st.just(("listen",)),
        st.just(("hear",)),
        st.just(("cancel",)),
        st.tuples(st.just("forget"), sends),
        st.tuples(st.just("misuse"), sends),
        st.tuples(st.just("several"), sends, sends),
    )


conversations = st.one_of(
    st.tuples(
        st.just(HTTP),
        st.lists(requests, max_size=6),
        st.builds(
            lambda begin, start, rest: [*begin, ("send", start), *rest],
            st.sampled_from([[("receive",)], [], [("listen",)]]),
            starts,
            st.lists(
                acting(st.one_of(pieces, pieces, pieces, wholes, parts, starts, files)),
                max_size=10,
            ),
        ),
    ),
    st.tuples(
        st.just(WEBSOCKET),
        st.lists(deliveries, max_size=8).map(lambda rest: [{"type": "websocket.connect"}, *rest]),
        st.builds(
            lambda begin, rest: [*begin, *rest],
            st.sampled_from(
                [
                    [("receive",), ("send", {"type": "websocket.accept"})],
                    [("listen",), ("send", {"type": "websocket.accept"}), ("hear",)],
                    [("send", {"type": "websocket.accept"})],
                    [("receive",), ("listen",)],
                ]
            ),
            st.lists(acting(messages), max_size=10),
        ),
    ),
)
failures = st.dictionaries(
    st.integers(1, 8),
    st.sampled_from([OSError("gone"), RuntimeError("refused"), Cancelled()]),
    max_size=1,
)


def as_judged(*given_):
    """Hold that an exchange goes the same when every message is judged."""
    quick = played(*given_)
    with pytest.MonkeyPatch.context() as patch:
        for protocol in list(BOUNDARIES):
            patch.delitem(BOUNDARIES, protocol)  # as if no protocol had any
        judged = played(*given_)
    head = given_[5]
    if head < 1000:  # of ordinary messages beyond the head only the last is kept
        assert quick["rungs"][:head] == judged["rungs"][:head]
        for one in (quick, judged):
            del one["rungs"], one["dropped"]
    assert quick == judged


@settings(max_examples=300 * SCALE, deadline=None, database=None, derandomize=SCALE == 1)
@given(
    conversations,
    failures,
    st.booleans(),
    st.sampled_from([3, 7, 1000]),
    st.sampled_from(["must", "all"]),
)
def test_the_judge_would_have_said_the_same(conversation, failing, plain, head, level):
    scope, events, actions = conversation
    if plain:  # a send that works when called raises there, amid several
        actions = [action for action in actions if action[0] != "several"]
        failing = {at: error for at, error in failing.items() if isinstance(error, Exception)}
    as_judged(scope, events, actions, failing, plain, head, level)


def started(status=200, length=None):
    headers = [] if length is None else [(b"content-length", b"%d" % length)]
    return ("send", {"type": "http.response.start", "status": status, "headers": headers})


def piece(body=b"x", more=True):
    return ("send", {"type": "http.response.body", "body": body, "more_body": more})


PART = {"type": "http.request", "body": b"x", "more_body": True}
ZEROCOPY = ("send", {"type": "http.response.zerocopysend", "file": 1, "more_body": True})
PATH = ("send", {"type": "http.response.pathsend", "path": "/a"})
ACCEPT = ("send", {"type": "websocket.accept"})
CLOSE = ("send", {"type": "websocket.close"})
BEFORE_HTTP = [
    [],
    [("receive",)],
    [started()],
    [started(length=5)],
    [started(length=0)],
    [started(204)],
    [started("200")],
    [started(), ZEROCOPY],
    [started(), PATH],
    [started(), piece(more=False)],
    [started(), piece()],
    [started(), piece(), ("listen",)],
    [started(), piece(), ("listen",), piece(more=False)],
    [("listen",), started(), piece(more=False), ("listen",)],
    [started(length=5), piece()],
    [started(length=2), piece(), piece()],
    [started(204), piece(b"")],
    [started(), piece(), ZEROCOPY],
    [started(), piece(), ("misuse", piece()[1])],
    [started(), piece("text"), piece()],
]
BEFORE_WEBSOCKET = [
    [],
    [("receive",)],
    [ACCEPT],
    [("receive",), ACCEPT],
    [("receive",), ("listen",), ACCEPT],
    [("receive",), ACCEPT, ("listen",)],
    [("receive",), ACCEPT, CLOSE],
    [("receive",), ACCEPT, ("listen",), CLOSE],
    [("receive",), ACCEPT, ("receive",)],
]
SENT = [
    {"type": "http.response.body", **body, **more}
    for body in ({}, *({"body": one} for one in (b"", b"x", b"12345", "x", bytearray(b"x"))))
    for more in ({}, *({"more_body": one} for one in (True, False, 1, None)))
]
SENT += [
    {**piece()[1], **changed}
    for changed in ({"x": 1}, {"type": Text("http.response.body")}, {"type": b"http.response.body"})
]
SAID = [
    {"type": kind, **carried}
    for kind in ("websocket.send", "websocket.receive", Text("websocket.send"))
    for carried in (
        *({"text": one} for one in ("a", Text("a"), None, b"a")),
        *({"bytes": one} for one in (b"a", bytearray(b"a"), None, "a")),
        {"text": "a", "bytes": None},
        {"text": "a", "bytes": b"a"},
        {"x": 1},
        {},
    )
]
ASKED = [
    {"type": kind, **body, **more}
    for kind in ("http.request", Text("http.request"), "http.disconnect")
    for body in ({}, {"body": b"x"}, {"body": None}, {"body": bytearray(b"x")})
    for more in ({}, *({"more_body": one} for one in (True, False, 1, None)))
]
AFTER = [
    ([], {}, 0),
    ([], {}, 1000),
    ([], {0: OSError("gone")}, 0),
    ([], {0: RuntimeError("refused")}, 0),
    ([PATH], {}, 0),
    ([piece(b"1234", more=False)], {1: OSError("gone")}, 0),
]
"""What comes then, which sends fail, counted from the event, and the head of the ladder."""


@pytest.mark.parametrize("before", BEFORE_HTTP, ids=str)
def test_every_form_of_a_piece_is_judged_alike_in_every_state(before):
    sends = sum(action in ("send", "misuse") for action, *_ in before)
    for event in SENT:
        for after, failing, head in AFTER:
            at = {sends + 1 + later: error for later, error in failing.items()}
            actions = [*before, ("send", event), *after, ("receive",)]
            as_judged(HTTP, [PART, PART, PART], actions, at, False, head, "all")


@pytest.mark.parametrize("before", BEFORE_HTTP, ids=str)
def test_every_form_of_a_request_is_judged_alike_in_every_state(before):
    for event in ASKED:
        for earlier in ([], [PART], [{**PART, "more_body": False}]):
            reads = [("receive",)] * len(earlier)
            for last in ("hear", "cancel"):
                actions = [*reads, *before, ("listen",), (last,), ("hear",), ("receive",)]
                as_judged(HTTP, [*earlier, event, PART], actions, {}, False, 2, "all")


@pytest.mark.parametrize("before", BEFORE_WEBSOCKET, ids=str)
def test_every_form_of_a_message_is_judged_alike_in_every_state(before):
    connect, message = {"type": "websocket.connect"}, {"type": "websocket.receive", "text": "a"}
    sends = sum(action == "send" for action, *_ in before)
    for event in SAID:
        for failing in ({}, {sends + 1: OSError("gone")}, {sends + 1: RuntimeError("refused")}):
            actions = [*before, ("send", event), ("receive",), ("send", event)]
            for events in ([connect, message, message], [message], [connect, event, message]):
                as_judged(WEBSOCKET, events, actions, failing, False, 2, "all")


# The tables that the accept paths rest on


def test_an_ordinary_message_is_legal_in_its_states_and_leads_where_assumed():
    stays = [
        (RESPONSE.rows[Response.STREAMING][Sends.MORE], Response.STREAMING),
        (CONTENT.rows[Content.BODY][Gives.BODY], Content.BODY),
        (ANSWER.rows[Answer.ACCEPTED][Answers.SEND], Answer.ACCEPTED),
        (ANSWER.rows[Answer.ACCEPTED][Answers.LISTEN], Answer.ACCEPTED),
        (SOCKET.rows[Socket.CONNECTED][Tells.RECEIVE], Socket.CONNECTED),
    ]

    assert [(cell.state, cell.requirement) for cell, _ in stays] == [
        (state, None) for _, state in stays
    ]
    assert RESPONSE.rows[Response.STARTED][Sends.LAST].requirement is None
    assert {state for state in Response if state < Response.DONE}.isdisjoint(
        {Response.DONE, Response.ENDED}
    )
    assert REQUEST.rows[Request.OPEN][Delivers.MORE].requirement is None


# Long connections


def test_a_long_stream_keeps_its_head_what_was_unusual_and_its_last_message(run):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        for number in range(1000):
            piece = {"type": "http.response.body", "body": b"%d" % number, "more_body": True}
            await send(piece)
        await send({"type": "http.response.start", "status": 500})

    violations = []
    exchange = Exchange(head=10)
    server = Server(dict(HTTP), [], {}, plain=False)
    run(
        watch(
            app,
            server.scope,
            server.receive,
            server.send,
            policy=Policy(violations.append),
            exchange=exchange,
        )
    )

    (again, torso) = violations
    assert again.requirement == "asgi.http.response-start.once"
    assert again.event == 1 + 2 * 1001  # the call, two rungs for each send before
    assert [rung.step for rung in again.exchange[-3:]] == ["send", "sent", "send"]
    assert again.exchange[-3].data["body"] == b"999"
    assert again.exchange[-1].data["status"] == 500
    assert len(torso.exchange) <= 10 + TAIL
    assert exchange.count == 1 + 2 * 1002 + 1
    assert len(server.sent) == 1002


def test_a_send_that_was_only_counted_and_never_awaited_is_found(run):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        for _ in range(10):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        send({"type": "http.response.body", "body": b"x", "more_body": True}).close()
        await send({"type": "http.response.body"})

    violations = []
    server = Server(dict(HTTP), [], {}, plain=False)
    run(
        watch(
            app,
            server.scope,
            server.receive,
            server.send,
            policy=Policy(violations.append),
            exchange=Exchange(head=4),
        )
    )

    assert [v.requirement for v in violations] == ["asgi.app.must-await-send"]


# The proxies


@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan", "other"])
def test_receive_and_send_look_like_the_servers_own(kind, run):
    seen = []

    async def app(scope, receive, send):
        seen.extend([receive, send])

    class Served:
        """A server whose callables carry something."""

        async def receive(self):
            return {}

        async def send(self, message, flag=True):
            pass

    served = Served()
    exchange = Exchange()
    run(
        watch(
            app,
            {**HTTP, "type": kind},
            served.receive,
            served.send,
            policy=Policy("collect"),
            exchange=exchange,
        )
    )
    receive, send = seen

    assert inspect.signature(send) == inspect.signature(served.send)
    assert inspect.iscoroutinefunction(send)
    assert inspect.iscoroutinefunction(receive)
    assert (send.__self__, send.__name__) == (served, "send")
    assert isinstance(send, functools.partial)
    assert (send.func, send.args, send.keywords) == (served.send, (), {})
    with pytest.raises(AttributeError):
        _ = send.missing
