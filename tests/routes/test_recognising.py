"""An application is recognised through what stands around it, and nothing is imported for it."""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import Any

import pytest

from gateproof.targets.routes.discovery import discover
from gateproof.validators import ASGIValidator, WSGIValidator, layer

pytest.importorskip("bottle")

from bottle import Bottle

app = Bottle()
app.get("/items/<number:int>")(str)
other = Bottle()


class Middleware:
    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


class Slotted:
    __slots__ = ("application",)

    def __init__(self, application: Any) -> None:
        self.application = application

    @property
    def app(self) -> Any:
        raise RuntimeError("not yet")


class Proxy:
    """Pretends to be what it stands for, as werkzeug.local.LocalProxy does."""

    def __init__(self, behind: Any) -> None:
        vars(self)["behind"] = behind

    @property
    def __class__(self) -> Any:
        return vars(self)["behind"].__class__

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["behind"], name)


def in_closure(inner: Any) -> Any:
    def middleware(environ: Any, start_response: Any) -> Any:
        return inner(environ, start_response)

    return middleware


def decorated(inner: Any) -> Any:
    @functools.wraps(inner)
    def middleware(*args: Any) -> Any:
        return inner(*args)

    return middleware


def in_module(environ: Any, start_response: Any) -> Any:
    return app(environ, start_response)


def to_two(environ: Any, start_response: Any) -> Any:
    return (app if environ["PATH_INFO"] < "/m" else other)(environ, start_response)


@pytest.mark.parametrize(
    "application",
    [
        app,
        Middleware(app),
        Middleware(Slotted(Middleware(app))),
        Middleware(app.wsgi),
        functools.partial(app.wsgi),
        Proxy(app),
        in_closure(Middleware(app)),
        in_closure(app),
        decorated(app.wsgi),
        in_module,
        WSGIValidator(app),
        layer("outer")(Middleware(layer("inner")(app))),
        functools.reduce(lambda inner, _: Middleware(inner), range(12), app),
    ],
)
def test_is_seen_through(application: Any) -> None:
    assert [route.path for route in discover(application).routes] == ["/items/{number:int}"]


def test_a_function_that_chooses_between_two_is_not_guessed_at() -> None:
    assert discover(to_two).routes == ()


def test_a_ring_of_wrappers_ends() -> None:
    one = Middleware(None)
    one.app = Middleware(one)

    assert discover(one).routes == ()


def test_an_asgi_application_behind_our_validator() -> None:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.routing import Route

    inner = Starlette(routes=[Route("/a", lambda request: None)])

    assert [r.path for r in discover(ASGIValidator(GZipMiddleware(inner))).routes] == ["/a"]


FRAMEWORKS = ("fastapi", "starlette", "litestar", "flask", "quart", "werkzeug", "django",
              "falcon", "bottle", "pyramid", "channels", "hypothesis")  # fmt: skip

ALONE = """
import sys
from gateproof.conformance.routes import routes_of
from gateproof.targets.routes.discovery import discover
{setup}
before = set(sys.modules)
found = discover(application)
print(len(found.routes), sorted({{name.split(".")[0] for name in set(sys.modules) - before}}))
print(sorted({{name.split(".")[0] for name in sys.modules}} & set({frameworks!r})))
"""


@pytest.mark.parametrize(
    ("setup", "used"),
    [
        ("def application(environ, start_response): return []", []),
        ("import bottle; application = bottle.Bottle(); application.get('/a')(str)", ["bottle"]),
        (
            "import flask; application = flask.Flask('a')",
            ["flask", "werkzeug"],
        ),
    ],
)
def test_no_framework_is_imported_that_is_not_used(setup: str, used: list[str]) -> None:
    if used:
        pytest.importorskip(used[0])
    done = subprocess.run(
        [sys.executable, "-c", ALONE.format(setup=setup, frameworks=FRAMEWORKS)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    count, _, loaded = done.stdout.splitlines()[0].partition(" ")

    assert done.stderr == ""
    assert int(count) == bool(used)
    assert loaded in ("[]", "['gateproof']")
    assert done.stdout.splitlines()[1] == str(used)
