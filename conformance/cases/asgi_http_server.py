"""ASGI HTTP: servers that offer more, take their time, or serve many at once.

https://asgi.readthedocs.io/en/latest/extensions.html
"""

from __future__ import annotations

import anyio

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_method import RESPONSE
from gateproof.targets.asgi_http import EXTENSIONS, Request

_AT_ONCE = 8


@case("asgi.http", "extensions-offered", proves=(*RESPONSE, "asgi.ext.trailers.promised-must-come"))
async def extensions(stage: ASGIStage) -> None:
    """Offered trailers, path send and early hints, an application uses them properly."""
    offer = {"extensions": {name: dict(value) for name, value in EXTENSIONS.items()}}
    for path in stage.paths:
        await stage.request(Request.to(path, scope=offer))
        await stage.request(Request.to(path, headers=((b"te", b"trailers"),), scope=offer))


@case("asgi.http", "slow-server", proves=(*RESPONSE, "asgi.app.must-await-send"))
async def slow(stage: ASGIStage) -> None:
    """The reply is the same when every send takes several turns of the loop."""
    for base in await stage.baselines():
        await base.agrees(
            base.asked.but(pauses=10), "asgi.app.must-await-send", "send takes its time"
        )


@case("asgi.http", "concurrent", proves=RESPONSE)
async def concurrent(stage: ASGIStage) -> None:
    """Eight requests at once each get a complete, well-formed response."""
    async with anyio.create_task_group() as group:
        for n in range(_AT_ONCE):
            path = stage.paths[n % len(stage.paths)]
            group.start_soon(stage.ask, Request.to(path, pauses=1 + n % 3))
