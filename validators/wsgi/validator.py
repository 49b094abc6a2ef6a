"""``WSGIValidator``: wraps a WSGI application and watches both sides of the boundary."""

from __future__ import annotations

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Literal

    from gateproof.validators.policy import OnViolation
    from gateproof.validators.violation import Party, Violation
    from gateproof.validators.wsgi.memory import Host
    from gateproof.validators.wsgi.shape import Shapes
    from gateproof.validators.wsgi.watching import Watching

_ABSENT: Any = object()

stacked: Callable[..., Any] | None = None
"""What watches instead while there are ``layer()`` points in this process, maybe inside."""


class WSGIValidator:
    """A WSGI application that is watched while it serves.

    It is a mirror: what application and server see of each other is the same
    with and without it, save that ``start_response``, ``write``, the result,
    ``wsgi.input`` and ``wsgi.errors`` become proxies that hand everything on.

    Args:
        app: the WSGI application.
        on_violation: ``"raise"`` (only verdict ``fail`` raises, and a server's
            breach is warned of instead), ``"warn"``, ``"log"``, ``"collect"``,
            or a callable taking a violation.
        select: globs of requirement ids; empty means all.
        ignore: globs of requirement ids that are left out.
        level: ``"must"``, ``"should"`` or ``"all"``.
        parties: whose breaches count; all by default.

    Raises:
        TypeError: ``app`` cannot be called.
        ValueError: an unknown action, level or party.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        on_violation: OnViolation = "raise",
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        level: Literal["must", "should", "all"] = "must",
        parties: Iterable[Party] | None = None,
    ) -> None:
        if not callable(app):
            raise TypeError(f"a WSGI application is callable, {app!r} is not")
        # Here, for importing this module is to cost next to nothing.
        from gateproof.validators.wsgi.ordinary import call
        from gateproof.validators.wsgi.watching import Watching

        self.app = app
        self._call = call
        self._policy = Policy(on_violation, Rules(select, ignore, level), parties)
        self._shapes: Shapes | None = None
        self._watching = Watching
        self._ambient: Ambient | None = None
        if level != "must":  # what it finds is no failure
            from gateproof.validators.wsgi.ambient import Ambient

            self._ambient = Ambient()

    def __call__(
        self, environ: Any = _ABSENT, start_response: Any = _ABSENT, /, *extra: Any, **named: Any
    ) -> Any:
        """Serve a request: call the application and watch.

        Raises:
            ConformanceError: as ``on_violation`` says; what the application
                raises passes unchanged.
        """
        shapes = self._shapes
        if shapes is None:
            from gateproof.validators.wsgi.shape import shapes as compiled

            shapes = self._shapes = compiled(self._policy.rules)
        if start_response is not _ABSENT and not extra and not named:
            if stacked is not None:
                return stacked(
                    self.app,
                    environ,
                    start_response,
                    policy=self._policy,
                    exchange=Exchange(),
                    ambient=self._ambient,
                )
            if self._ambient is None or not self._ambient.concerns(environ):
                return self._call(self._policy, shapes, self.app, environ, start_response)
            return self._ambient.serve(
                lambda: self._call(self._policy, shapes, self.app, environ, start_response),
                lambda: self._watching(self._policy, Exchange(), shapes),
                self.app,
                environ,
                start_response,
            )
        if environ is _ABSENT and start_response is _ABSENT and not extra and not named:
            return self.app()  # as Uvicorn tries whether it was given a factory: no request
        watching = self._watching(self._policy, Exchange(), shapes)
        given = (environ, start_response, *extra)
        args = tuple(value for value in given if value is not _ABSENT)
        watching.arguments(args, named)
        return served_anyway(self.app, watching, args, named)

    @property
    def violations(self) -> list[Violation]:
        """What was collected: the first of each requirement, party and verdict."""
        return self._policy.violations

    def count(self, violation: Violation) -> int:
        """How often a collected violation's like was seen."""
        return self._policy.count(violation)

    def __getattr__(self, name: str) -> Any:
        if name == "app":  # not set yet: while a copy is being made
            raise AttributeError(name)
        return getattr(self.app, name)

    def __repr__(self) -> str:
        return f"WSGIValidator({self.app!r})"


def served_anyway(
    app: Callable[..., Any], watching: Watching, args: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """Serve a call of another form than two positional arguments, in that form."""
    if len(args) >= 2:
        environ, start_response = args[0], args[1]

        def invoke(starter: Any) -> Any:
            return app(environ, starter, *args[2:], **named)

    elif "start_response" in named and (args or "environ" in named):
        environ = args[0] if args else named["environ"]
        start_response = named["start_response"]

        def invoke(starter: Any) -> Any:
            return app(*args, **{**named, "start_response": starter})

    else:  # there is nothing to watch: the application says what is missing
        return app(*args, **named)
    return watching.call(app, environ, start_response, invoke)


def watch(
    app: Callable[..., Any],
    environ: Any,
    start_response: Any,
    *,
    policy: Policy,
    exchange: Exchange,
    host: Host = "any",
) -> Any:
    """Call ``app`` once under watch, and return its result or the proxy for it.

    The exchange ends when the server has dropped the result; until then, or
    until ``close()``, the streams in ``environ`` are proxies.

    Args:
        app: the WSGI application.
        environ: the request, as the server made it.
        start_response: the server's own.
        policy: what becomes of findings.
        exchange: where the ladder is recorded.
        host: ``"server"`` where nothing stands between application and server.

    Raises:
        ConformanceError: as the policy says.
    """
    if stacked is not None and type(exchange) is Exchange:
        return stacked(app, environ, start_response, policy=policy, exchange=exchange, host=host)
    from gateproof.validators.wsgi.watching import Watching

    return Watching(policy, exchange, None, host).call(app, environ, start_response)
