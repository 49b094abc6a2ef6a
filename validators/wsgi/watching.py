"""One exchange watched live: what crosses is recorded, judged and handed on."""

from __future__ import annotations

from gateproof.validators.policy import LEVELS
from gateproof.validators.wsgi.facts import Raised, result_facts, settled, settled_keywords
from gateproof.validators.wsgi.judge import WSGIJudge
from gateproof.validators.wsgi.masking import Masks
from gateproof.validators.wsgi.memory import NOTHING
from gateproof.validators.wsgi.proxies import (
    Indexed,
    Iterated,
    Starter,
    Writer,
    items,
    result_proxy,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from gateproof.validators.exchange import Exchange
    from gateproof.validators.policy import Policy
    from gateproof.validators.violation import ConformanceError
    from gateproof.validators.wsgi.memory import Found, Host
    from gateproof.validators.wsgi.shape import Shapes

_NO_KEYWORDS: dict[str, object] = {}


class Watching:
    """The watch over one exchange.

    Args:
        policy: what becomes of findings.
        exchange: where the ladder is recorded.
        shapes: the compiled checks of the policy's active set, if at hand.
        host: what calls the application, as for the judge.

    Attributes:
        judge: the judge of this exchange.
        add: records a rung.
        recorded: the judge's count of items when one was last kept or counted.
    """

    __slots__ = (
        "_masks",
        "add",
        "closed",
        "ended",
        "exchange",
        "judge",
        "policy",
        "recorded",
    )

    def __init__(
        self,
        policy: Policy,
        exchange: Exchange,
        shapes: Shapes | None = None,
        host: Host = "any",
    ) -> None:
        self.policy = policy
        self.exchange = exchange
        self.add = exchange.add
        self.judge = WSGIJudge(policy.rules, host, shapes)
        self._masks: Masks | None = None
        self.recorded = 0
        self.closed = self.ended = False

    # The request

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """The server called with other than two positional arguments.

        Raises:
            ConformanceError: as the policy says.
        """
        shape = ((None,) * len(args), dict.fromkeys(kwargs))
        self.add("call-arguments", shape)
        self.tell(self.judge.call_arguments(*shape))

    def call(
        self,
        app: Callable[..., Any],
        environ: Any,
        start_response: Any,
        invoke: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Call the application and return its result or the proxy for it.

        ``invoke`` makes the call with the start_response it is given, where that
        has to have another form than two positional arguments.

        Raises:
            ConformanceError: as the policy says.
        """
        add, judge = self.add, self.judge
        masks = None
        if type(environ) is dict:
            add("call", environ.copy())
            found = judge.call(environ)
            if found:
                self.tell(found)
            masks = self._masks = Masks(self, environ)
        else:
            add("call", environ)
            self.tell(judge.call(environ))
        starter = Starter(self, start_response)
        try:
            result = app(environ, starter) if invoke is None else invoke(starter)
        except BaseException as error:
            self._raised(error, 1 if invoke is None else 2)
            raise
        return self._handed_on(result, masks)

    def _handed_on(self, result: Any, masks: Masks | None) -> Any:
        """What the server is to have of ``result``: itself or a proxy."""
        wrapped = masks is not None and masks.wrapped(result)
        facts = result_facts(result, wrapped)
        self.add("result", facts)
        found = self.judge.result.returned(facts)
        if found or self.exchange.due is not None:
            self._tell_of_result(found, result)
        if wrapped or not facts["iterable"]:
            self._restore()
            return result
        return result_proxy(type(result))(self, result)

    def _restore(self) -> None:
        """Put the streams back into environ; once only."""
        if self._masks is not None:
            self._masks.lift()
            self._masks = None

    def _raised(self, error: BaseException, frames: int) -> None:
        """The application's call raised ``error``, ``frames`` frames of ours away."""
        raised = Raised.of(error, outside=_outside(error, frames))
        self.add("raise", raised)
        found = self.judge.result.raised(raised)
        self._restore()
        self.tell(found)
        due = self._due(None)
        if due is not None and due is not error:
            raise due from error

    def _tell_of_result(self, found: Found, result: Any) -> None:
        """Tell what is wrong with a result; one that is not handed on is closed here."""
        problem = self._due(self._told(found))
        if problem is not None:
            self.ended = True
            self._restore()
            close = getattr(result, "close", None)
            if close is not None:
                close()
            raise problem

    # start_response and write

    def start(self, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The application calls ``start_response``.

        Raises:
            ConformanceError: as the policy says, before the server is called.
        """
        add, judge = self.add, self.judge.start
        if judge.body.seen != self.recorded:
            self._catch_up()
        kept = settled(args)
        named = settled_keywords(kwargs) if kwargs else _NO_KEYWORDS
        add("start_response", (kept, named))
        found = judge.called(kept, named)
        held = None
        if found is not NOTHING:
            if found:
                self._tell_at(found, "start_response-raised", judge.raised)
            held = self._closer(args, kwargs)
        try:
            write = inner(*args, **kwargs)
            if held is not None:
                held = held(args, kwargs)
        except BaseException as error:
            self._refused(error)
            raise
        finally:
            del args, kwargs  # exc_info must not live on in this frame
        return self._answered(write, held)

    def _refused(self, error: BaseException) -> None:
        """The server's start_response raised ``error``, beneath one frame of ours."""
        raised = Raised.of(error, outside=_outside(error, 1))
        self.add("start_response-raised", raised)
        self.tell(self.judge.start.raised(raised))

    def _answered(self, write: Any, held: Any) -> Any:
        """What the application is to have of ``write``; ``held`` is kept of exc_info."""
        judge = self.judge.start
        if not callable(write):
            useless = 1 if write is True else write  # True stands for any callable
            self.add("started", useless)
            self.tell(judge.returned(useless))
            return write
        self.add("started", True)
        found = judge.returned(True)
        if found:
            self.tell(found)
        if held is not None:
            self.rare("exc-info-kept", held)
        return Writer(self, write)

    def _closer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Look closer at a call that may begin an error response.

        Returns:
            What tells, given the arguments again once the server has returned,
            what it keeps of exc_info; ``None`` where there is nothing to keep.
        """
        if "weak" not in LEVELS[self.policy.rules.level]:
            return None
        from gateproof.validators.wsgi import excinfo

        judge = self.judge.start
        if judge.given is not None:
            return excinfo.watched(args, kwargs)
        if judge.unset and judge.pending[0].startswith("5"):
            error = self._handling()
            if error is not None:
                self.rare("handling", error)
        return None

    def _handling(self) -> Raised | None:
        """The exception that the application is handling right now."""
        from gateproof.validators.wsgi import excinfo

        return excinfo.handled(CALLERS, self)

    def write(self, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The application calls ``write()``.

        Raises:
            ConformanceError: as the policy says, before the server is called.
        """
        judge = self.judge.body
        if judge.seen != self.recorded:
            self._catch_up()
        self.add("write", (args, kwargs))
        found = judge.write(args, kwargs)
        if found:
            self._tell_at(found, "write-raised", judge.write_raised)
        try:
            value = inner(*args, **kwargs)
        except BaseException as error:
            raised = Raised.of(error, outside=_outside(error, 1))
            self.add("write-raised", raised)
            self.tell(judge.write_raised(raised))
            raise
        self.add("written")
        found = judge.written()
        if found:
            self.tell(found)
        return value

    def _tell_at(self, found: Found, step: str, judged: Callable[[object], Found]) -> None:
        """Tell findings; where that raises, the ladder and the judge learn of it as ``step``."""
        self._raise_at(self._told(found), step, judged)

    def _raise_at(
        self, problem: ConformanceError | None, step: str, judged: Callable[[object], Found]
    ) -> None:
        """Raise ``problem``, if there is one, and record that as ``step``."""
        if problem is not None:
            raised = Raised.of(problem)
            self.add(step, raised)
            judged(raised)
            raise problem

    # The iteration

    def next(self) -> None:
        """The server asks for an item that needs a closer look.

        Raises:
            ConformanceError: as the policy says.
        """
        judge = self.judge.result
        if judge.body.seen != self.recorded:
            self._catch_up()
        self.add("next")
        found = judge.next()
        if found:
            self.tell(found)

    def item(self, piece: Any) -> None:
        """The iterable produced ``piece``.

        Raises:
            ConformanceError: as the policy says.
        """
        judge = self.judge.result
        if judge.body.seen != self.recorded:
            self._catch_up()
        self.add("item", piece)
        found = judge.item(piece)
        self.recorded = judge.body.seen
        if found:
            self._tell_at(found, "item-raised", judge.item_raised)

    def _catch_up(self) -> None:
        """Count the items of a long stream that were not recorded."""
        seen = self.judge.body.seen
        self.exchange.skip(seen - self.recorded)
        self.recorded = seen

    def exhausted(self) -> None:
        """The iteration ended.

        Raises:
            ConformanceError: as the policy says.
        """
        judge = self.judge.result
        if judge.body.seen != self.recorded:
            self._catch_up()
        self.add("exhausted")
        found = judge.exhausted()
        if found or self.exchange.due is not None:
            problem = self._due(self._told(found))
            self._raise_at(problem, "item-raised", judge.item_raised)

    def item_raised(self, error: BaseException) -> None:
        """The iteration raised."""
        if self.judge.body.seen != self.recorded:
            self._catch_up()
        raised = Raised.of(error)
        self.add("item-raised", raised)
        self.tell(self.judge.result.item_raised(raised))

    # The end

    def close(self, inner: Any) -> None:
        """The server calls ``close()``.

        Raises:
            ConformanceError: as the policy says, after the result was closed.
        """
        if self.judge.body.seen != self.recorded:
            self._catch_up()
        self.add("close")
        found = self.judge.result.close()
        problem = self._due(self._told(found) if found else None)
        try:
            close = getattr(inner, "close", None)
            if close is not None:
                close()
                self.add("closed")
        except BaseException as error:
            self._close_raised(error)
            raise
        self.closed = True
        self._restore()
        if problem is not None:
            raise problem

    def _close_raised(self, error: BaseException) -> None:
        """The result's close() raised ``error``."""
        raised = Raised.of(error)
        self.add("close-raised", raised)
        self._restore()
        self.tell(self.judge.result.close_raised(raised))

    def _due(self, problem: ConformanceError | None) -> ConformanceError | None:
        """``problem``, or the error of a server's breach that the application swallowed.

        What is returned is on its way to the server, which is to get it once.
        """
        due, self.exchange.due = self.exchange.due, None
        return problem or due

    def _told(self, found: Found) -> ConformanceError | None:
        """Tell findings, and return what the policy would raise."""
        from gateproof.validators.violation import ConformanceError

        try:
            self.tell(found)
        except ConformanceError as error:
            return error
        return None

    def end(self) -> None:
        """The server is done with the exchange; once only.

        Raises:
            ConformanceError: as the policy says.
        """
        if self.ended:
            return
        self.ended = True
        self.add("end")
        found = self.judge.end()
        self._restore()
        if found:
            self.tell(found)

    def abandoned(self) -> None:
        """The server has dropped the result: that ends the exchange as well.

        Called while the result is being destroyed, where nothing can be raised:
        what the policy would raise is given as a warning.
        """
        if self.ended or (self.closed and self.judge.streams.flushed):
            return  # nothing is left to be told
        self.ended = True
        self.add("end")
        found = self.judge.end()
        self._restore()
        error = self._told(found) if found else None
        if error is not None:
            import warnings

            from gateproof.validators.violation import ConformanceWarning

            warnings.warn(ConformanceWarning(error.violation), stacklevel=2)

    # The streams

    def used_input(self, method: str, args: tuple[Any, ...], outcome: Any) -> None:
        """The application used ``wsgi.input``.

        Raises:
            ConformanceError: as the policy says.
        """
        if isinstance(outcome, BaseException):
            outcome = Raised.of(outcome)
        self.add("input", (method, args, outcome))
        found = self.judge.streams.input(method, args, outcome)
        if found:
            self.tell(found)

    def used_errors(self, method: str, args: tuple[Any, ...], outcome: Any = None) -> None:
        """The application used ``wsgi.errors``.

        Raises:
            ConformanceError: as the policy says.
        """
        if isinstance(outcome, BaseException):
            outcome = Raised.of(outcome)
        self.add("errors", (method, args, outcome))
        found = self.judge.streams.errors(method, args, outcome)
        if found:
            self.tell(found)

    def wrapped(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        made: Any,
        error: BaseException | None,
    ) -> None:
        """The application called the server's ``wsgi.file_wrapper``.

        Raises:
            ConformanceError: as the policy says.
        """
        from gateproof.validators.wsgi import wrapper

        raised = None if error is None else Raised.of(error, outside=_outside(error, 1))
        self.rare("file-wrapper", wrapper.call_facts(args, kwargs, made, raised))

    def rare(self, step: str, data: object) -> None:
        """Something came up that few exchanges have.

        Raises:
            ConformanceError: as the policy says.
        """
        self.add(step, data)
        self.tell(self.judge.rare(step, data))

    def tell(self, found: Found) -> None:
        """Hand findings to the policy.

        Raises:
            ConformanceError: as the policy says.
        """
        if found:
            self.policy.tell(found, self.exchange)


CALLERS = frozenset(
    function.__code__
    for function in (Watching.call, Watching.close, items, Iterated.__next__, Indexed.__getitem__)
)
"""Our frames that call the application's code."""


def _outside(error: BaseException, frames: int) -> bool:
    """Whether no Python code was entered beyond the last ``frames`` frames, which are ours."""
    traceback = error.__traceback__
    while frames and traceback is not None:
        traceback = traceback.tb_next
        frames -= 1
    return traceback is None
