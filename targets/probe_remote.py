"""A probe on another host: the same as a run folder here, spoken to over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import urllib.parse
from typing import Any

from gateproof.targets import journal, probe
from gateproof.targets.journal import Call
from gateproof.targets.load import TargetError
from gateproof.targets.probe_folder import encoded, new_token
from gateproof.targets.script import Script

POLL = 0.1
"""Seconds between two looks at the journals of another host."""

LARGEST = 64 * 1024 * 1024
"""Octets of one answer that are read."""


class RemoteProbe:
    """The run folder of a probe behind a URL.

    It has the methods of :class:`~gateproof.targets.probe_folder.ProbeFolder`. What
    another instance of the same deployment wrote down on another machine is not seen.

    Args:
        url: where the probe is mounted: ``https://example.org`` or with a path.
        secret: what its environment has as ``GATEPROOF_PROBE_SECRET``.
        within: seconds that one answer may take.

    Attributes:
        run: this run's token.
        facts: what the probe tells of itself: interface, Python, process id.

    Raises:
        TargetError: there is no probe, or one of another version or secret.
    """

    def __init__(self, url: str, secret: str, within: float = 10.0) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TargetError(f"{url!r} is no URL of a probe; write https://HOST or http://HOST")
        try:
            port = parts.port
        except ValueError:
            raise TargetError(f"{url!r} has no valid port") from None
        self.url = url
        self._host, self._port, self._tls = parts.hostname, port, parts.scheme == "https"
        self._path = parts.path.rstrip("/") + probe.CONTROL
        if not secret.isprintable():
            raise TargetError("the secret of a probe is a line of text")
        self._secret = secret.encode("utf-8", "surrogateescape")
        self._within = within
        self.facts = self._ask("GET", "run")
        self.run = new_token()
        self._ask("PUT", "run", self.run.encode())

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
        return sorted((call for call in calls if call is not None), key=lambda c: c.meta["at"])

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
            status, version, text = self._exchange(method, what, body)
        except ssl.SSLError as error:
            raise TargetError(f"TLS with {self.url} fails: {error.reason or error}") from error
        except (OSError, http.client.HTTPException) as error:
            raise TargetError(f"{self.url} does not answer: {error!r}") from error
        if version is None and text.startswith(b"gateproof probe "):
            raise TargetError(f"the probe at {self.url} was started without GATEPROOF_PROBE_SECRET")
        if version is None:
            raise TargetError(
                f"no probe answers at {self.url} ({self._path}run gave status {status}); "
                f"deploy gateproof's targets/probe.py there, with GATEPROOF_PROBE_SECRET set"
            )
        if version != probe.VERSION:
            raise TargetError(
                f"the probe at {self.url} is of version {version!r}, this is version "
                f"{probe.VERSION!r}: deploy this version's targets/probe.py"
            )
        if status == 403:
            raise TargetError(f"the probe at {self.url} has another secret")
        try:
            held: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise TargetError(f"the probe at {self.url} answers no JSON: {text[:60]!r}") from error
        if status != 200:
            raise TargetError(f"the probe at {self.url} refuses: {held.get('error', status)}")
        return held

    def _exchange(self, method: str, what: str, body: bytes) -> tuple[int, str | None, bytes]:
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._within)
        try:
            headers: dict[str, str | bytes] = {
                probe.SECRET_HEADER: self._secret,
                "content-length": str(len(body)),
            }
            connection.request(method, self._path + what, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read(LARGEST)
            return answer.status, answer.getheader(probe.VERSION_HEADER), text
        finally:
            connection.close()
