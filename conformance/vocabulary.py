"""The words that an application's own code knows, so that generated requests may speak them.

Random names meet no `if` of a program: a request with ``?page=`` says something to one
that asks for ``page``. So the constants of the functions that make up an application are
read: names, values, pieces of paths, numbers. Nothing is called, and nothing but code that
is loaded already is looked at.
"""

from __future__ import annotations

import contextlib
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType, NoneType
from typing import Any

FUNCTIONS = 400
"""So many functions of an application are read."""

WORDS = 64
"""So many words of each kind are kept."""

_LONGEST = 60
_DEPTH = 4
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-\[\]]{0,39}")
_VARIABLE = re.compile(r"HTTP_[A-Z0-9_]{1,40}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)+")
_SEGMENT = re.compile(r"/[A-Za-z0-9_.~\-/]{1,39}")
_ELSEWHERE = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_ANNOTATION = re.compile(r"\w+\[[A-Za-z]")
_ENTITY = ("content-type", "content-length")
_USUAL = frozenset(
    {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "REQUEST_METHOD", "PATH_INFO"}
    | {"wsgi.input", "wsgi.errors", "wsgi.url_scheme", "wsgi.file_wrapper", "return"}
    | {"QUERY_STRING", "SCRIPT_NAME", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_PROTOCOL", "utf-8"}
    | {"latin-1", "ascii", "replace", "ignore", "type", "http", "headers", "status", "body"}
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words by what they may stand for, each kind in the order of the code.

    Attributes:
        names: of parameters, cookies and fields of forms.
        headers: of request headers, in lower case.
        paths: beginning with a slash.
        values: any short text, names as well.
        numbers: whole ones that may be a length or a limit.
    """

    names: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()


def vocabulary(application: object) -> Vocabulary:
    """The words of ``application``, as far as they can be found; never raises."""
    texts: dict[str, None] = {}
    numbers: dict[int, None] = {}
    # Objects of the application's own may do what they like: what was read until then stands.
    with contextlib.suppress(Exception):
        for code in _codes(application):
            for constant in _constants(code.co_consts):
                if isinstance(constant, int):
                    numbers[constant] = None
                else:
                    texts[constant] = None
    headers = (_field(text) for text in texts)
    return Vocabulary(
        names=_first(text for text in texts if _NAME.fullmatch(text) and not _field(text)),
        headers=_first(field for field in headers if field and field not in _ENTITY),
        paths=_first(text for text in texts if _SEGMENT.fullmatch(text)),
        values=_first(texts),
        numbers=tuple(numbers)[:WORDS],
    )


def _first(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:WORDS]


def _field(text: str) -> str:
    """The header that a constant names, in lower case; empty if none."""
    if _VARIABLE.fullmatch(text):
        return text.removeprefix("HTTP_").replace("_", "-").lower()
    return text.lower() if _FIELD.fullmatch(text) else ""


def _constants(found: Iterable[object]) -> Iterator[str | int]:
    """The texts and numbers among constants, those within others as well."""
    for constant in found:
        if isinstance(constant, CodeType):
            yield from _constants(constant.co_consts)
        elif isinstance(constant, tuple | frozenset):
            yield from _constants(constant)
        elif isinstance(constant, bytes):
            yield from _constants((constant.decode("latin-1"),))
        elif isinstance(constant, str):
            if constant and len(constant) <= _LONGEST and constant not in _USUAL:
                yield from (constant,) if _sendable(constant) else ()
        elif isinstance(constant, int) and not isinstance(constant, bool):
            yield from (constant,) if 2 <= constant <= 1 << 20 else ()


def _sendable(text: str) -> bool:
    """Whether a text may be a word: it is no blank, markup, annotation or sentence."""
    if text.isspace() or not text.isprintable() or "<" in text or _ANNOTATION.match(text):
        return False
    return not (" " in text and text.endswith("."))


def _codes(application: object) -> Iterator[CodeType]:
    """The code of the functions that ``application`` is made of, nearest first."""
    queue: list[tuple[Any, int]] = [(application, 0)]
    seen: set[int] = set()
    read = 0
    while queue and read < FUNCTIONS:
        found, depth = queue.pop(0)
        if id(found) in seen or len(seen) > 20 * FUNCTIONS:
            continue
        seen.add(id(found))
        kind = type(found)  # what a proxy says of its class may need a request to stand behind it
        if kind is MethodType:
            queue += [(found.__func__, depth), (found.__self__, depth)]
        elif kind is FunctionType:
            if _is_own(found.__module__):
                read += 1
                yield found.__code__
                queue += [(one, depth) for one in _reached(found)]
            queue.append((vars(found).get("__wrapped__"), depth))
        elif issubclass(kind, type):
            if _is_own(found.__module__):
                queue += [(one, depth) for one in list(vars(found).values())]
        elif kind in (staticmethod, classmethod):
            queue.append((found.__func__, depth))
        elif kind is partial:
            queue.append((found.func, depth))
        elif depth < _DEPTH:
            queue += [(one, depth + 1) for one in _inside(found, kind)]


def _reached(function: FunctionType) -> Iterator[object]:
    """What a function's code names: globals, and what it closes over."""
    names = set(_names(function.__code__))
    scope = function.__globals__
    yield from (scope[name] for name in sorted(names) if name in scope)
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _inside(found: Any, kind: type) -> Iterator[object]:
    """What an object holds that may lead to functions; its class, where that is the user's."""
    if issubclass(kind, dict):
        yield from list(dict.values(found))[:WORDS]
    elif issubclass(kind, list | tuple | set | frozenset):
        yield from list(found)[:WORDS]
    elif not issubclass(kind, str | bytes | int | float | complex | ModuleType | NoneType):
        yield kind
        try:
            held = object.__getattribute__(found, "__dict__")
        except AttributeError:
            return
        yield from list(held.values())[:WORDS]


def _is_own(name: object) -> bool:
    """Whether a module is neither of the standard library, nor installed, nor ours."""
    if not isinstance(name, str) or name.partition(".")[0] in (
        "gateproof",
        *sys.builtin_module_names,
    ):
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    return not (isinstance(file, str) and file.startswith(_ELSEWHERE))
