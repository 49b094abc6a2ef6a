"""Who is to blame for a breach, where a request passes several points of a stack.

A breach by the application's side shows at the point above whoever broke it, and
may show again at every point further out: the innermost point that shows it has
the culprit right inside. A breach by the server's side shows at the point below
whoever broke it, and may show again further in: the outermost point that shows
it has the culprit right outside. Both ways of looking come to the same: the
layer at fault has one clean side and one that is not.

Nothing here knows of live objects: a :class:`Side` is what one point has shown
in one exchange, and is asked in the order in which breaches are found. Breaches
inside are found before they come out, breaches outside before they go in, so
that each can be told at once.
"""

from __future__ import annotations

from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.violation import Breach

OWN = {
    "wsgi.app.no-hop-by-hop": "wsgi.middleware.no-hop-by-hop",
    "wsgi.app.no-transfer-encoding": "wsgi.middleware.no-transfer-encoding",
    "wsgi.server.close-called": "wsgi.middleware.forwards-close",
    "wsgi.server.close-called-on-app-error": "wsgi.middleware.forwards-close",
    "wsgi.exc-info.no-reference-kept": "wsgi.middleware.exc-info-no-reference-kept",
}
"""What binds a middleware, by what binds the application or the server likewise."""

SEEN_FROM_BOTH_SIDES = frozenset(
    {"wsgi.server.close-called", "wsgi.server.close-called-on-app-error"}
)
"""What is left to the judge of both sides when an exchange ends without a close()."""

MAY = frozenset(
    {
        # A middleware that handles errors may answer them as it likes:
        # https://peps.python.org/pep-3333/#error-handling
        "wsgi.exc-info.raises-after-headers-sent",
        "wsgi.exc-info.reraises-original",
        "wsgi.errors-handling.start-response-returns-when-unsent",
        "wsgi.server.exc-info-works-after-empty-yield",
        # One that answers in the application's place has no use for its body.
        "wsgi.server.no-assumption-started-before-iteration",
        "wsgi.content-length.stop-iterating",
        "wsgi.content-length.write-past-raises",
        # What the application broke, a middleware may mend, and the server refuses.
        "wsgi.server.checks-headers-at-call",
        "wsgi.server.header-check-after-set",
        "wsgi.server.rejects-hop-by-hop",
        "wsgi.server.rejects-repeat-start-response",
        "asgi.http.response-body.after-complete-ignored",
        "asgi.http.send.raises-oserror-when-closed",
        "asgi.server.raises-on-missing-keys",
        "asgi.server.raises-on-missing-type",
        "asgi.server.raises-on-unknown-event-type",
        "asgi.server.raises-on-wrong-types",
        "asgi.websocket.send.raises-oserror-when-closed",
        "asgi.websocket.send.server-rejects-invalid-combination",
    }
)
"""What a server has to do and a middleware towards what it wraps has not."""

FROM_OUTSIDE = frozenset(
    {
        "call",
        "call-arguments",
        "close",
        "end",
        "next",
        "receive-raised",
        "received",
        "send-raised",
        "sent",
        "start_response-raised",
        "started",
        "written",
    }
)
"""The steps of a ladder that whoever is outside of a point takes."""


class Side:
    """What one point has shown in one exchange.

    Args:
        name: of the layer right inside of the point.
        outer: the same of the point around it, ``None`` for the outermost.
        bridged: whether that one speaks another interface, so that what stands
            between the two is the server of this one.

    Attributes:
        alone: what the component is called where it answered by itself.
        inner: those of the points that were called from within this one's call.
        inside: the requirements that whoever is inside was found to break.
        outside: those that whoever is outside was found to break.
    """

    __slots__ = (
        "__weakref__",
        "_outer",
        "_told",
        "alone",
        "bridged",
        "inner",
        "inside",
        "name",
        "outside",
    )

    def __init__(self, name: str, outer: Side | None = None, *, bridged: bool = False) -> None:
        self.name = self.alone = name
        self._outer = None if outer is None else ref(outer)
        self.bridged = bridged
        self.inner: list[Side] = []
        self.inside: set[str] = set()
        self.outside: set[str] = set()
        self._told: set[str] = set()
        if outer is not None:
            outer.inner.append(self)

    @property
    def outer(self) -> Side | None:
        """That of the point around it, as long as somebody watches there."""
        return None if self._outer is None else self._outer()

    def blame(self, breach: Breach, step: str) -> Breach | None:
        """The breach with whoever is to blame, ``None`` if that has been told already.

        Args:
            breach: what the judge of this point found.
            step: at which step of the ladder.
        """
        if self._party(breach, step) == "server":
            return self._from_outside(breach, step)
        return self._from_inside(breach)

    def once(self, breach: Breach) -> Breach | None:
        """A breach that names its layer, the first time that it is found here."""
        if breach.requirement in self._told:
            return None
        self._told.add(breach.requirement)
        return breach

    def _party(self, breach: Breach, step: str) -> str:
        party = breach.party
        if party is None:
            from gateproof.validators.catalogue import requirement

            party = requirement(breach.requirement).party
        if party == "both":
            return "server" if step in FROM_OUTSIDE else "application"
        return party

    def _from_inside(self, breach: Breach) -> Breach | None:
        name = breach.requirement
        self.inside.add(name)
        if any(name in side.inside for side in self.inner):
            return None
        if not self.inner:  # it has answered by itself, as an application does
            return _named(breach, self.alone)
        return self.once(_middlewares(breach, self.name)) if name in OWN else _by(breach, self.name)

    def _from_outside(self, breach: Breach, step: str) -> Breach | None:
        name = breach.requirement
        self.outside.add(name)
        outer = self.outer
        if outer is None:  # the server itself, or a middleware of which nothing is known any more
            return breach if self._outer is None else None
        if name in outer.outside:
            return None
        if self.bridged:
            return _by(breach, outer.name)
        if name in MAY or (name in SEEN_FROM_BOTH_SIDES and step == "end"):
            return None
        if name in OWN:
            return self.once(_middlewares(breach, outer.name))
        return _by(breach, outer.name)


def _named(breach: Breach, layer: str) -> Breach:
    from dataclasses import replace

    return replace(breach, layer=layer)


def _by(breach: Breach, layer: str) -> Breach:
    """The breach as a middleware's."""
    from dataclasses import replace

    message = breach.message
    for party in ("application", "server"):
        message = message.replace(f"the {party}", "the middleware")
    return replace(breach, layer=layer, party="middleware", message=message)


def _middlewares(breach: Breach, layer: str) -> Breach:
    """The breach of the requirement that binds middleware likewise."""
    from dataclasses import replace

    return replace(_by(breach, layer), requirement=OWN[breach.requirement])
