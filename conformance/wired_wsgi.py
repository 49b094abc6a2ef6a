"""The stage of a WSGI case whose application is behind a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gateproof.conformance.wired_stage import Account, cross
from gateproof.conformance.wsgi_stage import TOGETHER, WSGIStage
from gateproof.targets import wired_wsgi
from gateproof.targets.watched import Watched
from gateproof.targets.wired import Sending, Unaskable, Wired
from gateproof.targets.wsgi_environ import Request
from gateproof.targets.wsgi_gateway import Reply


@dataclass
class WiredWSGIStage(WSGIStage):
    """One run of one case against one WSGI application behind a server.

    Attributes:
        wired: the way to the application.
        loop: drives the client.
        account: what of the case could be asked.
    """

    wired: Wired = field(kw_only=True)
    loop: asyncio.AbstractEventLoop = field(kw_only=True)
    account: Account = field(default_factory=Account)
    _known: dict[str, Reply] = field(default_factory=dict)

    def play(self, request: Request) -> Reply:
        """Make ``request`` over the wire.

        What cannot be asked gets the reply that the case knows already, so that it
        shows no difference; that it was not asked is in the account.

        Raises:
            NotApplicable: the method may not be sent, or there is no reply to go by.
        """
        return self.loop.run_until_complete(self._play(request))

    def interleaved(self, outer: Request, inner: Request) -> tuple[Reply, Reply]:
        """Not with a real server.

        Raises:
            NotApplicable: always.
        """
        del outer, inner
        self.not_applicable("in what order replies are read is the server's choice")

    def together(
        self, requests: Sequence[Request], turns: Sequence[int], *, threads: bool
    ) -> list[Reply]:
        """Not with a real server.

        Raises:
            NotApplicable: always.
        """
        del requests, turns, threads
        self.not_applicable("which request gets on when is the server's choice")

    def concurrently(self, requests: Sequence[Request], within: float = TOGETHER) -> list[Reply]:
        """Make all ``requests`` at once, each on a connection of its own.

        Raises:
            NotApplicable: the server works on one request at a time.
        """
        del within
        if self.wired.server.features.concurrency < len(requests):
            self.not_applicable(f"the server does not work on {len(requests)} requests at once")

        async def together() -> list[Reply]:
            return list(await asyncio.gather(*(self._play(request) for request in requests)))

        return self.loop.run_until_complete(together())

    async def _play(self, request: Request) -> Reply:
        watched = self._named(request)
        try:
            sending = await self._sending(request)
        except Unaskable as why:
            self.account.skip(str(why))
            return self._stand_in(request, watched)
        crossed = await cross(self, self.wired, self.account, sending, watched)
        if crossed.call is None:
            return self._stand_in(request, watched)
        reply = wired_wsgi.reply(request, watched, crossed.call)
        if crossed.left and sending.leave == "never":
            self.blocked(f"the response goes on after {self.wired.streaming:g} s")
        other = wired_wsgi.otherwise(request, crossed.call.request)
        if other:
            self.account.skip(f"{other} is given by the server, and not as asked for")
            self.account.asked.discard(sending.octets)
            if self._known:
                return self._stand_in(request, watched)
        self._known.setdefault(request.path, reply)
        return reply

    async def _sending(self, request: Request) -> Sending:
        return wired_wsgi.sending(
            request,
            await self.wired.sample("wsgi"),
            host=self.host,
            features=self.wired.server.features,
        )

    def _named(self, request: Request) -> Watched:
        if request.method not in self.methods:
            self.not_applicable(f"{request.method} may not be sent (--target-methods)")
        return Watched("wsgi", request.line)

    def _stand_in(self, request: Request, watched: Watched) -> Reply:
        """The reply to a request that was not made: no other than the one that is known."""
        known = self._known.get(request.path) or next(iter(self._known.values()), None)
        if known is None:
            reasons = [*self.account.unasked, *self.account.unreached]
            self.not_applicable(f"not with a real server: {reasons[0]}")
        return replace(known, request=request, watched=watched, pieces=[*known.pieces])
