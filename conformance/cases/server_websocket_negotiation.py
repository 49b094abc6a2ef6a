"""Subprotocols and extensions: what was offered, what is answered.

https://datatracker.ietf.org/doc/html/rfc6455#section-9.1 and
https://datatracker.ietf.org/doc/html/rfc7692
"""

from __future__ import annotations

import re
import zlib

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_websocket_session import (
    ACCEPT,
    FAMILY,
    LISTENING,
    Message,
    Session,
    accept,
    application,
    connect,
    different,
    frame_faults,
    opened,
    say,
)
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.frames import BINARY, CONTINUATION, TEXT, agreed_extensions, build
from gateproof.targets.script import gone

_OFFERED = ("chat.v1", "chat.v2", "superchat")
_DEFLATE = "permessage-deflate"


@case(
    FAMILY,
    "subprotocol-chosen",
    proves=(
        "ws.subprotocol.from-client-list",
        "ws.subprotocol.single-response-header",
        "asgi.websocket.accept.subprotocol-sent",
    ),
)
async def chosen(stage: ServerStage) -> None:
    """The subprotocol that the application chooses is sent to the client, once."""
    for name in _OFFERED:
        app = application(accept(subprotocol=name), gone(LISTENING))
        session = await opened(stage, app, subprotocols=_OFFERED)
        await session.leave()
        got = [value.decode("latin-1") for value in session.reply.get(b"sec-websocket-protocol")]
        if got == [name]:
            continue
        requirement = "asgi.websocket.accept.subprotocol-sent"
        if len(got) > 1:
            requirement = "ws.subprotocol.single-response-header"
        elif got and got[0] not in _OFFERED:
            requirement = "ws.subprotocol.from-client-list"
        session.broken(
            requirement,
            "the answer does not name the subprotocol that the application chose",
            observed=repr(got),
            expected=repr([name]),
        )


@case(
    FAMILY,
    "subprotocol-not-chosen",
    proves=(
        "ws.subprotocol.null-when-none-agreed",
        "asgi.websocket.accept.subprotocol-default",
    ),
)
async def not_chosen(stage: ServerStage) -> None:
    """Where the application chooses none, the answer names none."""
    for event in (ACCEPT, accept(subprotocol=None)):
        app = application(event, gone(LISTENING))
        session = await opened(stage, app, subprotocols=_OFFERED)
        await session.leave()
        got = [value.decode("latin-1") for value in session.reply.get(b"sec-websocket-protocol")]
        if got:
            chosen_by_default = set(got) <= set(_OFFERED)
            session.broken(
                "asgi.websocket.accept.subprotocol-default"
                if chosen_by_default
                else "ws.subprotocol.null-when-none-agreed",
                "the answer names a subprotocol though the application chose none",
                observed=repr(got),
                expected="no Sec-WebSocket-Protocol",
            )
            return


@case(
    FAMILY,
    "subprotocols-in-the-scope",
    proves=(
        "asgi.websocket.scope.subprotocols-accurate",
        "asgi.websocket.scope.subprotocols-default",
        "ws.subprotocol.request-repeatable",
    ),
)
async def in_scope(stage: ServerStage) -> None:
    """The scope lists the subprotocols that were offered, in their order."""
    for line in ("b, a", "a,b , c", "only"):
        await _offer(stage, [line])
    session = await opened(stage)
    await session.leave()
    if _named(session):
        session.broken(
            "asgi.websocket.scope.subprotocols-default",
            "the scope lists subprotocols though the client offered none",
            observed=repr(session.scope["subprotocols"]),
            expected="an empty list",
        )
    # Further lines of the header: clients rarely send them, and losing them is a warning only.
    session = await _offered(stage, ["b, a", "c"])
    if _named(session) not in (["b", "a", "c"], None):
        _not_accurate(session, ["b", "a", "c"], weak=True)


async def _offered(stage: ServerStage, lines: list[str]) -> Session:
    session = await opened(stage, headers=[("Sec-WebSocket-Protocol", line) for line in lines])
    await session.leave()
    return session


async def _offer(stage: ServerStage, lines: list[str]) -> None:
    session = await _offered(stage, lines)
    meant = [name.strip() for line in lines for name in line.split(",")]
    if _named(session) not in (meant, None):
        _not_accurate(session, meant)


def _named(session: Session) -> list[str] | None:
    """The subprotocols in the scope; None where they are no list of names, as the judge tells."""
    found = session.scope.get("subprotocols", [])
    if isinstance(found, (list, tuple)) and all(isinstance(name, str) for name in found):
        return list(found)
    return None


def _not_accurate(session: Session, meant: list[str], *, weak: bool = False) -> None:
    session.broken(
        "asgi.websocket.scope.subprotocols-accurate",
        "the scope does not list the subprotocols that the client offered",
        observed=repr(session.scope.get("subprotocols", "no key")),
        expected=repr(meant),
        verdict="weak" if weak else None,
    )


@case(FAMILY, "odd-subprotocols", proves=("ws.subprotocol.token-grammar",))
async def odd_names(stage: ServerStage) -> None:
    """Names that are no tokens are passed on or refused, and do no harm."""
    for line in ("a b", "a, a", "", ", ,", '"x"'):
        session = await connect(stage, headers=[("Sec-WebSocket-Protocol", line)])
        if session.client.accepted:
            await session.leave()
        elif not 400 <= session.reply.status < 500:
            session.broken(
                "ws.subprotocol.token-grammar",
                f"Sec-WebSocket-Protocol: {line!r} is neither passed on nor refused with 4xx",
                observed=str(session.reply),
                expected="101, or an error such as 400",
            )


@case(
    FAMILY,
    "no-extension-offered",
    proves=("ws.extension.only-requested", "ws.extension.not-used-unless-agreed"),
)
async def none_offered(stage: ServerStage) -> None:
    """Without an offer no extension is agreed, and none is used."""
    session = await connect(stage, application(ACCEPT, say("a" * 5000), gone(LISTENING)))
    if not session.client.accepted:
        stage.blocked(f"an ordinary opening handshake was not completed: {session.reply}")
    await session.client.collect(stage.patience, until="text")
    await session.leave()
    for part, text in session.client.faults:
        if part == "extension":
            session.broken(
                "ws.extension.only-requested",
                "the server agreed to an extension that was not offered",
                observed=text,
                expected="no Sec-WebSocket-Extensions",
            )
            return
    for requirement, message, frame in frame_faults(session.client.frames):
        if requirement == "ws.extension.not-used-unless-agreed":
            session.broken(requirement, message, observed=str(frame), expected="RSV1 to RSV3 zero")


@case(FAMILY, "unknown-extension", proves=("ws.extension.unknown-ignored",))
async def unknown(stage: ServerStage) -> None:
    """An extension that nobody knows is declined without refusing the WebSocket."""
    session = await connect(stage, extensions="x-unknown; level=3")
    if session.client.accepted:
        await session.leave()
        return
    session.broken(
        "ws.extension.unknown-ignored",
        "a handshake that offers an unknown extension was refused",
        observed=str(session.reply),
        expected="101 without the extension",
    )


# Alone: there are servers that such a header takes down, with all of their connections.
@case(FAMILY, "malformed-extensions", alone=True, proves=("ws.extension.malformed-header",))
async def malformed(stage: ServerStage) -> None:
    """Nothing is agreed from an extensions header that breaks the grammar."""
    for line in (f"{_DEFLATE};;", f"{_DEFLATE}; =", f"{_DEFLATE}; server_max_window_bits="):
        session = await connect(stage, extensions=line)
        if not session.client.accepted:
            continue
        agreed = agreed_extensions(session.reply)
        await session.client.wire.close()
        session.broken(
            "ws.extension.malformed-header",
            f"an extension was agreed from Sec-WebSocket-Extensions: {line}"
            if agreed
            else f"Sec-WebSocket-Extensions: {line} was ignored instead of refused",
            observed=repr(session.reply.get(b"sec-websocket-extensions")) if agreed else "101",
            expected="400, or at least no extension",
            verdict=None if agreed else "weak",
        )


_OFFERS = (
    _DEFLATE,
    f"{_DEFLATE}; client_max_window_bits",
    f"{_DEFLATE}; server_max_window_bits=10",
    f"{_DEFLATE}; client_max_window_bits=11; server_no_context_takeover",
    f"{_DEFLATE}; client_no_context_takeover, {_DEFLATE}",
)
_PARAMETERS = {
    "server_no_context_takeover": r"",
    "client_no_context_takeover": r"",
    "server_max_window_bits": r"=\"?([89]|1[0-5])\"?",
    "client_max_window_bits": r"=\"?([89]|1[0-5])\"?",
}
"""RFC 7692 section 7.1: parameters of an answer and how their values are written."""


@case(
    FAMILY,
    "compression-parameters",
    proves=("ws.extension.params-valid", "ws.extension.single-response-header"),
)
async def parameters(stage: ServerStage) -> None:
    """The answer to an offer of compression keeps to the offer and to RFC 7692."""
    for offer in _OFFERS:
        session = await opened(stage, extensions=offer)
        await session.client.wire.close()
        lines = session.reply.get(b"sec-websocket-extensions")
        if len(lines) > 1:
            session.broken(
                "ws.extension.single-response-header",
                "the answer has several lines of Sec-WebSocket-Extensions",
                observed=repr(lines),
                expected="one line",
            )
            return
        for wrong in _wrong(offer, session):
            session.broken(
                "ws.extension.params-valid",
                f"the answer to the offer {offer} is wrong: {wrong}",
                observed=repr(lines),
                expected="parameters of RFC 7692 within the offer",
            )


def _wrong(offer: str, session: Session) -> list[str]:
    """What is wrong in the answer to ``offer``, in words."""
    agreed = agreed_extensions(session.reply)
    if not agreed:
        return []
    if len(agreed) > 1:
        return ["it agrees to the extension more than once"]
    given = [text.decode("latin-1") for text in agreed[0][1] if text]
    names = [re.split(r"\s*=", text)[0] for text in given]
    found = [
        f"no legal parameter {text}"
        for name, text in zip(names, given, strict=True)
        if name not in _PARAMETERS
        or not re.fullmatch(name + r"\s*" + _PARAMETERS[name].replace("=", r"=\s*"), text)
    ]
    found += [f"{name} twice" for name in set(names) if names.count(name) > 1]
    several = "," in offer
    if "client_max_window_bits" in names and "client_max_window_bits" not in offer:
        found.append("client_max_window_bits, which was not offered")
    if "server_max_window_bits=10" in offer and not _at_most(given, 10):
        found.append("a window larger than was offered, or left open")
    takeover = "server_no_context_takeover"
    if takeover in offer and not several and takeover not in names:
        found.append(f"{takeover} was asked for and is not confirmed")
    return found


def _at_most(given: list[str], most: int) -> bool:
    """Whether server_max_window_bits is among the parameters, and no larger than ``most``."""
    found = [re.fullmatch(r"server_max_window_bits\s*=\s*\"?(\d+)\"?", text) for text in given]
    return any(match is not None and int(match[1]) <= most for match in found)


@case(FAMILY, "compressed-messages", proves=("ws.extension.deflate-roundtrip",))
async def compressed(stage: ServerStage) -> None:
    """Compressed messages arrive as they were, both ways, whatever context is kept."""
    told: list[Message] = ["hello hello hello", "", "hello hello hello", b"\x00" * 3000, b""]
    app = application(ACCEPT, *map(say, told), gone(LISTENING))
    agreed = 0
    for offer in (_DEFLATE, f"{_DEFLATE}; client_no_context_takeover; server_no_context_takeover"):
        session = await opened(stage, app, extensions=offer)
        if len(agreed_extensions(session.reply)) != 1:
            await session.client.wire.close()
            continue
        agreed += 1
        await _both_ways(session, told)
    if not agreed:
        stage.not_applicable("the server does not agree to permessage-deflate")


async def _both_ways(session: Session, told: list[Message]) -> None:
    client = session.client
    heard = await session.hears(len(told))
    again = "again and again and again"
    sent: list[Message] = [again, "", again, b"\1" * 3000]
    for message in sent:
        if isinstance(message, str):
            await client.send_text(message)
        else:
            await client.send_bytes(message)
    # One message in three frames: only the first has the bit of compression.
    whole = _deflated(b"in pieces, " * 20)
    await client.send_frames(
        build(TEXT, whole[:5], fin=False, rsv=0b100),
        build(CONTINUATION, b"", fin=False),
        build(CONTINUATION, whole[5:]),
        build(BINARY, b"plain"),  # messages may go uncompressed as well
    )
    sent += ["in pieces, " * 20, b"plain"]
    await session.leave()
    wrong = different(told, heard) or client.problem
    if wrong:
        session.broken(
            "ws.extension.deflate-roundtrip",
            "the client did not get the compressed messages that the application sent",
            observed=wrong,
            expected="the same messages",
        )
    wrong = different(sent, session.messages)
    if wrong:
        session.broken(
            "ws.extension.deflate-roundtrip",
            "the application did not get the compressed messages that the client sent",
            observed=wrong,
            expected="the same messages",
        )


def _deflated(octets: bytes) -> bytes:
    """A compressed message as RFC 7692 section 7.2.1 makes it, which refers to none before."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    made = compressor.compress(octets) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return made.removesuffix(b"\x00\x00\xff\xff")
