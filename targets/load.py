"""Find the application that a target string names: ``myapp:application``.

``module:attribute``, ``module:attribute.attribute`` and ``module:factory()``
(with literal arguments) are understood; a mistake is told in one sentence with
the nearest names.
"""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateproof.validators.catalogue import nearest


class TargetError(Exception):
    """The target string does not lead to an application: a usage error.

    The text says what was wrong, where, and what to do; it may end with the
    user's own traceback.
    """


class EnvironmentFaultError(TargetError):
    """The target is named rightly but cannot be had in this environment."""


def load_application(target: str, app_dir: Path) -> Callable[..., Any]:
    """Import and return the callable that ``target`` names.

    Args:
        target: ``module:expression``, where expression is dotted names, the
            last of which may be called with literal arguments.
        app_dir: put first on ``sys.path``, as servers do.

    Raises:
        TargetError: with one sentence that says what to do.
        EnvironmentFaultError: the module needs a package that is not installed.
    """
    module_name, _, expression = target.partition(":")
    if not module_name or not all(part.isidentifier() for part in module_name.split(".")):
        raise TargetError(
            f"--target={target}: expected MODULE:ATTRIBUTE such as myapp:application, "
            f"but {module_name!r} is not a module name"
        )
    if not expression:
        raise TargetError(
            f"--target={target}: say which attribute of {module_name!r} is the application, "
            f"such as --target={module_name}:application"
        )
    names, call = _parse(target, expression)
    folder = str(app_dir)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    value = _attribute(target, _module(target, module_name, app_dir), names)
    if call is not None:
        value = _called(target, value, *call)
    if not callable(value):
        hint = "; did you mean the factory's result?" if call is None else ""
        raise TargetError(
            f"--target={target}: {expression} is {_a(value)}, which cannot be called; "
            f"name a WSGI or ASGI application{hint}"
        )
    return value  # type: ignore[no-any-return]


def _parse(
    target: str, expression: str
) -> tuple[list[str], tuple[list[Any], dict[str, Any]] | None]:
    """Split ``a.b.c(1, x=2)`` into names and the literal arguments of the call, if any."""
    problem = TargetError(
        f"--target={target}: expected dotted names such as application, site.app or create(), "
        f"not {expression!r}"
    )
    try:
        node = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError):
        raise problem from None
    call = None
    if isinstance(node, ast.Call):
        try:
            call = (
                [ast.literal_eval(argument) for argument in node.args],
                {str(word.arg): ast.literal_eval(word.value) for word in node.keywords if word.arg},
            )
        except ValueError:
            raise TargetError(
                f"--target={target}: arguments of a factory must be literals, "
                "such as create('test')"
            ) from None
        node = node.func
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise problem
    return [node.id, *reversed(names)], call


def _module(target: str, name: str, app_dir: Path) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing and (name == missing or name.startswith(missing + ".")):
            raise TargetError(
                f"--target={target}: there is no module {missing!r} in {app_dir} "
                f"or on sys.path{_near(missing, _modules(app_dir))}; "
                "run from the project's folder or give --target-app-dir"
            ) from None
        raise _raised(target, f"importing {name!r}", error) from None
    except Exception as error:  # noqa: BLE001 - the user is shown whatever it is
        raise _raised(target, f"importing {name!r}", error) from None
    except SystemExit as error:
        raise TargetError(
            f"--target={target}: importing {name!r} ended the interpreter "
            f"(SystemExit({error.code!r})); guard it with if __name__ == '__main__'"
        ) from None


def _attribute(target: str, value: Any, names: list[str]) -> Any:
    where = value.__name__
    for name in names:
        try:
            value = getattr(value, name)
        except AttributeError:
            known = [known for known in dir(value) if not known.startswith("_")]
            raise TargetError(
                f"--target={target}: {where!r} has no attribute {name!r}{_near(name, known)}"
            ) from None
        where = f"{where}.{name}"
    return value


def _called(target: str, factory: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not callable(factory):
        raise TargetError(
            f"--target={target}: the factory is {_a(factory)}, which cannot be called; "
            "leave out the parentheses"
        )
    try:
        return factory(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - the user is shown whatever it is
        raise _raised(target, "the factory", error) from None


def _raised(target: str, what: str, error: Exception) -> TargetError:
    """What to tell when the user's code raised, with the user's part of the traceback."""
    if isinstance(error, ModuleNotFoundError):
        return EnvironmentFaultError(
            f"--target={target}: {what} needs the module {error.name!r}, which is not "
            f"installed in {sys.prefix}; install it there\n{_own_traceback(error)}"
        )
    return TargetError(
        f"--target={target}: {what} raised {type(error).__name__}: {error}\n{_own_traceback(error)}"
    )


def _own_traceback(error: BaseException) -> str:
    """The user's part of a traceback: without our frames and the import system's."""
    trace = traceback.TracebackException.from_exception(error)
    hidden = (str(Path(__file__).parent), str(Path(importlib.__file__).parent), "<frozen importlib")
    pruned: traceback.TracebackException | None = trace
    while pruned is not None:
        kept = [frame for frame in pruned.stack if not frame.filename.startswith(hidden)]
        pruned.stack = traceback.StackSummary.from_list(kept)
        pruned = pruned.__cause__ or pruned.__context__
    return "".join(trace.format()).rstrip()


def _modules(folder: Path) -> list[str]:
    try:
        entries = list(folder.iterdir())
    except OSError:
        return []
    return [
        entry.stem
        for entry in entries
        if entry.suffix == ".py" or (entry.is_dir() and (entry / "__init__.py").exists())
    ]


def _near(name: str, candidates: list[str]) -> str:
    near = nearest(name, candidates)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def _a(value: object) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
