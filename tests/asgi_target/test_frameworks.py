"""All cases on small applications of real frameworks: nothing but what we know to be true."""

from __future__ import annotations

import contextlib

import pytest

from gateproof.conformance.case import cases

ASGI = [name for name in cases() if name.startswith("asgi.")]


def starlette():
    applications = pytest.importorskip("starlette.applications")
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute

    @contextlib.asynccontextmanager
    async def lifespan(app):
        yield {"pool": object()}

    async def home(request):
        return PlainTextResponse(b"%d bytes" % len(await request.body()))

    async def stream(request):
        async def pieces():
            for n in range(10):
                yield b"%d" % n

        return StreamingResponse(pieces())

    async def echo(websocket):
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    routes = [Route("/", home), Route("/stream", stream), WebSocketRoute("/", echo)]
    return applications.Starlette(routes=routes, lifespan=lifespan)


def fastapi():
    module = pytest.importorskip("fastapi")
    app = module.FastAPI()

    @app.get("/")
    def home(q: str | None = None):
        return {"q": q}

    async def echo(websocket):
        await websocket.accept()
        async for data in websocket.iter_bytes():
            await websocket.send_bytes(data)

    echo.__annotations__ = {"websocket": module.WebSocket}
    app.websocket("/")(echo)
    return app


def quart():
    module = pytest.importorskip("quart")
    app = module.Quart("application")

    @app.route("/")
    async def home():
        return b"%d bytes" % len(await module.request.get_data())

    @app.websocket("/")
    async def echo():
        while True:
            await module.websocket.send(await module.websocket.receive())

    return app


def litestar():
    module = pytest.importorskip("litestar")

    async def home(request) -> str:
        return f"{len(await request.body())} bytes"

    home.__annotations__ = {"request": module.Request, "return": str}
    return module.Litestar([module.get("/")(home)])


def falcon():
    module = pytest.importorskip("falcon.asgi")
    import falcon

    class Resource:
        async def on_get(self, request, response):
            response.text = f"{len(await request.stream.read())} bytes"

        async def on_websocket(self, request, websocket):
            with contextlib.suppress(falcon.WebSocketDisconnected):
                await websocket.accept()
                while True:
                    await websocket.send_text(await websocket.receive_text())

    app = module.App()
    app.add_route("/", Resource())
    return app


# What the text says has a default, and the framework requires.
KNOWN = {
    starlette: set(),
    fastapi: {"asgi.websocket.scope.query-string-default"},
    quart: {
        "asgi.http.scope.scheme-default",
        "asgi.websocket.scope.scheme-default",
        "asgi.websocket.scope.query-string-default",
        # An empty message beside a key that is None is taken for none, and so echoed.
        "asgi.websocket.send.exactly-one",
    },
    litestar: {"asgi.http.request.body-default"},
    falcon: {"asgi.websocket.scope.query-string-default"},
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", KNOWN, ids=[make.__name__ for make in KNOWN])
def test_nothing_but_what_is_known(play, make):
    application = make()
    found, blocked, ours = set(), [], []
    for name in ASGI:
        played = play(application, name)
        found |= played.requirements("fail")
        ours += [v for v in played.found if v.party not in ("application", "middleware")]
        if played.ended.startswith("Blocked"):
            blocked.append((name, played.ended))

    assert found <= KNOWN[make]
    assert blocked == []
    assert ours == []
