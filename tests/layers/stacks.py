"""Stacks of real frameworks with an ordinary middleware on each side of the one in question."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from werkzeug.middleware.proxy_fix import ProxyFix

from gateproof.validators import layer


async def home(request):
    return PlainTextResponse(b"hello " + await request.body())


async def long(request):
    return PlainTextResponse("hello " * 500)


async def stream(request):
    async def pieces():
        for number in range(20):
            yield b"piece %d" % number
            await asyncio.sleep(0)

    return StreamingResponse(pieces())


async def store(request):
    request.session["seen"] = True
    return Response(status_code=204)


async def fails(request):
    raise ValueError("planned")


async def talk(websocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


ROUTES = [
    Route("/", home, methods=["GET", "POST"]),
    Route("/long", long),
    Route("/stream", stream),
    Route("/fails", fails),
    WebSocketRoute("/talk", talk),
]


def starlette(outermost, middle):
    """The middle one of three stands between CORS and gzip."""
    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(layer("cors")),
            Middleware(CORSMiddleware, allow_origins=["*"]),
            Middleware(layer("middle")),
            Middleware(middle),
            Middleware(layer("gzip")),
            Middleware(GZipMiddleware),
            Middleware(layer("routes")),
        ],
    )
    return outermost(app)


class Stamped(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response


def starlette_of_many(outermost):
    """Ordinary middlewares only."""
    return Starlette(
        routes=[
            Route("/store", store),
            Mount("/below", app=layer("below")(Starlette(routes=ROUTES))),
            *ROUTES,
        ],
        middleware=[
            Middleware(outermost),
            Middleware(TrustedHostMiddleware, allowed_hosts=["example.org"]),
            Middleware(layer("cors")),
            Middleware(CORSMiddleware, allow_origins=["*"]),
            Middleware(layer("gzip")),
            Middleware(GZipMiddleware),
            Middleware(layer("session")),
            Middleware(SessionMiddleware, secret_key="test"),
            Middleware(layer("stamped")),
            Middleware(Stamped),
            Middleware(layer("routes")),
        ],
    )


# Django


def configure():
    """Set Django up once in this process, without a project."""
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            DEBUG=False,
            LOGGING_CONFIG=None,
            MIDDLEWARE=[
                "django.middleware.gzip.GZipMiddleware",
                "django.middleware.common.CommonMiddleware",
                "django.middleware.http.ConditionalGetMiddleware",
            ],
            ROOT_URLCONF=__name__,
            SECRET_KEY="test",
        )
        import django

        django.setup()


def django_home(request):
    from django.http import HttpResponse

    return HttpResponse(b"hello " + request.body)


def django_stream(request):
    from django.http import StreamingHttpResponse

    return StreamingHttpResponse(b"piece %d" % number for number in range(20))


def django_urls():
    from django.urls import path

    return [path("", django_home), path("stream", django_stream)]


def __getattr__(name):
    """``urlpatterns``, when Django asks for them: then it is set up."""
    if name == "urlpatterns":
        return django_urls()
    raise AttributeError(name)


def django_wsgi(outermost, middle):
    from django.core.wsgi import get_wsgi_application

    configure()
    inner = layer("proxy")(ProxyFix(layer("django")(get_wsgi_application())))
    return outermost(ProxyFix(layer("middle")(middle(inner))))


def django_asgi(outermost, middle):
    from django.core.asgi import get_asgi_application

    configure()
    inner = layer("gzip")(GZipMiddleware(layer("django")(get_asgi_application())))
    return outermost(CORSMiddleware(layer("middle")(middle(inner)), allow_origins=["*"]))
