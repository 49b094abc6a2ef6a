"""Stacks of ordinary middlewares: nothing is told of any layer."""

from __future__ import annotations

import pytest
from flask import Flask, Response, request, session
from layered import stacks
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware

from gateproof.validators import layer


def flask(outermost, folder):
    app = Flask("ordinary")
    app.secret_key = "test"

    @app.route("/", methods=["GET", "POST"])
    def home():
        session["seen"] = True
        return b"hello " + request.get_data()

    @app.get("/stream")
    def stream():
        return Response(b"piece %d" % number for number in range(20))

    @app.get("/fails")
    def fails():
        raise ValueError("planned")

    app.wsgi_app = layer("flask")(app.wsgi_app)
    mounted = DispatcherMiddleware(layer("app")(app), {"/below": layer("below")(app)})
    shared = SharedDataMiddleware(layer("mounted")(mounted), {"/data": str(folder)})
    return outermost(ProxyFix(layer("shared")(shared)))


def whitenoise(outermost, folder):
    module = pytest.importorskip("whitenoise")
    inner = layer("static")(module.WhiteNoise(layer("django")(bare_django_wsgi()), root=folder))
    return outermost(ProxyFix(inner))


def bare_django_wsgi():
    from django.core.wsgi import get_wsgi_application

    stacks.configure()
    return get_wsgi_application()


def told(outermost):
    return [str(one) for one in outermost.violations if one.verdict != "observed"]


@pytest.fixture
def outermost():
    return layer("outermost", on_violation="collect", level="all")


STARLETTE = [
    {"path": "/"},
    {"path": "/", "method": "GET"},
    {"path": "/long", "method": "GET"},
    {"path": "/long", "method": "HEAD"},
    {"path": "/stream", "method": "GET"},
    {"path": "/store", "method": "GET"},
    {"path": "/below/long", "method": "GET"},
    {"path": "/nowhere"},
    {"path": "/", "headers": [(b"host", b"evil.example")]},
    {
        "path": "/",
        "method": "OPTIONS",
        "headers": [
            (b"host", b"example.org"),
            (b"origin", b"http://other"),
            (b"access-control-request-method", b"GET"),
        ],
    },
    {
        "path": "/long",
        "method": "GET",
        "headers": [
            (b"host", b"example.org"),
            (b"origin", b"http://other"),
            (b"accept-encoding", b"gzip"),
        ],
    },
]


@pytest.mark.parametrize("changes", STARLETTE)
def test_starlette(changes, outermost, serve):
    app = stacks.starlette_of_many(outermost)

    served = serve["asgi"](app, **{"root_path": "", **changes})

    assert served.error is None
    assert served.sent[0]["status"] < 500
    found = [one for one in outermost.violations if one.verdict != "observed"]
    if changes["path"].startswith("/below"):
        # Routers of Starlette write the root_path of a mount into the scope they were given.
        found = [one for one in found if one.requirement != "asgi.middleware.copies-scope"]
    assert [str(one) for one in found] == []


def test_starlette_websocket(outermost, serve):
    app = stacks.starlette_of_many(outermost)
    events = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hello"},
        {"type": "websocket.disconnect", "code": 1000, "reason": ""},
    ]

    served = serve["asgi"](
        app,
        events,
        type="websocket",
        scheme="ws",
        path="/talk",
        raw_path=b"/talk",
        root_path="",
        subprotocols=[],
    )

    assert served.error is None
    assert [event["type"] for event in served.sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert told(outermost) == []


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("headers", [[], [(b"accept-encoding", b"gzip")]])
@pytest.mark.parametrize("path", ["/", "/stream", "/nowhere"])
def test_django_asgi(path, headers, outermost, serve):
    app = stacks.django_asgi(outermost, lambda app: app)

    served = serve["asgi"](
        app, method="GET", path=path, root_path="", headers=[(b"host", b"example.org"), *headers]
    )

    assert served.error is None
    assert served.sent[0]["status"] in (200, 404)
    # Django writes the names of its headers in title case, which the layer is right to say.
    title_case = ("asgi.http.response-start.headers-lowercase", "django")
    found = [one for one in outermost.violations if one.verdict != "observed"]
    assert [one for one in found if (one.requirement, one.layer) != title_case] == []


WSGI = [
    {},
    {"body": b"some"},
    {"PATH_INFO": "/stream"},
    {"PATH_INFO": "/stream", "REQUEST_METHOD": "HEAD"},
    {"PATH_INFO": "/below/stream"},
    {"PATH_INFO": "/data/file.txt"},
    {"PATH_INFO": "/file.txt"},
    {"PATH_INFO": "/nowhere"},
    {"HTTP_X_FORWARDED_FOR": "192.0.2.1", "HTTP_ACCEPT_ENCODING": "gzip"},
]


@pytest.mark.parametrize("make", [flask, whitenoise])
@pytest.mark.parametrize("changes", WSGI)
def test_wsgi_stacks(make, changes, outermost, serve, tmp_path):
    (tmp_path / "file.txt").write_text("static " * 100)
    app = make(outermost, tmp_path)

    served = serve["wsgi"](app, **changes)

    assert served.error is None
    assert told(outermost) == []


def test_an_error_of_the_application_is_nobody_elses(outermost, serve, tmp_path):
    served = serve["wsgi"](flask(outermost, tmp_path), PATH_INFO="/fails")

    assert served.error is None
    assert b"Internal Server Error" in served.body
    assert told(outermost) == []


def test_added_one_by_one(outermost, serve):
    """``add_middleware`` puts the latest outermost: a layer is added after what it names."""
    app = stacks.Starlette(routes=stacks.ROUTES)
    app.add_middleware(layer("routes"))
    app.add_middleware(stacks.GZipMiddleware)
    app.add_middleware(outermost)

    served = serve["asgi"](app, path="/long", root_path="", method="GET")

    assert served.error is None
    assert served.sent[0]["status"] == 200
    assert repr(app.user_middleware[0]) == "Middleware(layer('outermost'))"
    assert told(outermost) == []
