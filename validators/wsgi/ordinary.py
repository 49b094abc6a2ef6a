"""The watch over an exchange while nothing of it needs a closer look.

Most exchanges are ordinary: one call of start_response with sound arguments,
pieces of bytes that fit, their end and close(). Of these only a short log and a few
numbers are kept, and no judge is made. At the first thing of another kind the
judge is made and fed the log (``closer.py``); from there on it is asked about
every step. So the tables stay the truth: what is accepted here is what they let
pass without a word, and ``tests/wsgi/test_ordinary.py`` holds the two together.
"""
# ruff: noqa: SLF001 - an ordinary exchange and its proxies are set up in one place, here

from __future__ import annotations

from time import monotonic_ns
from types import GeneratorType

from gateproof.validators.exchange import Exchange
from gateproof.validators.wsgi import proxies, response
from gateproof.validators.wsgi.facts import result_facts
from gateproof.validators.wsgi.light import (
    CALLED,
    ERRORS,
    INPUTS,
    LISTED,
    RESULTS,
    RETURNED,
    STARTED,
    UNSTARTED,
    Starter,
    lift,
)
from gateproof.validators.wsgi.proxies import Wrapper
from gateproof.validators.wsgi.watching import Watching

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gateproof.validators.policy import Policy
    from gateproof.validators.wsgi.closer import Closer
    from gateproof.validators.wsgi.shape import Shapes


class Ordinary:
    """What is known of one exchange that was ordinary so far.

    What else a proxy may want of a watch is asked of the closer one, which is made
    then, so that a proxy may use either.

    Attributes:
        policy, shapes: as for the closer watch.
        environ: the server's own dict while our proxies are in it, else ``None``.
        wrapper: the ``wsgi.file_wrapper`` that the server gave.
        made: what that made, where it is no class.
        log: what crossed, in short forms (see ``closer.steps``).
        inner: the server's start_response.
        source, stream: the server's ``wsgi.input`` and ``wsgi.errors``.
        input, errors: our proxies for them, while they are in environ.
        began: when the application was called, by ``time.monotonic_ns``.
        response: ``UNSTARTED``, ``STARTED`` or ``SENT``; ``CLOSELY`` when judged closely.
        closing: how far the server is with the result; ``CLOSELY`` likewise.
        room: octets that Content-Length allows, -1 where none binds.
        left: octets of it that are still to come.
        seen: items produced so far.
        length: ``len()`` of the result, if it has one.
        reads: octets of the request's body that are left, ``None`` before the first read.
        whole, iterator: the piece of a list that was judged as a whole, and how far that is.
    """

    __slots__ = (
        "_closer",
        "began",
        "closing",
        "environ",
        "errors",
        "inner",
        "input",
        "iterator",
        "left",
        "length",
        "log",
        "made",
        "policy",
        "reads",
        "response",
        "room",
        "seen",
        "shapes",
        "source",
        "stream",
        "whole",
        "wrapper",
    )

    policy: Policy
    shapes: Shapes
    environ: dict[str, Any] | None
    wrapper: Any
    made: list[Any]
    log: list[Any]
    inner: Any
    source: Any
    stream: Any
    input: Any
    errors: Any
    began: int
    response: int
    closing: int
    room: int
    left: int
    seen: int
    length: int | None
    reads: int | None
    whole: bytes
    iterator: Iterator[Any]
    _closer: Closer | None

    # There is no __init__: the one place that makes these sets what it needs.

    def closely(self) -> Closer:
        """The closer watch, made when it is first asked for."""
        closer = self._closer
        if closer is None:
            from gateproof.validators.wsgi.closer import Closer

            closer = self._closer = Closer(self)
        return closer


def _asked(name: str) -> property:
    """What is asked of the closer watch, which is made then."""
    return property(lambda self: getattr(self.closely(), name))


# One by one: a class with __getattr__ has its attributes looked up the slow way.
for _name in (
    *("abandoned", "add", "close", "exchange", "exhausted", "item", "item_raised", "judge"),
    *("next", "rare", "recorded", "start", "tell", "used_errors", "used_input", "wrapped", "write"),
):
    setattr(Ordinary, _name, _asked(_name))


def call(
    policy: Policy,
    shapes: Shapes,
    app: Callable[..., Any],
    environ: Any,
    start_response: Any,
) -> Any:
    """Call ``app`` under watch and return its result or the proxy for it.

    Args:
        policy: what becomes of findings.
        shapes: the compiled checks of the policy's active set.
        app: the WSGI application.
        environ: the request.
        start_response: the server's own.

    Raises:
        ConformanceError: as the policy says.
    """
    try:
        sound = type(environ) is dict and shapes.environ(environ)
    except Exception:  # noqa: BLE001 - a hostile object
        sound = False
    if not sound:
        return Watching(policy, Exchange(), shapes).call(app, environ, start_response)
    watching = Ordinary()
    watching.policy = policy
    watching.shapes = shapes
    watching.environ = environ
    watching.log = log = [("call", environ.copy())]
    watching.began = monotonic_ns()
    watching.response = UNSTARTED
    watching.closing = CALLED
    watching.reads = watching._closer = None
    get = environ.get
    watching.inner = start_response
    watching.source = source = get("wsgi.input")
    watching.input = watching.errors = None
    make = INPUTS[type(source)]
    if make is not None:
        environ["wsgi.input"] = watching.input = proxy = make()
        proxy._Input__watching = watching
        proxy._Input__inner = source
        proxy._Input__asked = ()
    watching.stream = stream = get("wsgi.errors")
    make = ERRORS[type(stream)]
    if make is not None:
        environ["wsgi.errors"] = watching.errors = proxy = make()
        proxy._Errors__watching = watching
        proxy._Errors__inner = stream
        proxy._Errors__asked = ()
    watching.wrapper = wrapper = get("wsgi.file_wrapper")
    if wrapper is not None and not issubclass(type(wrapper), type) and callable(wrapper):
        watching.made = []
        environ["wsgi.file_wrapper"] = Wrapper(watching, wrapper, watching.made)  # type: ignore[arg-type]
    starter: Any = Starter()
    starter._Callee__watching = watching
    starter._Callee__inner = start_response
    try:
        result = app(environ, starter)
    except BaseException as error:
        watching.closely().left_with(error)
        raise
    if watching.closing != CALLED or (wrapper is not None and _may_have_made(wrapper, result)):
        return watching.closely().returned(result)
    kind = type(result)
    if kind is list:
        size = watching.length = len(result)
        log.append(_ONE_PIECE if size == 1 else ("result", {**_PLAIN, "len": size}))
        if watching.response == STARTED:
            lift(watching)
            proxy = LISTED()
        else:
            proxy = RESULTS[list]()
    else:
        facts = _GENERATOR if kind is GeneratorType else _facts(kind, result)
        if facts is None:
            return watching.closely().returned(result)
        log.append(("result", facts))
        watching.length = facts["len"]
        proxy = RESULTS[kind]()
    watching.closing = RETURNED
    proxy._Result__watching = watching
    proxy._Result__inner = result
    return proxy


def _may_have_made(wrapper: Any, result: Any) -> bool:
    """Whether the server's ``wsgi.file_wrapper`` may have made ``result``.

    What a callable that is no class made has been judged closely as it was made.
    """
    try:
        return isinstance(wrapper, type) and isinstance(result, wrapper)
    except Exception:  # noqa: BLE001 - the class decides what its instances are
        return True


_PLAIN: dict[str, Any] = result_facts([b""])
_ONE_PIECE: tuple[str, Any] = ("result", _PLAIN)
_GENERATOR: dict[str, Any] = result_facts(_ for _ in ())


def _facts(kind: type, result: Any) -> dict[str, Any] | None:
    """The facts of a result, ``None`` where a closer look has to be taken."""
    facts: dict[str, Any] = result_facts(result)
    if not facts["iterable"] or facts["indexed"] or issubclass(kind, proxies.Input):
        return None
    if kind is not tuple and any(True for _ in response.result(facts, wrote=False)):
        return None
    return facts
