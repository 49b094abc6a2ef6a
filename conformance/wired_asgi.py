"""The stage of an ASGI case whose application is behind a real server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.asgi_relations import Baseline
from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.wired_stage import Account, cross, take_in
from gateproof.targets import asgi_http, wired_http, wired_websocket
from gateproof.targets.asgi_http import Reply, Request
from gateproof.targets.asgi_lifespan import Lifespan
from gateproof.targets.asgi_server import Ending
from gateproof.targets.asgi_websocket import Connect, Session
from gateproof.targets.watched import Watched
from gateproof.targets.wire import WireError
from gateproof.targets.wired import Sending, Unaskable, Wired


class WiredBaseline(Baseline[Any, Any]):
    """A baseline that no variant is held against which cannot be asked."""

    async def agrees(self, variant: Any, *args: Any, **options: Any) -> Any:
        """As in the class above; what cannot be asked agrees, and is in the account."""
        stage: Any = self.stage
        if not await stage.can_ask(variant):
            return self.replies[0]
        return await super().agrees(variant, *args, **options)


@dataclass
class WiredASGIStage(ASGIStage):
    """One run of one case against an ASGI application behind a server.

    Attributes:
        wired: the way to the application.
        account: what of the case could be asked.
    """

    wired: Wired = field(kw_only=True)
    account: Account = field(default_factory=Account)

    @property
    def state(self) -> dict[str, Any] | None:
        """The namespace of the lifespan is the server's affair."""
        return None

    # HTTP

    async def ask(self, asked: Request) -> Reply:
        """Send one request; one that cannot be asked gets an empty reply.

        Raises:
            NotApplicable: the events themselves cannot be chosen.
        """
        watched = Watched("asgi.http", str(asked))
        try:
            sending = await self._sending(asked)
        except Unaskable as why:
            self.account.skip(str(why))
            if asked.events:
                self.not_applicable(f"not with a real server: {why}")
            return Reply(asked, watched)
        crossed = await cross(self, self.wired, self.account, sending, watched)
        reply = wired_http.reply(asked, watched, crossed)
        if asked.leave != asgi_http.Leave() and not reply.left:
            self.account.skip("the application had answered before its client was gone")
            self.account.asked.discard(sending.octets)
        return reply

    async def request(self, asked: Request) -> Reply:
        """As :meth:`ask`, where an application that sends no response has hung."""
        return await self.ask(asked)

    async def baselines(self, **values: Any) -> list[Baseline[Request, Reply]]:
        """As in this process, of what can be asked.

        Raises:
            NotApplicable: the plainest request of the case cannot be made, or the server
                does not hand it to the application.
            Blocked: no path answers completely without an exception.
        """
        for path in self.paths:
            if not await self.can_ask(Request.to(path, **values)):
                self.not_applicable(f"not with a real server: {next(iter(self.account.unasked))}")
        found = await super().baselines(**values)
        return [WiredBaseline(self, base.asked, base.ask, base.replies) for base in found]

    async def _sending(self, asked: Request) -> Sending:
        return wired_http.sending(
            asked,
            await self.wired.sample("http"),
            host=self.host,
            features=self.wired.server.features,
        )

    async def can_ask(self, asked: Request | Connect) -> bool:
        """Whether a request or connection can be made; that it cannot is noted."""
        try:
            if isinstance(asked, Request):
                await self._sending(asked)
            else:
                wired_websocket.askable(asked, await self.wired.sample("websocket"))
        except Unaskable as why:
            self.account.skip(str(why))
            return False
        return True

    # WebSocket

    async def connect(self, asked: Connect) -> Session:
        """Open one connection; one that cannot be made gets an empty session.

        Raises:
            NotApplicable: the server does not speak WebSocket.
        """
        server = self.wired.server
        if not server.features.websocket:
            self.not_applicable(f"{server.name} does not speak WebSocket")
        watched = Watched("asgi.websocket", str(asked))
        if not await self.can_ask(asked):
            return Session(asked, watched)
        try:
            opened = await wired_websocket.converse(self.wired, asked, self.host)
        except WireError as error:
            self.account.troubled = True
            self.blocked(f"{server.name} takes no connection: {error}")
        if opened.call is None:
            self.account.pass_over(f"{asked}: {opened.reply}"[:120])
            return Session(asked, watched)
        self.account.asked.add(repr(asked).encode())
        take_in(watched, [opened.call], self.account)
        session = wired_websocket.session(asked, watched, opened)
        if session.speaks:
            self.exchanges.append(watched)
        self.account.troubled |= opened.stuck
        return session

    async def connections(self, **values: Any) -> list[Baseline[Connect, Session]]:
        """As in this process, of what can be asked.

        Raises:
            NotApplicable: no path accepts a WebSocket, or the server does not speak it.
        """
        found = await super().connections(**values)
        return [WiredBaseline(self, base.asked, base.ask, base.replies) for base in found]

    # What is a server's own affair

    async def offer_unknown(self) -> Ending:
        """Not with a real server.

        Raises:
            NotApplicable: always.
        """
        self.not_applicable("no server calls an application for a protocol that there is not")

    async def cycle(self, **options: Any) -> Lifespan:
        """Not with a real server.

        Raises:
            NotApplicable: always.
        """
        del options
        self.not_applicable("a server starts its application once, in its own way")
