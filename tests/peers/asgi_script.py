"""Plays the steps of an ASGI exchange live, without an event loop.

The application of a script calls receive() and send() as the steps say, and
holds what they return until the script has them return, so that a pending
receive() may overlap any number of sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from typing import Any

from gateproof.validators.asgi.values import Misuse

Step = tuple[str, Any]
PLAYED = frozenset(
    {
        *("call", "receive", "received", "receive-raised", "receive-cancelled"),
        *("send", "sent", "send-raised", "return", "raise", "cancel"),
    }
)


OPTIONAL: dict[str, dict[str, Any]] = {
    "http": {"scheme": "http", "root_path": "", "raw_path": b"/"},
    "websocket": {
        "scheme": "ws",
        "root_path": "",
        "raw_path": b"/",
        "http_version": "1.1",
        "query_string": b"",
        "subprotocols": [],
    },
}


def complete(steps: Sequence[Step]) -> Sequence[Step]:
    """The steps with the optional keys that some checkers demand, that they look further."""
    step, scope = steps[0]
    if type(scope) is not dict:
        return steps
    return ((step, {**OPTIONAL.get(str(scope.get("type")), {}), **scope}), *steps[1:])


def playable(steps: Sequence[Step]) -> bool:
    """Whether every step can be played."""
    return (
        bool(steps)
        and steps[0][0] == "call"
        and all(step in PLAYED and type(data) is not Misuse for step, data in steps)
        and all(step not in ENDS for step, _ in steps[:-1])
    )


ENDS = ("return", "raise", "cancel")


class _Wait:
    """Gives control back to whoever steps the coroutine."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class _Script:
    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = list(steps)
        self.answer: Any = None

    async def server(self, *event: Any) -> Any:
        """receive() or send() of the server: waits for its step, then does as it says."""
        await _Wait()
        answer, self.answer = self.answer, None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def application(self, scope: Any, receive: Any, send: Any) -> Any:
        receiving: list[Any] = []
        sending: list[Any] = []
        for step, data in self.steps[1:]:
            if step == "receive":
                receiving.append(receive())
                receiving[-1].send(None)
            elif step in ("received", "receive-raised"):
                self.resume(receiving.pop(0), data, step)
            elif step == "receive-cancelled":
                self.resume(receiving.pop(0), None, step)
            elif step == "send":
                sending.append(send(data))
                sending[-1].send(None)
            elif step in ("sent", "send-raised"):
                self.resume(sending.pop(0), data, step)
            elif step == "return":
                return data
            elif step == "raise":
                raise data
            elif step == "cancel":
                raise asyncio.CancelledError
        return None

    def resume(self, pending: Any, data: Any, step: str) -> None:
        """Let a call that is pending end as the script says."""
        try:
            if step == "receive-cancelled":
                pending.throw(asyncio.CancelledError)
            else:
                self.answer = data
                pending.send(None)
        except StopIteration:
            return
        except BaseException as error:
            if error is not data and not isinstance(error, asyncio.CancelledError):
                raise


def play(steps: Sequence[Step], wrap: Callable[[Any], Any]) -> None:
    """Play an exchange with ``wrap`` around its application; raises what is raised in it."""
    script = _Script(steps)
    scope = steps[0][1]
    call = wrap(script.application)(
        dict(scope) if type(scope) is dict else scope, script.server, script.server
    )
    if not hasattr(call, "send"):
        raise TypeError(f"{call!r} is no coroutine")
    try:
        call.send(None)
    except StopIteration:
        return
    except asyncio.CancelledError:
        return
    call.close()
