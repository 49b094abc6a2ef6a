"""The stage of an ASGI case: a server in this process around the user's application."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from gateproof.conformance.asgi_relations import Baseline
from gateproof.conformance.stage import Stage
from gateproof.targets import asgi_http, asgi_lifespan, asgi_scope, asgi_server, asgi_websocket
from gateproof.targets.asgi_http import Reply, Request
from gateproof.targets.asgi_lifespan import Lifespan
from gateproof.targets.asgi_server import PATIENCE, Application, Ending
from gateproof.targets.asgi_websocket import Connect, Session
from gateproof.targets.watched import Watched

T = TypeVar("T")


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

    def drive(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, from a case that is no coroutine function.

        Raises:
            RuntimeError: the stage cannot drive a loop.
        """
        if self.run is None:
            coroutine.close()
            raise RuntimeError("the stage cannot drive a loop")
        result: T = self.run(coroutine)
        return result

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

        Raises:
            Blocked: there was no response.
        """
        reply = await self.ask(asked)
        if reply.timed_out and reply.status is None:
            self.hung = True
            self.broken(
                "asgi.http.app.completes-response",
                f"sent no response within {self.patience:g} s to {asked}",
                watched=reply.watched,
                observed="no http.response.start",
                expected="http.response.start and http.response.body",
                hint="answer without waiting for the client to go away",
            )
            self.blocked(f"the application sent no response to {asked}")
        return reply

    async def ask(self, asked: Request) -> Reply:
        """Send one request; the exchange counts for the case, silence is not judged."""
        watched = self._exchange("asgi.http", str(asked))
        reply = await asgi_http.request(
            self.application,
            asked,
            watched,
            host=self.host,
            state=self.state,
            patience=self.patience,
        )
        _excuse_the_server(watched)
        return reply

    async def baselines(self, **values: Any) -> list[Baseline[Request, Reply]]:
        """Ask each path twice in the same way; those that answer are baselines.

        Args:
            **values: the request's values besides path and query.

        Raises:
            Blocked: no path answers completely without an exception.
        """
        usable: list[Baseline[Request, Reply]] = []
        reason = ""
        for path in self.paths:
            asked = Request.to(path, **values)
            replies = [await self.request(asked)]
            if replies[0].raised is None and replies[0].complete:
                replies.append(await self.request(asked))
            unusable = _unusable(replies[-1])
            if unusable:
                reason = reason or f"the application {unusable} on {asked}"
            else:
                usable.append(Baseline(self, asked, self.ask, replies))
        if not usable:
            self.blocked(reason)
        return usable

    async def connect(self, asked: Connect) -> Session:
        """Open one WebSocket connection.

        The exchange counts for the case unless the application took no part in
        the protocol: to refuse one that it doesn't speak is its right.
        """
        watched = self._exchange("asgi.websocket", str(asked))
        session = await asgi_websocket.connect(
            self.application,
            asked,
            watched,
            host=self.host,
            state=self.state,
            patience=self.patience,
        )
        if not session.speaks:
            self.exchanges[:] = [other for other in self.exchanges if other is not watched]
        _excuse_the_server(watched)
        return session

    async def connections(self, **values: Any) -> list[Baseline[Connect, Session]]:
        """Connect to each path twice in the same way; those that accept are baselines.

        Args:
            **values: the connection's values besides path and query.

        Raises:
            NotApplicable: no path accepts a WebSocket.
        """
        accepting: list[Baseline[Connect, Session]] = []
        for path in self.paths:
            asked = Connect.to(path, **values)
            first = await self.connect(asked)
            if first.answer == "accepted":
                again = await self.connect(asked)
                accepting.append(Baseline(self, asked, self.connect, [first, again]))
        if not accepting:
            self.not_applicable(
                f"the application does not accept WebSockets at {', '.join(self.paths)}"
            )
        return accepting

    async def offer_unknown(self) -> Ending:
        """Call the application with a scope of an unknown type; says how that ended."""
        watched = self._exchange("asgi.http", f"a scope of type {asgi_server.UNKNOWN!r}")
        watched.may_raise = True
        ending = await asgi_server.offer_unknown(self.application, watched, patience=self.patience)
        _excuse_the_server(watched)
        return ending

    async def cycle(self, **options: Any) -> Lifespan:
        """Start and stop the application once more; options as for :class:`Lifespan`.

        The lifespan around the cases is ended before: two never overlap.
        """
        if self.lifespan is not None:
            await self.lifespan.stop()
        options.setdefault("patience", self.patience)
        lifespan = Lifespan(self.application, **options)
        self.exchanges.append(lifespan.watched)
        await asgi_lifespan.cycle(lifespan)
        _excuse_the_server(lifespan.watched)
        return lifespan

    def _exchange(self, family: str, line: str) -> Watched:
        watched = Watched(family, line)
        self.exchanges.append(watched)  # before the call: one that never ends leaves its ladder
        return watched


def _unusable(reply: Reply) -> str:
    if reply.timed_out:
        return "did not complete its response in time"
    if reply.raised is not None:
        return f"raised {reply.raised!r}"
    if not reply.complete:
        return "did not complete its response"
    return ""


def _excuse_the_server(watched: Watched) -> None:
    """Forget mild breaches of our own side: cases play rare but legal servers on purpose."""
    watched.violations[:] = [
        violation
        for violation in watched.violations
        if violation.party != "server" or violation.verdict == "fail"
    ]
