"""What a case for servers acts on: the running server, its application's scripts, its client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from gateproof.conformance.heard import Heard
from gateproof.conformance.patience import patience, settle
from gateproof.conformance.stage import Stage
from gateproof.targets.hosted import HostedServer
from gateproof.targets.http1 import Reply, read_reply
from gateproof.targets.http1_request import Request, filled, method_of
from gateproof.targets.journal import Call
from gateproof.targets.script import Script, answer
from gateproof.targets.server import Server, ServerError, Stopped
from gateproof.targets.wire import Wire, WireError
from gateproof.validators.violation import Verdict, Violation

__all__ = ["Heard", "Own", "Request", "ServerStage"]

ANSWER = answer()
"""The plainest script: 200 and a short body, with its length."""

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that is no breach of a specification and yet endangers users."""

    severity: Severity
    message: str
    observed: str = ""
    expected: str = ""
    hint: str = ""
    heard: Heard | None = None


def _leaving(heard: Heard) -> bool:
    """Whether the server is about to end the TLS connection of an exchange."""
    wire = heard.wire
    over = wire.closed or wire.eof or wire.was_reset
    return wire.secure and not over and heard.reply.complete and not heard.reply.keeps


@dataclass
class ServerStage(Stage):
    """One run of one case against one server.

    Attributes:
        server: the server, which is running.
        patience: seconds that an answer may take which has to come.
        heard: every request of the case, in order.
        hazards: what the case found to be dangerous.
        incidental: what the judges saw in the other cases of the family, for the
            case that comes last.
        between: likewise, what they saw between the connections of an event loop.
        engaged: the requirements that were judged there.
        troubled: some answer never came, so that the server may be stuck.
    """

    server: Server | HostedServer = field(kw_only=True)
    patience: float = field(default_factory=patience)
    heard: list[Heard] = field(default_factory=list)
    hazards: list[Hazard] = field(default_factory=list)
    incidental: Sequence[tuple[Violation, Heard]] = ()
    between: Sequence[Violation] = ()
    engaged: frozenset[str] = frozenset()
    troubled: bool = False
    _scripts: dict[str, Script] = field(default_factory=dict)
    _wires: list[Wire] = field(default_factory=list)

    @property
    def interface(self) -> str:
        """``"wsgi"`` or ``"asgi"``."""
        return self.server.interface

    @property
    def features(self) -> Any:
        """What the server can, as its adapter says."""
        return self.server.features

    @property
    def host(self) -> str:
        """``HOST:PORT`` of the server."""
        return self.server.host

    def needs(self, *features: str) -> None:
        """Go on only where the server has all of ``features``.

        Raises:
            NotApplicable: it lacks one.
            AttributeError: no such feature.
        """
        for name in features:
            if not getattr(self.features, name):
                self.not_applicable(f"{self.server.name} lacks {name.replace('_', ' ')}")

    def at_hand(self, what: str) -> None:
        """Go on only where the server is ours, and nothing stands between it and the client.

        Args:
            what: what cannot be known otherwise, as the subject of a sentence.

        Raises:
            NotApplicable: it is hosted.
        """
        if self.server.hosted:
            self.not_applicable(f"{what} cannot be known of a hosted server")

    # The application

    def lay(self, app: Script = ANSWER) -> str:
        """Lay down what the application is to do; the request has to carry the token."""
        if not getattr(app, self.interface):
            self.not_applicable(f"this application cannot be written for {self.interface.upper()}")
        token = self.server.folder.lay(app)
        self._scripts[token] = app
        return token

    def let(self, token: str, name: str) -> None:
        """Let the application's step ``wait(name)`` go on."""
        self.server.folder.let(token, name)

    async def calls(self, token: str, count: int = 1, within: float | None = None) -> list[Call]:
        """The calls of the application for ``token``; waits until ``count`` have ended."""
        ended = self.server.folder.ended(token, count, within or self.patience)
        if not any(map(_leaving, self.heard)):
            return await ended
        waiting = asyncio.ensure_future(ended)
        try:
            # Some servers end a call only when we have answered the end of their TLS.
            while left := [heard.wire for heard in self.heard if _leaving(heard)]:
                for wire in left:
                    wire.look()
                if (await asyncio.wait((waiting,), timeout=settle(1 / 3)))[0]:
                    break
            return await waiting
        finally:
            waiting.cancel()

    # The client

    async def connect(self) -> Wire:
        """A new connection; the end of the case closes it.

        Raises:
            Blocked: the server does not take it.
        """
        try:
            wire = await self.server.connect(self.patience)
        except WireError as error:
            self.troubled = True
            self.blocked(f"{self.server.name} takes no connection: {error}")
        self._wires.append(wire)
        return wire

    async def ask(
        self,
        request: Request | bytes,
        app: Script = ANSWER,
        *,
        wire: Wire | None = None,
        cuts: Sequence[int] = (),
        then: Literal["close", "keep"] = "close",
        calls: int | None = None,
        within: float | None = None,
        method: str = "",
    ) -> Heard:
        """Send one request and read its reply.

        Args:
            request: the request; octets are sent as they are, ``{token}`` and
                ``{host}`` filled in.
            app: what the application does.
            wire: the connection; a new one by default.
            cuts: where the octets are cut into segments.
            then: whether the connection is closed once the reply was read.
            calls: how many calls of the application to wait for; by default for
                those that have begun when the reply was read, and for one where
                the reply is not an error.
            within: seconds for the reply, and again for the calls.
            method: the method as far as the framing of the reply goes, where the
                request does not tell.

        Raises:
            Blocked: the server takes no connection.
        """
        within = within or self.patience
        token = self.lay(app)
        if isinstance(request, Request):
            octets = request.octets(token, self.host)
        else:
            octets = filled(request, token, self.host)
        wire = wire or await self.connect()
        heard = Heard(token, octets, wire, Reply(), [], self.interface)
        self.heard.append(heard)
        await wire.send(octets, cuts)
        heard.reply = await read_reply(wire, method or method_of(octets), within)
        if heard.reply.ended == "timeout":
            self.troubled = True
        if then == "close":
            await wire.close()
        await self.gather(heard, calls, within)
        return heard

    async def gather(self, heard: Heard, calls: int | None, within: float) -> None:
        """Read the journals of an exchange once they are complete."""
        if calls is None:
            begun = len(self.server.folder.calls(heard.token))
            answered = 0 < heard.reply.status < 400
            calls = max(begun, int(answered))
        if calls == 0:
            heard.calls = self.server.folder.calls(heard.token)
            return
        heard.calls = await self.calls(heard.token, calls, within)

    async def follow_up(self, heard: Heard) -> Heard | None:
        """A plain second request on the connection of ``heard``; ``None`` where it is closed."""
        wire = heard.wire
        if not heard.reply.complete or wire.eof or wire.was_reset or wire.closed:
            return None
        second = await self.ask(Request(), wire=wire)
        reply = second.reply
        if not reply.raw and (wire.eof or wire.was_reset):
            self.heard.remove(second)
            return None  # it was closed before the request came
        return second

    async def refresh(self, heard: Heard, within: float | None = None) -> None:
        """Read the journals of an exchange again, once its calls have ended."""
        count = max(1, len(heard.calls))
        heard.calls = await self.calls(heard.token, count, within)

    # Servers of one's own

    @asynccontextmanager
    async def own_server(
        self, lifespan: Script | None = None, *, root_path: str = ""
    ) -> AsyncIterator[Own]:
        """A server of the same kind for this case alone, which is stopped at the end.

        Args:
            lifespan: what the application does in its lifespan.
            root_path: where the application is mounted; needs the feature ``root_path``.

        Raises:
            NotApplicable: the server is hosted.
        """
        if isinstance(self.server, HostedServer):
            self.not_applicable("a hosted server is not ours to start and stop")
        if root_path:
            self.needs("root_path")
        own = Own(self, self.server.another(root_path=root_path))
        own.server.folder.arm_lifespan(lifespan)
        try:
            await own.start()
            yield own
        finally:
            await own.stop()

    # Findings

    def broken(  # type: ignore[override]
        self,
        requirement: str,
        message: str,
        *,
        heard: Heard | None = None,
        observed: str = "",
        expected: str = "",
        verdict: Verdict | None = None,
        hint: str = "",
    ) -> None:
        """Report that the server broke ``requirement``; the case goes on.

        ``heard`` is the exchange that shows it, by default the latest.
        """
        heard = heard or (self.heard[-1] if self.heard else None)
        Stage.broken(
            self,
            requirement,
            message,
            watched=heard.watched() if heard else None,
            observed=observed,
            expected=expected,
            verdict=verdict,
            party="server",
            hint=hint,
        )

    def hazard(
        self,
        severity: Severity,
        message: str,
        *,
        heard: Heard | None = None,
        observed: str = "",
        expected: str = "",
        hint: str = "",
    ) -> None:
        """Report a danger that is no matter of conformance; the case goes on."""
        heard = heard or (self.heard[-1] if self.heard else None)
        self.hazards.append(Hazard(severity, message, observed, expected, hint, heard))

    # The end

    def illegal(self, token: str) -> bool:
        """Whether the application of ``token`` breaks rules on purpose."""
        script = self._scripts.get(token)
        return script is not None and not script.legal

    async def close(self) -> None:
        """Close every connection and take in what the application did meanwhile."""
        await asyncio.gather(*(wire.close() for wire in self._wires if not wire.closed))
        for heard in self.heard:
            now = self.server.folder.calls(heard.token)
            if now and sum(len(call.rungs) for call in now) > sum(
                len(call.rungs) for call in heard.calls
            ):
                heard.calls = now


class Own:
    """A server that one case starts and stops for itself.

    Attributes:
        server: the server.
        stage: a stage on it; what it finds is found by the case.
        failed: why it did not start, or the empty string.
        stopped: how it ended, once it has.
    """

    def __init__(self, outer: ServerStage, server: Server) -> None:
        self.server = server
        self.failed = ""
        self.stopped: Stopped | None = None
        self.stage = ServerStage(
            case=outer.case,
            methods=outer.methods,
            server=server,
            patience=outer.patience,
            heard=outer.heard,
            findings=outer.findings,
            hazards=outer.hazards,
            _scripts=outer._scripts,  # noqa: SLF001 - the same case, on another server
        )

    async def start(self) -> None:
        """Start the server; that it fails is noted in ``failed``."""
        try:
            await asyncio.to_thread(self.server.start)
        except ServerError as error:
            self.failed = str(error)

    async def stop(self) -> Stopped:
        """Stop the server as its users would, with SIGTERM; once only."""
        if self.stopped is None:
            await self.stage.close()
            self.stopped = await asyncio.to_thread(self.server.stop)
        return self.stopped
