"""Two entrances of one project, asked as a client would ask: whatever each speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.alarm import Hang, can_interrupt, interrupting
from gateproof.conformance.loops import Loop, open_loop
from gateproof.targets import asgi_http
from gateproof.targets.application import Application
from gateproof.targets.asgi_lifespan import Lifespan
from gateproof.targets.load import TargetError
from gateproof.targets.watched import Watched
from gateproof.targets.wsgi_environ import Request
from gateproof.targets.wsgi_gateway import serve

Fields = tuple[tuple[str, str], ...]

BODILESS = frozenset({204, 304})
"""Statuses whose response has no body: RFC 9112, section 6.3."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as a client sees it.

    Attributes:
        method: the method.
        path: the path, percent-encoded as on the wire.
        query: what follows the question mark.
        fields: header fields beside Host.
        body: the body.
        route: the template of the route that it is meant for; empty where it is for none.
    """

    method: str = "GET"
    path: str = "/"
    query: str = ""
    fields: Fields = ()
    body: bytes = b""
    route: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets.

    Attributes:
        status: the status code; 500 where the application raised before it answered.
        fields: header fields, names in lower case, in the order of the answer.
        body: the body.
        trouble: why there is no whole answer, in a few words; empty if there is one.
    """

    status: int
    fields: Fields = ()
    body: bytes = b""
    trouble: str = ""

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a field, in order."""
        return tuple(value for other, value in self.fields if other == name)


@dataclass
class Entrance:
    """An application that requests are sent to.

    Attributes:
        application: the application.
        host: the Host field of requests.
        deadline: seconds without an answer after which it counts as hung.
        asked: how many requests it was sent.
    """

    application: Application
    host: str = "localhost"
    deadline: float = 10.0
    asked: int = 0
    _loop: Loop | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The application as its user wrote it."""
        return self.application.name

    @contextmanager
    def open(self) -> Iterator[Entrance]:
        """Start it and, at the end of the block, stop it.

        Raises:
            TargetError: its startup fails.
        """
        if self.application.interface == "wsgi":
            yield self
            return
        self._loop = loop = open_loop("asyncio", self.deadline)
        lifespan = Lifespan(self.application.call, patience=self.deadline)
        try:
            loop.spawn(lifespan.run)
            loop.run(lifespan.start())
            if lifespan.blocks:
                raise TargetError(f"{self.name}: {lifespan.blocks}")
            self._lifespan = lifespan
            yield self
            loop.run(lifespan.stop())
        finally:
            self._loop = None
            loop.close()

    def ask(self, asked: Asked) -> Answer:
        """Send one request and take the answer."""
        self.asked += 1
        ask = self._by_wsgi if self.application.interface == "wsgi" else self._by_asgi
        return self._bounded(lambda: ask(asked))

    def _bounded(self, ask: Callable[[], Answer]) -> Answer:
        if not can_interrupt():
            return ask()
        try:
            with interrupting(lambda: 0, self.deadline):
                return ask()
        except Hang as hang:
            return Answer(0, trouble=f"no answer: {hang}")

    def _by_wsgi(self, asked: Asked) -> Answer:
        request = Request(
            asked.method,
            asked.path,
            asked.query,
            headers=(("Host", self.host), *asked.fields),
            body=asked.body,
        )
        reply = serve(self.application.call, request, Watched("wsgi", str(asked)))
        trouble = "" if reply.raised is None else f"raised {reply.raised!r}"[:200]
        return _answer(asked, reply.status or 500, reply.headers, reply.body, trouble)

    def _by_asgi(self, asked: Asked) -> Answer:
        if self._loop is None:
            raise RuntimeError("the entrance is not open")
        request = asgi_http.Request(
            method=asked.method,
            path=asked.path,
            query=asked.query.encode("latin-1"),
            headers=tuple((n.lower().encode(), v.encode("latin-1")) for n, v in asked.fields)
            + (((b"content-length", b"%d" % len(asked.body)),) if asked.body else ()),
            body=(asked.body,),
        )
        reply: asgi_http.Reply = self._loop.run(
            asgi_http.request(
                self.application.call, request, host=self.host, state=self._state,
                patience=self.deadline,
            )
        )  # fmt: skip
        if reply.timed_out:
            return Answer(reply.status or 0, trouble="no whole answer in time")
        trouble = "" if reply.raised is None else f"raised {reply.raised!r}"[:200]
        fields = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in reply.headers)
        return _answer(asked, reply.status or 500, fields, reply.body, trouble)

    @property
    def _state(self) -> dict[str, Any] | None:
        return self._lifespan.state if self._lifespan.outcome == "complete" else None


def _answer(asked: Asked, status: int, fields: Fields, body: bytes, trouble: str) -> Answer:
    lower = tuple((name.lower(), value) for name, value in fields)
    if asked.method == "HEAD" or status in BODILESS:
        # The length of a body that is not seen is compared where it is seen.
        lower, body = tuple(pair for pair in lower if pair[0] != "content-length"), b""
    return Answer(status, lower, body, trouble)
