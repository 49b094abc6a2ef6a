"""What a route is, as data: a path with typed parameters, methods, and what each method takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Place = Literal["path", "query", "header", "cookie"]
"""Where a parameter stands in a request."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of a request that a route leaves open.

    Attributes:
        name: its name; unnamed groups of a regular expression are numbered.
        kind: a key of :data:`~gateproof.targets.routes.samples.SAMPLES`, or ``"pattern"``
            where only the regular expression tells.
        place: where it stands.
        pattern: the convertor's own regular expression, which the whole value matches;
            empty where there is none.
        schema: a JSON Schema of the value, with all references resolved; empty where there
            is none.
        examples: values that its author gives, best first.
        required: a request without it is none that the route understands.
        digits: a number is filled with zeros up to so many characters.
    """

    name: str
    kind: str = "str"
    place: Place = "path"
    pattern: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[Any, ...] = ()
    required: bool = True
    digits: int = 0

    def __str__(self) -> str:
        return f"{{{self.name}}}" if self.kind == "str" else f"{{{self.name}:{self.kind}}}"


@dataclass(frozen=True, slots=True)
class Body:
    """A body that an operation takes.

    Attributes:
        media_type: its type, such as ``application/json``.
        schema: a JSON Schema of what it says, with all references resolved.
        examples: values that its author gives.
        required: the operation does not go without a body.
    """

    media_type: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[Any, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of a route takes beside the path, as a description says."""

    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[Body, ...] = ()


Pieces = tuple[str | Parameter, ...]
"""A path: text as it reads decoded, and parameters."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route of an application.

    Attributes:
        pieces: its path.
        methods: the HTTP methods that it answers, sorted; empty where it takes any or
            nobody can tell.
        source: where it was found, such as ``"Flask's url_map"``.
        operations: what is known of its methods.
    """

    pieces: Pieces
    methods: tuple[str, ...] = ()
    source: str = ""
    operations: Mapping[str, Operation] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path as a template: ``/items/{number:int}``."""
        return "".join(map(str, self.pieces))

    @property
    def plain_path(self) -> str:
        """The path as a template without kinds, as OpenAPI writes it: ``/items/{number}``."""
        return "".join(
            piece if isinstance(piece, str) else f"{{{piece.name}}}" for piece in self.pieces
        )

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the path, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Parameter))

    def allowed(self, methods: Collection[str]) -> tuple[str, ...]:
        """Those of ``methods`` that the route answers, in their order."""
        return tuple(method for method in methods if not self.methods or method in self.methods)

    def operation(self, method: str) -> Operation:
        """What is known of ``method``; HEAD takes what GET takes."""
        found = self.operations.get(method)
        if found is None and method == "HEAD":
            found = self.operations.get("GET")
        return found or Operation()

    def below(self, prefix: Pieces) -> Route:
        """The route of an application that is mounted at ``prefix``."""
        return replace(self, pieces=(*prefix, *self.pieces)) if prefix else self


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a route, as it is written on the wire.

    Attributes:
        route: the route.
        method: the request method.
        path: the path, percent-encoded.
        query: the query, percent-encoded, without its question mark.
        headers: fields to send beside the usual ones, with ``Content-Type`` where there is
            a body.
        body: the body.
    """

    route: Route
    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query, as on a request line."""
        return f"{self.path}?{self.query}" if self.query else self.path
