"""``layer("name")``: a point in a stack of middlewares at which both sides are watched."""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from inspect import iscoroutinefunction
from weakref import ref

from gateproof.validators.layers.belonging import holds, within
from gateproof.validators.layers.links import Link
from gateproof.validators.layers.tapped import Attributing
from gateproof.validators.policy import Policy, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Literal

    from gateproof.validators.exchange import Exchange
    from gateproof.validators.layers.links import Kind
    from gateproof.validators.policy import OnViolation
    from gateproof.validators.violation import Party, Violation

    Level = Literal["must", "should", "all"]

_current: ContextVar[ref[Link] | None] = ContextVar("gateproof.layer", default=None)
"""The link whose call is going on in this context, or was the latest to begin."""


class Layer:
    """A layer of a stack, to be put around the component that it is named after.

    Made by :func:`layer`. Calling it with an application gives the watched one,
    so it can stand wherever a middleware class can.
    """

    def __init__(self, name: str, policy: Policy, *, own: bool) -> None:
        self.name = name
        self.policy = policy
        self.own = own
        self.__name__ = f"layer({name!r})"  # what a list of middlewares shows

    def __call__(self, app: Callable[..., Any]) -> Point:
        """The component ``app``, watched from right outside.

        Raises:
            TypeError: ``app`` cannot be called.
        """
        if not callable(app):
            raise TypeError(f"a layer is put around an application, {app!r} cannot be called")
        return (AsyncPoint if _is_async(app) else Point)(app, self)

    @property
    def violations(self) -> list[Violation]:
        """What was collected here, or by the layer around it whose options it shares."""
        return self.policy.violations

    def count(self, violation: Violation) -> int:
        """How often the like of a collected violation was seen."""
        return self.policy.count(violation)

    def __repr__(self) -> str:
        return self.__name__


def layer(
    name: str = "",
    *,
    on_violation: OnViolation | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] | None = None,
    level: Level | None = None,
    parties: Iterable[Party] | None = None,
) -> Layer:
    """A named point in a stack of middlewares: ``layer("gzip")(GZip(...))``.

    The name is that of the component right inside, down to the next point. What
    is found names the layer at fault::

        app = layer("gzip")(GZip(layer("session")(Session(layer("app")(app)))))

    It works for WSGI and ASGI, which are told apart by the call. Without options
    it has those of the outermost point, which may be a validator, and by itself
    the defaults of the validators.

    Args:
        name: of the component right inside; by default what its class or
            function is called.
        on_violation: as for the validators.
        select: globs of requirement ids; empty means all.
        ignore: globs of requirement ids that are left out.
        level: ``"must"``, ``"should"`` or ``"all"``.
        parties: whose breaches count; all by default.

    Returns:
        What puts the point around an application, usable as a middleware class.

    Raises:
        ValueError: an unknown action, level or party.
    """
    own = any(value is not None for value in (on_violation, select, ignore, level, parties))
    rules = Rules(select or (), ignore or (), level or "must")
    return Layer(name, Policy(on_violation or "raise", rules, parties), own=own)


_points: set[ref[Point]] = set()
"""The points that there are: as long as there is one, a validator may have layers inside."""


def _forget(point: ref[Point]) -> None:
    _points.discard(point)
    if not _points:
        _announce()


def _announce() -> None:
    """Let the validators know whether there are points in this process."""
    from gateproof.validators.asgi import validator as asgi
    from gateproof.validators.wsgi import validator as wsgi

    asgi.stacked = asgi_outermost if _points else None
    wsgi.stacked = wsgi_outermost if _points else None


class Point:
    """An application that is watched as a layer of a stack."""

    def __init__(self, app: Callable[..., Any], made_by: Layer) -> None:
        self.app = self.__wrapped__ = app  # the latter is where its signature is looked up
        self.layer = made_by
        self.layer_name = made_by.name or name_of(app)
        _points.add(ref(self, _forget))
        _announce()

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Serve: WSGI with two arguments, ASGI with three by position; others go unwatched.

        Raises:
            ConformanceError: as ``on_violation`` says; what the application
                raises passes unchanged.
        """
        if callable(named.get("start_response")) and len(args) + len(named) == 2:
            return _serve_named(self, args, named)
        if named or not 2 <= len(args) <= 3:
            return self.app(*args, **named)
        if len(args) == 2:
            return _serve_wsgi(self._link("wsgi", args[0]), *args)
        return _serve_asgi(self._link("asgi", args[0]), *args)

    def _link(self, kind: Kind, given: Any) -> Link:
        return _link(self, self.app, self.layer, self.layer_name, kind, given)

    @property
    def violations(self) -> list[Violation]:
        """What was collected, as :attr:`Layer.violations`."""
        return self.layer.violations

    def count(self, violation: Violation) -> int:
        """How often the like of a collected violation was seen."""
        return self.layer.count(violation)

    def __getattr__(self, name: str) -> Any:
        if name in ("__wrapped__", "app", "layer", "layer_name"):  # while a copy is being made
            raise AttributeError(name)
        return getattr(self.app, name)

    def __repr__(self) -> str:
        return f"{self.layer!r}({self.app!r})"


class AsyncPoint(Point):
    """A point around an ASGI application, by which servers know that it is one."""

    async def __call__(self, *args: Any, **named: Any) -> Any:
        """Serve one connection, as :class:`Point` does."""
        if named or len(args) != 3:
            return await self.app(*args, **named)
        return await _serve_asgi(self._link("asgi", args[0]), *args)


def name_of(app: Any) -> str:
    """What a component is called that was given no name."""
    return str(getattr(app, "__name__", type(app).__name__))


def _is_async(app: Any) -> bool:
    """Whether calling ``app`` gives a coroutine, as far as can be seen from outside."""
    while isinstance(app, partial):
        app = app.func
    return iscoroutinefunction(app) or iscoroutinefunction(type(app).__call__)


def _serve_wsgi(link: Link, environ: Any, start_response: Any, **how: Any) -> Any:
    """Call the component of ``link``, watched.

    The context keeps the outermost link after its call: a result that is made
    as it is iterated may call the application inside only then.

    Raises:
        ConformanceError: as the link's policy says.
    """
    from gateproof.validators.wsgi.validator import watch
    from gateproof.validators.wsgi.watching import Watching

    before = _current.get()
    _current.set(ref(link))
    try:
        _join(link)
        ambient = how.pop("ambient", None)
        if ambient is not None:
            watching = Watching(Attributing(link), link.exchange)
            return ambient.call(watching, link.component, environ, start_response)
        return watch(
            link.component,
            environ,
            start_response,
            policy=Attributing(link),
            exchange=link.exchange,
            **how,
        )
    finally:
        link.calling = False
        if link.outer is not None:
            _current.set(before)


def _serve_named(point: Point, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call a WSGI component by keyword, as whoever is outside does, and say so.

    Raises:
        ConformanceError: as the link's policy says.
    """
    from gateproof.validators.wsgi.validator import served_anyway
    from gateproof.validators.wsgi.watching import Watching

    link = point._link("wsgi", args[0] if args else named.get("environ"))  # noqa: SLF001
    before = _current.get()
    _current.set(ref(link))
    try:
        _join(link)
        watching = Watching(Attributing(link), link.exchange)
        watching.arguments(args, named)
        return served_anyway(link.component, watching, args, named)
    finally:
        link.calling = False
        if link.outer is not None:
            _current.set(before)


async def _serve_asgi(link: Link, scope: Any, receive: Any, send: Any, **how: Any) -> Any:
    """Call the component of ``link``, watched.

    Raises:
        ConformanceError: as the link's policy says.
    """
    from gateproof.validators.asgi.validator import watch

    before = _current.get()
    _current.set(ref(link))
    try:
        _join(link)
        return await watch(
            link.component,
            scope,
            receive,
            send,
            policy=Attributing(link),
            exchange=link.exchange,
            **how,
        )
    finally:
        link.calling = False
        _current.set(before)


def wsgi_outermost(
    app: Callable[..., Any],
    environ: Any,
    start_response: Any,
    *,
    policy: Policy,
    exchange: Exchange,
    **how: Any,
) -> Any:
    """What :func:`gateproof.validators.wsgi.validator.watch` does where there are layers.

    Args:
        app: the application, which may have layers inside.
        environ: the request.
        start_response: the caller's own.
        policy: what becomes of findings, also of those of the layers.
        exchange: where the ladder is recorded.
        how: other arguments of the watch, and ``ambient``.

    Raises:
        ConformanceError: as ``policy`` says.
    """
    link = _outermost("wsgi", app, environ, policy, exchange)
    return _serve_wsgi(link, environ, start_response, **how)


async def asgi_outermost(
    app: Callable[..., Any],
    scope: Any,
    receive: Any,
    send: Any,
    *,
    policy: Policy,
    exchange: Exchange,
    **how: Any,
) -> Any:
    """What :func:`gateproof.validators.asgi.validator.watch` does where there are layers.

    Raises:
        ConformanceError: as ``policy`` says.
    """
    link = _outermost("asgi", app, scope, policy, exchange)
    return await _serve_asgi(link, scope, receive, send, **how)


def _outermost(
    kind: Kind, app: Callable[..., Any], given: Any, policy: Policy, exchange: Exchange
) -> Link:
    """The link of a validator; with no layers inside it names none."""
    link = _link(app, app, Layer("", policy, own=True), name_of(app), kind, given, exchange)
    link.side.alone = ""
    return link


def _link(
    point: object,
    component: Any,
    layer: Layer,
    name: str,
    kind: Kind,
    given: Any,
    ladder: Exchange | None = None,
) -> Link:
    """The link of a call, joined to the one that it is called from."""
    known = _current.get()
    current = None if known is None else known()
    outer = (
        None if current is None else within(current, kind, given, point, whole=point is component)
    )
    policy = layer.policy
    if outer is not None and not layer.own:
        policy = layer.policy = outer.policy  # kept for calls that come without their context
    elif current is not None and current.calling and not layer.own:
        policy = current.policy
    link = Link(point, component, name, kind, given, policy, outer, ladder)
    if kind == "asgi" and policy.rules.level != "must":
        from gateproof.validators.layers.asgi_pair import parts

        link.parts = parts(given)
    return link


def _join(link: Link) -> None:
    """Have the middleware around a link judged from both sides.

    Raises:
        ConformanceError: as its policy says of what is seen already.
    """
    outer = link.outer
    if outer is None:
        return
    if link.kind == "wsgi" and outer.kind == "wsgi":
        from gateproof.validators.layers.wsgi_pair import WSGIPair

        link.join(WSGIPair())
    elif link.kind == "asgi":
        if outer.parts is not None:
            from gateproof.validators.layers.asgi_pair import Scopes

            first = len(outer.inner) == 1
            scopes = Scopes(outer.parts, outer.given if first else None, link.given)
            link.join(scopes)
            link.accuse(scopes.found, outer.exchange)
    else:
        from gateproof.validators.layers.bridge import Bridge

        if holds(outer.component, link.point):
            bridge = Bridge()
            link.join(bridge)
            bridge.feed("outer", "thread", outer.thread)
            link.accuse(bridge.feed("inner", "thread", link.thread), outer.exchange)
