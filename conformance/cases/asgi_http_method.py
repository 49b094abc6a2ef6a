"""ASGI HTTP: request methods.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
"""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.targets.asgi_http import Request

RESPONSE = (
    "asgi.http.response-start.before-body",
    "asgi.http.response-start.once",
    "asgi.http.response-start.followed-by-body",
    "asgi.http.app.completes-response",
)
"""What every answered request proves."""


@case("asgi.http", "get", first=True, proves=RESPONSE)
async def get(stage: ASGIStage) -> None:
    """A plain GET is answered with one complete, well-formed response."""
    for path in stage.paths:
        await stage.request(Request.to(path))


@case("asgi.http", "head", proves=RESPONSE, methods=("HEAD",))
async def head(stage: ASGIStage) -> None:
    """HEAD is answered with one complete, well-formed response."""
    for path in stage.paths:
        await stage.request(Request.to(path, method="HEAD"))


@case("asgi.http", "options", proves=RESPONSE, methods=("OPTIONS",))
async def options(stage: ASGIStage) -> None:
    """OPTIONS is answered, also in the form that asks for what a page may send."""
    preflight = (
        (b"origin", b"https://example.com"),
        (b"access-control-request-method", b"GET"),
    )
    for path in stage.paths:
        await stage.request(Request.to(path, method="OPTIONS"))
        await stage.request(Request.to(path, method="OPTIONS", headers=preflight))


@case("asgi.http", "options-asterisk", proves=RESPONSE, methods=("OPTIONS",))
async def options_asterisk(stage: ASGIStage) -> None:
    """OPTIONS * concerns no resource: the path is an asterisk."""
    await stage.request(Request("OPTIONS", "*"))


@case("asgi.http", "post", proves=RESPONSE, methods=("POST",))
async def post(stage: ASGIStage) -> None:
    """POST with and without a body is answered with a well-formed response."""
    form = ((b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"7"))
    for path in stage.paths:
        await stage.request(Request.to(path, method="POST", headers=((b"content-length", b"0"),)))
        await stage.request(Request.to(path, method="POST", headers=form, body=(b"a=1", b"&b=2")))


@case("asgi.http", "unknown-method", proves=RESPONSE, methods=("BREW",))
async def unknown_method(stage: ASGIStage) -> None:
    """A method that nobody has registered is answered with a well-formed response."""
    for path in stage.paths:
        await stage.request(Request.to(path, method="BREW"))
