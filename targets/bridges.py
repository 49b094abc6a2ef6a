"""Bridges between the interfaces, around the probe: the application that a server carries.

A copy stands beside the probe, as ``gateproof_bridge``; the variable ``GATEPROOF_BRIDGE`` says
which bridge ``gateproof_bridge:app`` is. Run by the server's own Python, 3.8 or later.
"""

from __future__ import annotations

import os
from importlib import import_module as module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def probe(interface: str) -> Any:
    """The probe, which stands beside this file where it runs."""
    return getattr(module("probe"), interface)


def a2wsgi_wsgi() -> Any:
    """A WSGI application under an ASGI server, by a2wsgi."""
    return module("a2wsgi").WSGIMiddleware(probe("wsgi"))


def a2wsgi_asgi() -> Any:
    """An ASGI application under a WSGI server, by a2wsgi."""
    return module("a2wsgi").ASGIMiddleware(probe("asgi"))


def asgiref() -> Any:
    """A WSGI application under an ASGI server, by asgiref."""
    return module("asgiref.wsgi").WsgiToAsgi(probe("wsgi"))


def starlette() -> Any:
    """A WSGI application under an ASGI server, by Starlette."""
    return module("starlette.middleware.wsgi").WSGIMiddleware(probe("wsgi"))


BRIDGES = {bridge.__name__: bridge for bridge in (a2wsgi_wsgi, a2wsgi_asgi, asgiref, starlette)}
chosen = os.environ.get("GATEPROOF_BRIDGE", "")
app: Any = BRIDGES[chosen]() if chosen else None
