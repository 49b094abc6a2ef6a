"""A stack of three middlewares with a point around each, served once."""

from __future__ import annotations

import asyncio
import gc
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from corpus.play_wsgi import Served, environ, play

from gateproof.validators import layer

# What stands beside this file can be imported from ``layered``, though tests are no package.
layered = ModuleType("layered")
layered.__path__ = [str(Path(__file__).resolve().parent)]
sys.modules.setdefault("layered", layered)


class PassesWSGI:
    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


class PassesASGI:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


def scope(**changes: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/mount/caf\u00e9",
        "raw_path": b"/mount/caf%C3%A9",
        "query_string": b"a=1",
        "root_path": "/mount",
        "headers": [(b"host", b"example.org"), (b"content-type", b"text/plain")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        **changes,
    }


@dataclass
class Told:
    """What was found while a stack served a request, and what came of it."""

    violations: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    body: bytes = b""
    sent: list[Any] = field(default_factory=list)

    @property
    def grave(self) -> list[tuple[str, str, str]]:
        """Requirement, party and layer of all that is more than an observation."""
        return [
            (one.requirement, one.party, one.layer)
            for one in self.violations
            if one.verdict != "observed"
        ]


def serve_wsgi(app, **changes: Any) -> Told:
    """Serve a request as a correct WSGI server that goes on with whatever happens."""
    served = play(app, Served(environ=environ(**changes)))
    served.result = None
    body = b"".join(piece for piece in served.body if isinstance(piece, bytes))
    return Told(error=served.error, body=body)


def serve_asgi(app, events=None, **changes: Any) -> Told:
    """Serve a request as a correct ASGI server."""
    told = Told()
    waiting = list(events or [{"type": "http.request", "body": b"", "more_body": False}])

    async def run():
        complete = asyncio.Event()

        async def receive():
            if waiting:
                return waiting.pop(0)
            await complete.wait()
            return {"type": "http.disconnect"}

        async def send(event):
            told.sent.append(event)
            if event["type"] == "http.response.body" and not event.get("more_body", False):
                complete.set()

        await asyncio.wait_for(app(scope(**changes), receive, send), 30)

    try:
        asyncio.run(run())
    except Exception as error:
        told.error = error
    told.body = b"".join(event.get("body", b"") for event in told.sent)
    return told


SERVE = {"wsgi": serve_wsgi, "asgi": serve_asgi}


def stack(outside, middle, inside, app, outermost):
    """Three middlewares around an application, with a point around each of the four."""
    inner = layer("inside")(inside(layer("application")(app)))
    return outermost(outside(layer("middle")(middle(inner))))


@pytest.fixture(scope="session")
def three():
    """Serve through three middlewares, the one in question in the middle: what was told."""

    def three(interface, middle, app, *, level="all", **options):
        found: list[Any] = []
        options.setdefault("on_violation", found.append)
        outermost = layer("outside", level=level, **options)
        if interface == "bridge":
            # Nothing stands between the bridge and the application, for the bridge is judged.
            served = outermost(PassesASGI(layer("middle")(middle(layer("application")(app)))))
            told = serve_asgi(served)
        else:
            passes = PassesWSGI if interface == "wsgi" else PassesASGI
            told = SERVE[interface](stack(passes, middle, passes, app, outermost))
        told.violations = found if callable(options["on_violation"]) else outermost.violations
        return told

    return three


@pytest.fixture(scope="session")
def serve():
    """What serves one request through a stack, by interface."""
    return SERVE


@pytest.fixture(autouse=True)
def swept():
    """What a test leaves behind is warned of in that test, and no layers are left."""
    yield
    gc.collect()
