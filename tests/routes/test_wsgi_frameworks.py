"""Routes of real WSGI frameworks: each sample path reaches the handler that it stands for."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateproof.targets.routes.samples import visit


def test_flask(ask_samples, tmp_path: Path) -> None:
    pytest.importorskip("flask")
    from flask import Blueprint, Flask
    from werkzeug.routing import BaseConverter, IntegerConverter

    class Year(BaseConverter):
        regex = "20[0-9]{2}"

    class Even(IntegerConverter):
        """Inherits, and takes something else."""

        regex = "[02468]"

    (tmp_path / "logo.svg").write_text("<svg/>")
    application = Flask("gateproof_flask", static_folder=str(tmp_path), static_url_path="/static")
    application.url_map.converters |= {"year": Year, "even": Even}
    shop = Blueprint("shop", "gateproof_flask", url_prefix="/shop", static_folder=str(tmp_path))
    seen: dict[str, Any] = {}

    def view(**values: Any) -> str:
        from flask import request

        seen[request.path] = values
        return "ok"

    rules = [
        "/",
        "/items/<int:number>",
        "/items/<int(min=3, max=4):number>/few",
        "/codes/<int(fixed_digits=4):code>",
        "/rates/<float:rate>",
        "/signed/<int(signed=True):n>",
        "/ids/<uuid:id>",
        "/names/<string(length=2):code>",
        "/pages/<any(about, help):page>",
        "/wiki/<path:page>/edit",
        "/years/<year:year>-<even:month>/",
        "/greet/<name>",
    ]
    for rule in rules:
        application.add_url_rule(rule, rule, view)
    application.add_url_rule("/made", "made", view, build_only=True)
    application.add_url_rule("/form", "form", view, methods=["POST"])
    application.add_url_rule("/elsewhere", "elsewhere", view, subdomain="admin")
    shop.add_url_rule("/cart", "cart", view)
    application.register_blueprint(shop)
    found, statuses = ask_samples(application, "wsgi")

    assert {path: status for path, status in statuses.items() if status != 200} == {}
    uuid = "00000000-0000-4000-8000-000000000001"
    assert seen == {
        "/": {},
        "/items/1": {"number": 1},
        "/items/3/few": {"number": 3},
        "/codes/0001": {"code": 1},
        "/rates/1.5": {"rate": 1.5},
        "/signed/1": {"n": 1},
        f"/ids/{uuid}": {"id": UUID(uuid)},
        "/names/01": {"code": "01"},
        "/pages/about": {"page": "about"},
        "/wiki/example/edit": {"page": "example"},
        "/years/2024-0/": {"year": "2024", "month": 0},
        "/greet/1": {"name": "1"},
        "/shop/cart": {},
    }  # fmt: skip
    assert {visit(route).path for route in found.routes} >= {
        "/static/logo.svg",
        f"/shop/{tmp_path.name}/logo.svg",
    }
    assert {route.path for route in found.routes} - statuses.keys() == {"/form"}
    assert found.notes == ("1 for other hosts are left out",)


def test_a_dispatcher_leads_to_what_it_mounts(ask_samples) -> None:
    pytest.importorskip("flask")
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware
    from werkzeug.middleware.proxy_fix import ProxyFix

    def site(name: str) -> Flask:
        made = Flask(name, static_folder=None)
        made.add_url_rule(f"/{name}/<int:n>", name, lambda n: "ok")
        return made

    def bare(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    application = DispatcherMiddleware(
        site("outer"), {"/in": ProxyFix(site("inner").wsgi_app), "/bare": bare}
    )
    _, statuses = ask_samples(application, "wsgi")

    assert statuses == {"/outer/{n:int}": 200, "/in/inner/{n:int}": 200, "/bare/": 200}


def test_bottle(ask_samples) -> None:
    pytest.importorskip("bottle")
    from bottle import Bottle

    application, child = Bottle(), Bottle()
    seen: list[Any] = []

    def view(*given: Any, **values: Any) -> str:
        seen.append(values)
        return "ok"

    application.router.add_filter("even", lambda config: (r"[02468]", int, str))
    for rule in (
        "/",
        "/items/<number:int>",
        "/rates/<rate:float>",
        "/files/<name:path>",
        "/codes/<code:re:[a-z]{3}>",
        "/even/<n:even>",
        "/plain/<name>/x",
        r"/escaped\<name>",
    ):
        application.get(rule)(view)
    application.route("/echo", method=["GET", "POST"])(view)
    application.route("/any", method="ANY")(view)
    application.post("/form")(view)
    child.get("/leaf/<n:int>")(view)
    application.mount("/child/", child)

    def bare(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    application.mount("/bare/", bare)
    found, statuses = ask_samples(application, "wsgi")
    routes = {route.path: route for route in found.routes}

    assert {path: status for path, status in statuses.items() if status != 200} == {}
    assert seen == [
        {},
        {"number": 1},
        {"rate": 1.5},
        {"name": "example"},
        {"code": "aaa"},
        {"n": 0},
        {"name": "1"},
        {},
        {},
        {},
        {"n": 1},
    ]
    assert routes["/echo"].methods == ("GET", "HEAD", "POST")
    assert routes["/any"].methods == ()
    assert routes["/form"].methods == ("POST",)
    assert "/child/leaf/{n:int}" in statuses
    assert "/bare/" in statuses


def test_falcon(ask_samples, tmp_path: Path) -> None:
    pytest.importorskip("falcon")
    import falcon
    import falcon.routing

    class Team(falcon.routing.BaseConverter):
        def convert(self, value: str) -> str:
            return value.upper()

    class View:
        def on_get(self, req: Any, resp: Any, **values: Any) -> None:
            seen.append(values)

        def on_post_made(self, req: Any, resp: Any) -> None:
            return None

    def sink(req: Any, resp: Any, **values: Any) -> None:
        seen.append({"sink": values})

    seen: list[Any] = []
    (tmp_path / "a.txt").write_text("a")
    application = falcon.App()
    application.router_options.converters["team"] = Team
    for template in (
        "/",
        "/items/{number:int(min=5, max=6)}",
        "/codes/{code:int(4)}",
        "/days/{day:dt('%Y-%m-%d')}",
        "/ids/{id:uuid}",
        "/teams/{name:team}-{number}",
        "/wiki/{page:path}",
    ):
        application.add_route(template, View())
    application.add_route("/made", View(), suffix="made")
    application.add_static_route("/assets", str(tmp_path))
    application.add_sink(sink, r"/sink/(?P<rest>\d+)")
    found, statuses = ask_samples(application, "wsgi")

    assert {path: status for path, status in statuses.items() if status != 200} == {}
    assert [one for one in seen if set(one) - {"day", "id"}] == [
        {"sink": {"rest": "1"}},
        {"number": 5},
        {"code": 1},
        {"name": "1", "number": "1"},
        {"page": "example"},
    ]
    assert str(seen[4]["day"]) == "2024-01-02 00:00:00"
    assert next(r for r in found.routes if r.path == "/made").methods == ("OPTIONS", "POST")
    assert statuses["/assets/{path:path}"] == 200


def test_pyramid(ask_samples) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("pyramid")
        from pyramid.config import Configurator
        from pyramid.response import Response

    seen: list[Any] = []

    def view(request: Any) -> Any:
        seen.append(request.matchdict)
        return Response("ok")

    config = Configurator()
    config.add_route("item", r"/items/{number:\d{4}}")
    config.add_route("rest", "rest/{name}/*more")
    config.add_route("form", "/form")
    config.add_view(view, route_name="item")
    config.add_view(view, route_name="rest", request_method="GET")
    config.add_view(view, route_name="form", request_method="POST")
    found, statuses = ask_samples(config.make_wsgi_app(), "wsgi")

    assert statuses == {"/items/{number:pattern}": 200, "/rest/{name}/{more:path}": 200}
    assert seen == [{"number": "2024"}, {"name": "1", "more": ("example",)}]
    assert [route.methods for route in found.routes] == [(), ("GET", "HEAD"), ("POST",)]
