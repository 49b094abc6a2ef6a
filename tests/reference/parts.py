"""The parts that a server is made of, and how a fault replaces one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reference.asgi_side import ASGICall, Scopes
from reference.connection import Connection
from reference.http_body import Body
from reference.http_reading import Reading
from reference.http_writing import Response
from reference.lifespan_side import Lifespan
from reference.octets import Octets
from reference.websocket_frames import Frames
from reference.websocket_side import WebSocketCall
from reference.wsgi_side import WSGICall


@dataclass(frozen=True)
class Parts:
    """The classes that a server makes its objects from."""

    octets: type[Octets] = Octets
    connection: type[Connection] = Connection
    reading: type[Reading] = Reading
    body: type[Body] = Body
    response: type[Response] = Response
    wsgi: type[WSGICall] = WSGICall
    scopes: type[Scopes] = Scopes
    asgi: type[ASGICall] = ASGICall
    websocket: type[WebSocketCall] = WebSocketCall
    frames: type[Frames] = Frames
    lifespan: type[Lifespan] = Lifespan


Edit = Mapping[str, Any] | type


@dataclass(frozen=True)
class Fault:
    """A server that breaks ``requirements``, and nothing else if that can be.

    ``edits`` maps the name of a part to what replaces some of it: attributes by
    name, or a class that is put in front of the part.
    """

    name: str
    requirements: tuple[str, ...]
    edits: Mapping[str, Edit] = field(default_factory=dict)

    def parts(self) -> Parts:
        """The parts of the server with this fault."""
        return replace(
            Parts(), **{name: self.edited(name, self.edits[name]) for name in self.edits}
        )

    def edited(self, name: str, edit: Edit) -> type:
        """One part with its edit."""
        part = getattr(Parts(), name)
        if isinstance(edit, type):
            return type(edit.__name__, (edit, part), {})
        unknown = [attribute for attribute in edit if not hasattr(part, attribute)]
        if unknown:
            raise AttributeError(f"{part.__name__} has no {', '.join(unknown)}")
        return type(part.__name__, (part,), dict(edit))


def faults_of(document: str) -> Callable[..., Fault]:
    """Makes faults of one document, whose requirements go without its name, parted by blanks."""

    def fault(name: str, requirements: str, **edits: Edit) -> Fault:
        return Fault(name, tuple(f"{document}.{one}" for one in requirements.split()), edits)

    return fault
