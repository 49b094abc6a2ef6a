"""Steps of which the ASGI witnesses of order are made."""

from __future__ import annotations

ASGI = {"version": "3.0", "spec_version": "2.4"}
HTTP = {
    "type": "http",
    "asgi": ASGI,
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [(b"host", b"example.org")],
}
WEBSOCKET = {
    "type": "websocket",
    "asgi": ASGI,
    "path": "/",
    "headers": [(b"host", b"example.org")],
    "subprotocols": ["chat"],
}
LIFESPAN = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
EVERYTHING = {
    f"http.response.{name}": {}
    for name in ("push", "zerocopysend", "pathsend", "early_hint", "trailers", "debug")
}

RETURN = (("return", None),)
CANCEL = (("cancel", None),)


def call(scope, *, offers=(), **changes):
    """The server calls the application; ``offers`` are names of extensions."""
    extensions = {"extensions": {name: {} for name in offers}} if offers else {}
    return (("call", {**scope, **extensions, **changes}),)


def got(event):
    """receive() is called and returns ``event``."""
    return (("receive", None), ("received", event))


def sent(event):
    """send() is called with ``event`` and returns."""
    return (("send", event), ("sent", None))


def refused(event, error):
    """send() is called with ``event`` and raises ``error``."""
    return (("send", event), ("send-raised", error))


def raised(error):
    """The application raises ``error``."""
    return (("raise", error),)


def steps(*groups):
    """All groups of steps in a row."""
    return tuple(step for group in groups for step in group)


def request(body=b"", **more):
    return got({"type": "http.request", "body": body, **more})


def start(status=200, headers=(), **more):
    return sent({"type": "http.response.start", "status": status, "headers": list(headers), **more})


def body(content=b"", **more):
    return sent({"type": "http.response.body", "body": content, **more})


DISCONNECT = got({"type": "http.disconnect"})
CONNECT = got({"type": "websocket.connect"})
ACCEPT = sent({"type": "websocket.accept"})
CLOSE = sent({"type": "websocket.close"})
SAY = sent({"type": "websocket.send", "text": "hello"})
HEAR = got({"type": "websocket.receive", "text": "hello"})
LEFT = got({"type": "websocket.disconnect", "code": 1001})
STARTUP = got({"type": "lifespan.startup"})
SHUTDOWN = got({"type": "lifespan.shutdown"})
COMPLETE = sent({"type": "lifespan.startup.complete"})
FAILED = sent({"type": "lifespan.startup.failed", "message": "no database"})
STOPPED = sent({"type": "lifespan.shutdown.complete"})
