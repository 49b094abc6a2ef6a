"""Asking an application for the samples of its routes, as the suite's case does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from gateproof.conformance.cases import asgi_routes, wsgi_routes
from gateproof.targets import asgi_http
from gateproof.targets.routes.discovery import Discovery, discover
from gateproof.targets.routes.route import Visit
from gateproof.targets.routes.samples import visit
from gateproof.targets.wsgi_gateway import serve


def over_asgi(application: Any, asked: Visit) -> int | None:
    """The status of the reply."""
    reply = anyio.run(asgi_http.request, application, asgi_routes.request_of(asked))
    return reply.status


def over_wsgi(application: Any, asked: Visit) -> int:
    return serve(application, wsgi_routes.request_of(asked)).status


@pytest.fixture
def ask_samples() -> Callable[..., tuple[Discovery, dict[str, int | None]]]:
    """Discovers routes, and asks each for its sample: the status by template."""

    def ask(
        application: Any, interface: str, method: str = "GET"
    ) -> tuple[Discovery, dict[str, int | None]]:
        found = discover(application)
        play = {"wsgi": over_wsgi, "asgi": over_asgi}[interface]
        statuses = {
            route.path: play(application, visit(route, method))
            for route in found.allowed((method,))
        }
        return found, statuses

    return ask
