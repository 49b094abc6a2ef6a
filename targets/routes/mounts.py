"""Applications that only hand requests on to others, by prefix or by protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.route import Route


def read(application: Any, walk: Walk) -> Iterator[Route]:
    """The routes of what is behind Werkzeug's dispatcher or Channels' protocol router."""
    protocols = getattr(application, "application_mapping", None)
    if protocols is not None:
        if "http" in protocols:
            yield from walk.routes(protocols["http"])
        return
    yield from walk.routes(application.app)
    for prefix, mounted in application.mounts.items():
        yield from walk.mounted(mounted, (prefix,))
