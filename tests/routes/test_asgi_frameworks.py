"""Routes of real ASGI frameworks: each sample path reaches the handler that it stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest

from gateproof.targets.routes.discovery import discover
from gateproof.targets.routes.samples import visit

SAFE = ("GET", "HEAD", "OPTIONS")

# What a framework says of the style of these applications is no matter of routes.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_starlette(ask_samples, tmp_path: Path) -> None:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.convertors import Convertor, register_url_convertor
    from starlette.endpoints import HTTPEndpoint
    from starlette.responses import PlainTextResponse
    from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
    from starlette.staticfiles import StaticFiles

    class Year(Convertor[int]):
        regex = "20[0-9]{2}"

        def convert(self, value: str) -> int:
            return int(value)

        def to_string(self, value: int) -> str:
            return str(value)

    register_url_convertor("gateproofyear", Year())
    seen: list[str] = []

    async def handler(request: Any) -> PlainTextResponse:
        seen.append(request.url.path)
        return PlainTextResponse("ok")

    class Page(HTTPEndpoint):
        async def get(self, request: Any) -> PlainTextResponse:
            return await handler(request)

    async def bare(scope: Any, receive: Any, send: Any) -> None:
        seen.append("bare")
        await PlainTextResponse("ok")(scope, receive, send)

    (tmp_path / "style.css").write_text("a {}")
    application = Starlette(
        routes=[
            Route("/", handler),
            Route("/items/{number:int}", handler),
            Route("/rates/{rate:float}", handler),
            Route("/ids/{id:uuid}", handler),
            Route("/years/{year:gateproofyear}", handler),
            Route("/files/{name:path}", handler),
            Route("/ü b/{name}.json", handler),
            Route("/post", handler, methods=["POST"]),
            Route("/page", Page),
            Mount(
                "/{team}/api",
                routes=[
                    Route("/users/{user}", handler),
                    Mount("/deep", Router([Route("/er", handler)])),
                ],
            ),
            Mount("/assets", StaticFiles(directory=tmp_path)),
            Mount("/bare", bare),
            Host("api.example.org", Router([Route("/a", handler), Route("/b", handler)])),
            WebSocketRoute("/ws", handler),
        ]
    )  # fmt: skip
    found, statuses = ask_samples(application, "asgi")

    assert [route.path for route in found.routes] == [
        "/",
        "/items/{number:int}",
        "/rates/{rate:float}",
        "/ids/{id:uuid}",
        "/years/{year:pattern}",
        "/files/{name:path}",
        "/ü b/{name}.json",
        "/post",
        "/page",
        "/{team}/api/users/{user}",
        "/{team}/api/deep/er",
        "/assets/{path:path}",
        "/bare/",
    ]
    assert {path: status for path, status in statuses.items() if status != 200} == {}
    assert len(seen) == 11
    assert visit(found.routes[6]).path == "/%C3%BC%20b/1.json"
    assert visit(found.routes[-2]).path == "/assets/style.css"
    assert found.routes[7].methods == ("POST",)
    assert found.routes[8].methods == ("GET", "HEAD")
    assert found.line(SAFE) == (
        "routes: 13 found in Starlette's router and Starlette's static files, 12 of which may be "
        "asked (GET, HEAD, OPTIONS); 2 for other hosts are left out"
    )


def test_litestar(ask_samples) -> None:
    pytest.importorskip("litestar")
    from litestar import Litestar, Router, asgi, get, post
    from litestar.params import Parameter
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    seen: list[Any] = []

    @get("/items/{number:int}")
    async def item(number: int) -> str:
        seen.append(("item", number))
        return "ok"

    @get("/files{name:path}")
    async def odd() -> str:
        return "never: a parameter is a whole segment"

    @get("/files/{name:path}")
    async def file(name: Any) -> str:
        seen.append(("file", str(name)))
        return "ok"

    @get("/ids/{key:uuid}/{day:str}")
    async def by(key: Any, day: str) -> str:
        seen.append(("by", day))
        return "ok"

    @get("/search")
    async def search(words: Annotated[str, Parameter(min_length=3)]) -> str:
        seen.append(("search", words))
        return "ok"

    @post("/items")
    async def add(data: dict[str, str]) -> str:
        return "ok"

    async def plain(request: Any) -> PlainTextResponse:
        seen.append("mounted")
        return PlainTextResponse("ok")

    mounted = asgi("/mounted", is_mount=True, copy_scope=True)(
        Starlette(routes=[Route("/{n:int}/", plain)])  # Litestar ends what it hands on with a slash
    )
    application = Litestar(
        [Router("/v1", route_handlers=[item, file, by, search, add]), mounted], path="/base"
    )
    found, statuses = ask_samples(application, "asgi")
    own = {path: status for path, status in statuses.items() if not path.startswith("/base/schema")}

    assert own == {
        "/base/v1/items/{number:int}": 200,
        "/base/v1/files/{name:path}": 200,
        "/base/v1/ids/{key:uuid}/{day}": 200,
        "/base/v1/search": 200,
        "/base/mounted/{n:int}/": 200,
    }
    assert sorted(map(str, seen)) == [
        "('by', '1')",
        "('file', '/example')",
        "('item', 1)",
        "('search', '1aa')",
        "mounted",
    ]
    assert "/base/v1/items" in {route.path for route in found.routes}
    assert found.sources == ("Litestar's routes", "Starlette's router")


def test_quart(ask_samples) -> None:
    pytest.importorskip("quart")
    from quart import Blueprint, Quart

    application = Quart("gateproof_quart", static_folder=None)
    blueprint = Blueprint("shop", "gateproof_quart", url_prefix="/shop")
    seen: list[Any] = []

    @blueprint.get("/items/<int:number>")
    async def item(number: int) -> str:
        seen.append(number)
        return "ok"

    @application.websocket("/ws")
    async def ws() -> None:
        return None

    application.register_blueprint(blueprint)
    found, statuses = ask_samples(application, "asgi")

    assert statuses == {"/shop/items/{number:int}": 200}
    assert seen == [1]
    assert found.sources == ("Quart's url_map",)


def test_falcon_for_asgi(ask_samples) -> None:
    pytest.importorskip("falcon")
    import falcon.asgi

    seen: list[Any] = []

    class Item:
        async def on_get(self, req: Any, resp: Any, number: int) -> None:
            seen.append(number)

        async def on_websocket(self, req: Any, ws: Any, number: int) -> None:
            return None

    class Socket:
        async def on_websocket(self, req: Any, ws: Any) -> None:
            return None

    application = falcon.asgi.App()
    application.add_route("/items/{number:int(min=5)}", Item())
    application.add_route("/ws", Socket())
    found, statuses = ask_samples(application, "asgi")

    assert statuses == {"/items/{number:int}": 200}
    assert seen == [5]
    assert found.routes[0].methods == ("GET", "OPTIONS")


def test_channels_protocol_router_leads_to_its_http_application() -> None:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.routing import Route

    class ProtocolTypeRouter:
        def __init__(self, application_mapping: dict[str, Any]) -> None:
            self.application_mapping = application_mapping

    ProtocolTypeRouter.__module__, ProtocolTypeRouter.__qualname__ = (
        "channels.routing",
        "ProtocolTypeRouter",
    )
    inner = Starlette(routes=[Route("/a", lambda request: None)])

    assert [r.path for r in discover(ProtocolTypeRouter({"http": inner})).routes] == ["/a"]
    assert discover(ProtocolTypeRouter({"websocket": inner})).notes == (
        "Channels' protocol router has none",
    )
