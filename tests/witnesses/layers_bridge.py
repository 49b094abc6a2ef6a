"""Witnesses of what binds a bridge: ASGI outside, a WSGI application right inside."""

from __future__ import annotations

import asyncio
import io
import sys

from witnesses.kit import Layered


def blocks(environ, start_response):
    start_response("404 Nope", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1")])
    return [b"one", b"two"]


class Bridge:
    """A whole and correct bridge; what is wrong with the others overrides one method."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        body, more = b"", True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        environ = self.environ(scope, body)
        for event in await self.run(environ):
            await send(event)

    async def run(self, environ):
        return await asyncio.to_thread(self.serve, environ)

    def serve(self, environ):
        head = {}

        def start_response(status, headers, exc_info=None):
            head.update(self.start(status, headers))
            return written.append

        written = []
        result = self.app(environ, start_response)
        try:
            pieces = list(result)
        finally:
            if hasattr(result, "close"):
                result.close()
        return [head, *self.bodies([*written, *pieces])]

    def environ(self, scope, body):
        root = scope.get("root_path", "").encode().decode("latin-1")
        environ = {
            "REQUEST_METHOD": scope["method"],
            "SCRIPT_NAME": root,
            "PATH_INFO": self.path(scope["path"].encode().decode("latin-1"), root),
            "QUERY_STRING": scope["query_string"].decode("latin-1"),
            "SERVER_NAME": scope["server"][0],
            "SERVER_PORT": str(scope["server"][1]),
            "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scope["scheme"],
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for name, value in scope["headers"]:
            key = name.decode("latin-1").upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = value.decode("latin-1")
        return environ

    def path(self, path, root):
        return path.removeprefix(root)

    def start(self, status, headers):
        return {
            "type": "http.response.start",
            "status": int(status.split()[0]),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
        }

    def bodies(self, pieces):
        for piece in pieces:
            yield {"type": "http.response.body", "body": piece, "more_body": True}
        yield {"type": "http.response.body", "body": b""}


class Joins(Bridge):
    """Sends all blocks as one event, which is their content all the same."""

    def bodies(self, pieces):
        yield {"type": "http.response.body", "body": b"".join(pieces)}


class OnTheLoop(Bridge):
    async def run(self, environ):
        return self.serve(environ)


class WrongQuery(Bridge):
    def environ(self, scope, body):
        return {**super().environ(scope, body), "QUERY_STRING": ""}


class WithoutType(Bridge):
    def environ(self, scope, body):
        environ = super().environ(scope, body)
        del environ["CONTENT_TYPE"]
        return environ


class OmitsEmpty(Bridge):
    def environ(self, scope, body):
        environ = super().environ(scope, body)
        environ["REMOTE_ADDR"] = scope["client"][0]
        return {key: value for key, value in environ.items() if value != ""}


class WholePath(Bridge):
    def path(self, path, root):
        return path


class OtherStatus(Bridge):
    def start(self, status, headers):
        return {**super().start(status, headers), "status": 200}


class DropsHeader(Bridge):
    def start(self, status, headers):
        return super().start(status, headers[:1])


class Reorders(Bridge):
    def bodies(self, pieces):
        return super().bodies(reversed(pieces))


class Drops(Bridge):
    def bodies(self, pieces):
        return super().bodies(pieces[:1])


def of(name, breaks, keeps=Bridge):
    return Layered(f"asgi.http.wsgi.{name}", "bridge", breaks, keeps, blocks)


WITNESSES = [
    of("threadpool", OnTheLoop),
    of("environ-mapping", WrongQuery),
    of("environ-mapping", WithoutType, OmitsEmpty),
    of("path-info-strips-root-path", WholePath),
    of("status-mapping", OtherStatus),
    of("status-mapping", DropsHeader),
    of("body-mapping", Reorders, Joins),
    of("body-mapping", Drops),
]
