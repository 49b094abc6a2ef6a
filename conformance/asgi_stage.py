"""The stage of an ASGI case: a server in this process around the user's application."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from gateproof.conformance.stage import Stage
from gateproof.targets import asgi_http, asgi_lifespan, asgi_scope
from gateproof.targets.asgi_http import Reply, Request
from gateproof.targets.asgi_lifespan import Lifespan
from gateproof.targets.asgi_server import PATIENCE, Application


async def _no_application(*_: object) -> None:
    raise LookupError("the stage has no application")


@dataclass
class ASGIStage(Stage):
    """One run of one case against an ASGI application.

    Attributes:
        application: the application under test.
        lifespan: the lifespan that runs around the cases; ``None`` for none.
        patience: seconds that a client waits before it goes away.
        backend: the event loop's kind, ``"asyncio"`` or ``"trio"``.
        host: the ``host`` header of requests.
        run: what a case that is no coroutine function drives coroutines with.
    """

    application: Application = _no_application
    lifespan: Lifespan | None = None
    patience: float = PATIENCE
    backend: str = "asyncio"
    host: str = asgi_scope.HOST
    run: Callable[[Coroutine[Any, Any, Any]], Any] | None = None

    @property
    def state(self) -> dict[str, Any] | None:
        """The namespace of which requests get copies, ``None`` where there is none."""
        if self.lifespan is None or self.lifespan.outcome != "complete":
            return None
        return self.lifespan.state

    async def request(self, asked: Request) -> Reply:
        """Send one request; the exchange counts for the case.

        An application that sends no response while the client waits is reported,
        and ends the case.
        """
        reply = await self.ask(asked)
        if reply.timed_out and reply.status is None:
            self.broken(
                "asgi.http.app.completes-response",
                f"sent no response within {self.patience:g} s to {asked}",
                watched=reply.watched,
                observed="no http.response.start",
                expected="http.response.start and http.response.body",
            )
            self.blocked(f"the application sent no response to {asked}")
        return reply

    async def ask(self, asked: Request) -> Reply:
        """Send one request; the exchange counts for the case, silence is not judged."""
        reply = await asgi_http.request(
            self.application, asked, host=self.host, state=self.state, patience=self.patience
        )
        self.exchanges.append(reply.watched)
        return reply

    async def cycle(self, **options: Any) -> Lifespan:
        """Start and stop the application once more; options as for :class:`Lifespan`.

        The lifespan around the cases must have ended.
        """
        lifespan = await asgi_lifespan.cycle(self.application, **options)
        self.exchanges.append(lifespan.watched)
        return lifespan
