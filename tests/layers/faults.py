"""Middlewares with one fault each, to stand in the middle of a stack."""

from __future__ import annotations


class Middleware:
    def __init__(self, app):
        self.app = app


# WSGI


class HopByHop(Middleware):
    def __call__(self, environ, start_response):
        def starter(status, headers, *exc_info):
            return start_response(status, [*headers, ("Connection", "close")], *exc_info)

        return self.app(environ, starter)


class Closing:
    """An iterable over changed pieces that closes what they come from."""

    def __init__(self, inner, change):
        self.inner = inner
        self.change = change

    def __iter__(self):
        return map(self.change, self.inner)

    def close(self):
        if hasattr(self.inner, "close"):
            self.inner.close()


class TruncatedBody(Middleware):
    def __call__(self, environ, start_response):
        return Closing(self.app(environ, start_response), lambda piece: piece[:-1])


class TextBody(Middleware):
    def __call__(self, environ, start_response):
        return Closing(self.app(environ, start_response), lambda piece: piece.decode("latin-1"))


class Unclosed(Middleware):
    def __call__(self, environ, start_response):
        result = self.app(environ, start_response)
        return Kept(result)


class Kept:
    """Has a close() that forgets the one inside."""

    def __init__(self, inner):
        self.inner = inner

    def __iter__(self):
        return iter(self.inner)

    def close(self):
        pass


class StartsTwice(Middleware):
    def __call__(self, environ, start_response):
        def starter(status, headers, *exc_info):
            start_response(status, headers, *exc_info)
            return start_response(status, headers)

        return self.app(environ, starter)


class PortAsNumber(Middleware):
    def __call__(self, environ, start_response):
        return self.app({**environ, "SERVER_PORT": 80}, start_response)


# ASGI


class ASGITruncatedBody(Middleware):
    async def __call__(self, scope, receive, send):
        async def sender(event):
            if event["type"] == "http.response.body":
                event = {**event, "body": event.get("body", b"")[:-1]}
            await send(event)

        await self.app(scope, receive, sender)


class SentTwice(Middleware):
    async def __call__(self, scope, receive, send):
        async def sender(event):
            await send(event)
            if event["type"] == "http.response.start":
                await send(event)

        await self.app(scope, receive, sender)


class TextHeader(Middleware):
    async def __call__(self, scope, receive, send):
        async def sender(event):
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], ("x-middle", b"1")]}
            await send(event)

        await self.app(scope, receive, sender)


class NeverEnds(Middleware):
    async def __call__(self, scope, receive, send):
        async def sender(event):
            if event["type"] == "http.response.body":
                event = {**event, "more_body": True}
            await send(event)

        await self.app(scope, receive, sender)


class LowerMethod(Middleware):
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            scope = {**scope, "method": scope["method"].lower()}
        await self.app(scope, receive, send)


class TextRequest(Middleware):
    async def __call__(self, scope, receive, send):
        async def receiver():
            event = await receive()
            return {**event, "body": "text"} if event["type"] == "http.request" else event

        await self.app(scope, receiver, send)


WSGI = [
    (HopByHop, "wsgi.middleware.no-hop-by-hop"),
    (TruncatedBody, "wsgi.content-length.app-accurate"),
    (TextBody, "wsgi.unicode.bytes-yielded"),
    (Unclosed, "wsgi.middleware.forwards-close"),
    (StartsTwice, "wsgi.start-response.repeat-without-exc-info"),
    (PortAsNumber, "wsgi.environ.cgi-vars-native-str"),
]
"""Each fault of a WSGI middleware, and the requirement that it breaks."""

ASGI = [
    (ASGITruncatedBody, "asgi.http.app.content-length-consistent"),
    (SentTwice, "asgi.http.response-start.once"),
    (TextHeader, "asgi.http.response-start.headers-name-bytes"),
    (NeverEnds, "asgi.http.app.completes-response"),
    (LowerMethod, "asgi.http.scope.method-uppercased"),
    (TextRequest, "asgi.http.request.body-type"),
]
"""Each fault of an ASGI middleware, and the requirement that it breaks."""
