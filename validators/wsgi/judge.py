"""The judge of one WSGI exchange: fed what crosses the boundary, it finds breaches.

It knows nothing of who feeds it. There is one small judge for each object that
crosses: ``start_response``, the body, the result, the streams. Each of their
methods stands for one step of the ladder, takes what crossed and returns the
breaches it shows, an empty tuple when all is well. :data:`STEPS` joins the steps
to the methods, and :meth:`WSGIJudge.feed` judges a step by its name, for replay.
"""

from __future__ import annotations

from gateproof.validators.wsgi.body_judge import BodyJudge
from gateproof.validators.wsgi.memory import NOTHING, Memory, accepts, declared_length, true
from gateproof.validators.wsgi.result_judge import ResultJudge
from gateproof.validators.wsgi.start_judge import StartJudge
from gateproof.validators.wsgi.stream_judge import StreamJudge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateproof.validators.policy import Rules
    from gateproof.validators.wsgi.memory import Found, Host
    from gateproof.validators.wsgi.shape import Shapes


class WSGIJudge:
    """Judges one exchange of a server with an application.

    Args:
        rules: the active set; all requirements by default.
        shapes: the compiled checks of the active set, if at hand.
        host: what calls the application. A middleware may do some things that a
            server may not, so ``"any"`` judges these mildly; ``"server"`` says
            that nothing stands between the application and the server.

    Attributes:
        start: the judge of ``start_response``.
        body: the judge of what is produced.
        result: the judge of what the application returned.
        streams: the judge of ``wsgi.input`` and ``wsgi.errors``.
    """

    __slots__ = ("body", "memory", "result", "start", "streams")

    def __init__(
        self, rules: Rules | None = None, host: Host = "any", shapes: Shapes | None = None
    ) -> None:
        if shapes is None:
            from gateproof.validators.policy import Rules as AllRules
            from gateproof.validators.wsgi.shape import shapes as compiled

            shapes = compiled(rules or AllRules(level="all"))
        memory = self.memory = Memory(shapes, host)
        body = self.body = BodyJudge(memory)
        self.start = StartJudge(memory, body)
        self.result = ResultJudge(memory, body)
        self.streams = StreamJudge(memory)

    def call_arguments(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Found:
        """The server calls the application with other than two positional arguments."""
        from gateproof.validators.wsgi import request

        return list(request.call_arguments(args, kwargs))

    def call(self, environ: object) -> Found:
        """The server calls the application with ``environ``."""
        if type(environ) is dict:
            method = environ.get("REQUEST_METHOD")
            if type(method) is str:
                self.start.method = method
            length = environ.get("CONTENT_LENGTH")
            if type(length) is str and length and not true(environ.get("wsgi.input_terminated")):
                self.streams.input_left = declared_length(length)
        shapes = self.memory.shapes
        if accepts(shapes.environ, environ):
            return NOTHING
        return shapes.explain("wsgi/environ", environ)

    def end(self, _: object = None) -> Found:
        """The server is done with the exchange."""
        return [*self.result.end(), *self.streams.end()]

    def rare(self, step: str, data: object) -> Found:
        """Judge a step that few exchanges have; its check is loaded when it comes."""
        from gateproof.validators.wsgi.rare import CHECKS

        check = CHECKS.get(step)
        return NOTHING if check is None else self.memory.once(check(self, data))

    def feed(self, step: str, data: object = None) -> Found:
        """Judge one rung of a ladder.

        Steps that belong to no step of this protocol are passed over.
        """
        entry = STEPS.get(step)
        if entry is None:
            return self.rare(step, data)
        part, name, spread = entry
        method: Callable[..., Found] = getattr(getattr(self, part) if part else self, name)
        return method(*data) if spread else method(data)  # type: ignore[misc]


STEPS: dict[str, tuple[str, str, bool]] = {
    "call-arguments": ("", "call_arguments", True),
    "call": ("", "call", False),
    "start_response": ("start", "called", True),
    "started": ("start", "returned", False),
    "start_response-raised": ("start", "raised", False),
    "write": ("body", "write", True),
    "written": ("body", "written", False),
    "write-raised": ("body", "write_raised", False),
    "result": ("result", "returned", False),
    "raise": ("result", "raised", False),
    "next": ("result", "next", False),
    "item": ("result", "item", False),
    "exhausted": ("result", "exhausted", False),
    "item-raised": ("result", "item_raised", False),
    "close": ("result", "close", False),
    "closed": ("result", "closed", False),
    "close-raised": ("result", "close_raised", False),
    "input": ("streams", "input", True),
    "errors": ("streams", "errors", True),
    "end": ("", "end", False),
}
"""Each step of the ladder: whose method judges it, and whether its data are several arguments."""
