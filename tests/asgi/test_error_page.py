"""An error page after a message that the server refused is a response of its own."""

from __future__ import annotations

import asyncio

import pytest

from gateproof.validators import ASGIValidator

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [],
    "extensions": {"http.response.pathsend": {}, "http.response.zerocopysend": {}},
}
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]}
PATH = {"type": "http.response.pathsend", "path": "/srv/file"}
PAGE = [
    {"type": "http.response.start", "status": 500, "headers": []},
    {"type": "http.response.body", "body": b"oops"},
]


@pytest.mark.parametrize("before", [[START], []], ids=["started", "unstarted"])
@pytest.mark.parametrize("error", [RuntimeError, OSError])
def test_it_mixes_nothing(before: list[dict[str, object]], error: type[Exception]) -> None:
    async def application(scope, receive, send):
        try:
            for event in (*before, PATH):
                await send(event)
        except Exception:
            for event in PAGE:
                await send(event)

    async def receive():
        return {"type": "http.request"}

    async def send(event):
        if event is PATH:
            raise error("no such file")

    validated = ASGIValidator(application, on_violation="collect")
    asyncio.run(validated(dict(SCOPE), receive, send))
    told = {violation.requirement for violation in validated.violations}

    assert "asgi.ext.pathsend.not-mixed" not in told
