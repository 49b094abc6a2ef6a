"""Applications that the plugin's tests run the suite against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

APPLICATIONS = """
def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def started_twice(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"oops"})


def text_body(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["text, not bytes"]


def upper_case(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["REQUEST_METHOD"].encode()]


def create(name="x"):
    return wsgi


def only_own_host(environ, start_response):
    known = environ.get("HTTP_HOST") == "example.org"
    start_response("200 OK" if known else "400 Bad Request", [("Content-Type", "text/plain")])
    return [b"hello" if known else b"who?"]


async def asgi_only_own_host(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    known = (b"host", b"example.org") in [tuple(pair) for pair in scope["headers"]]
    await send({"type": "http.response.start", "status": 200 if known else 400, "headers": []})
    await send({"type": "http.response.body", "body": b"hello" if known else b"who?"})


def wsgi_raises(environ, start_response):
    raise ValueError("always")


async def asgi_raises(scope, receive, send):
    raise ValueError("always")


def no_result(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])


class Site:
    app = staticmethod(wsgi)


site = Site()
number = 42


async def weak(scope, receive, send):
    if scope["type"] != "http":
        return  # a silent return: an application should raise
    await asgi(scope, receive, send)


def double(scope):
    async def instance(receive, send):
        pass
    return instance


def three_or_two(a, b, c=None):
    pass


def none():
    pass


def broken_factory():
    raise RuntimeError("no database")
"""


@pytest.fixture
def applications(project: Project) -> Project:
    """A project with a module ``apps`` of small applications."""
    return project.write({"apps.py": APPLICATIONS})
