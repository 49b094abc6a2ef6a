"""A target that is an application in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateproof.targets.detect import Detected, Interface, detect
from gateproof.targets.load import load_application


@dataclass(frozen=True, slots=True)
class Application:
    """A loaded application and what is known of it.

    Attributes:
        name: the target string it was loaded by.
        call: the callable itself.
        detected: its interface, and why.
    """

    name: str
    call: Callable[..., Any]
    detected: Detected

    @property
    def interface(self) -> Interface:
        """``"wsgi"`` or ``"asgi"``."""
        return self.detected.interface

    @property
    def kind(self) -> str:
        """Its type, or its name where it is a function or a class."""
        call = self.call
        if hasattr(call, "__qualname__"):
            return f"{call.__module__}.{call.__qualname__}"
        return f"{type(call).__module__}.{type(call).__qualname__}"


def open_application(target: str, app_dir: Path, interface: Interface | None) -> Application:
    """Load the application that ``target`` names.

    Args:
        target: ``module:attribute``, see :func:`~gateproof.targets.load.load_application`.
        app_dir: put first on ``sys.path``.
        interface: what the user says it speaks, ``None`` to find out.

    Raises:
        TargetError: it cannot be loaded, or its interface cannot be told.
    """
    call = load_application(target, app_dir)
    if interface is not None:
        return Application(target, call, Detected(interface, "--target-interface says so"))
    return Application(target, call, detect(call, target))
