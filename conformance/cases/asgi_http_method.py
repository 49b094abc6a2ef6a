"""ASGI HTTP: request methods."""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.targets.asgi_http import Request

_RESPONSE = (
    "asgi.http.response-start.before-body",
    "asgi.http.response-start.once",
    "asgi.http.response-start.followed-by-body",
    "asgi.http.app.completes-response",
)


@case("asgi.http", "get", proves=_RESPONSE)
async def get(stage: ASGIStage) -> None:
    """A plain GET is answered with one complete, well-formed response."""
    for path in stage.paths:
        await stage.request(Request(path=path))


@case("asgi.http", "head", proves=_RESPONSE, methods=("HEAD",))
async def head(stage: ASGIStage) -> None:
    """HEAD is answered with a complete, well-formed response."""
    for path in stage.paths:
        await stage.request(Request("HEAD", path))


@case("asgi.http", "options-asterisk", proves=_RESPONSE, methods=("OPTIONS",))
async def options_asterisk(stage: ASGIStage) -> None:
    """OPTIONS * concerns no resource, and its path is an asterisk."""
    await stage.request(Request("OPTIONS", "*"))
