"""The addresses in environ: the server's own, and the client's.

https://peps.python.org/pep-3333/#environ-variables
"""

from __future__ import annotations

import re
import socket

from gateproof.conformance.case import case
from gateproof.conformance.server_stage import Request, ServerStage


@case(
    "server.wsgi",
    "server-name-and-port",
    proves=("wsgi.environ.server-name-port-usable-default",),
)
async def server_name_and_port(stage: ServerStage) -> None:
    """SERVER_NAME and SERVER_PORT lead back to the server when the request has no Host.

    A name that may belong to this machine is taken for one that does.
    """
    stage.needs("http10")
    stage.at_hand("the port that the server listens on")
    heard = await stage.ask(Request(headers=(), version="HTTP/1.0"))
    if not heard.called:
        return  # a request without Host may be refused
    environ = heard.call.request
    name, port = environ.get("SERVER_NAME"), environ.get("SERVER_PORT")
    usable = stage.server.address
    if isinstance(name, str) and name and not _may_be_host(name):
        stage.broken(
            "wsgi.environ.server-name-port-usable-default",
            f"SERVER_NAME is {name!r}, which is no host",
            observed=repr(name),
            expected=f"a host such as {usable[0]!r}",
        )
    elif isinstance(port, str) and port and port != str(usable[1]):
        stage.broken(
            "wsgi.environ.server-name-port-usable-default",
            f"SERVER_PORT is {port!r}, where the server does not listen",
            observed=repr(port),
            expected=repr(str(usable[1])),
        )


def _may_be_host(name: str) -> bool:
    """Whether a name has the form of a host; it is not looked up."""
    if re.fullmatch(r"\[?[0-9A-Fa-f:.]+(%\w+)?\]?", name):
        try:
            family = socket.AF_INET6 if ":" in name else socket.AF_INET
            socket.inet_pton(family, name.strip("[]").partition("%")[0])
        except OSError:
            return False
        return True
    return bool(re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?", name))


@case("server.wsgi", "client-address", proves=("wsgi.environ.other-cgi-vars",))
async def client_address(stage: ServerStage) -> None:
    """REMOTE_ADDR and REMOTE_PORT are the client's address and port.

    Neither has to be there; that the address is not is an observation.
    https://www.rfc-editor.org/rfc/rfc3875#section-4.1.8
    """
    stage.at_hand("the address that the server sees of its client")
    wire = await stage.connect()
    ours = wire.local
    heard = await stage.ask(Request(), wire=wire)
    if not isinstance(ours, tuple):
        stage.not_applicable("a client of a unix socket has no address")
    environ = heard.call.request
    if not environ.get("REMOTE_ADDR"):
        stage.broken(
            "wsgi.environ.other-cgi-vars",
            "environ has no REMOTE_ADDR",
            heard=heard,
            observed="REMOTE_ADDR is absent or empty",
            expected=repr(ours[0]),
        )
    for name, value in (("REMOTE_ADDR", ours[0]), ("REMOTE_PORT", ours[1])):
        seen = environ.get(name)
        if isinstance(seen, str) and seen and seen not in (str(value), f"::ffff:{value}"):
            stage.broken(
                "wsgi.environ.other-cgi-vars",
                f"{name} is {seen!r} for a client at {ours[0]}, port {ours[1]}",
                heard=heard,
                observed=repr(seen),
                expected=repr(str(value)),
            )
