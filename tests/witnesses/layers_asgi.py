"""Witnesses of what binds ASGI middleware: each stands between two points of a stack."""

from __future__ import annotations

from witnesses.kit import Layered


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    await send({"type": "http.response.body", "body": b"two"})


class Middleware:
    def __init__(self, app):
        self.app = app


class ChangesScope(Middleware):
    async def __call__(self, scope, receive, send):
        scope["path"] = "/elsewhere"
        await self.app(scope, receive, send)


class AppendsHeader(Middleware):
    async def __call__(self, scope, receive, send):
        scope["headers"].append((b"x-middle", b"1"))
        await self.app(scope, receive, send)


class CopiesScope(Middleware):
    async def __call__(self, scope, receive, send):
        headers = [*scope["headers"], (b"x-middle", b"1")]
        await self.app({**scope, "path": "/elsewhere", "headers": headers}, receive, send)


class AddsOwnKey(Middleware):
    """Keeps something of its own in the shared scope, as sessions do."""

    async def __call__(self, scope, receive, send):
        scope["middle.session"] = {}
        scope.setdefault("state", {})["middle"] = True
        await self.app(scope, receive, send)


class ChangesWhenSending(Middleware):
    async def __call__(self, scope, receive, send):
        handed = dict(scope)

        async def sender(event):
            handed["path"] = f"/after/{event['type']}"
            await send(event)

        await self.app(handed, receive, sender)


class ChangesWhenReceiving(Middleware):
    async def __call__(self, scope, receive, send):
        handed = dict(scope)

        async def receiver():
            event = await receive()
            handed["method"] = "PUT"
            return event

        await self.app(handed, receiver, send)


class LeavesAlone(Middleware):
    async def __call__(self, scope, receive, send):
        handed, seen = dict(scope), []

        async def sender(event):
            seen.append((handed["path"], event["type"]))
            await send(event)

        await self.app(handed, receive, sender)


class PlaysBothRoles(Middleware):
    """Changes the scope, what is received and what is sent."""

    async def __call__(self, scope, receive, send):
        async def receiver():
            event = await receive()
            return {**event, "body": event.get("body", b"") + b"more"}

        async def sender(event):
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], (b"x-middle", b"1")]}
            await send(event)

        await self.app({**scope, "root_path": "/middle"}, receiver, sender)


def of(requirement, breaks, keeps):
    return Layered(requirement, "asgi", breaks, keeps, app)


WITNESSES = [
    of("asgi.middleware.copies-scope", ChangesScope, CopiesScope),
    of("asgi.middleware.copies-scope", AppendsHeader, AddsOwnKey),
    of("asgi.middleware.no-mutation-after-handover", ChangesWhenSending, LeavesAlone),
    of("asgi.middleware.no-mutation-after-handover", ChangesWhenReceiving, LeavesAlone),
    of("asgi.middleware.plays-both-roles", None, PlaysBothRoles),
]
