"""ASGI over HTTP: the response's headers on the wire.

https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
"""

from __future__ import annotations

import gzip

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAMILY,
    Header,
    body,
    shown,
    start,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import Script, drain

_BODY = b"gateproof " * 20
_LENGTH = (b"content-length", b"200")

_ORDERED: tuple[Header, ...] = (
    (b"x-rank", b"3"),
    (b"link", b"</b>; rel=next"),
    (b"x-middle", b"m"),
    (b"x-rank", b"1"),
    (b"link", b"</a>; rel=prev"),
    (b"x-rank", b"2"),
)


async def _fields(stage: ServerStage, *headers: Header) -> Heard:
    """A whole response with ``headers`` and a length."""
    return await stage.ask(
        Request(), Script(asgi=(drain(), start(200, _LENGTH, *headers), body(_BODY)))
    )


def _sent(heard: Heard, names: set[bytes]) -> list[Header]:
    """The fields of these names as they came, with names in lower case."""
    pairs = ((name.lower(), value) for name, value in heard.reply.headers)
    return [pair for pair in pairs if pair[0] in names]


@case(
    FAMILY,
    "response-headers-in-order",
    proves=("asgi.http.response-start.headers-order-preserved",),
)
async def in_order(stage: ServerStage) -> None:
    """Response headers leave in the order that the application gave them."""
    heard = await _fields(stage, *_ORDERED)
    names = {name for name, _ in _ORDERED}
    fields = _sent(heard, names)
    if fields == list(_ORDERED):
        return
    by_name = {name: [value for key, value in fields if key == name] for name in names}
    meant = {name: [value for key, value in _ORDERED if key == name] for name in names}
    stage.broken(
        "asgi.http.response-start.headers-order-preserved",
        "response headers left in another order than the application gave",
        heard=heard,
        observed=shown(fields, 300),
        expected=shown(list(_ORDERED), 300),
        verdict="weak" if by_name == meant else None,
    )


@case(FAMILY, "set-cookie-separate", proves=("asgi.http.headers.set-cookie-not-joined",))
async def set_cookie(stage: ServerStage) -> None:
    """Several Set-Cookie headers leave as several fields, unchanged."""
    cookies = (b"a=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT", b"b=2; HttpOnly", b"a=3")
    heard = await _fields(stage, *((b"set-cookie", cookie) for cookie in cookies))
    values = heard.reply.get(b"set-cookie")
    if values != list(cookies):
        stage.broken(
            "asgi.http.headers.set-cookie-not-joined",
            "three Set-Cookie headers left as other fields",
            heard=heard,
            observed=shown(values, 300),
            expected=shown(list(cookies), 300),
        )


@case(FAMILY, "response-headers-exact", proves=("asgi.http.headers.preserved-exactly",))
async def exact(stage: ServerStage) -> None:
    """Response headers leave with their values as the application gave them."""
    rows: tuple[Header, ...] = (
        (b"x-quoted", b'"a, b"; c="\\"d"'),
        (b"x-percent", b"%41%2C+%zz"),
        (b"x-inner", b"a  b\tc"),
        (b"x-empty", b""),
        (b"x-long", b"x" * 3000),
        (b"etag", b'W/"gateproof"'),
        (b"location", b"/a%20b?c=%2F#d"),
        (b"cache-control", b"no-cache, max-age=0"),
    )
    heard = await _fields(stage, *rows)
    for name, value in rows:
        values = heard.reply.get(name)
        if values != [value]:
            stage.broken(
                "asgi.http.headers.preserved-exactly",
                f"the response header {name.decode()} left with another value",
                heard=heard,
                observed=shown(values),
                expected=shown([value]),
            )
            return


@case(FAMILY, "response-headers-octets", proves=("asgi.http.encoding.headers-exact-bytes",))
async def octets(stage: ServerStage) -> None:
    """Octets beyond ASCII in a response header leave as they are, unless they are refused."""
    for value in (b"caf\xe9", b"caf\xc3\xa9"):
        heard = await _fields(stage, (b"x-octets", value))
        if heard.reply.status != 200:
            continue
        values = heard.reply.get(b"x-octets")
        if values != [value]:
            stage.broken(
                "asgi.http.encoding.headers-exact-bytes",
                "octets beyond ASCII in a response header were changed",
                heard=heard,
                observed=shown(values),
                expected=shown([value]),
            )
            return


@case(FAMILY, "content-encoding-untouched", proves=("asgi.http.server.content-encoding-untouched",))
async def content_encoding(stage: ServerStage) -> None:
    """A body that the application has encoded leaves as it is, and says so."""
    packed = gzip.compress(_BODY, mtime=0)
    headers = ((b"content-encoding", b"gzip"), (b"content-length", str(len(packed)).encode()))
    app = Script(asgi=(drain(), start(200, *headers), body(packed)))
    for accepts in ("gzip", "identity"):
        heard = await stage.ask(Request().plus(("Accept-Encoding", accepts)), app)
        encoding = heard.reply.get(b"content-encoding")
        if encoding != [b"gzip"] or heard.reply.body != packed:
            stage.broken(
                "asgi.http.server.content-encoding-untouched",
                "a body with Content-Encoding did not leave as the application gave it",
                heard=heard,
                observed=f"content-encoding {encoding!r}, {shown(heard.reply.body)}",
                expected=f"content-encoding [b'gzip'], {shown(packed)}",
            )
            return


@case(FAMILY, "transfer-encoding-ignored", proves=("asgi.http.server.ignores-transfer-encoding",))
async def transfer_encoding(stage: ServerStage) -> None:
    """A Transfer-Encoding of the application's makes the response no other than it is."""
    rows: tuple[tuple[Header, ...], ...] = (
        ((b"transfer-encoding", b"chunked"),),
        ((b"transfer-encoding", b"chunked"), _LENGTH),
        ((b"transfer-encoding", b"gzip"),),
    )
    for headers in rows:
        sent = (body(_BODY[:50], more=True), body(_BODY[50:]))
        app = Script(asgi=(drain(), start(200, *headers), *sent))
        heard = await stage.ask(Request(), app, then="keep")
        reply = heard.reply
        codings = reply.options(b"transfer-encoding")
        sound = reply.complete and not reply.problem and codings in ([], [b"chunked"])
        if sound and reply.body == _BODY and reply.status == 200:
            continue
        stage.broken(
            "asgi.http.server.ignores-transfer-encoding",
            f"{shown(headers)} of an application made its response another than without",
            heard=heard,
            observed=f"{reply}; Transfer-Encoding {codings!r}; {reply.problem or 'well-formed'}",
            expected="the plain body, and at most one Transfer-Encoding, which is chunked",
        )
        return
