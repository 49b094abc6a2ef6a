"""A deployed probe as target: a server that somebody else runs, reached at its URL."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from gateproof.targets.adapter import Features, Interface, Known
from gateproof.targets.endpoint import Endpoint
from gateproof.targets.http1 import read_reply
from gateproof.targets.load import TargetError
from gateproof.targets.probe_remote import RemoteProbe
from gateproof.targets.process import Stopped
from gateproof.targets.script import answer
from gateproof.targets.server import ServerError
from gateproof.targets.wire import Wire, WireError

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = "GATEPROOF_PROBE_SECRET"  # noqa: S105 - the name of the variable
FIRST = 20.0  # seconds for the first answer: some platforms start a server when it is asked
PATIENCE = 5.0  # seconds for each further answer to a control request
RETURN = 20.0  # seconds in which a server that was lost may come back
PAUSE = 0.25  # seconds between two looks whether it has


class HostedServer:
    """What a URL leads to, in the form of a :class:`~gateproof.targets.server.Server`.

    It is neither started nor stopped here. What stands between (proxies, load balancers)
    is part of it: what is found is true of the whole chain.

    Args:
        endpoint: where it is.
        folder: the probe there.

    Attributes:
        label: its name in item ids.
        name: its URL.
        version: unknown: the empty string.
        versions: what the probe tells of its Python.
        interface: what the probe speaks there.
        features: what it can do: little before `start`, then what was measured.
        known: the deviations that are known: none.
        lost: why it cannot be tested any more, or the empty string.
    """

    hosted = True
    version = ""
    known: tuple[Known, ...] = ()
    exit_code: int | None = None

    def __init__(self, endpoint: Endpoint, folder: RemoteProbe) -> None:
        self.endpoint = endpoint
        self.folder = folder
        self.name = endpoint.url
        self.label = re.sub(r"[^A-Za-z0-9._]+", "-", f"{endpoint.host}-{endpoint.port}").strip("-")
        self.interface: Interface = folder.facts["interface"]
        self.versions: Mapping[str, str] = {"python": str(folder.facts.get("python", ""))}
        self.features = Features(concurrency=1)
        self.lost = ""
        self._measured = False

    @property
    def address(self) -> tuple[str, int]:
        """The numeric address and port that connections lead to."""
        return self.endpoint.address

    @property
    def host(self) -> str:
        """What the Host field of requests says."""
        return self.endpoint.host_field

    @property
    def seen(self) -> str:
        """How it is looked at, as a clause for the header of a run and its report."""
        clause = f"as seen through the network at {self.host}"
        if not self.folder.same_clock:
            clause += ", by another clock than ours"
        return clause

    @property
    def readable(self) -> bool:
        """Whether the secret crosses a network unencrypted."""
        return self.endpoint.context is None and not self.endpoint.near

    def start(self, within: float = RETURN) -> None:  # noqa: ARG002 - as every server's
        """Measure what it can do; it runs already.

        Raises:
            ServerError: it does not answer.
        """
        import asyncio

        from gateproof.targets.hosted_features import measured

        if self._measured:
            return
        try:
            self.folder.resume()
        except TargetError as error:
            raise ServerError(str(error)) from None
        self.features = asyncio.run(measured(self))
        self._measured = True

    def alive(self) -> bool:
        """Whether nothing is known to the contrary."""
        return not self.lost

    async def connect(self, within: float) -> Wire:
        """A new connection.

        Raises:
            WireError: it does not come about.
        """
        return await Wire.open(self.address, within, wrap=self.endpoint.wrapped)

    async def answers(self, within: float = PATIENCE) -> bool:
        """Whether the probe answers a request as it was told to."""
        import asyncio

        token = ""
        try:
            token = await asyncio.to_thread(self.folder.lay, answer(body=self.folder.run.encode()))
            wire = await self.connect(within)
            try:
                line = f"GET /{token} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n"
                await wire.send(line.encode())
                reply = await read_reply(wire, within=within)
            finally:
                await wire.close()
        except (TargetError, WireError):
            return False
        finally:
            if token:
                with suppress(TargetError):
                    await asyncio.to_thread(self.folder.forget, token)
        return reply.status == 200 and self.folder.run.encode() in reply.body

    def restart(self, within: float | None = None) -> None:
        """Wait for it to come back: whoever runs it may have it started again.

        Args:
            within: seconds; `RETURN` when left out.

        Raises:
            ServerError: it did not.
        """
        until = time.monotonic() + (RETURN if within is None else within)
        why = ""
        while True:
            self.endpoint.forget()
            try:
                self.folder.resume()
            except TargetError as error:
                why = str(error)
            else:
                return
            if time.monotonic() >= until:
                break
            time.sleep(min(PAUSE, max(0.0, until - time.monotonic())))
        self.lost = f"{self.name} was lost during the run and cannot be started from here: {why}"
        raise ServerError(self.lost)

    def another(self, *, root_path: str = "") -> NoReturn:
        """There is no other.

        Raises:
            ServerError: always.
        """
        raise ServerError(f"{self.name} is hosted and not ours to start (at {root_path or '/'})")

    def log_mark(self) -> tuple[int, int]:
        """Nothing: its log is not seen from here."""
        return 0, 0

    def log_tail(self, since: tuple[int, int] = (0, 0), lines: int = 0) -> str:  # noqa: ARG002
        """Nothing: its log is not seen from here."""
        return ""

    def stop(self, grace: float | None = None) -> Stopped:  # noqa: ARG002 - as every server's
        """Nothing: it goes on running."""
        return Stopped(None, 0.0, False, 0)

    def close(self) -> None:
        """Disarm the probe; the server goes on running."""
        with suppress(TargetError):
            self.folder.remove()


def open_hosted(
    target: str, *, authority: Path | None = None, interface: str | None = None
) -> HostedServer:
    """The server behind a URL; the secret is taken from the environment.

    Args:
        target: ``https://HOST[:PORT]`` or ``http://...``.
        authority: certificates (PEM) that are trusted besides the system's.
        interface: what the probe has to speak, if its user said so.

    Raises:
        TargetError: there is no probe of ours, or none that we may use.
        EnvironmentFaultError: nobody answers, or TLS fails.
    """
    endpoint = Endpoint.of(target, authority)
    if endpoint.base:
        raise TargetError(
            f"--target={target}: a hosted probe has to be at the root of its host, for cases send "
            "request targets of every form and compare paths; give it a name or a port of its own"
        )
    secret = os.environ.get(SECRET, "")
    if not secret:
        raise TargetError(
            f"--target={target}: the secret of the probe there is missing; "
            f"set the environment variable {SECRET} to what it was deployed with"
        )
    folder = RemoteProbe(target, secret, FIRST, endpoint)
    folder.within = PATIENCE
    spoken = folder.facts.get("interface")
    if spoken not in ("wsgi", "asgi"):
        raise TargetError(f"the probe at {target} speaks {spoken!r}, which is no interface of ours")
    if interface is not None and interface != spoken:
        raise TargetError(
            f"the probe at {target} is served as {spoken.upper()}, "
            f"not as --target-interface={interface} says"
        )
    return HostedServer(endpoint, folder)
