"""ASGI over HTTP: extensions, where a server offers them, and where it does not.

https://asgi.readthedocs.io/en/latest/extensions.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAMILY,
    HOST,
    answered,
    begin,
    body,
    remains,
    scope,
    seen,
    shown,
    start,
)
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.http1 import Reply
from gateproof.targets.probe_folder import ProbeFolder
from gateproof.targets.script import Script, Step, catching, drain, respond, send, wait

_TRAILERS = "http.response.trailers"
_HINT = "http.response.early_hint"
_PATH = "http.response.pathsend"

_TE = Request(headers=(HOST, ("TE", "trailers"), ("Connection", "TE")))
_LINK = b"</style.css>; rel=preload; as=style"
_FILE = b"gateproof file " * 4000


def _checksum(value: bytes = b"42", *, more: bool | None = None) -> Step:
    event: dict[str, object] = {"type": _TRAILERS, "headers": [(b"x-checksum", value)]}
    return send(event if more is None else {**event, "more_trailers": more})


_PROMISING = (drain(), start(200, (b"trailer", b"x-checksum"), trailers=True))


async def _offers(stage: ServerStage, name: str) -> bool:
    """Whether the scopes of the server announce an extension."""
    return name in (scope(await stage.ask(_TE)).get("extensions") or {})


async def _needs(stage: ServerStage, name: str) -> None:
    if not await _offers(stage, name):
        stage.not_applicable(f"the server does not offer the extension {name}")


def _file(stage: ServerStage) -> str:
    """The path of a file that the server can read."""
    folder = stage.server.folder
    if not isinstance(folder, ProbeFolder):
        stage.not_applicable("a hosted server has no file of ours")
    path = folder.path / "pathsend"
    path.write_bytes(_FILE)
    return str(path)


@case(
    FAMILY,
    "trailers-awaited",
    proves=("asgi.http.server.waits-for-trailers", "asgi.ext.trailers.more-trailers-default"),
)
async def trailers_awaited(stage: ServerStage) -> None:
    """A response that promised trailers ends with them, and not before."""
    await _needs(stage, _TRAILERS)
    steps = (*_PROMISING, body(b"data"), wait("seen"), _checksum(), wait("read"))
    heard = await begin(stage, Script(asgi=steps), _TE)
    if await seen(stage, heard.wire, b"data") and await seen(stage, heard.wire, b"\r\n0\r\n", 0.5):
        stage.broken(
            "asgi.http.server.waits-for-trailers",
            "the response was complete before the trailers that it promised were sent",
            heard=heard,
            observed=shown(bytes(heard.wire.pending), 300),
            expected="no last chunk before http.response.trailers",
        )
    stage.let(heard.token, "seen")
    reply = await answered(stage, heard)
    stage.let(heard.token, "read")
    await stage.gather(heard, 1, stage.patience)
    if not reply.complete:
        stage.broken(
            "asgi.ext.trailers.more-trailers-default",
            "trailers without more_trailers did not end the response",
            heard=heard,
            observed=str(reply),
            expected="a complete response",
        )


@case(
    FAMILY,
    "trailers-on-the-wire",
    proves=("asgi.ext.trailers.only-with-te", "asgi.ext.trailers.after-complete-ignored"),
)
async def trailers_sent(stage: ServerStage) -> None:
    """Trailers leave for a client that asked for them, and nothing after the last of them."""
    await _needs(stage, _TRAILERS)
    late = catching(_checksum(b"LATE", more=False))
    app = Script(asgi=(*_PROMISING, body(b"data"), _checksum(more=False), late), legal=False)
    for request in (_TE, Request()):
        heard = await stage.ask(request, app, then="keep", calls=1)
        await stage.follow_up(heard)
        asked = request is _TE
        if asked != ((b"x-checksum", b"42") in heard.reply.trailers):
            stage.broken(
                "asgi.ext.trailers.only-with-te",
                "trailers left for a client that had not sent TE: trailers"
                if not asked
                else "no trailers left for a client that had sent TE: trailers",
                heard=heard,
                observed=shown(heard.reply.trailers),
                expected="[(b'x-checksum', b'42')]" if asked else "no trailers",
            )
        if b"LATE" in b"".join(data for _, data in heard.wire.received):
            stage.broken(
                "asgi.ext.trailers.after-complete-ignored",
                "trailers that were sent after the last ones reached the client",
                heard=heard,
                observed=shown(heard.reply.trailers),
                expected="[(b'x-checksum', b'42')]",
            )


@case(
    FAMILY,
    "early-hints",
    proves=("asgi.ext.early-hint.server-attempts", "asgi.ext.early-hint.not-to-http10"),
)
async def early_hints(stage: ServerStage) -> None:
    """Early hints, where they leave, have the links; a client of HTTP/1.0 gets none."""
    await _needs(stage, _HINT)
    app = Script(asgi=(drain(), send({"type": _HINT, "links": [_LINK]}), respond()))
    for version in ("HTTP/1.1", "HTTP/1.0"):
        heard = await stage.ask(Request(version=version), app)
        interim = heard.reply.interim
        links = [value for _, fields in interim for key, value in fields if key.lower() == b"link"]
        if interim and version == "HTTP/1.0":
            stage.broken(
                "asgi.ext.early-hint.not-to-http10",
                "a client of HTTP/1.0 was sent an interim response",
                heard=heard,
                observed=shown(interim),
                expected="the final response alone",
            )
        elif interim and links != [_LINK]:
            stage.broken(
                "asgi.ext.early-hint.server-attempts",
                "the interim response has other links than the application gave",
                heard=heard,
                observed=shown(links),
                expected=shown([_LINK]),
            )


@case(
    FAMILY,
    "path-send",
    methods=("GET", "HEAD"),
    proves=("asgi.ext.pathsend.behaves-like-body", "asgi.ext.pathsend.head"),
)
async def path_send(stage: ServerStage) -> None:
    """A file that is sent by its path is the body, and for HEAD it is not sent."""
    stage.at_hand("a file that the server can read")
    await _needs(stage, _PATH)
    length = (b"content-length", str(len(_FILE)).encode())
    app = Script(asgi=(drain(), start(200, length), send({"type": _PATH, "path": _file(stage)})))
    heard = await stage.ask(Request(), app)
    if not heard.reply.complete or heard.reply.body != _FILE:
        stage.broken(
            "asgi.ext.pathsend.behaves-like-body",
            "the client did not get the file that was sent by its path",
            heard=heard,
            observed=f"{heard.reply}: {shown(heard.reply.body)}",
            expected=f"200 with {len(_FILE)} octets",
        )
    request = Request(method="HEAD", headers=(HOST, ("Connection", "close")))
    heard = await stage.ask(request, app, then="keep", calls=1)
    rest = await remains(stage, heard.wire)
    if rest:
        stage.broken(
            "asgi.ext.pathsend.head",
            "a file that is sent by its path followed the head of a response to HEAD",
            heard=heard,
            observed=shown(rest),
            expected="nothing after the head",
        )


@dataclass(frozen=True)
class Silent:
    """An extension that works although no scope announces it.

    Attributes:
        name: the extension.
        requirement: what asks for the announcement.
        steps: an application that uses it.
        works: whether the client got what only the extension gives.
    """

    name: str
    requirement: str
    steps: tuple[Step, ...]
    works: Callable[[Reply], bool]


@case(
    FAMILY,
    "extensions-unannounced",
    proves=(
        "asgi.ext.trailers.advertised",
        "asgi.ext.early-hint.advertised",
        "asgi.ext.pathsend.advertised",
    ),
)
async def unannounced(stage: ServerStage) -> None:
    """An extension that works is announced in the scope."""
    stage.at_hand("a file that the server can read")
    path = send({"type": _PATH, "path": _file(stage)})
    rows = (
        Silent(
            _TRAILERS,
            "asgi.ext.trailers.advertised",
            (*_PROMISING, body(b"data"), catching(_checksum(more=False))),
            lambda reply: bool(reply.trailers),
        ),
        Silent(
            _HINT,
            "asgi.ext.early-hint.advertised",
            (drain(), catching(send({"type": _HINT, "links": [_LINK]})), respond()),
            lambda reply: bool(reply.interim),
        ),
        Silent(
            _PATH,
            "asgi.ext.pathsend.advertised",
            (drain(), start(), catching(path), catching(body())),
            lambda reply: reply.body == _FILE,
        ),
    )
    offered = scope(await stage.ask(_TE)).get("extensions") or {}
    for row in rows:
        if row.name in offered:
            continue
        heard = await stage.ask(_TE, Script(asgi=row.steps, legal=False), calls=1)
        if row.works(heard.reply):
            stage.broken(
                row.requirement,
                f"the extension {row.name} works, and the scope does not announce it",
                heard=heard,
                observed=f"extensions {shown(sorted(offered))}",
                expected=f"an entry {row.name}",
            )
