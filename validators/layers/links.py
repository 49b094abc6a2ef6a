"""What the points of one stack know of each other while they serve one request.

A :class:`Link` is one call of one point. It hands what its own judge finds to
:mod:`blame`, and what crosses to the judges of the middlewares on both sides.
"""

from __future__ import annotations

from threading import Lock, get_ident
from weakref import ref

from gateproof.validators.layers.blame import Side
from gateproof.validators.layers.tapped import Tapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, Literal, Protocol

    from gateproof.validators.exchange import Exchange
    from gateproof.validators.policy import Policy
    from gateproof.validators.violation import Breach

    class Pair(Protocol):
        """A judge of both sides of a middleware."""

        def feed(self, side: str, step: str, data: object = None) -> Sequence[Breach]:
            """Judge one rung."""

    Kind = Literal["asgi", "wsgi"]

_STREAMS = ("input", "errors")
"""Steps that are judged from the outside in: what is inside is heard only afterwards."""

_OVER = frozenset({"raise", "close", "end"})


class Chain:
    """The links of one request, the outermost first; a link keeps those inside of it.

    What is heard comes from several threads where a bridge is among the layers.
    """

    __slots__ = ("links", "lock")

    def __init__(self) -> None:
        self.links: list[ref[Link]] = []
        self.lock = Lock()


class Link:
    """One call of a point.

    Args:
        point: the point that is called.
        component: what is right inside of it.
        name: of the layer that begins with that.
        kind: ``"asgi"`` or ``"wsgi"``.
        given: the scope or environ.
        policy: what becomes of what is found here.
        outer: the link that it is called from, ``None`` for the outermost.
        ladder: where the call is recorded, if not in a ladder of its own.

    Attributes:
        calling: whether the call has not returned yet.
        over: whether the whole exchange is over, as far as is known.
        pending: breaches of a stream that may turn out to be those of a layer inside.
        used_errors: whether the error stream was used through this link.
        thread: in which thread the point was called.
        parts: what the scope was like then, where that is to be known.
        whole: whether it is no point that is called, but what a validator wraps.
        exchange: the ladder for it.
    """

    __slots__ = (
        "__weakref__",
        "_outer",
        "_step",
        "calling",
        "chain",
        "component",
        "exchange",
        "given",
        "inner",
        "kind",
        "masked",
        "over",
        "pairs",
        "parts",
        "pending",
        "point",
        "policy",
        "side",
        "thread",
        "used_errors",
        "whole",
    )

    def __init__(
        self,
        point: object,
        component: Any,
        name: str,
        kind: Kind,
        given: Any,
        policy: Policy,
        outer: Link | None = None,
        ladder: Exchange | None = None,
    ) -> None:
        self.point = point
        self.component = component
        self.whole = point is component
        self.kind = kind
        self.given = given
        self.masked = _streams(given)
        self.thread = get_ident()
        self.parts: dict[str, object] | None = None
        self.policy = policy
        self._outer = None if outer is None else ref(outer)
        self.side: Side = (
            Side(name) if outer is None else Side(name, outer.side, bridged=outer.kind != kind)
        )
        self.chain: Chain = Chain() if outer is None else outer.chain
        self.chain.links.append(ref(self))
        self.inner: list[Link] = []
        self.pairs: list[Pair] = []
        self.calling = True
        self.over = False
        self.exchange = Tapped(self, ladder)
        self._step = ""
        self.pending: list[Breach] = []
        self.used_errors = False
        if outer is not None:
            outer.inner.append(self)

    @property
    def outer(self) -> Link | None:
        """The link that it was called from, as long as that is watched."""
        return None if self._outer is None else self._outer()

    def join(self, pair: Pair) -> None:
        """Have ``pair`` judge the middleware between this link and its outer one."""
        outer = self.outer
        if outer is None:
            return
        for rung in outer.exchange.rungs():
            pair.feed("outer", rung.step, rung.data)
        self.pairs.append(pair)

    def hear(self, step: str, data: object = None) -> None:
        """A rung was recorded here.

        Raises:
            ConformanceError: as the policy says of what it shows of a middleware.
        """
        self._step = step
        if step in _OVER:
            self.over = True
        elif step == "errors":
            self.used_errors = True
        for link, found in self._judged(step, data):
            link.accuse(found, self.exchange)
        if self.pending and step not in _STREAMS:
            pending, self.pending = self.pending, []
            self.policy.tell(pending, self.exchange)

    def _judged(self, step: str, data: object) -> list[tuple[Link, Sequence[Breach]]]:
        """What the pairs on both sides say of a rung, with the inner link of each."""
        judged = []
        with self.chain.lock:
            for pair in self.pairs:
                found = pair.feed("inner", step, data)
                if found:
                    judged.append((self, found))
            for inner in self.inner:
                for pair in inner.pairs:
                    found = pair.feed("outer", step, data)
                    if found:
                        judged.append((inner, found))
        return judged

    def accuse(self, found: Sequence[Breach], exchange: Exchange) -> None:
        """Tell what the middleware around this link did.

        Args:
            found: what the judge of both its sides found.
            exchange: the ladder whose latest rung showed it.

        Raises:
            ConformanceError: as the policy says.
        """
        from dataclasses import replace

        outer = self.outer
        if outer is None:
            return
        named = (self.side.once(replace(breach, layer=outer.side.name)) for breach in found)
        outer.policy.tell([breach for breach in named if breach is not None], exchange)

    def tell(self, breaches: Iterable[Breach]) -> None:
        """Tell what the judge of this link found, save what is somebody else's fault.

        Raises:
            ConformanceError: as the policy says.
        """
        told = []
        for breach in breaches:
            if breach.requirement == "wsgi.errors.app-must-flush" and self._errors_used_inside():
                continue
            blamed = self.side.blame(breach, self._step)
            if blamed is None or not self._heard_last(breach, blamed):
                continue
            told.append(blamed)
        if not told:
            return
        if self._step != "result":
            self.policy.tell(told, self.exchange)
            return
        try:
            self.policy.tell(told, self.exchange)
        except BaseException:
            with self.chain.lock:  # the result is not handed on: whoever called never sees it
                for pair in self.pairs:
                    pair.feed("inner", "withheld")
            raise

    def _heard_last(self, breach: Breach, blamed: Breach) -> bool:
        """Whether a breach can be told now; if it is of a stream, whoever is inside comes first."""
        link = self.outer
        while link is not None:  # what was to be blamed on the layers around has come from here
            if link.pending:
                link.pending = [
                    one for one in link.pending if one.requirement != breach.requirement
                ]
            link = link.outer
        if self._step in _STREAMS and blamed.party == "middleware" and self.inner:
            self.pending.append(blamed)
            return False
        return True

    def _errors_used_inside(self) -> bool:
        return any(link.used_errors or link._errors_used_inside() for link in self.inner)  # noqa: SLF001


def _streams(given: Any) -> tuple[object, object]:
    """The streams of an environ before any proxy stands for them."""
    if type(given) is not dict:
        return (None, None)
    try:
        return (given.get("wsgi.input"), given.get("wsgi.errors"))
    except Exception:  # noqa: BLE001 - a hostile key
        return (None, None)
