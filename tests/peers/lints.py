"""The other checkers of WSGI and ASGI, each as something that listens to an exchange.

A *report* is what a user would have to act upon: an ``AssertionError`` or a
warning of the checker's own, or a finding of severity error or warning. Remarks
(asgion's ``info`` and ``perf``, our ``observed``) are none. A checker that dies
of something else has crashed, which is told apart.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import io
import logging
import platform
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace, TracebackType
from typing import Any

from gateproof.validators import ASGIValidator, WSGIValidator
from gateproof.validators.violation import VERDICTS

Wrap = Callable[[Any], Any]
Exchange = Callable[[Wrap], object]
"""Plays one exchange with something put around its application."""


@dataclass
class Heard:
    """What a checker made of one exchange.

    ``reports`` maps a kind of report, which is the same for the same rule, to
    the text, ``remarks`` does so with what nobody has to act upon; ``crash`` is
    the exception of which the checker died, if it did.
    """

    reports: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    crash: str = ""

    def add(self, text: str, kind: str) -> None:
        self.reports.setdefault(kind, text)


@dataclass(frozen=True)
class Lint:
    """A checker.

    Attributes:
        name: as people call it.
        interface: ``"wsgi"`` or ``"asgi"``.
        distribution: what it is installed from; empty for the standard library.
        listen: plays an exchange under the checker.
    """

    name: str
    interface: str
    distribution: str
    listen: Callable[[Exchange], Heard]

    def __str__(self) -> str:
        return self.name

    @property
    def absent(self) -> str:
        """Why it cannot be used here; empty if it can."""
        try:
            self.version  # noqa: B018
        except importlib.metadata.PackageNotFoundError:
            return f"{self.distribution} is not installed in this environment (group peers)"
        return ""

    @property
    def version(self) -> str:
        if self.distribution:
            return importlib.metadata.version(self.distribution)
        return "CPython " + ".".join(platform.python_version_tuple()[:2])


def _imported(name: str) -> Any:
    """A module, whatever deprecated things it imports."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def _raising(module: str, wrapper: str) -> Callable[[Exchange], Heard]:
    """Listens to a checker that raises ``AssertionError``, and warns."""

    def listen(exchange: Exchange) -> Heard:
        peer = _imported(module)
        heard = Heard()
        file = str(peer.__file__)

        def tell(error: BaseException, traceback: TracebackType | None) -> None:
            line = _innermost(traceback)
            if line is None or line[0] != file:
                return  # the exchange's own: raised by application or server
            if isinstance(error, AssertionError):
                heard.add(str(error) or "(no text)", f"line {line[1]}")
            else:
                heard.crash = repr(error)

        own = _raised(exchange)
        with _unraisable(tell), _warned(heard, peer, "warnings"):
            try:
                exchange(getattr(peer, wrapper))
            except Exception as error:
                if repr(error) != own:
                    for one in _chain(error):
                        tell(one, one.__traceback__)
                    del one
                del error
            gc.collect(1)
        return heard

    return listen


def _werkzeug(exchange: Exchange) -> Heard:
    """Listens to werkzeug's middleware, which warns."""
    lint = _imported("werkzeug.middleware.lint")
    heard = Heard()
    own = _raised(exchange)
    with _unraisable(lambda error, traceback: None), _warned(heard, lint, "warn"):
        try:
            exchange(lint.LintMiddleware)
        except Exception as error:
            line = _innermost(error.__traceback__)
            if line is not None and line[0] == lint.__file__ and repr(error) != own:
                heard.crash = repr(error)
            del error
        gc.collect(1)
    return heard


def _asgion(exchange: Exchange) -> Heard:
    """Listens to asgion, which collects; what its validators die of it logs itself."""
    asgion = _imported("asgion")
    logger = logging.getLogger("asgion")
    heard = Heard()
    inspectors: list[Any] = []

    def wrap(app: Any) -> Any:
        inspectors.append(asgion.Inspector(app))
        return inspectors[-1]

    own = _raised(exchange)
    logger.disabled, before = True, logger.disabled
    try:
        exchange(wrap)
    except Exception as error:
        line = _innermost(error.__traceback__)
        if line is not None and "asgion" in line[0] and repr(error) != own:
            heard.crash = repr(error)
        del error
    finally:
        logger.disabled = before
    for inspector in inspectors:
        for violation in inspector.violations:
            text = f"{violation.rule_id} {violation.message}"
            if str(violation.severity) in ("error", "warning"):
                heard.add(text, violation.rule_id)
            else:
                heard.remarks.setdefault(violation.rule_id, text)
    return heard


def _ours(validator: Callable[..., Any]) -> Callable[[Exchange], Heard]:
    """Listens to our own validator; kinds are ids of requirements."""

    def listen(exchange: Exchange) -> Heard:
        heard = Heard()

        def tell(violation: Any) -> None:
            heard.add(str(violation), f"{violation.requirement}")
            told = worst.get(violation.requirement, "observed")
            worst[violation.requirement] = min(told, violation.verdict, key=VERDICTS.index)

        worst: dict[str, str] = {}
        own = _raised(exchange)
        try:
            exchange(lambda app: validator(app, on_violation=tell, level="all"))
        except Exception as error:
            line = _innermost(error.__traceback__)
            if line is not None and "validators" in line[0] and repr(error) != own:
                heard.crash = repr(error)
            del error
        gc.collect(1)
        for name, verdict in worst.items():
            if verdict == "observed":
                heard.remarks[name] = heard.reports.pop(name)
        return heard

    return listen


def _innermost(traceback: TracebackType | None) -> tuple[str, int] | None:
    """File and line at which an exception was raised, seen from a function named ``assert_``."""
    if traceback is None:
        return None
    while traceback.tb_next is not None and traceback.tb_next.tb_frame.f_code.co_name != "assert_":
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code.co_filename, traceback.tb_lineno


def _raised(exchange: Exchange) -> str:
    """What the exchange raises with nothing in between."""
    try:
        exchange(lambda app: app)
    except Exception as error:
        return repr(error)
    return ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__context__


@contextmanager
def _unraisable(tell: Callable[[BaseException, TracebackType | None], None]) -> Iterator[None]:
    """Hears what is raised in ``__del__``."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda raised: (
        tell(raised.exc_value, raised.exc_traceback) if raised.exc_value else None
    )
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _warned(heard: Heard, module: ModuleType, name: str) -> Iterator[None]:
    """Hears a checker's warnings, with the lines that give them."""

    def warn(message: object, *_: object, **__: object) -> None:
        frame = sys._getframe(1)
        if frame.f_code.co_name == "check_type":
            frame = frame.f_back or frame
        heard.add(str(message), f"line {frame.f_lineno}")

    before = getattr(module, name)
    setattr(module, name, warn if name == "warn" else SimpleNamespace(warn=warn))
    try:
        yield
    finally:
        setattr(module, name, before)


OURS = {
    "wsgi": Lint("gateproof", "wsgi", "gateproof", _ours(WSGIValidator)),
    "asgi": Lint("gateproof", "asgi", "gateproof", _ours(ASGIValidator)),
}
PEERS = (
    Lint("wsgiref.validate", "wsgi", "", _raising("wsgiref.validate", "validator")),
    Lint("werkzeug lint", "wsgi", "Werkzeug", _werkzeug),
    Lint("paste.lint", "wsgi", "Paste", _raising("paste.lint", "middleware")),
    Lint("webtest.lint", "wsgi", "WebTest", _raising("webtest.lint", "middleware")),
    Lint("asgion", "asgi", "asgion", _asgion),
)
