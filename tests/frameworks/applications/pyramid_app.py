"""A Pyramid site, put together by a factory as its scaffolds do."""

from __future__ import annotations

from collections.abc import Iterator

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPNoContent
from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import Router
from pyramid.view import notfound_view_config, view_config


@view_config(route_name="index")
def index(_request: Request) -> Response:
    return Response("<h1>Hello, world</h1>")


@view_config(route_name="json", renderer="json")
def numbers(request: Request) -> dict[str, object]:
    return {"numbers": [1, 2, 3], "query": dict(request.GET)}


@view_config(route_name="stream")
def stream(_request: Request) -> Response:
    def lines() -> Iterator[bytes]:
        for number in range(5):
            yield b"line %d\n" % number

    return Response(app_iter=lines(), content_type="text/plain", charset="utf-8")


@view_config(route_name="echo", request_method=("GET", "POST"))
def echo(request: Request) -> Response:
    return Response(request.body, content_type="application/octet-stream")


@view_config(route_name="redirect")
def moved(request: Request) -> HTTPFound:
    return HTTPFound(request.route_path("index"))


@view_config(route_name="empty")
def empty(_request: Request) -> HTTPNoContent:
    return HTTPNoContent()


@notfound_view_config()
def not_found(request: Request) -> Response:
    request.response.status = 404
    request.response.text = "<h1>There is no such page</h1>"
    response: Response = request.response
    return response


def create() -> Router:
    """The application."""
    with Configurator() as config:
        config.add_route("index", "/")
        for name in ("json", "stream", "echo", "redirect", "empty"):
            config.add_route(name, f"/{name}")
        config.scan(__name__)
        return config.make_wsgi_app()
