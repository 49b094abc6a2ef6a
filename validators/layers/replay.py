"""Judging what both sides of a middleware recorded, in one order."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateproof.validators.violation import Breach

    Crossing = tuple[str, str, object]


def replay(
    crossings: Iterable[Crossing], inner: str = "wsgi", outer: str | None = None
) -> list[Breach]:
    """What a middleware broke that shows only in both of its sides together.

    Args:
        crossings: rungs of both ladders as ``(side, step, data)`` in one order,
            the sides being ``"outer"`` and ``"inner"``. For ASGI on both sides,
            the steps ``call`` and ``scope`` carry the scope as it is then.
        inner: the interface of the inner side.
        outer: that of the outer side; the same by default.

    Returns:
        The breaches, in order.

    Raises:
        ValueError: nothing is known of middlewares between these interfaces.
    """
    pair = _PAIRS.get((outer or inner, inner))
    if pair is None:
        raise ValueError(f"no judge for {outer or inner} outside and {inner} inside")
    import importlib

    module = importlib.import_module(f"gateproof.validators.layers.{pair[0]}")
    judge = getattr(module, pair[1])()
    found: list[Breach] = []
    for side, step, data in crossings:
        if pair[1] == "ASGIPair" and step in ("call", "scope"):
            found.extend(judge.feed(side, step, module.parts(data)))
        else:
            found.extend(judge.feed(side, step, data))
    return found


_PAIRS = {
    ("wsgi", "wsgi"): ("wsgi_pair", "WSGIPair"),
    ("asgi", "asgi"): ("asgi_pair", "ASGIPair"),
    ("asgi", "wsgi"): ("bridge", "Bridge"),
}
"""The judge of a middleware by the interfaces outside and inside."""
