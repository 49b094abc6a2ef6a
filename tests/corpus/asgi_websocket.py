"""Odd but legal WebSocket applications."""

from __future__ import annotations

import asyncio

from corpus.kit import Corpus

clean = Corpus("asgi")
ACCEPT = {"type": "websocket.accept"}
CONNECT = {"type": "websocket.connect"}
TEXT = {"type": "websocket.receive", "text": "hello"}
LEFT = {"type": "websocket.disconnect", "code": 1001}
W = "asgi.websocket."
OLD = {"version": "3.0", "spec_version": "2.3"}


@clean(
    W + "connect.must-be-answered",
    kind="websocket",
    shows="asgi.app.may-need-to-wait-for-opening-message",
)
async def accepts_and_leaves(scope, receive, send):
    """The opening event is awaited; the subprotocol may be None, and leaving closes."""
    await receive()
    await send({**ACCEPT, "subprotocol": None})


@clean(W + "connect.must-be-answered", kind="websocket")
async def refuses(scope, receive, send):
    """A close before the accept refuses the handshake."""
    await receive()
    await send({"type": "websocket.close", "code": 1000})


@clean(W + "close.code-type", kind="websocket")
async def refuses_in_a_word(scope, receive, send):
    """Only the type is required of a close."""
    await receive()
    await send({"type": "websocket.close"})


@clean(W + "connect.must-be-answered", kind="websocket")
async def raises_without_an_answer(scope, receive, send):
    """An application that raises leaves the answer to the server."""
    await receive()
    raise PermissionError


@clean(W + "connect.must-be-answered", kind="websocket", events=[CONNECT, LEFT])
async def client_gone_before_the_answer(scope, receive, send):
    """Nobody has to answer a client that left."""
    await receive()
    await receive()


@clean(W + "connect.must-be-answered", kind="websocket", events=[CONNECT, LEFT], waits=True)
async def answers_late(scope, receive, send):
    """The answer may take its time."""
    await receive()
    await asyncio.sleep(0)
    await send(ACCEPT)
    await receive()


@clean(
    W + "send.both-keys-allowed",
    shows=(W + "send.both-keys-allowed", W + "receive.both-keys-allowed"),
    kind="websocket",
    events=[
        CONNECT,
        {"type": "websocket.receive", "text": "", "bytes": None},
        {"type": "websocket.receive", "text": None, "bytes": b""},
        {"type": "websocket.receive", "bytes": b"a"},
        {"type": "websocket.disconnect", "code": 1005, "reason": None},
    ],
)
async def echoes_empty_messages(scope, receive, send):
    """Both keys may be there, if one is None; an empty message is a message."""
    await receive()
    await send({**ACCEPT, "subprotocol": "chat", "headers": [(b"x-a", b"1")]})
    while (event := await receive())["type"] == "websocket.receive":
        await send({**event, "type": "websocket.send"})


@clean(W + "send.after-accept", kind="websocket", events=[CONNECT, LEFT])
async def speaks_first(scope, receive, send):
    """The server's side may speak before it was spoken to."""
    await receive()
    await send(ACCEPT)
    for number in range(3):
        await send({"type": "websocket.send", "text": str(number)})
    await receive()


@clean(W + "accept.headers-iterable", kind="websocket", events=[CONNECT, LEFT])
async def one_shot_accept_headers(scope, receive, send):
    """Headers of an accept are an iterable, so a generator will do."""
    await receive()
    await send({**ACCEPT, "headers": (iter(pair) for pair in [(b"x-a", b"1"), (b"x-b", b"2")])})
    await receive()


@clean("asgi.app.ignores-extra-keys", kind="websocket", events=[CONNECT, LEFT])
async def extra_keys_of_websocket_events(scope, receive, send):
    """Events may have further keys."""
    await receive()
    await send({**ACCEPT, "note": "mine"})
    await send({"type": "websocket.send", "text": "a", "compress": True})
    await receive()


@clean(
    "asgi.ext.ws-denial.allowed-after-connect",
    shows="asgi.ext.ws-denial.allowed-after-connect",
    kind="websocket",
    offers=["websocket.http.response"],
)
async def denies(scope, receive, send):
    """With the extension a refusal can be any response."""
    await receive()
    await send({"type": "websocket.http.response.start", "status": 404, "headers": iter([])})
    await send({"type": "websocket.http.response.body", "body": b"no", "more_body": True})
    await send({"type": "websocket.http.response.body"})


@clean(
    "asgi.ext.ws-denial.plain-close-still-403",
    kind="websocket",
    offers=["websocket.http.response"],
)
async def offered_but_closes(scope, receive, send):
    """An extension that is offered need not be used."""
    await receive()
    await send({"type": "websocket.close"})


@clean(W + "close.reason-type", kind="websocket")
async def closes_and_hears_of_it(scope, receive, send):
    """A code of one's own, and a reason; then the application hears of the end."""
    await receive()
    await send(ACCEPT)
    await send({"type": "websocket.close", "code": 4000, "reason": "done"})
    await receive()


@clean(W + "close.reason-type", kind="websocket")
async def closes_without_a_reason(scope, receive, send):
    """The reason may be None, the code any that an application may use."""
    await receive()
    await send(ACCEPT)
    await send({"type": "websocket.close", "code": 3000, "reason": None})


@clean(W + "close.reason-length", kind="websocket")
async def closes_with_a_long_reason(scope, receive, send):
    """123 octets of reason fit into a close frame."""
    await receive()
    await send(ACCEPT)
    await send({"type": "websocket.close", "reason": "\xe9" * 61 + "a"})


@clean(
    W + "app.may-catch-disconnect",
    shows=(W + "app.may-catch-disconnect", W + "disconnect.send-may-fail-earlier"),
    kind="websocket",
    fail=ConnectionResetError("gone"),
    after=1,
)
async def returns_when_a_message_fails(scope, receive, send):
    """The failure of send() may be caught; it may come before the disconnect was received."""
    await receive()
    await send(ACCEPT)
    try:
        await send({"type": "websocket.send", "text": "a"})
    except OSError:
        return


@clean(
    W + "app.may-catch-disconnect",
    shows=W + "app.may-catch-disconnect",
    kind="websocket",
    fail=ConnectionResetError("gone"),
    after=1,
)
async def lets_the_failure_of_a_message_out(scope, receive, send):
    """Or let out."""
    await receive()
    await send(ACCEPT)
    await send({"type": "websocket.send", "bytes": b"a"})


@clean(
    W + "send.no-raise-before-2-4",
    shows=W + "send.no-raise-before-2-4",
    kind="websocket",
    asgi=OLD,
    events=[CONNECT, LEFT],
)
async def speaks_to_who_has_gone(scope, receive, send):
    """Before 2.4 send() may be silent after a disconnect, so that a message may still be sent."""
    await receive()
    await send(ACCEPT)
    await receive()
    await send({"type": "websocket.send", "text": "bye"})


@clean(W + "receive.app-handles-absent-key", kind="websocket", events=[CONNECT, *[TEXT] * 3, LEFT])
async def never_answers_a_message(scope, receive, send):
    """Nobody has to answer messages."""
    await receive()
    await send(ACCEPT)
    while (await receive())["type"] != "websocket.disconnect":
        pass


@clean(W + "send.after-accept", kind="websocket", events=[CONNECT, TEXT, TEXT, LEFT], waits=True)
async def reads_and_writes_at_once(scope, receive, send):
    """One task receives while others send."""
    await receive()
    await send(ACCEPT)

    async def listen():
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def speak(text):
        await send({"type": "websocket.send", "text": text})

    await asyncio.gather(listen(), *map(speak, "abc"))


@clean(W + "close.once", kind="websocket", events=[CONNECT, TEXT, TEXT, LEFT])
async def leaves_with_messages_unread(scope, receive, send):
    """A close may come while messages are waiting."""
    await receive()
    await send(ACCEPT)
    await send({"type": "websocket.close", "code": 1001})


@clean(W + "accept.once", kind="websocket", events=[CONNECT, TEXT, LEFT])
async def raises_in_a_conversation(scope, receive, send):
    """An application may fail at any time."""
    await receive()
    await send(ACCEPT)
    await receive()
    raise ValueError("no")
