"""The run folder, from our side: scripts are laid down there and journals are read."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import string
import tempfile
import time
from pathlib import Path

from gateproof.targets import journal, probe
from gateproof.targets.journal import Call
from gateproof.targets.script import Script

POLL = 0.005
"""Seconds between two looks at the journals."""

_ALPHABET = string.ascii_lowercase + string.digits


def new_token() -> str:
    """A token that nobody had before."""
    return "gp" + "".join(secrets.choice(_ALPHABET) for _ in range(12))


class ProbeFolder:
    """Makes and owns a run folder.

    Args:
        parent: where to make it; the system's place for temporary files by default.

    Attributes:
        path: the folder, for ``GATEPROOF_PROBE``.
        run: this run's token, which the probe's plain answer holds.
    """

    def __init__(self, parent: Path | str | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="gateproof-", dir=parent))  # made 0700
        self.run = new_token()
        for name in ("scripts", "calls", "go"):
            (self.path / name).mkdir(mode=0o700)
        self._put("run", self.run.encode())
        self._listed: dict[str, list[str]] = {}
        self._listed_at = float("-inf")
        self._parsed: dict[str, tuple[int, Call | None]] = {}

    def environment(self) -> dict[str, str]:
        """The environment variables that the probe needs."""
        return {"GATEPROOF_PROBE": str(self.path)}

    def lay(self, script: Script | None, token: str | None = None) -> str:
        """Lay down what is played for a token.

        Args:
            script: ``None`` for what is armed for all.
            token: a new one by default.

        Returns:
            The token, which the request has to carry in its path, query or headers.
        """
        token = token or new_token()
        if not probe.TOKEN.fullmatch(token):
            raise ValueError(f"no token: {token!r}")
        self._lay(script, f"scripts/{token}")
        return token

    def arm(self, script: Script | None) -> None:
        """Lay down what is played for requests whose token is not known, or that have none."""
        self._lay(script, "default")

    def arm_lifespan(self, script: Script | None) -> None:
        """Lay down what lifespan calls play."""
        self._lay(script, "lifespan")

    def let(self, token: str, name: str) -> None:
        """Let the step ``wait(name)`` of a token's calls go on."""
        self._put(f"go/{token}.{name}", b"")

    def calls(self, token: str) -> list[Call]:
        """The calls that carried a token, as far as they are written down, oldest first."""
        return self._read(token)

    def strays(self) -> list[Call]:
        """The calls that carried no token."""
        return self._read("none")

    def lifespans(self) -> list[Call]:
        """The lifespan calls."""
        return self._read("lifespan")

    def every(self) -> list[Call]:
        """All calls, whatever they carried."""
        self._read("", 0.0)
        found = [call for about in list(self._listed) for call in self._read(about, POLL)]
        return sorted(found, key=lambda call: call.meta["at"])

    async def ended(self, token: str, count: int = 1, within: float = 3.0) -> list[Call]:
        """The calls of a token, once ``count`` of them are over.

        Returns:
            What there is then, or after ``within`` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while True:
            calls = self._read(token, POLL)
            if sum(call.ended for call in calls) >= count or loop.time() >= deadline:
                return calls
            await asyncio.sleep(POLL)

    def forget(self, token: str) -> None:
        """Remove all that lies there for a token."""
        for path in (self.path / "calls").glob(f"{token}-*.jsonl"):
            path.unlink(missing_ok=True)
        for path in (self.path / "go").glob(f"{token}.*"):
            path.unlink(missing_ok=True)
        (self.path / "scripts" / token).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _lay(self, script: Script | None, name: str) -> None:
        if script is None:
            (self.path / name).unlink(missing_ok=True)
        else:
            self._put(name, encoded(script))

    def _put(self, name: str, data: bytes) -> None:
        """Write a file that appears whole."""
        target = self.path / name
        made = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        made.write_bytes(data)
        made.replace(target)

    def _read(self, about: str, stale: float = 0.0) -> list[Call]:
        """The calls whose journals' names begin with ``about``.

        Args:
            about: a token, ``"none"`` or ``"lifespan"``.
            stale: seconds that the listing of the folder may be old: many may wait.
        """
        now = time.monotonic()
        if now - self._listed_at >= stale:
            self._listed = {}
            for name in os.listdir(self.path / "calls"):  # noqa: PTH208 - names are all that counts
                self._listed.setdefault(name.partition("-")[0], []).append(name)
            self._listed_at = now
        calls = [self._call(name) for name in self._listed.get(about, ())]
        return sorted((call for call in calls if call is not None), key=lambda c: c.meta["at"])

    def _call(self, name: str) -> Call | None:
        """The call of one journal, parsed anew only where it has grown."""
        path = self.path / "calls" / name
        try:
            size = path.stat().st_size
        except OSError:
            return None
        known = self._parsed.get(name)
        if known is None or known[0] != size:
            known = self._parsed[name] = (size, journal.read(path))
        return known[1]


def encoded(script: Script) -> bytes:
    """A script as the probe reads it."""
    import json

    return json.dumps(probe.encode(script.data())).encode()
