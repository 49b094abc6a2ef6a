"""The judge of a WSGI middleware: fed what happens on both of its sides, in one order.

``outer`` is the boundary towards the server, ``inner`` the one towards the
application; steps and data are those of the WSGI ladder. What one side alone
shows is left to the judge of that side. Sections:
https://peps.python.org/pep-3333/#middleware-handling-of-block-boundaries and
https://peps.python.org/pep-3333/#specification-details
"""

from __future__ import annotations

from gateproof.validators.wsgi.facts import Raised

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from gateproof.validators.violation import Breach, Verdict

    Found = Sequence[Breach]

FINDS = frozenset(
    {
        "wsgi.middleware.forwards-close",
        "wsgi.middleware.no-write-for-yielded",
        "wsgi.middleware.one-value-per-inner-value",
        "wsgi.middleware.returns-iterable-promptly",
    }
)
"""The requirements that this judge can find broken."""

PIECES = 16
"""How many of the latest pieces are remembered to be known again in a write()."""

NOTHING: tuple[()] = ()


class WSGIPair:
    """Judges one call of the inner application by a middleware.

    Each call of the inner application has a pair of its own; the outer side of
    all pairs of a request is the same.
    """

    __slots__ = (
        "_closed",
        "_exhausted",
        "_inner",
        "_leaving",
        "_outer",
        "_pieces",
        "_returned",
        "_taken",
        "_told",
        "_wrote",
    )

    def __init__(self) -> None:
        self._outer: Mapping[str, Any] | None = None
        self._inner: Mapping[str, Any] | None = None
        self._returned = False
        self._leaving = False
        self._closed = False
        self._exhausted = False
        self._taken = 0
        self._pieces: list[bytes] = []
        self._wrote = False
        self._told: set[str] = set()

    def feed(self, side: str, step: str, data: object = None) -> Found:
        """Judge one rung of either ladder; steps that say nothing here are passed over.

        Args:
            side: ``"outer"`` or ``"inner"``.
            step: a step of the WSGI ladder, or ``"withheld"``: the result just
                returned never came to the middleware.
            data: what crossed.
        """
        name = _STEPS.get((side, step))
        if name is None:
            return NOTHING
        judge: Callable[[object], Found] = getattr(self, name)
        return judge(data)

    # The outer side

    def _outer_result(self, facts: Any) -> Found:
        self._returned = True
        self._outer = facts
        return NOTHING

    def _outer_left(self, _: object) -> Found:
        self._leaving = True
        return NOTHING

    def _outer_item(self, _: object) -> Found:
        self._taken = 0
        return NOTHING

    def _outer_exhausted(self, _: object) -> Found:
        self._leaving = True
        if not self._taken:
            return NOTHING
        return self._once(
            "wsgi.middleware.one-value-per-inner-value",
            "the middleware ended its iteration without a value for the last one from inside",
            "no value",
            "at least one value for every value from inside, if only b''",
        )

    def _outer_close(self, _: object) -> Found:
        """The server calls close(); a result that has none cannot pass it on later."""
        self._leaving = True
        if self._outer is not None and not self._outer["has_close"]:
            return self._unclosed("the middleware's own result has no close()")
        return NOTHING

    def _outer_closed(self, _: object) -> Found:
        return self._unclosed("the middleware's own close() has returned")

    def _outer_write(self, data: Any) -> Found:
        args = data[0]
        piece = args[0] if args else None
        if self._wrote or type(piece) is not bytes or not piece:
            return NOTHING
        if piece not in self._pieces and piece != b"".join(self._pieces):
            return NOTHING
        return self._once(
            "wsgi.middleware.no-write-for-yielded",
            "the middleware passed to write() what the application inside had yielded",
            f"write() of {len(piece)} octets that were yielded",
            "the piece in the middleware's own iterable",
        )

    # The inner side

    def _inner_result(self, facts: Any) -> Found:
        self._inner = facts
        return NOTHING

    def _withheld(self, _: object) -> Found:
        self._inner = None
        return NOTHING

    def _inner_item(self, piece: object) -> Found:
        if type(piece) is bytes:
            self._pieces.append(piece)
            del self._pieces[:-PIECES]
        if self._leaving:
            return NOTHING  # what it takes now, it cannot give any more
        if not self._returned:
            return self._once(
                "wsgi.middleware.returns-iterable-promptly",
                "the middleware took a value from inside before it returned its own iterable",
                "a value was taken during the middleware's call",
                "the middleware returns, and iterates when it is iterated",
            )
        self._taken += 1
        if self._taken < 2:
            return NOTHING
        return self._once(
            "wsgi.middleware.one-value-per-inner-value",
            "the middleware took a second value from inside without giving one of its own between",
            f"{self._taken} values taken, none given",
            "at least one value for every value from inside, if only b''",
        )

    def _inner_write(self, _: object) -> Found:
        self._wrote = True
        return NOTHING

    def _inner_close(self, _: object) -> Found:
        self._closed = True
        return NOTHING

    def _inner_exhausted(self, _: object) -> Found:
        self._exhausted = True
        return NOTHING

    def _unclosed(self, why: str) -> Found:
        """The server has closed the result outside, and nobody the one inside.

        Where the server itself forgets, the middleware has nothing to pass on. A
        generator that has come to its end has nothing left to close; a middleware
        which relies on that is only lucky.
        """
        inner = self._inner
        if self._closed or inner is None or not inner["has_close"] or inner["is_file_wrapper"]:
            return NOTHING
        return self._once(
            "wsgi.middleware.forwards-close",
            "the middleware did not call close() of the result that the application inside gave",
            f"{why}, and close() of the {inner['type']} inside was never called",
            "close() of every result from inside that has one",
            verdict="weak" if inner["generator"] and self._exhausted else None,
        )

    def _once(
        self,
        requirement: str,
        message: str,
        observed: str,
        expected: str,
        verdict: Verdict | None = None,
    ) -> Found:
        if requirement in self._told:
            return NOTHING
        self._told.add(requirement)
        from gateproof.validators.violation import Breach

        return (
            Breach(requirement, message, observed, expected, party="middleware", verdict=verdict),
        )

    def _outer_raised(self, error: object) -> Found:
        """The middleware was left with an exception: it has nothing more to give."""
        self._leaving = True
        if Raised.of(error).ours:
            self._told |= FINDS  # the exchange was cut off here: no lecture on the rest
        return NOTHING


_STEPS = {
    ("outer", "result"): "_outer_result",
    ("outer", "raise"): "_outer_raised",
    ("outer", "item"): "_outer_item",
    ("outer", "item-raised"): "_outer_left",
    ("outer", "exhausted"): "_outer_exhausted",
    ("outer", "close"): "_outer_close",
    ("outer", "closed"): "_outer_closed",
    ("outer", "write"): "_outer_write",
    ("outer", "end"): "_outer_left",
    ("inner", "result"): "_inner_result",
    ("inner", "withheld"): "_withheld",
    ("inner", "item"): "_inner_item",
    ("inner", "write"): "_inner_write",
    ("inner", "exhausted"): "_inner_exhausted",
    ("inner", "close"): "_inner_close",
}
"""Which method judges a step of either side."""
