"""Tell WSGI from ASGI by looking at a callable, and say why."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from gateproof.targets.load import TargetError

Interface = Literal["wsgi", "asgi"]

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Detected:
    """Which interface a callable speaks, and the reason in a few words."""

    interface: Interface
    because: str


def detect(application: Callable[..., Any], target: str) -> Detected:
    """Which interface ``application`` speaks.

    An asynchronous callable is ASGI, whatever its signature; otherwise three
    required parameters mean ASGI, two mean WSGI
    (https://peps.python.org/pep-3333/#the-application-framework-side,
    https://asgi.readthedocs.io/en/latest/specs/main.html#applications).

    Raises:
        TargetError: it is an ASGI 2 double callable, or neither, or it cannot be told.
    """
    if _is_async(application):
        return Detected("asgi", "it is an async callable")
    signature = _signature(application)
    if signature is None:
        raise TargetError(
            f"--target={target}: its signature cannot be read, so WSGI and ASGI cannot be told "
            "apart; add --target-interface=wsgi or --target-interface=asgi"
        )
    required, at_most = _counts(signature)
    if required <= 3 <= at_most and not required <= 2 <= at_most:
        return Detected("asgi", "it takes three arguments (scope, receive, send)")
    if required <= 2 <= at_most and not required <= 3 <= at_most:
        return Detected("wsgi", "it takes two arguments (environ, start_response)")
    if required == at_most == 1:
        raise TargetError(
            f"--target={target}: it takes one argument, as an ASGI 2 double callable does "
            "(application(scope) returning a callable of receive and send); ASGI 3 takes "
            "(scope, receive, send) at once: wrap it with "
            "asgiref.compatibility.guarantee_single_callable"
        )
    if required <= 2 and at_most >= 3:
        by_name = _by_names(signature)
        if by_name is not None:
            return by_name
        raise TargetError(
            f"--target={target}: it takes both two and three arguments, so WSGI and ASGI cannot be "
            "told apart; add --target-interface=wsgi or --target-interface=asgi"
        )
    raise TargetError(
        f"--target={target}: it is neither a WSGI application, which takes (environ, "
        f"start_response), nor an ASGI one, which takes (scope, receive, send): its signature is "
        f"{signature}" + (f"; call the factory: --target={target}()" if required == 0 else "")
    )


def _is_async(application: Any) -> bool:
    while isinstance(application, functools.partial):
        application = application.func
    if inspect.isclass(application):
        return False
    return inspect.iscoroutinefunction(application) or inspect.iscoroutinefunction(
        type(application).__call__
    )


def _signature(application: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(application)
    except (TypeError, ValueError):
        return None


def _counts(signature: inspect.Signature) -> tuple[int, float]:
    """How many positional arguments are required, and how many are taken at most."""
    parameters = signature.parameters.values()
    places = [p for p in parameters if p.kind in _POSITIONAL]
    required = sum(p.default is p.empty for p in places)
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        return 99, 99
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return required, 99
    return required, len(places)


def _by_names(signature: inspect.Signature) -> Detected | None:
    names = [p.name for p in signature.parameters.values() if p.kind in _POSITIONAL]
    if names[:1] == ["scope"]:
        return Detected("asgi", "its first parameter is called scope")
    if names[:1] == ["environ"]:
        return Detected("wsgi", "its first parameter is called environ")
    return None
