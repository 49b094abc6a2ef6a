"""The suite on small real applications: it finds what is there, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

if TYPE_CHECKING:
    from tests.conftest import Project

PATHS = ("/", "/json?a=1", "/stream", "/echo", "/redirect", "/empty", "/missing", "/ws")
"""Request paths that every application knows, except for the last two."""


@dataclass(frozen=True)
class Expected:
    """What the suite finds on an application.

    Attributes:
        target: as for --target.
        least: how many required clauses are checked at least.
        fails: requirements that the framework breaks, and how we know.
        weak: recommendations that it does not meet, and how we know.
    """

    target: str
    least: int
    fails: dict[str, str] = field(default_factory=dict)
    weak: dict[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.target.replace(":", "-").removesuffix("()")


NO_PATH_INFO = (
    "PEP 3333 lets a server leave PATH_INFO out where it is empty, which it is for a request to "
    "the mount point itself; "
)
NO_QUERY_STRING = (
    "the websocket scope's query_string is optional, with a default of the empty string "
    "(asgiref, specs/www.rst, Websocket Connection Scope; in the http scope it is required); "
)
QUART_SCHEME = (
    "the scheme is optional in both scopes; Daphne leaves it out of the websocket scope, and "
    "Quart raises KeyError: https://github.com/django/daphne/issues/538"
)

QUART_HASTY = (
    {}
    if Version(version("quart")) < Version("0.23")
    else {
        "asgi.websocket.connect.received-before-accept": "since 0.23 ASGIWebsocketConnection "
        "starts the handler's task before the one that receives, so that a handler that accepts "
        "at once does so before websocket.connect was received"
    }
)

WSGI = (
    Expected("flask_app:app", 28),
    Expected("pyramid_app:create()", 28),
    Expected(
        "falcon_wsgi:app",
        30,
        weak={
            "wsgi.environ.app-checks-presence": NO_PATH_INFO
            + "falcon/request.py reads env['PATH_INFO'] and KeyError leaves the application"
        },
    ),
    Expected(
        "bottle_app:app",
        30,
        weak={
            "wsgi.environ.app-checks-presence": NO_PATH_INFO
            + "Bottle._handle reads environ['PATH_INFO'] and answers 500"
        },
    ),
)

ASGI = (
    Expected("starlette_app:app", 68),
    Expected(
        "fastapi_app:app",
        66,
        fails={
            "asgi.websocket.scope.query-string-default": NO_QUERY_STRING
            + "Starlette's HTTPConnection.query_params reads scope['query_string'], and FastAPI "
            "asks for query_params of every websocket"
        },
    ),
    Expected(
        "quart_app:app",
        64,
        fails={
            "asgi.http.scope.scheme-default": QUART_SCHEME,
            "asgi.websocket.scope.scheme-default": QUART_SCHEME,
            "asgi.websocket.scope.query-string-default": NO_QUERY_STRING
            + "ASGIWebsocketConnection reads scope['query_string']",
            "asgi.websocket.send.exactly-one": "an empty message whose other key is None, as "
            "Hypercorn sends it, is taken for None (quart/asgi.py, handle_messages() joins the "
            "two by 'or'), so that a handler that echoes it sends neither text nor bytes",
        },
        weak=QUART_HASTY,
    ),
    Expected(
        "litestar_app:app",
        64,
        fails={
            "asgi.http.request.body-default": "the body of http.request is optional, with a "
            "default of b''; litestar/connection/request.py, stream(), reads event['body'] and "
            "answers 500. The same was mended for more_body of responses: "
            "https://github.com/litestar-org/litestar/pull/3845"
        },
        weak={
            "asgi.app.rejects-unknown-before-sending": "its exception middleware takes every scope "
            "that is not http for a websocket and sends websocket.close on an unknown one",
            "asgi.http.spec-version.no-newer-features": "it sends the reason of websocket.close, "
            "which came with version 2.3, whatever the server declares",
        },
    ),
    Expected(
        "falcon_asgi:app",
        64,
        fails={
            "asgi.websocket.scope.query-string-default": NO_QUERY_STRING
            + "falcon/asgi/request.py reads scope['query_string']"
        },
    ),
)

DJANGO = (
    Expected("django_app:wsgi", 28),
    Expected(
        "django_app:asgi",
        33,
        weak={
            "asgi.http.response-start.headers-lowercase": "on purpose, says the comment in "
            "ASGIHandler.send_response: some clients want Content-Type spelt so"
        },
    ),
)


FAMILIES = {"wsgi": WSGI, "asgi": ASGI, "django": DJANGO}


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """The run of each family of applications, once it was made."""
    return {}


@pytest.mark.parametrize(
    ("family", "expected"),
    [(name, expected) for name, family in FAMILIES.items() for expected in family],
    ids=lambda value: getattr(value, "slug", value),
)
def test_finds_what_is_there_and_nothing_else(
    family: str,
    expected: Expected,
    suite: Callable[..., Any],
    judged: dict[str, Any],
    here: Path,
) -> None:
    if family not in judged:
        targets = [other.target for other in FAMILIES[family]]
        judged[family] = suite(*targets, folder=here / "applications", paths=PATHS)
    found, end = judged[family], judged[family].ran.text[-8000:]

    assert found.run.complete, end
    assert found.verdicts(expected.slug).isdisjoint({"harness", "unstable", "blocked"}), end
    assert found.found("fail", expected.slug) == set(expected.fails), end
    assert found.found("weak", expected.slug) == set(expected.weak), end
    assert found.ran.code == (1 if any(other.fails for other in FAMILIES[family]) else 0), end
    assert len(found.exercised(expected.slug)) >= expected.least


@pytest.mark.parametrize(
    ("interface", "examples"),
    [
        ("wsgi", ("hello_wsgi", "wsgi_form", "wsgi_blog")),
        ("asgi", ("hello_asgi", "asgi_gather", "asgi_echo", "asgi_chat")),
    ],
    ids=("wsgi", "asgi"),
)
def test_our_examples_are_clean(
    interface: str, examples: tuple[str, ...], suite: Callable[..., Any], checkout: Path
) -> None:
    targets = [f"{name}:application" for name in examples]
    found = suite(*targets, folder=checkout / "tests/examples", paths=("/", "/feed"))

    assert found.ran.code == 0, found.ran.text[-8000:]
    assert found.run.complete
    assert found.found("fail") | found.found("weak") == set()
    for name in examples:
        assert len(found.exercised(f"{name}-application")) >= {"wsgi": 28, "asgi": 36}[interface]


MUTANTS = """
from flask_app import app as flask_app
from starlette_app import app as starlette_app


def text_body(environ, start_response):
    return [piece.decode() for piece in flask_app(environ, start_response)]


def number_in_header(environ, start_response):
    def start(status, headers, exc_info=None):
        return start_response(status, [*headers, ("X-Count", 1)], exc_info)

    return flask_app(environ, start)


async def started_twice(scope, receive, send):
    async def twice(event):
        await send(event)
        if event["type"] == "http.response.start":
            await send(event)

    await starlette_app(scope, receive, twice)
"""


@pytest.mark.parametrize(
    ("mutant", "requirement"),
    [
        ("text_body", "wsgi.unicode.bytes-yielded"),
        ("number_in_header", "wsgi.response-headers.value-native-str"),
        ("started_twice", "asgi.http.response-start.once"),
    ],
)
def test_a_planted_fault_is_found(
    mutant: str, requirement: str, project: Project, suite: Callable[..., Any], here: Path
) -> None:
    project.write({"mutants.py": MUTANTS})
    found = suite(f"mutants:{mutant}", env={"PYTHONPATH": str(here / "applications")})

    assert found.ran.code == 1, found.ran.text[-8000:]
    assert requirement in found.found("fail")
    assert "harness" not in found.verdicts()
    assert requirement in found.ran.text


def test_an_application_that_breaks_on_old_versions_may_break_without_one(
    project: Project, suite: Callable[..., Any]
) -> None:
    """Starlette's StreamingResponse(request.stream()) hangs before 2.4, and so without a version.

    Seen in the wild: https://github.com/a2aproject/a2a-python/issues/431
    """
    project.write({"picky.py": PICKY})
    found = suite("picky:application")

    assert found.ran.code == 0, found.ran.text[-8000:]
    assert found.found("fail") == set()
    assert found.found("weak") == {
        "asgi.http.scope.asgi-spec-version",
        "asgi.websocket.scope.asgi-spec-version",
    }


PICKY = """
async def application(scope, receive, send):
    if scope["type"] not in ("http", "websocket"):
        raise NotImplementedError
    if scope["asgi"].get("spec_version", "2.0") < "2.4":
        raise RuntimeError("not here")
    event = await receive()
    if not event["type"].startswith(scope["type"]):
        raise ValueError(event["type"])
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"served"})
"""
