"""One request, however odd, that ends the server for everybody: with what to do."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import begun
from gateproof.conformance.cases.server_websocket_session import ACCEPT, LISTENING
from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import Heard, ServerStage
from gateproof.targets.script import Script, answer, gone, receive

GET = b"GET /{token} HTTP/1.1\r\nHost: {host}\r\n"

HANDSHAKE = GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
VERSION = b"Sec-WebSocket-Version: 13\r\n"
KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

ODD = (
    ("a high octet in the path", GET.replace(b" HTTP", b"\xff HTTP") + b"\r\n"),
    ("a high octet in the query", GET.replace(b" HTTP", b"?\xff HTTP") + b"\r\n"),
    ("a high octet in Host", GET.replace(b"{host}", b"\xff") + b"\r\n"),
    ("a high octet in a value", GET + b"X-A: \xff\r\n\r\n"),
    ("a high octet in a cookie", GET + b"Cookie: a=\xff\r\n\r\n"),
    (
        "trailers",
        GET.replace(b"GET", b"POST")
        + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-A: 1\r\n\r\n",
    ),
    (
        "damaged HTTP2-Settings",
        GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: %%%\r\n\r\n",
    ),
    ("a preface of HTTP/2 without more", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 32),
)
"""Requests that some servers' parsers stumble over."""

ODD_HANDSHAKES = (
    ("a high octet in Sec-WebSocket-Protocol", KEY + b"Sec-WebSocket-Protocol: \xff\r\n"),
    ("a high octet in Sec-WebSocket-Extensions", KEY + b"Sec-WebSocket-Extensions: \xff\r\n"),
    ("a high octet in Sec-WebSocket-Key", b"Sec-WebSocket-Key: \xff\r\n"),
    (
        "a window that is no number",
        KEY + b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=a\r\n",
    ),
    (
        "a window that is too large",
        KEY + b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n",
    ),
)
"""Likewise handshakes of WebSocket; a server that knows none sees a plain request."""

PLAIN = answer()
SOCKET = Script(wsgi=PLAIN.wsgi, asgi=(receive(), ACCEPT, gone(LISTENING)), legal=False)
"""Accepts a WebSocket. It is not sound where the server calls it for something else."""


@case("server.hazards", "ended-by-one-request", alone=True)
async def ended_by_one_request(stage: ServerStage) -> None:
    """No single request ends the server, or leaves it unable to serve others."""
    stage.at_hand("whether the server lives")
    rows = [(what, message, PLAIN) for what, message in ODD]
    if stage.interface == "wsgi" or stage.features.websocket:
        rows += [
            (what, HANDSHAKE + VERSION + fields + b"\r\n", SOCKET)
            for what, fields in ODD_HANDSHAKES
        ]
    for what, message, app in rows:
        heard = await begun(stage, message, app)
        fate = await _fate(stage, heard)
        if fate:
            stage.hazard(
                "high",
                f"one request {fate}: {what}",
                heard=heard,
                observed=stage.server.log_tail()[-300:],
                expected="an answer or a closed connection, and a server that goes on serving",
                hint="have the front refuse such requests, and let a supervisor start the server "
                "again whatever its exit code",
            )
            return


async def _fate(stage: ServerStage, heard: Heard) -> str:
    """What became of the server by a request that was sent to it; empty where it is well."""
    server = stage.server
    with suppress(TimeoutError):  # it may wait for more: whether it serves others is what counts
        await heard.wire.receive(settle(6))
    await heard.wire.close()
    if await server.answers(stage.patience):
        return ""
    until = time.monotonic() + settle(6)
    while server.alive() and time.monotonic() < until:  # noqa: ASYNC110 - the system tells nobody
        await asyncio.sleep(0.02)
    if not server.alive():
        return "ends the server"
    return "" if await server.answers(2 * stage.patience) else "leaves the server without answers"
