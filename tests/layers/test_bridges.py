"""Bridges of others: what binds bridges is kept, and what else is told is true."""

from __future__ import annotations

import warnings

import pytest
from asgiref.wsgi import WsgiToAsgi
from flask import Flask, Response, request

from gateproof.validators import layer
from gateproof.validators.layers.bridge import FINDS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.middleware.wsgi import WSGIMiddleware


def application():
    app = Flask("bridged")

    @app.route("/", methods=["GET", "POST"])
    def home():
        return b"hello " + request.get_data()

    @app.get("/stream")
    def stream():
        return Response(b"piece %d" % number for number in range(20))

    @app.get("/café")
    def cafe():
        return Response("ü", headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])

    return app


TRUE_OF = {
    # Both return nothing from start_response and never close the result; see the code of
    # asgiref.wsgi.WsgiToAsgiInstance and starlette.middleware.wsgi.WSGIResponder.
    WsgiToAsgi: {"wsgi.start-response.returns-write", "wsgi.server.close-called"},
    # That of Starlette also gives SERVER_PORT as a number.
    WSGIMiddleware: {
        "wsgi.start-response.returns-write",
        "wsgi.server.close-called",
        "wsgi.environ.cgi-vars-native-str",
    },
}

REQUESTS = [
    {"path": "/", "root_path": ""},
    {"path": "/", "root_path": "", "method": "GET"},
    {"path": "/mount/stream", "root_path": "/mount", "method": "GET"},
    {"path": "/mount/stream", "root_path": "/mount", "method": "HEAD"},
    {"path": "/mount/café", "root_path": "/mount", "method": "GET"},
    {"path": "/nowhere", "root_path": "", "query_string": b"a=%20b&c"},
    {"path": "/", "root_path": "", "scheme": "https", "http_version": "1.0", "server": None},
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("changes", REQUESTS)
@pytest.mark.parametrize("bridge", TRUE_OF, ids=lambda bridge: bridge.__name__)
def test_no_false_alarm(bridge, changes, serve):
    outermost = layer("bridge", on_violation="collect", level="should")
    app = outermost(bridge(layer("application")(application())))

    served = serve["asgi"](app, **changes)

    assert served.error is None
    assert {one.requirement for one in outermost.violations} & FINDS == set()
    assert {one.requirement for one in outermost.violations} <= TRUE_OF[bridge]
    assert {one.layer for one in outermost.violations} <= {"bridge"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("changed", [{"REMOTE_USER": "x"}, {"QUERY_STRING": "changed=1"}])
@pytest.mark.parametrize("bridge", TRUE_OF, ids=lambda bridge: bridge.__name__)
def test_middleware_on_either_side_of_a_bridge_is_not_held_against_it(bridge, changed, serve):
    class Changes:
        def __init__(self, app):
            self.app = app

        def __call__(self, environ, start_response):
            def starter(status, headers, *exc_info):
                return start_response("202 Accepted", [*headers, ("X-Changed", "1")], *exc_info)

            return self.app({**environ, **changed}, starter)

    outermost = layer("bridge", on_violation="collect", level="should")
    app = outermost(bridge(Changes(layer("application")(application()))))

    served = serve["asgi"](app, path="/", root_path="")

    assert served.error is None
    assert served.sent[0]["status"] == 202
    assert {one.requirement for one in outermost.violations} <= TRUE_OF[bridge]
