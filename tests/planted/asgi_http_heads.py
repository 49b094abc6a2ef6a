"""ASGI applications that look at the scope of a request, each with one fault in how it does.

Every function makes an application; with ``faulty=False`` the same one, mended.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, unquote_to_bytes

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PLAIN = b"text/plain; charset=utf-8"

log = logging.getLogger(__name__)


def only_http(scope: Scope) -> None:
    """Refuse what is not HTTP."""
    if scope["type"] != "http":
        raise NotImplementedError(f"this application does not speak {scope['type']}")


def values(scope: Scope, name: bytes) -> list[bytes]:
    """The values of a request header, in order."""
    return [value for key, value in scope["headers"] if key.lower() == name]


async def body_of(receive: Receive) -> bytes | None:
    """The whole body, ``None`` where the client went away before."""
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        if event["type"] == "http.request":
            body += event.get("body", b"")
            more = event.get("more_body", False)
    return body


async def answer(
    scope: Scope,
    send: Send,
    body: bytes,
    *,
    status: int = 200,
    kind: bytes = PLAIN,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Send a complete response."""
    length = (b"content-length", str(len(body)).encode("ascii"))
    head = [(b"content-type", kind), length, *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def greeting(faulty: bool) -> Application:
    """Says good day in English or French; headers that were sent twice count once.

    Fault: the header pairs are used as keys, which lists cannot be. Shows when a header
    name is repeated and the pairs are lists.
    """

    def once(pairs: list[Any]) -> list[Any]:
        names = [pair[0] for pair in pairs]
        if len(names) == len(set(names)):
            return pairs
        return list(dict.fromkeys(pairs if faulty else map(tuple, pairs)))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        if await body_of(receive) is None:
            return
        headers = once(list(scope["headers"]))
        languages = [value for name, value in headers if name.lower() == b"accept-language"]
        french = any(language.lower().startswith(b"fr") for language in languages)
        await answer(scope, send, b"Bonjour\n" if french else b"Good day\n")

    return application


def measured(faulty: bool) -> Application:
    """Takes a body only with the announced length.

    Fault: the header is looked up as servers mostly write it, in lower case. Shows when
    there is a body and its length is announced as ``Content-Length``.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        body = await body_of(receive)
        if body is None:
            return
        if faulty:
            announced = [value for key, value in scope["headers"] if key == b"content-length"]
        else:
            announced = values(scope, b"content-length")
        if body and not announced:
            await answer(scope, send, b"say how long it is\n", status=411)
        else:
            await answer(scope, send, b"taken\n")

    return application


def basket(faulty: bool) -> Application:
    """Lists the cookies that were sent; of those with one name, the first counts.

    Fault: across several Cookie headers the last counts. Shows when a name occurs in two
    Cookie headers with different values.
    """

    def parsed(text: bytes) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for pair in text.split(b";"):
            name, equals, value = pair.strip().partition(b"=")
            if equals:
                found.setdefault(name, value)
        return found

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        if await body_of(receive) is None:
            return
        sent = values(scope, b"cookie")
        cookies: dict[bytes, bytes] = {}
        for text in sent if faulty else [b"; ".join(sent)]:
            cookies.update(parsed(text))
        lines = b"".join(b"%b=%b\n" % pair for pair in sorted(cookies.items()))
        await answer(scope, send, lines, kind=b"text/plain; charset=iso-8859-1")

    return application


def status(faulty: bool) -> Application:
    """Tells that all is well: in JSON for clients that take it, in HTML for others.

    Fault: HEAD is always told of JSON. Shows when HEAD comes with an Accept header that
    has neither ``json`` nor ``*/*``.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        if await body_of(receive) is None:
            return
        accept = b",".join(values(scope, b"accept"))
        json = not accept or b"json" in accept or b"*/*" in accept
        vary = ((b"vary", b"accept"),)
        if json or (faulty and scope["method"] == "HEAD"):
            await answer(scope, send, b'{"ok": true}\n', kind=b"application/json", headers=vary)
        else:
            kind = b"text/html; charset=utf-8"
            await answer(scope, send, b"<p>All is well.</p>\n", kind=kind, headers=vary)

    return application


def checked(faulty: bool) -> Application:
    """Sends a checksum behind the body to clients that want trailers.

    Fault: any extension is taken for the one of trailers. Shows when the client sends
    ``te: trailers`` and the server offers extensions, but not http.response.trailers.
    """
    rows = (b"one\n", b"two\n", b"three\n")
    checksum = b"%08x" % zlib.crc32(b"".join(rows))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        if await body_of(receive) is None:
            return
        offered = scope.get("extensions") or {}
        wanted = any(b"trailers" in value.lower() for value in values(scope, b"te"))
        trailers = wanted and bool(offered if faulty else "http.response.trailers" in offered)
        headers = [(b"content-type", PLAIN)]
        if trailers:
            headers.append((b"trailer", b"x-checksum"))
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        await send({**start, "trailers": True} if trailers else start)
        for row in rows if scope["method"] != "HEAD" else ():
            await send({"type": "http.response.body", "body": row, "more_body": True})
        await send({"type": "http.response.body"})
        if trailers:
            await send({"type": "http.response.trailers", "headers": [(b"x-checksum", checksum)]})

    return application


def logged(faulty: bool) -> Application:
    """Answers, and logs the path as it stood in the request line.

    Fault: where the path is quoted again, ``root_path`` is taken for granted. Shows when
    neither ``raw_path`` nor ``root_path`` is in the scope.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        if await body_of(receive) is None:
            return
        raw = scope.get("raw_path")
        if raw is None:
            root = scope["root_path"] if faulty else scope.get("root_path", "")
            path = root + scope["path"].removeprefix(root)
            raw = quote(path, errors="replace").encode("ascii")
        log.debug("%s %r", scope["method"], raw)
        await answer(scope, send, b"noted\n")

    return application


def linked(faulty: bool) -> Application:
    """Tells in a link header which page this is, with its query string.

    Fault: the query string is decoded for it and not encoded again. Shows when it has an
    escaped CR, LF or NUL.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        if await body_of(receive) is None:
            return
        query = unquote_to_bytes(scope.get("query_string") or b"")
        shown = query if faulty else quote(query, safe="=&+;").encode("ascii")
        link = (b"link", b'</?%b>; rel="canonical"' % shown)
        await answer(scope, send, b"a page\n", headers=(link,))

    return application


def section(faulty: bool) -> Application:
    """Says which section of the site this is: the first segment below the mount.

    Fault: the path below the mount is taken to begin with a slash. Shows when ``path``
    is ``root_path`` itself, and not empty.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        if await body_of(receive) is None:
            return
        path, mount = scope["path"], scope.get("root_path", "")
        if path == "*":  # OPTIONS of the server as a whole
            path = mount + "/"
        below = path[len(mount) :] if f"{path}/".startswith(f"{mount}/") else path
        name = below.split("/")[1] if faulty else below.partition("/")[2].partition("/")[0]
        await answer(scope, send, f"{name or 'home'}\n".encode("utf-8", "replace"))

    return application
