"""Witnesses of callables that cannot be used: the application, receive, send."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_steps import HTTP, RETURN, body, call, raised, request, start, steps

from gateproof.validators.asgi.values import Misuse

CLEAN = steps(call(HTTP), request(), start(), body(), RETURN)
NOTHING_TO_AWAIT = "its call gave nothing to await"


def receive():
    """Stands for the server's receive."""


def send():
    """Stands for the server's send."""


def order(requirement, *breaks, keeps=CLEAN):
    return Order(requirement, "http", steps(*breaks), keeps)


def called(*arguments, **named):
    return (("call", Misuse(arguments, named)),)


WITNESSES = [
    order("asgi.app.awaited-with-three-arguments", called(HTTP)),
    order("asgi.app.awaited-with-three-arguments", called(HTTP, receive, send, None)),
    order("asgi.app.awaited-with-three-arguments", called(HTTP, receive, start_response=send)),
    order("asgi.scope.first-argument", called(receive, send, HTTP)),
    order(
        "asgi.receive.awaitable-callable",
        call(HTTP),
        (("receive", None), ("receive-unusable", NOTHING_TO_AWAIT)),
        (("receive-raised", TypeError("not awaitable")),),
        raised(TypeError("not awaitable")),
    ),
    order(
        "asgi.send.awaitable-callable",
        call(HTTP),
        request(),
        (("send", {"type": "http.response.start", "status": 200}),),
        (("send-unusable", NOTHING_TO_AWAIT), ("send-raised", TypeError("not awaitable"))),
        raised(TypeError("not awaitable")),
    ),
    order(
        "asgi.app.single-async-callable",
        call(HTTP),
        (("legacy", ""),),
        raised(TypeError("takes 1 positional argument")),
    ),
    order(
        "asgi.legacy.two-callables",
        call(HTTP),
        (("legacy", "its first call is asynchronous"),),
        raised(TypeError("takes 1 positional argument")),
    ),
]
