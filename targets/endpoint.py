"""Where a URL leads: connections to it, with TLS as the system trusts it or as we are told."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from gateproof.targets.load import EnvironmentFaultError, TargetError

SCHEMES = {"http": 80, "https": 443}


def names_url(target: str) -> bool:
    """Whether a target string is a URL: ``https://HOST`` or ``http://HOST``."""
    return target.partition("://")[0].lower() in SCHEMES and "://" in target


@dataclass
class Endpoint:
    """A host and port behind a URL.

    All connections go to the machine that the first one led to, for only that one is
    known to have what was left there.

    Attributes:
        url: as its user wrote it.
        host: the host's name or address, as certificates name it.
        port: the port.
        base: the URL's path, without a slash at its end.
        context: how TLS is spoken; ``None`` for plain connections.
    """

    url: str
    host: str
    port: int
    base: str = ""
    context: ssl.SSLContext | None = None
    _led: tuple[str, int] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str, authority: Path | None = None) -> Endpoint:
        """Take a URL apart.

        Args:
            url: ``https://HOST[:PORT][/PATH]`` or ``http://...``.
            authority: a file of certificates (PEM) that are trusted besides the system's.

        Raises:
            TargetError: it cannot be one, or the file holds no certificates.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            host = parts.hostname or ""
        except ValueError as error:
            raise TargetError(f"{url!r} is no URL of a probe: {error}") from None
        if parts.scheme not in SCHEMES or not host:
            raise TargetError(f"{url!r} is no URL of a probe; write https://HOST or http://HOST")
        if parts.username is not None or parts.query or parts.fragment:
            raise TargetError(
                f"the URL of a probe at {host} is https://HOST[:PORT][/PATH] and holds no user, "
                "query or fragment; its secret is taken from GATEPROOF_PROBE_SECRET"
            )
        try:
            port = parts.port or SCHEMES[parts.scheme]
        except ValueError:
            raise TargetError(f"{url!r} has no valid port") from None
        try:
            plain = host if ":" in host else host.encode("idna").decode("ascii")
        except UnicodeError:
            raise TargetError(f"{url!r} is no URL of a probe: its host is no name") from None
        context = _context(authority) if parts.scheme == "https" else None
        return cls(url, plain, port, parts.path.rstrip("/"), context)

    @property
    def host_field(self) -> str:
        """The value of the Host field, as browsers write it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = SCHEMES["https" if self.context else "http"]
        return name if self.port == usual else f"{name}:{self.port}"

    @property
    def address(self) -> tuple[str, int]:
        """The numeric address and port that connections lead to; the name before the first."""
        return self._led or (self.host, self.port)

    @property
    def near(self) -> bool:
        """Whether it is an address of this machine's own, so that no network is crossed."""
        try:
            return ipaddress.ip_address(self.address[0]).is_loopback
        except ValueError:
            return False

    def forget(self) -> None:
        """Look the host up again for the next connection."""
        self._led = None

    def connected(self, within: float) -> socket.socket:
        """A new connection.

        Args:
            within: seconds that it may take.

        Raises:
            EnvironmentFaultError: nobody answers there, or TLS fails; one sentence.
        """
        try:
            plain = socket.create_connection(self.address, within)
        except OSError as error:
            raise EnvironmentFaultError(f"{self.url} cannot be reached: {told(error)}") from error
        self._led = plain.getpeername()[:2]
        if self.context is None:
            return plain
        try:
            return self.context.wrap_socket(plain, server_hostname=self.host)
        except OSError as error:
            plain.close()
            raise EnvironmentFaultError(f"TLS with {self.url} fails: {told(error)}") from error

    async def wrapped(self, connected: socket.socket) -> socket.socket:
        """A connected socket that does not block, with TLS where the URL says so.

        Raises:
            OSError: the handshake failed.
        """
        if self.context is None:
            return connected
        secure = self.context.wrap_socket(
            connected, server_hostname=self.host, do_handshake_on_connect=False
        )
        try:
            await _shaken(secure)
        except BaseException:
            secure.close()
            raise
        return secure


def told(error: OSError) -> str:
    """What went wrong with a connection, as a clause."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message.rstrip('.')}); "
            "--target-ca=FILE names certificates of your own"
        )
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    if isinstance(error, socket.gaierror):
        return f"its name is not known ({error.strerror})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (error.strerror or str(error) or type(error).__name__).lower()


def _context(authority: Path | None) -> ssl.SSLContext:
    """TLS as the system does it, for HTTP/1.1 alone."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if authority is not None:
        try:
            context.load_verify_locations(authority)
        except OSError as error:  # ssl.SSLError is one
            why = "it holds no certificates" if isinstance(error, ssl.SSLError) else told(error)
            raise TargetError(f"--target-ca={authority} cannot be used: {why}") from None
    return context


async def _shaken(secure: ssl.SSLSocket) -> None:
    """Go through the handshake of TLS."""
    loop = asyncio.get_running_loop()
    number = secure.fileno()
    while True:
        ready: asyncio.Future[None] = loop.create_future()
        try:
            secure.do_handshake()
            return
        except ssl.SSLWantReadError:
            loop.add_reader(number, _finish, ready)
        except ssl.SSLWantWriteError:
            loop.add_writer(number, _finish, ready)
        try:
            await ready
        finally:
            loop.remove_reader(number)
            loop.remove_writer(number)


def _finish(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
