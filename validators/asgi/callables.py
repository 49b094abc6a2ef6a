"""Callables that cannot be used as the text says: the application, receive and send.

What is found here is found when a call fails or gives nothing to await, so that
calls that succeed cost nothing. The live wrapper looks at the objects
(:func:`style`, :func:`unusable`) and records what it saw in words; the judge
reads those, as it does in a replay.
"""

from __future__ import annotations

from gateproof.validators.asgi.values import Misuse, breach, exact, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateproof.validators.asgi.judge import Found

FINDS = {
    "app_unusable": ("asgi.app.async-callable",),
    "app_legacy": ("asgi.app.single-async-callable", "asgi.legacy.two-callables"),
    "app_miscalled": ("asgi.app.awaited-with-three-arguments", "asgi.scope.first-argument"),
    "receive_unusable": ("asgi.receive.awaitable-callable",),
    "send_unusable": ("asgi.send.awaitable-callable",),
}
"""The requirements that each check can find broken."""

_THREE = ("scope", "receive", "send")


# What the judge makes of it ---------------------------------------------------


def app_unusable(what: object) -> Found:
    """Calling the application with three arguments raised or gave no awaitable."""
    failed = isinstance(what, BaseException)
    return (
        breach(
            "asgi.app.async-callable",
            "calling the application with scope, receive and send "
            + (f"raised {shown(what)}" if failed else f"returned {shown(what)}"),
            shown(what),
            "an awaitable",
        ),
    )


def app_legacy(how: object) -> Found:
    """The application takes one argument; ``how`` says what is wrong with it, if anything."""
    how = _words(how)
    if how:
        return (
            breach(
                "asgi.legacy.two-callables",
                f"the application takes the scope alone, as ASGI 2 had it, but {how}",
                how,
                "a plain call with the scope that gives an async callable of receive and send, "
                "or one async callable of scope, receive and send",
            ),
        )
    return (
        breach(
            "asgi.app.single-async-callable",
            "the application takes the scope alone, as ASGI 2 had it",
            "a callable of one argument",
            "one async callable of scope, receive and send",
        ),
    )


def app_miscalled(call: Misuse) -> Found:
    """The application was called with other arguments than scope, receive and send."""
    seen = ", ".join(
        (
            *(_kind(argument) for argument in call.arguments),
            *(f"{name}={_kind(value)}" for name, value in call.named.items()),
        )
    )
    count = len(call.arguments) + len(call.named)
    if count == len(_THREE) and not call.named:
        place = next(i for i, one in enumerate(call.arguments, 1) if isinstance(one, dict))
        return (
            breach(
                "asgi.scope.first-argument",
                f"the scope was handed over as argument {place} of the call",
                f"app({seen})",
                "app(scope, receive, send)",
            ),
        )
    return (
        breach(
            "asgi.app.awaited-with-three-arguments",
            f"the application was called with {count} argument{'' if count == 1 else 's'}"
            if count != len(_THREE)
            else f"the application was called with arguments named {shown(list(call.named))}",
            f"app({seen})",
            "app(scope, receive, send)",
        ),
    )


def receive_unusable(how: object) -> Found:
    """receive() could not be called or its result not be awaited."""
    how = _words(how)
    return (
        breach(
            "asgi.receive.awaitable-callable",
            f"the server's receive cannot be used: {how}",
            how,
            "a callable without arguments whose result can be awaited",
        ),
    )


def send_unusable(how: object) -> Found:
    """send() could not be called with an event or its result not be awaited."""
    how = _words(how)
    return (
        breach(
            "asgi.send.awaitable-callable",
            f"the server's send cannot be used: {how}",
            how,
            "a callable of one event whose result can be awaited",
        ),
    )


def _words(how: object) -> str:
    """What a wrapper saw, in its own words."""
    text = exact(how)
    return shown(how) if text is None else text


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return f"a {type(value).__name__}"
    return shown(value, 40)


# What the live wrapper sees ---------------------------------------------------


def misplaced(arguments: Sequence[object]) -> bool:
    """Whether three arguments hold a scope, though not in the first place."""
    first, *others = arguments
    return not isinstance(first, dict) and any(isinstance(other, dict) for other in others)


def style(app: object) -> str | None:
    """What is wrong with ``app`` as an ASGI 2 application, ``""`` if nothing.

    ``None`` if it is none, for it does not take exactly one argument.
    """
    import inspect

    if not _takes(app, 1) or _takes(app, len(_THREE)):
        return None
    if inspect.iscoroutinefunction(app):
        return "its first call is asynchronous"
    if not inspect.isclass(app):
        return ""  # what its first call gives is not known before that call
    if "__call__" not in _members(app):
        return f"instances of {app.__name__} cannot be called"
    if not _takes(app.__call__, 3):  # with self
        return f"instances of {app.__name__} do not take receive and send"
    return ""


def unusable(function: object, arguments: int, error: BaseException) -> str:
    """Why a server's ``function`` could not be used, ``""`` if it was not for what it is.

    Args:
        function: receive or send.
        arguments: how many it was called with.
        error: what calling it and awaiting the result raised in one frame.
    """
    if type(error) is not TypeError or not _is_ours(error):
        return ""
    if _was_awaiting(error):
        return f"its call gave nothing to await ({error})"
    if not callable(function):
        return f"{shown(function)} is not callable"
    if _takes(function, arguments, default=True):
        return ""
    return (
        f"{shown(function)} cannot be called with{' one event' if arguments else 'out arguments'}"
    )


def _is_ours(error: BaseException) -> bool:
    """Whether ``error`` was raised by the call itself, not by code that it ran."""
    return error.__traceback__ is not None and error.__traceback__.tb_next is None


def _was_awaiting(error: BaseException) -> bool:
    """Whether ``error`` says that a value cannot be awaited: the instruction tells."""
    import dis

    place = error.__traceback__
    if place is None:
        return False
    instruction = place.tb_frame.f_code.co_code[place.tb_lasti]
    return dis.opname[instruction] == "GET_AWAITABLE"


def _members(app: type) -> set[str]:
    return {name for base in app.__mro__ if base is not object for name in vars(base)}


def _takes(function: object, count: int, *, default: bool = False) -> bool:
    """Whether ``function`` can be called with ``count`` positional arguments."""
    import inspect

    try:
        signature = inspect.signature(function)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default
    try:
        signature.bind(*(None,) * count)
    except TypeError:
        return False
    return True
