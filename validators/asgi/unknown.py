"""The judge of a connection whose protocol no specification here describes."""

from __future__ import annotations

from gateproof.validators.asgi.judge import Judge
from gateproof.validators.asgi.values import NOTHING, breach, exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.asgi.judge import Found

UNHEARD_OF = "x-conformance-"
"""Types that begin with this belong to no protocol at all, so no application knows them.

Other unknown types may be a third party's protocol that the application does
understand: nothing is told of those.
"""


MISSPELT = {
    **dict.fromkeys(("http", "https", "http2", "http/1.1", "http/2"), "http"),
    **dict.fromkeys(("websocket", "websockets", "web-socket", "ws", "wss"), "websocket"),
    "lifespan": "lifespan",
}
"""Types in lower case that are a standard one misspelt, where the rest of the scope fits."""

_TELLING = {
    "http": ("http_version", "method", "path", "headers"),
    "websocket": ("path", "headers"),
    "lifespan": (),
}
"""The keys by which a scope is known for what it is, whatever its type says."""


class UnknownJudge(Judge):
    """Judges how an application meets a protocol that it cannot know."""

    def called(self, scope: object) -> Found:
        """The server called the application with ``scope``."""
        found = super().called(scope)
        meant = MISSPELT.get(self.kind.lower())
        if meant is None or any(key not in self.scope for key in _TELLING[meant]):
            return found
        return (
            *(one for one in found if one.requirement != "asgi.scope.type-known"),
            breach(
                f"asgi.{meant}.scope.type",
                f"in the scope, type is {self.kind!r} where {meant!r} seems to be meant",
                repr(self.kind),
                repr(meant),
            ),
        )

    def begin(self) -> None:
        """Settle whether any application could understand this scope."""
        self.kind = exact(self.scope.get("type")) or ""
        self.alien = self.kind.startswith(UNHEARD_OF)
        self.sent = False

    def send_called(self, event: object) -> Found:
        """Nothing may be sent on a protocol that is not understood."""
        found = super().send_called(event)
        if not self.alien or self.sent:
            return found
        self.sent = True
        return (
            *found,
            breach(
                "asgi.app.rejects-unknown-before-sending",
                f"an event was sent on a connection of type {self.kind!r}",
                "a call of send()",
                "an exception before any event",
            ),
        )

    def ended(self) -> Found:
        """Returning pretends that the protocol was understood."""
        if not self.alien:
            return NOTHING
        return (
            breach(
                "asgi.app.rejects-unknown-protocol",
                f"the application returned from a connection of type {self.kind!r}",
                "a normal return",
                "an exception",
            ),
        )


FINDS = {
    "called": ("asgi.http.scope.type", "asgi.websocket.scope.type", "asgi.lifespan.scope.type"),
    "send_called": ("asgi.app.rejects-unknown-before-sending",),
    "ended": ("asgi.app.rejects-unknown-protocol",),
}
"""The requirements that each check can find broken."""
