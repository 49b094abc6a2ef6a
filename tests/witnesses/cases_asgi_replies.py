"""ASGI applications whose replies disagree with each other, each with its correct neighbour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from witnesses.kit import Application

App = Callable[..., Any]
Fields = Mapping[bytes, bytes]


def replying(look: Callable[[bytes, Fields], tuple[int, list[tuple[bytes, bytes]]]]) -> App:
    """Answers with the status and headers that ``look`` gives for a method and its headers."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        status, headers = look(scope["method"].encode(), dict(scope["headers"]))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if status == 304 or scope["method"] == "HEAD" else b"hello"
        await send({"type": "http.response.body", "body": body})

    return application


def cached(keep: bool) -> App:
    """A page with an entity tag; ``keep``: whether the 304 has all that the 200 has."""
    whole = [(b"etag", b'"1"'), (b"vary", b"accept"), (b"content-type", b"text/plain")]

    def look(_method: bytes, headers: Fields) -> tuple[int, list[tuple[bytes, bytes]]]:
        if headers.get(b"if-none-match") == b'"1"':
            return 304, whole[: 2 if keep else 1]
        return 200, whole

    return replying(look)


def dated(keep: bool) -> App:
    """As :func:`cached`, of which only the time of change is known."""
    whole = [
        (b"last-modified", b"Sat, 21 Nov 2026 10:00:00 GMT"),
        (b"cache-control", b"max-age=60"),
    ]

    def look(_method: bytes, headers: Fields) -> tuple[int, list[tuple[bytes, bytes]]]:
        if b"if-modified-since" in headers:
            return 304, whole[1:] if keep else []
        return 200, whole

    return replying(look)


def kind(of: Callable[[bytes], bytes]) -> App:
    return replying(lambda method, _: (200, [(b"content-type", of(method))]))


def length(of: Callable[[bytes], bytes]) -> App:
    return replying(lambda method, _: (200, [(b"content-length", of(method))]))


def hearing(strict: bool, spare: Callable[[Any], bool]) -> App:
    """Reads until the request is complete; what is no request event it skips, or refuses."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        while True:
            event = await receive()
            if event.get("type") == "http.disconnect":
                return
            if event.get("type") == "http.request":
                break
            if strict and not spare(event):
                raise ValueError(f"no place for {event}")
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"hello"})

    return application


def witness(requirement: str, case: str, breaks: App, keeps: App) -> Application:
    return Application(requirement, "asgi", breaks, keeps, f"asgi.http::{case}")


METADATA = "http1.status.304-metadata"
HEAD = "http1.head.same-headers"

WITNESSES = [
    witness(METADATA, "not-modified", cached(keep=False), cached(keep=True)),
    witness(METADATA, "not-modified", dated(keep=False), dated(keep=True)),
    witness(HEAD, "head-as-get", kind(lambda m: b"text/" + m.lower()), kind(lambda m: b"a/b")),
    witness(
        HEAD,
        "head-as-get",
        length(lambda method: b"7" if method == b"HEAD" else b"5"),
        length(lambda method: b"5"),
    ),
    witness(
        "asgi.app.raises-on-invalid-event",
        "event-without-type",
        hearing(strict=False, spare=bool),
        hearing(strict=True, spare=lambda event: "type" in event),
    ),
    witness(
        "asgi.app.handles-mixed-events",
        "event-of-other-origin",
        hearing(strict=True, spare=lambda event: False),
        hearing(strict=True, spare=lambda event: "type" in event),
    ),
]
