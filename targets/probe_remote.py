"""A probe on another host: the same as a run folder here, spoken to over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from dataclasses import replace
from typing import Any, NamedTuple

from gateproof.targets import journal, probe
from gateproof.targets.endpoint import Endpoint, told
from gateproof.targets.journal import Call
from gateproof.targets.load import EnvironmentFaultError, TargetError
from gateproof.targets.probe_folder import encoded, new_token
from gateproof.targets.script import Script
from gateproof.validators.violation import Rung

POLL = 0.1
"""Seconds between two looks at the journals of another host."""

LARGEST = 64 * 1024 * 1024
"""Octets of one answer that are read."""

CLOCK_LOOKS = 3
"""How often the clocks are compared."""


class RemoteProbe:
    """The run folder of a probe behind a URL.

    It has the methods of :class:`~gateproof.targets.probe_folder.ProbeFolder`. What
    another instance of the same deployment wrote down on another machine is not seen.

    Args:
        url: where the probe is mounted: ``https://example.org`` or with a path.
        secret: what its environment has as ``GATEPROOF_PROBE_SECRET``.
        within: seconds that one answer may take.
        endpoint: where the URL leads; found out when left out.

    Attributes:
        run: this run's token.
        facts: what the probe tells of itself: interface, Python, process id.

    Raises:
        TargetError: there is no probe, or one of another version or secret.
    """

    def __init__(
        self, url: str, secret: str, within: float = 10.0, endpoint: Endpoint | None = None
    ) -> None:
        self.endpoint = endpoint or Endpoint.of(url)
        self.url = url
        self._path = self.endpoint.base + probe.CONTROL
        if not secret.isprintable():
            raise TargetError("the secret of a probe is a line of text")
        self._secret = secret.encode("utf-8", "surrogateescape")
        self.within = within
        self.facts = self._ask("GET", "run")
        self.run = new_token()
        self._ask("PUT", "run", self.run.encode())
        self._ahead = self._compared()

    @property
    def same_clock(self) -> bool:
        """Whether the times in its journals can be put in one order with ours."""
        return self._ahead == 0

    def _compared(self) -> int | None:
        """How far its clock is ahead of ours, in nanoseconds: 0 if it is ours, else an estimate.

        An answer that came between two readings of our clock and tells a time outside of
        them is of another clock. ``None`` where the probe tells no time.
        """
        seen = []
        for _ in range(CLOCK_LOOKS):
            before = time.monotonic_ns()
            now = self._ask("GET", "run").get("now")
            after = time.monotonic_ns()
            if type(now) is not int:
                return None
            seen.append((after - before, now - before, now - (before + after) // 2))
        if all(0 <= since <= took for took, since, _ in seen):
            return 0
        return min(seen)[2] or 1

    def resume(self) -> None:
        """Begin the run again, where the probe was started anew.

        Raises:
            TargetError: as at first.
        """
        self.facts = self._ask("GET", "run")
        self._ask("PUT", "run", self.run.encode())
        self._ahead = self._compared()

    def lay(self, script: Script | None, token: str | None = None) -> str:
        """Lay down what is played for a token; see ``ProbeFolder.lay``."""
        token = token or new_token()
        self._lay(script, token)
        return token

    def arm(self, script: Script | None) -> None:
        """Lay down what is played for requests whose token is not known, or that have none."""
        self._lay(script, "default")

    def arm_lifespan(self, script: Script | None) -> None:
        """Lay down what lifespan calls play."""
        self._lay(script, "lifespan")

    def let(self, token: str, name: str) -> None:
        """Let the step ``wait(name)`` of a token's calls go on."""
        self._ask("POST", f"go/{token}.{name}")

    def calls(self, token: str) -> list[Call]:
        """The calls that carried a token, as far as they are written down, oldest first."""
        texts = self._ask("GET", f"calls/{token}")["calls"]
        calls = [journal.parse(text.encode("ascii")) for text in texts]
        found = sorted((call for call in calls if call is not None), key=lambda c: c.meta["at"])
        return found if self.same_clock else [self._in_our_time(call) for call in found]

    def _in_our_time(self, call: Call) -> Call:
        """A call whose times are by our clock, as near as can be told from here."""
        ahead = self._ahead or 0
        rungs = tuple(Rung(rung.step, rung.data, rung.at - ahead) for rung in call.rungs)
        return replace(call, rungs=rungs, foreign=True)

    def strays(self) -> list[Call]:
        """The calls that carried no token while a default was armed."""
        return self.calls("none")

    def lifespans(self) -> list[Call]:
        """The lifespan calls."""
        return self.calls("lifespan")

    async def ended(self, token: str, count: int = 1, within: float = 3.0) -> list[Call]:
        """The calls of a token, once ``count`` of them are over.

        Returns:
            What there is then, or after ``within`` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while True:
            calls = await asyncio.to_thread(self.calls, token)
            if sum(call.ended for call in calls) >= count or loop.time() >= deadline:
                return calls
            await asyncio.sleep(POLL)

    def forget(self, token: str) -> None:
        """Remove all that lies there for a token."""
        self._ask("DELETE", f"calls/{token}")
        self._ask("DELETE", f"scripts/{token}")

    def remove(self) -> None:
        """Disarm the probe; what else lies there goes as new things come."""
        self.arm(None)
        self.arm_lifespan(None)

    def _lay(self, script: Script | None, name: str) -> None:
        if script is None:
            self._ask("DELETE", f"scripts/{name}")
        else:
            self._ask("PUT", f"scripts/{name}", encoded(script))

    def _ask(self, method: str, what: str, body: bytes = b"") -> dict[str, Any]:
        """One control request and the JSON of its answer."""
        try:
            answered = self._exchange(method, what, body)
        except (OSError, http.client.HTTPException) as error:
            why = told(error) if isinstance(error, OSError) else f"no HTTP comes back ({error!r})"
            raise EnvironmentFaultError(f"{self.url} does not answer: {why}") from error
        status, text = answered.status, answered.text
        if answered.version is None:
            raise self._no_probe(answered)
        if answered.version != probe.VERSION:
            raise TargetError(
                f"the probe at {self.url} is of version {answered.version!r}, this is version "
                f"{probe.VERSION!r}: deploy this version's targets/probe.py"
            )
        if status == 403:
            raise TargetError(
                f"the probe at {self.url} has another secret than GATEPROOF_PROBE_SECRET here"
            )
        try:
            held: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise TargetError(f"the probe at {self.url} answers no JSON: {text[:60]!r}") from error
        if not isinstance(held, dict):
            raise TargetError(f"the probe at {self.url} answers {text[:60]!r}")
        if status != 200:
            raise TargetError(f"the probe at {self.url} refuses: {held.get('error', status)}")
        return held

    def _no_probe(self, answered: _Answered) -> TargetError:
        """What to say where something else than a probe answered."""
        status, where = answered.status, f"{self._path}run"
        if answered.text.startswith(b"gateproof probe "):
            return TargetError(
                f"the probe at {self.url} was started without GATEPROOF_PROBE_SECRET"
            )
        if 300 <= status < 400:
            return TargetError(
                f"{self.url} redirects to {answered.location[:200]!r} (status {status}); "
                "name the address where the probe itself answers"
            )
        if status >= 500:
            return EnvironmentFaultError(
                f"no probe answers at {self.url} ({where} gave status {status}): "
                "the server behind it has failed or is not there; look at its log"
            )
        kind = f", {answered.kind}" if answered.kind else ""
        return TargetError(
            f"no probe answers at {self.url} ({where} gave status {status}{kind}); "
            f"deploy gateproof's targets/probe.py there, with GATEPROOF_PROBE_SECRET set"
        )

    def _exchange(self, method: str, what: str, body: bytes) -> _Answered:
        """One control request on a connection of its own.

        Raises:
            EnvironmentFaultError: there is no connection.
            OSError, http.client.HTTPException: no answer came.
        """
        deadline = time.monotonic() + self.within
        connection = http.client.HTTPConnection(self.endpoint.host, self.endpoint.port)
        connection.sock = self.endpoint.connected(self.within)
        try:
            connection.sock.settimeout(max(0.01, deadline - time.monotonic()))
            headers: dict[str, str | bytes] = {
                "host": self.endpoint.host_field,
                probe.SECRET_HEADER: self._secret,
                "content-length": str(len(body)),
                "connection": "close",
            }
            connection.request(method, self._path + what, body=body, headers=headers)
            answer = connection.getresponse()
            return _Answered(
                answer.status,
                answer.getheader(probe.VERSION_HEADER),
                (answer.getheader("content-type") or "").partition(";")[0][:60],
                answer.getheader("location") or "",
                answer.read(LARGEST),
            )
        finally:
            connection.close()


class _Answered(NamedTuple):
    """What a control request gave."""

    status: int
    version: str | None
    kind: str
    location: str
    text: bytes
