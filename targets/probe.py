"""The probe: an application that plays scripts under a server and writes down what it saw.

One file of the standard library alone, for Python 3.8 and later: it is copied beside
any server, and nothing else of gateproof has to be there. ``probe:wsgi`` and
``probe:asgi`` are the applications.

Two layers: a *recorder* stands around an application and writes down what crosses its
boundary, in the words of gateproof's validators, so that their judges can read it
elsewhere; the *player* is an application that does what a script says. With
``GATEPROOF_PROBE_APP=module:attribute`` the recorder stands around that instead.

Everything passes through files in a *run folder*, named by ``GATEPROOF_PROBE``, so that
every worker and thread finds it: scripts and go-aheads are read there, each call writes
a journal of its own. Scripts are data; nothing here runs code that was sent.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import io
import itertools
import json
import math
import os
import re
import sys
import threading
import time
import weakref
from _thread import get_ident

VERSION = "1"
"""Of scripts and journals: the probe plays only what was made for its own version."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Generator, Iterator

    Environ = dict[str, Any]
    Scope = dict[str, Any]
    Step = dict[str, Any]

_ABSENT: Any = object()

# Typed JSON -----------------------------------------------------------------------

CLIP = 64 * 1024
"""Octets of one bytestring beyond which it is kept compressed, or its beginning only."""

DEEP = 66
"""Levels of nesting that are followed."""

MANY = 20_000
"""Containers inside of one value that are written down."""

_BITS = 10_000
"""Integers of more bits are written in hexadecimal: JSON's decimal would be refused."""

_TEXT = 200
"""Characters kept of a text that only explains."""

OFFERED = (
    "__aiter__",
    "__await__",
    "__call__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__next__",
    "close",
    "fileno",
    "flush",
    "read",
    "readline",
    "readlines",
    "seek",
    "tell",
    "write",
    "writelines",
)
"""What is written down of an object: which of these it offers."""

_STREAM = ("flush", "read", "readline", "readlines", "write", "writelines", "__iter__")
"""What is asked of the object itself where its class does not offer it."""


class Filled:
    """Octets in bulk: ``pattern`` again and again, up to ``size``."""

    def __init__(self, pattern: bytes, size: int) -> None:
        self.pattern = pattern
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        times = -(-self.size // max(len(self.pattern), 1))
        return (self.pattern * times)[: self.size]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filled) and bytes(self) == bytes(other)

    def __hash__(self) -> int:
        return hash((self.pattern, self.size))

    def __repr__(self) -> str:
        return f"Filled({self.pattern!r}, {self.size})"


class New:
    """In a script, an object that no JSON has, made anew by the probe.

    Kinds: ``"object"`` is a bare object, ``"iterator"`` can be iterated once over
    ``value``, ``"subclass"`` is an instance of a subclass of the class of ``value``,
    ``"file"`` is an open file of the system that holds ``value``, which are octets.
    """

    def __init__(self, kind: str, value: object = None) -> None:
        self.kind = kind
        self.value = value

    def __repr__(self) -> str:
        return f"New({self.kind!r}, {self.value!r})"

    def made(self) -> Any:
        """The object."""
        if self.kind == "iterator":
            return iter(list(self.value))  # type: ignore[call-overload]
        if self.kind == "subclass":
            base = type(self.value)
            return type("Own" + base.__name__.title(), (base,), {})(self.value)
        if self.kind == "file":
            import tempfile

            file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
            file.write(self.value)  # type: ignore[arg-type]
            file.seek(0)
            return file
        return object()


class Misuse:
    """A call with other arguments than the interface has."""

    def __init__(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.arguments = arguments
        self.named = named


class Opened:
    """A file of which it is written down as well what its ``fileno()`` gives."""

    def __init__(self, file: Any) -> None:
        self.file = file


class Raised:
    """What an exception was, kept without the exception: nobody is to keep its traceback."""

    __slots__ = ("facts",)

    def __init__(self, error: BaseException, outside: bool = False) -> None:
        self.facts = _error_facts(error, outside)


class Walk:
    """How far one value is followed: what holds itself has no end."""

    __slots__ = ("depth", "left")

    def __init__(self) -> None:
        self.depth = 0
        self.left = MANY

    def enters(self) -> bool:
        """Whether what a container holds is followed; the depth is lowered again after that."""
        self.left -= 1
        if self.depth > DEEP or self.left < 0:
            return False
        self.depth += 1
        return True


def encode(value: Any, walk: Walk | None = None) -> Any:
    """Turn any object to what JSON can hold, with its exact type.

    Text, bool, None, ordinary numbers and lists are themselves; everything else is a
    dict with a tag: ``b`` bytes, ``t`` tuple, ``d`` dict, ``e`` exception, ``r`` one of
    which only the facts are kept, ``o`` any other object... :func:`decode` reads it.
    """
    if walk is None:
        walk = Walk()
    coder = _CODERS.get(type(value))
    if coder is not None:
        return coder(value, walk)
    return _other(value, walk)


def _text(value: str, _walk: Walk) -> Any:
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON would join two surrogates to one character
        return {"u": value.encode("utf-8", "surrogatepass").decode("latin-1")}
    return value


def _whole_number(value: int, _walk: Walk) -> Any:
    return value if value.bit_length() <= _BITS else {"i": f"{value:x}"}


def _number(value: float, _walk: Walk) -> Any:
    return value if math.isfinite(value) else {"f": repr(value)}


def _octets(value: bytes, _walk: Walk) -> Any:
    if len(value) <= CLIP:
        return {"b": value.decode("latin-1")}
    try:
        import zlib

        packed = zlib.compress(value, 1)
    except ImportError:
        packed = value
    if len(packed) <= CLIP:
        return {"z": packed.decode("latin-1")}
    import hashlib

    ends = [part.decode("latin-1") for part in (value[:1024], value[-1024:])]
    return {"cut": [*ends, len(value), hashlib.sha256(value).hexdigest()]}


def _list(value: list[Any], walk: Walk) -> Any:
    if not walk.enters():
        return _deep(value)
    held = [encode(item, walk) for item in value]
    walk.depth -= 1
    return held


def _tuple(value: tuple[Any, ...], walk: Walk) -> Any:
    if not walk.enters():
        return _deep(value)
    held = [encode(item, walk) for item in value]
    walk.depth -= 1
    return {"t": held}


def _dict(value: dict[Any, Any], walk: Walk) -> Any:
    if not walk.enters():
        return _deep(value)
    held = [[encode(key, walk), encode(one, walk)] for key, one in value.items()]
    walk.depth -= 1
    return {"d": held}


def _deep(value: object) -> Any:
    return {"o": {"type": _name(type(value)), "id": id(value), "repr": "...", "methods": []}}


_CODERS: dict[type, Callable[[Any, Walk], Any]] = {
    str: _text,
    bool: lambda value, _walk: value,
    type(None): lambda value, _walk: value,
    int: _whole_number,
    float: _number,
    bytes: _octets,
    list: _list,
    tuple: _tuple,
    dict: _dict,
    bytearray: lambda value, walk: {"ba": _octets(bytes(value), walk)},
    memoryview: lambda value, walk: {"mv": _octets(bytes(value), walk)},
    Filled: lambda value, _walk: {"rep": [value.pattern.decode("latin-1"), value.size]},
    New: lambda value, walk: {"new": [value.kind, encode(value.value, walk)]},
    Misuse: lambda value, walk: {
        "m": [encode(list(value.arguments), walk), encode(value.named, walk)]
    },
    Raised: lambda value, _walk: {"r": value.facts},
    Opened: lambda value, _walk: {"o": _opened_facts(value.file)},
}

_BASES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (int, int.__int__),
    (float, float.__float__),
    (list, list.copy),
    (tuple, lambda value: tuple.__getitem__(value, slice(None))),
    (dict, lambda value: dict(dict.items(value))),
    (bytearray, bytearray.copy),
)
"""Built-in types, and what an instance of a subclass holds, whatever its methods say."""


def _other(value: Any, walk: Walk) -> Any:
    """An instance of a subclass, an exception, a class, or an object of any other kind."""
    kind = type(value)
    for base, hold in _BASES:
        if issubclass(kind, base):
            held = _CODERS[base](hold(value), walk)
            return {"as": _name(kind), "base": base.__name__, "held": held}
    if issubclass(kind, BaseException):
        return {"e": _error_facts(value, False)}
    if issubclass(kind, type):
        bases = [one.__name__ for one in value.__mro__ if _built_in(one)]
        return {"c": {"type": _name(value), "bases": bases}}
    return {"o": _object_facts(value, kind)}


def _name(kind: type) -> str:
    try:
        module = type.__dict__["__module__"].__get__(kind)
    except Exception:  # noqa: BLE001 - somebody else's code may raise anything
        module = "builtins"
    name = type.__dict__["__name__"].__get__(kind)
    return name if module == "builtins" else f"{module}.{name}"


def _built_in(kind: type) -> bool:
    return getattr(builtins, kind.__name__, None) is kind


_OFFERS: dict[type, list[str]] = {}


def _object_facts(value: Any, kind: type) -> dict[str, Any]:
    offered = _OFFERS.get(kind)
    if offered is None:
        if len(_OFFERS) > 256:
            _OFFERS.clear()
        offered = _OFFERS[kind] = [name for name in OFFERED if _has(kind, name)]
    facts = {
        "type": _name(kind),
        "id": id(value),
        "methods": offered,
        "callable": callable(value),
        "repr": _shown(value),
    }
    if not any(name in offered for name in ("read", "write", "__call__")):
        own = [name for name in _STREAM if name not in offered and _has(value, name)]
        if own:
            facts["own"] = own
    return facts


def _opened_facts(file: Any) -> dict[str, Any]:
    try:
        number: Any = encode(file.fileno())
    except Exception as error:  # noqa: BLE001 - the object is the application's own
        number = {"e": _error_facts(error, False)}
    return dict(_object_facts(file, type(file)), fileno=number)


def _has(value: Any, name: str) -> bool:
    try:
        return getattr(value, name, None) is not None
    except Exception:  # noqa: BLE001 - somebody else's code may raise anything
        return False


def _shown(value: Any) -> str:
    try:
        return _clean(repr(value))
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _clean(text: str) -> str:
    return str.__str__(text)[:_TEXT].encode("utf-8", "replace").decode()


def _error_facts(error: BaseException, outside: bool) -> dict[str, Any]:
    """What is written down of an exception."""
    kind = type(error)
    try:
        text = _clean(str(error))
    except Exception:  # noqa: BLE001 - somebody else's code may raise anything
        text = ""
    args = [
        encode(one) for one in error.args[:4] if type(one) in (str, int, bool, type(None), float)
    ]
    return {
        "type": _name(kind),
        "bases": [one.__name__ for one in kind.__mro__ if _built_in(one)],
        "text": text,
        "args": args,
        "repr": _shown(error),
        "id": id(error),
        "causes": _causes(error),
        "outside": outside,
    }


def _causes(error: object) -> list[int]:
    """The identities of the exceptions that one was raised from or during."""
    found: list[int] = []
    waiting = [error]
    while waiting and len(found) < 16:
        link = waiting.pop()
        for cause in (getattr(link, "__cause__", None), getattr(link, "__context__", None)):
            if cause is not None and id(cause) not in found:
                found.append(id(cause))
                waiting.append(cause)
    return found


def decode(value: Any, stand_in: Callable[[str, Any], Any] | None = None) -> Any:
    """The object that :func:`encode` turned to JSON.

    Args:
        value: what JSON held.
        stand_in: makes what only a stand-in can be made of: takes the tag and what
            it tags. Without one, such a tag is refused.

    Raises:
        ValueError: no such tag, or one that needs a stand-in.
    """
    kind = type(value)
    if kind is list:
        return [decode(item, stand_in) for item in value]
    if kind is not dict:
        return value
    tag = next(iter(value), "")
    maker = _MAKERS.get(tag)
    if maker is not None:
        return maker(value[tag])
    if tag == "t":
        return tuple([decode(item, stand_in) for item in value[tag]])
    if tag == "d":
        return {decode(key, stand_in): decode(one, stand_in) for key, one in value[tag]}
    if tag in ("ba", "mv"):
        held = decode(value[tag], stand_in)
        return bytearray(held) if tag == "ba" else memoryview(held)
    if tag == "new":
        return New(value[tag][0], decode(value[tag][1], stand_in)).made()
    if stand_in is None:
        raise ValueError(f"no plain data: {tag!r:.40}")
    return stand_in(tag, value if tag == "as" else value[tag])


def _unpacked(packed: str) -> bytes:
    import zlib

    return zlib.decompress(packed.encode("latin-1"))


_MAKERS: dict[str, Callable[[Any], Any]] = {
    "b": lambda held: held.encode("latin-1"),
    "z": _unpacked,
    "u": lambda held: held.encode("latin-1").decode("utf-8", "surrogatepass"),
    "i": lambda held: int(held, 16),
    "f": float,
    "rep": lambda held: bytes(Filled(held[0].encode("latin-1"), held[1])),
}

_dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

# The run folder -------------------------------------------------------------------

TOKEN = re.compile("(?<![a-zA-Z0-9])gp[a-z0-9]{12}(?![a-zA-Z0-9])")
"""What a token looks like, in a path, a query or a header."""

_GO_AHEAD = re.compile(r"gp[a-z0-9]{12}\.[A-Za-z0-9_-]{1,64}\Z")

_count = itertools.count(1)

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Run:
    """The run folder: where scripts lie and journals are written.

    Args:
        folder: its path; ``""`` for none: then calls are answered, and nothing is kept.
        secret: what control requests have to show, where it is on another host.

    Attributes:
        control: answers control requests.
    """

    def __init__(self, folder: str, secret: str = "") -> None:
        self.folder = folder
        self.control = Control(self, secret)
        self.hosted = bool(secret)
        self._name = ""
        self.largest = LARGEST if secret else 64 * LARGEST

    def name(self) -> str:
        """The token of this run, ``""`` if there is none; it changes on another host only."""
        if not self._name or self.hosted:
            self._name = self.read("run").decode("latin-1").strip()
        return self._name

    def script(self, interface: str, token: str, kind: str = "") -> list[Step] | None:
        """The steps for a call, ``None`` where nothing is laid down.

        Raises:
            ScriptError: what is laid down cannot be played.
        """
        if kind == "lifespan":
            text = self.read("lifespan")
        else:
            text = (self.read("scripts", token) if token else b"") or self.read("default")
        return _steps(text, interface) if text else None

    def let(self, token: str, name: str) -> bool:
        """Whether the client lets a step go on."""
        place = f"{token}.{name}"
        return (
            bool(self.folder)
            and _GO_AHEAD.match(place) is not None
            and os.path.exists(os.path.join(self.folder, "go", place))
        )

    def read(self, *parts: str) -> bytes:
        """What a file of the folder holds, nothing where there is none."""
        if not self.folder:
            return b""
        try:
            with open(os.path.join(self.folder, *parts), "rb") as file:
                return file.read()
        except OSError:
            return b""

    def journal(self, interface: str, token: str, kind: str = "") -> Journal:
        """A new journal of one call, with its first line."""
        journal = Journal(self.largest)
        if not self.folder:
            return journal
        if self.hosted:
            laid = ("scripts", token) if token else ("default",)
            if not os.path.exists(os.path.join(self.folder, *laid)) and kind != "lifespan":
                return journal  # of those who pass by, nothing is kept
            self.control.make_room("calls")
        pid = os.getpid()
        name = "lifespan" if kind == "lifespan" else token or "none"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _BINARY
        path = os.path.join(self.folder, "calls", f"{name}-{pid}-")
        while not journal.path:  # the numbers of a process that had this id before are taken
            try:
                journal.open(f"{path}{next(_count)}.jsonl", flags)
            except FileExistsError:  # noqa: PERF203 - rare
                continue
            except OSError:
                return journal
        journal.line(
            {
                "probe": VERSION,
                "python": _python(),
                "implementation": sys.implementation.name,
                "pid": pid,
                "thread": get_ident(),
                "interface": interface,
                "token": token,
                "run": self.name(),
                "at": time.monotonic_ns(),
            }
        )
        return journal


class Journal:
    """What is written down of one call, a line at a time; each is one write.

    Where it cannot be written, it is dropped: the application is served all the same.
    """

    __slots__ = ("_fd", "_left", "path")

    def __init__(self, largest: int) -> None:
        self._fd = -1
        self.path = ""
        self._left = largest

    def open(self, path: str, flags: int) -> None:
        """Make the file.

        Raises:
            OSError: it cannot be made.
        """
        self._fd = os.open(path, flags, 0o600)
        self.path = path

    def add(self, step: str, data: Any = None) -> None:
        """Write down that ``data`` crossed by ``step``, now."""
        if not self.path:
            return
        at = time.monotonic_ns()
        try:
            held = encode(data)
        except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
            held = {"o": {"type": "lost", "id": 0, "methods": [], "repr": _shown(error)}}
        self.line({"s": step, "d": held, "t": at})

    def line(self, held: dict[str, Any]) -> None:
        """Write one line."""
        if not self.path:
            return
        try:
            line = _dumps(held).encode("ascii") + b"\n"
            self._left -= len(line)
            if self._left < 0:
                if held.get("s") != "end":
                    return
                line = b'{"s":"clipped","d":null,"t":0}\n' + line
            if self._fd >= 0:
                os.write(self._fd, line)
                return
            late = os.open(self.path, os.O_WRONLY | os.O_APPEND | _BINARY)
            try:
                os.write(late, line)
            finally:
                os.close(late)
        except Exception:  # noqa: BLE001 - somebody else's code may raise anything
            self.path = ""

    def end(self, how: str | None = None) -> None:
        """Write the last line. What comes later is added all the same."""
        self.add("end", how)
        self.close()

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)

    def __del__(self) -> None:
        self.close()


# Scripts --------------------------------------------------------------------------


class ScriptError(Exception):
    """A script that cannot be played; its text says why."""


_BOTH = {
    "raise": (),
    "wait": (),
    "note": (),
    "alter": (),
    "join": (),
    "drain": (),
    "echo": (),
    "catching": ("steps",),
    "repeat": ("steps",),
    "spawn": ("steps",),
}
STEPS: dict[str, dict[str, tuple[str, ...]]] = {
    "wsgi": {
        **_BOTH,
        "start": (),
        "write": (),
        "use": (),
        "iterate": (),
        "errors": (),
        "result": ("steps", "close"),
        "wrap": ("steps",),
        "yield": (),
    },
    "asgi": {
        **_BOTH,
        "receive": (),
        "gone": (),
        "send": (),
        "respond": (),
        "state": (),
        "return": (),
    },
}
"""The steps of each interface, and which of their entries hold steps themselves."""


def _steps(text: bytes, interface: str) -> list[Step]:
    try:
        held = decode(json.loads(text.decode("utf-8", "surrogatepass")))
        version = held["version"]
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        raise ScriptError(f"the script cannot be read: {_shown(error)}") from None
    if version != VERSION:
        raise ScriptError(
            f"the script is of version {version!r:.40}, and this probe plays version {VERSION!r}"
        )
    steps = held.get(interface)
    if type(steps) is not list or not steps:
        raise ScriptError(f"the script has no steps for {interface}")
    _check(steps, interface, inside=False)
    return steps


def _check(steps: Any, interface: str, inside: bool) -> None:
    known = STEPS[interface]
    for step in steps if type(steps) is list else [steps]:
        name = step.get("do") if type(step) is dict else None
        if type(name) is not str or name not in known:
            raise ScriptError(f"unknown step {name or step!r:.80} under {interface}")
        if name == "yield" and not inside:
            raise ScriptError("the step 'yield' stands outside of a result")
        for key in known[name]:
            if step.get(key) is not None:
                _check(
                    step[key], interface, inside or (name in ("result", "wrap") and key == "steps")
                )


# The WSGI recorder ----------------------------------------------------------------

_SPECIAL = (
    "__bool__",
    "__contains__",
    "__enter__",
    "__exit__",
    "__fspath__",
    "__getitem__",
    "__index__",
    "__len__",
    "__length_hint__",
    "__reversed__",
)
"""Special methods that proxies hand on where the type has them."""

_MOST = 256
"""Types for which a proxy's class is remembered."""


class Watching:
    """One WSGI exchange: what crosses is written down and handed on.

    Args:
        journal: where it is written down.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.add = journal.add
        self.ended = False
        self._masks: Masks | None = None
        self._unset = True

    def call(self, invoke: Callable[[Any, Any], Any], environ: Any, start_response: Any) -> Any:
        """Call the application and return its result, or the proxy for it."""
        self.add("call", environ)
        masks = None
        if type(environ) is dict:
            masks = self._masks = Masks(self, environ)
        starter = Starter(self, start_response)
        try:
            result = ambient.serve(self, invoke, environ, starter)
        except BaseException as error:
            self.add("raise", Raised(error, _outside(error, 2)))
            self._restore()
            self._over("raised")
            raise
        wrapped = masks is not None and masks.wrapped(result)
        facts = _result_facts(result, wrapped)
        self.add("result", facts)
        if wrapped or not facts["iterable"]:
            self._restore()
            self._over("unwatched")
            return result
        return _result_proxy(type(result))(self, result)

    def start(self, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The application calls ``start_response``."""
        self.add("start_response", (_settled(args), _settled_keywords(kwargs)))
        before = _references(args, kwargs)
        if before is None and self._unset:
            self._handling(args)
        kept = None
        try:
            write = inner(*args, **kwargs)
            if before is not None:
                kept = _kept(before, args, kwargs)
        except BaseException as error:
            self.add("start_response-raised", Raised(error, _outside(error, 1)))
            raise
        finally:
            del args, kwargs  # exc_info must not live on in this frame
        self._unset = False
        if not callable(write):
            self.add("started", 1 if write is True else write)
            return write
        self.add("started", True)
        if kept is not None:
            self.add("exc-info-kept", kept)
        return Writer(self, write)

    def _handling(self, args: tuple[Any, ...]) -> None:
        """Write down the exception that the application is handling, if it begins an error."""
        status = args[0] if args else None
        if type(status) is str and status.startswith("5"):
            error = _handled(self)
            if error is not None:
                self.add("handling", error)

    def write(self, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The application calls ``write()``."""
        self.add("write", (args, kwargs))
        try:
            value = inner(*args, **kwargs)
        except BaseException as error:
            self.add("write-raised", Raised(error, _outside(error, 1)))
            raise
        self.add("written")
        return value

    def item_raised(self, error: BaseException) -> None:
        """The iteration raised."""
        self.add("item-raised", Raised(error))

    def close(self, inner: Any) -> None:
        """The server calls ``close()``."""
        self.add("close")
        try:
            close = getattr(inner, "close", None)
            if close is not None:
                close()
                self.add("closed")
        except BaseException as error:
            self.add("close-raised", Raised(error))
            self._restore()
            self._over()
            raise
        self._restore()
        self._over()

    def abandoned(self) -> None:
        """The server has dropped the result; or the process ends, which says nothing of it."""
        if not self.ended:
            self._restore()
            self._over("process" if sys is None or sys.is_finalizing() else None)

    def _over(self, how: str | None = None) -> None:
        if not self.ended:
            self.ended = True
            self.journal.end(how)

    def _restore(self) -> None:
        """Put the streams back into environ; once only."""
        masks, self._masks = self._masks, None
        if masks is not None:
            masks.lift()

    def used(self, stream: str, method: str, args: tuple[Any, ...], outcome: Any = None) -> None:
        """The application used ``wsgi.input`` or ``wsgi.errors``."""
        if isinstance(outcome, BaseException):
            outcome = Raised(outcome)
        self.add(stream, (method, args, outcome))

    def wrapped(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        made: Any,
        error: BaseException | None,
    ) -> None:
        """The application called the server's ``wsgi.file_wrapper``."""
        self.add("file-wrapper", _wrapper_facts(args, kwargs, made, error))


def _outside(error: BaseException, frames: int) -> bool:
    """Whether no Python code was entered beyond the last ``frames`` frames, which are ours."""
    traceback = error.__traceback__
    while frames and traceback is not None:
        traceback = traceback.tb_next
        frames -= 1
    return traceback is None


def _settled(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(arguments) < 3:
        return arguments
    return (*arguments[:2], _without_traceback(arguments[2]), *arguments[3:])


def _settled_keywords(keywords: dict[str, Any]) -> dict[str, Any]:
    return {name: _without_traceback(value) for name, value in keywords.items()}


def _without_traceback(value: Any) -> Any:
    """``value``, or a stand-in if it is what ``sys.exc_info()`` gives in a handler."""
    if type(value) is not tuple or len(value) != 3:
        return value
    kind, error, traceback = value
    if not (
        isinstance(kind, type) and isinstance(error, BaseException) and isinstance(error, kind)
    ):
        return tuple(Raised(part) if isinstance(part, BaseException) else part for part in value)
    if traceback is not None and type(traceback).__name__ != "traceback":
        return (kind, Raised(error), traceback)
    return Raised(error)


_PARTS = ("exc_info", "exception", "traceback")
_refcount = getattr(sys, "getrefcount", None)


def _references(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, ...] | None:
    """How many references there are to exc_info, the exception and the traceback."""
    exc_info = args[2] if len(args) > 2 else kwargs.get("exc_info")
    if _refcount is None or type(exc_info) is not tuple or len(exc_info) != 3:
        return None
    if any(part is None for part in exc_info):
        return None
    return _refcount(exc_info), _refcount(exc_info[1]), _refcount(exc_info[2])


def _kept(
    before: tuple[int, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[str, int] | None:
    """What is kept of exc_info since ``before``; a log record that keeps it does not count."""
    after = _references(args, kwargs) or before
    for part, then, now in zip(_PARTS, before, after):
        if now > then:
            exc_info = args[2] if len(args) > 2 else kwargs.get("exc_info")
            return None if _logged(exc_info) else (part, now - then)
    return None


def _logged(exc_info: Any) -> bool:
    if "logging" not in sys.modules:
        return False
    import gc

    for part in (exc_info, exc_info[1]):
        for holder in gc.get_referrers(part):
            if holder is exc_info:
                continue
            if _is_record(holder):
                return True
            if type(holder) is tuple and any(map(_is_record, gc.get_referrers(holder))):
                return True
    return False


def _is_record(holder: object) -> bool:
    from logging import LogRecord

    if type(holder) is dict:
        return "levelno" in holder and "exc_info" in holder
    return isinstance(holder, LogRecord)


def _handled(watching: Watching) -> Raised | None:
    """The exception that the application is handling right now, if it caught it itself."""
    error = sys.exc_info()[1]
    if error is None or error.__traceback__ is None:
        return None
    catcher = error.__traceback__.tb_frame
    frame = sys._getframe(1)  # noqa: SLF001 - inspect is slow to load
    found = False
    while frame is not None:
        found = found or frame is catcher
        if frame.f_code in _CALLERS:
            names = frame.f_locals
            if (names.get("watching") or names.get("self")) is watching:
                return Raised(error) if found else None
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _result_facts(result: Any, file_wrapper: bool = False) -> dict[str, Any]:
    """What there is to know of an application's result without iterating it."""
    while isinstance(result, Input):
        result = result._Input__inner  # noqa: SLF001 - the mangled name is private
    kind = type(result)
    own = hasattr(kind, "__iter__")
    return {
        "type": _name(kind),
        "iterable": kind.__iter__ is not None if own else hasattr(kind, "__getitem__"),
        "iterator": hasattr(kind, "__next__") and own,
        "len": _length(result),
        "has_close": callable(_attribute(result, "close")),
        "generator": kind.__name__ == "generator" and kind.__module__ == "builtins",
        "has_fileno": _attribute(result, "fileno") is not None,
        "is_file_wrapper": file_wrapper,
        "indexed": not own and hasattr(kind, "__getitem__"),
    }


def _length(result: Any) -> int | None:
    if not hasattr(type(result), "__len__"):
        return None
    try:
        return len(result)
    except Exception:  # noqa: BLE001 - somebody else's code may raise anything
        return None


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - somebody else's code may raise anything
        return None


def _wrapper_facts(
    args: tuple[Any, ...], kwargs: dict[str, Any], made: Any, error: BaseException | None
) -> dict[str, Any]:
    """What there is to know of a call of ``wsgi.file_wrapper``."""
    kind = type(made)
    file = args[0] if args else None
    sizes = all(type(size) is int and size > 0 for size in args[1:])
    return {
        "sound": not kwargs and 1 <= len(args) <= 2 and sizes,
        "file": type(file).__name__,
        "made": kind.__name__,
        "read": callable(_attribute(file, "read")),
        "text": isinstance(file, io.TextIOBase),
        "file_close": callable(_attribute(file, "close")),
        "close": callable(_attribute(made, "close")),
        "iterable": hasattr(kind, "__iter__") or hasattr(kind, "__getitem__"),
        "fileno": "" if error is None else _fileno(file),
        "raised": None if error is None else Raised(error, _outside(error, 1)),
    }


def _fileno(file: Any) -> str:
    fileno = _attribute(file, "fileno")
    if not callable(fileno):
        return "missing"
    try:
        fileno()
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        return type(error).__name__
    return "works"


class Ambient:
    """What the WSGI calls of a process have in common: whether they overlap or repeat."""

    def __init__(self) -> None:
        self._running: Any = set()
        self._served = 0
        self._pid = 0

    def serve(
        self, watching: Watching, invoke: Callable[[Any, Any], Any], environ: Any, starter: Any
    ) -> Any:
        """Call the application, and write down what its environ denies."""
        if type(environ) is not dict:
            return invoke(environ, starter)
        if environ.get("wsgi.run_once") is True:
            earlier = self._again()
            if earlier:
                watching.add("again", earlier)
        own, running = get_ident(), self._running
        if environ.get("wsgi.multithread") is not False or own in running:
            return invoke(environ, starter)
        running.add(own)
        try:
            if len(running) > 1:
                # Greenlets of one thread have idents of their own under gevent and eventlet.
                others = len(running.intersection(sys._current_frames())) - 1  # noqa: SLF001 - has a page in the docs
                if others > 0:
                    watching.add("overlap", others)
            return invoke(environ, starter)
        finally:
            running.discard(own)

    def _again(self) -> int:
        pid = os.getpid()
        if pid != self._pid:
            self._pid, self._served = pid, 0
        self._served += 1
        return self._served - 1


ambient = Ambient()


class Callee:
    """A callable handed from one side to the other: start_response or write."""

    __slots__ = ("__inner", "__watching", "__weakref__")

    def __init__(self, watching: Watching, inner: Any) -> None:
        self.__watching = watching
        self.__inner = inner

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_Callee__"):
            raise AttributeError(name)
        return getattr(self.__inner, name)

    def __repr__(self) -> str:
        return f"<watched {self.__inner!r}>"


class Starter(Callee):
    """``start_response`` as the application sees it."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Write down the call, make it, write down the answer."""
        try:
            return self._Callee__watching.start(self._Callee__inner, args, kwargs)
        finally:
            del args, kwargs  # exc_info must not live on in this frame


class Writer(Callee):
    """``write`` as the application sees it."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Write down the call and make it."""
        return self._Callee__watching.write(self._Callee__inner, args, kwargs)


def _items(watching: Watching, iterator: Any, _result: object) -> Iterator[Any]:
    """The items of a result; keeps its proxy alive, for the exchange ends with that."""
    advance = iterator.__next__
    add = watching.add
    while True:
        add("next")
        try:
            piece = advance()
        except StopIteration:
            add("exhausted")
            return
        except BaseException as error:
            watching.item_raised(error)
            raise
        add("item", piece)
        yield piece


class Result:
    """The result of an application."""

    __slots__ = ("__inner", "__watching", "__weakref__", "_under_way")

    def __init__(self, watching: Watching, inner: Any) -> None:
        self.__inner = inner
        self.__watching = watching
        self._under_way = False

    def close(self) -> None:
        """Close the result, if it can be closed."""
        inner = self.__inner
        while issubclass(type(inner), Input):
            inner = inner._Input__inner  # noqa: SLF001 - likewise
        self.__watching.close(inner)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_Result__"):  # not set yet: while a copy is being made
            raise AttributeError(name)
        inner = self.__inner
        if not name.startswith("__"):
            self.__watching.add("attribute", (name, hasattr(inner, name)))
        return getattr(inner, name)

    def __repr__(self) -> str:
        return f"<watched {self.__inner!r}>"

    def __del__(self) -> None:
        self.__watching.abandoned()


class Iterable(Result):
    """The result of an application that has ``__iter__()``."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        watching: Watching = self._Result__watching
        inner = self._Result__inner
        try:
            iterator = iter(inner)
        except BaseException as error:
            if type(error) is TypeError and error.__traceback__.tb_next is None:  # type: ignore[union-attr]
                watching.add("no-iterator", Raised(error))
            watching.item_raised(error)
            raise
        # A list may be iterated again, by a server that adds up its length as it sends it.
        if self._under_way and not hasattr(type(inner), "__next__"):
            return iter(iterator)
        self._under_way = True
        return _items(watching, iterator, self)


class Iterated(Iterable):
    """The result of an application that is an iterator itself."""

    __slots__ = ()

    def __next__(self) -> Any:
        watching: Watching = self._Result__watching
        watching.add("next")
        try:
            piece = self._Result__inner.__next__()
        except StopIteration:
            watching.add("exhausted")
            raise
        except BaseException as error:
            watching.item_raised(error)
            raise
        watching.add("item", piece)
        return piece


class Indexed(Result):
    """The result of an application that has only ``__getitem__()``."""

    __slots__ = ("__next",)

    def __init__(self, watching: Watching, inner: Any) -> None:
        super().__init__(watching, inner)
        self.__next = 0

    def __getitem__(self, index: Any) -> Any:
        watching: Watching = self._Result__watching
        inner = self._Result__inner
        if type(index) is not int or index != self.__next:
            return inner[index]
        watching.add("next")
        try:
            piece = inner[index]
        except (IndexError, StopIteration):
            watching.add("exhausted")
            raise
        except BaseException as error:
            watching.item_raised(error)
            raise
        self.__next += 1
        watching.add("item", piece)
        return piece


_CALLERS = frozenset(
    function.__code__
    for function in (
        Watching.call,
        Watching.close,
        _items,
        Iterated.__next__,
        Indexed.__getitem__,
    )
)
"""Our frames that call the application's code."""


class Stream:
    """What the two streams of an environ have in common."""

    __slots__ = ("__asked", "__inner", "__watching", "__weakref__")
    _step = ""

    def __init__(self, watching: Watching, inner: Any) -> None:
        self.__watching = watching
        self.__inner = inner
        self.__asked: tuple[str, ...] = ()

    def _use(self, method: str, args: tuple[Any, ...], gives: bool = True) -> Any:
        watching = self.__watching
        try:
            data = getattr(self.__inner, method)(*args)
        except BaseException as error:
            watching.used(self._step, method, args, error)
            raise
        watching.used(self._step, method, args, data if gives else None)
        return data

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_Stream__"):
            raise AttributeError(name)
        value = getattr(self.__inner, name)
        if name == "close":
            args = self.__asked
            self.__watching.used(self._step, name, args)
        elif not name.startswith("__"):
            self.__asked = (*self.__asked, name)
            self.__watching.used(self._step, name, ())
        return value

    def __repr__(self) -> str:
        return f"<watched {self.__inner!r}>"


class Input(Stream):
    """``wsgi.input`` as the application sees it."""

    __slots__ = ()
    _step = "input"

    @property
    def _Input__inner(self) -> Any:  # noqa: N802 - what gateproof's own validators look for
        return self._Stream__inner

    def read(self, *args: Any) -> Any:
        """Read from the input."""
        return self._use("read", args)

    def readline(self, *args: Any) -> Any:
        """Read a line."""
        return self._use("readline", args)

    def readlines(self, *args: Any) -> Any:
        """Read lines."""
        return self._use("readlines", args)

    def __iter__(self) -> Iterator[Any]:
        try:
            lines = iter(self._Stream__inner)
        except BaseException as error:
            self._Stream__watching.used("input", "__iter__", (), error)
            raise
        return self._lines(lines)

    def _lines(self, lines: Any) -> Iterator[Any]:
        used = self._Stream__watching.used
        while True:
            try:
                line = next(lines)
            except StopIteration:
                used("input", "exhausted", (), None)
                return
            except BaseException as error:
                used("input", "__next__", (), error)
                raise
            used("input", "__next__", (), line)
            yield line


class Errors(Stream):
    """``wsgi.errors`` as the application sees it."""

    __slots__ = ()
    _step = "errors"

    def write(self, *args: Any) -> Any:
        """Write text."""
        return self._use("write", args, gives=False)

    def writelines(self, *args: Any) -> Any:
        """Write texts."""
        return self._use("writelines", args, gives=False)

    def flush(self, *args: Any) -> Any:
        """Have what was written stored."""
        return self._use("flush", args, gives=False)


class Wrapper(Callee):
    """A ``wsgi.file_wrapper`` that is no class; notes what it made."""

    __slots__ = ("__made",)

    def __init__(self, watching: Watching, inner: Any, made: list[Any]) -> None:
        super().__init__(watching, inner)
        self.__made = made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Wrap a file."""
        watching: Watching = self._Callee__watching
        try:
            made = self._Callee__inner(*args, **kwargs)
        except BaseException as error:
            watching.wrapped(args, kwargs, None, error)
            raise
        self.__made.append(made)
        watching.wrapped(args, kwargs, made, None)
        return made


class Masks:
    """The proxies that one exchange put into its environ."""

    def __init__(self, watching: Watching, environ: Environ) -> None:
        self._environ = environ
        self._watching = watching
        self._made: list[Any] = []
        self._masked: list[tuple[str, Any, Any]] = []
        for key, make in (("wsgi.input", _input_proxy), ("wsgi.errors", _errors_proxy)):
            stream = environ.get(key)
            proxy_class = make(type(stream))
            if proxy_class is not None:
                self._put(key, proxy_class(watching, stream), stream)
        self._wrapper = wrapper = environ.get("wsgi.file_wrapper")
        if wrapper is not None and not issubclass(type(wrapper), type) and callable(wrapper):
            proxy = Wrapper(watching, wrapper, self._made)
            self._put("wsgi.file_wrapper", proxy, wrapper)

    def _put(self, key: str, proxy: Any, original: Any) -> None:
        self._environ[key] = proxy
        self._masked.append((key, proxy, original))

    def wrapped(self, result: Any) -> bool:
        """Whether the server's ``wsgi.file_wrapper`` made ``result``."""
        wrapper = self._wrapper
        if wrapper is None:
            return False
        try:
            if isinstance(wrapper, type):
                if not isinstance(result, wrapper):
                    return False
                if type(result) is wrapper and hasattr(result, "filelike"):
                    self._watching.wrapped((result.filelike,), {}, result, None)
                return True
        except Exception:  # noqa: BLE001 - somebody else's code may raise anything
            return False
        return any(result is made for made in self._made)

    def lift(self) -> None:
        """Put back what the proxies stood for, unless the application replaced them itself."""
        environ = self._environ
        for key, proxy, original in self._masked:
            if environ.get(key) is proxy:
                environ[key] = original


def _forwards(name: str, slot: str) -> Callable[..., Any]:
    def forward(self: Any, *args: Any) -> Any:
        inner = getattr(self, slot)
        return getattr(type(inner), name)(inner, *args)

    forward.__name__ = name
    return forward


def _leave(self: Any, *args: Any) -> Any:
    """``__exit__`` of a stream, which the application closes by leaving its with block."""
    inner = self._Stream__inner
    value = type(inner).__exit__(inner, *args)
    if getattr(inner, "closed", False) is True:
        self._Stream__watching.used(self._step, "close", (), None)
    return value


def _made_for(base: type, inner: type, slot: str, names: tuple[str, ...] = _SPECIAL) -> Any:
    """A subclass of ``base`` with the special methods that ``inner`` has."""
    special: dict[str, Any] = {
        name: _forwards(name, slot) for name in names if hasattr(inner, name)
    }
    if "__exit__" in special and slot == "_Stream__inner":
        special["__exit__"] = _leave
    special["__slots__"] = ()
    return type(base.__name__, (base,), special)


_RESULTS: dict[type, Any] = {}
_INPUTS: dict[type, Any] = {}
_ERRORS: dict[type, Any] = {}


def _result_proxy(kind: type) -> Any:
    found = _RESULTS.get(kind)
    if found is None:
        if len(_RESULTS) >= _MOST:
            _RESULTS.clear()
        if not hasattr(kind, "__iter__"):
            names = tuple(name for name in _SPECIAL if name != "__getitem__")
            found = _made_for(Indexed, kind, "_Result__inner", names)
        else:
            base = Iterated if hasattr(kind, "__next__") else Iterable
            found = _made_for(base, kind, "_Result__inner")
        _RESULTS[kind] = found
    return found


def _stream_proxy(made: dict[type, Any], base: type, needs: tuple[str, ...], kind: type) -> Any:
    if kind not in made:
        if len(made) >= _MOST:
            made.clear()
        whole = all(hasattr(kind, name) for name in needs)
        more = ("__next__",) if base is Input else ("__iter__", "__next__")
        made[kind] = _made_for(base, kind, "_Stream__inner", _SPECIAL + more) if whole else None
    return made[kind]


_input_proxy = functools.partial(
    _stream_proxy, _INPUTS, Input, ("read", "readline", "readlines", "__iter__")
)
_errors_proxy = functools.partial(_stream_proxy, _ERRORS, Errors, ("write", "writelines", "flush"))

# The ASGI recorder ----------------------------------------------------------------


class Boundary:
    """receive and send of one connection: each crossing is written down.

    Args:
        receive: the server's.
        send: the server's.
        journal: where it is written down.
        link: the connection among the others of its loop.
    """

    def __init__(self, receive: Any, send: Any, journal: Journal, link: Link) -> None:
        self._receive = receive
        self._send = send
        self.add = journal.add
        self.link = link
        self.called = 0
        self.awaited = 0
        self.files: list[Any] = []
        self.cancelled = False
        self.task = _task()

    async def receive(self) -> Any:
        """Receive an event."""
        self.add("receive")
        try:
            event = await self._receive()
        except BaseException as error:
            self._deaf(error)
            raise
        self.add("received", event)
        self.link.received(event)
        return event

    def _deaf(self, error: BaseException) -> None:
        if type(error) is TypeError:
            self._explain("receive", self._receive, 0, error)
        if isinstance(error, Exception):
            self.add("receive-raised", error)
        else:
            self.cancelled = self.cancelled or _task() is self.task
            self.add("receive-cancelled")

    def send(self, *arguments: Any, **named: Any) -> Any:
        """Send an event: when called, for a server may do it then, too."""
        if len(arguments) != 1 or named:
            self.add("send", Misuse(arguments, named))
        else:
            event = arguments[0]
            substitute = _rereadable(event)
            if substitute is not None:
                arguments, event = (substitute[0],), substitute[1]
            self.add("send", _with_descriptor(event))
            self.link.sending(event)
            self._keep(event)
        try:
            result = self._send(*arguments, **named)
        except BaseException as error:
            self._raised(error)
            raise
        self.called += 1
        return self._sending(result)

    async def _sending(self, result: Any) -> Any:
        self.awaited += 1
        try:
            value = await result
        except BaseException as error:
            self._raised(error)
            raise
        self.add("sent")
        self.link.sent()
        return value

    def _raised(self, error: BaseException) -> None:
        if type(error) is TypeError:
            self._explain("send", self._send, 1, error)
        self.add("send-raised", error)
        self.link.refused()

    def _explain(self, side: str, function: Any, arguments: int, error: TypeError) -> None:
        how = _unusable(function, arguments, error)
        if how:
            self.add(f"{side}-unusable", how)

    def _keep(self, event: Any) -> None:
        """Note a file that is to be looked at after the call."""
        if type(event) is not dict:
            return
        kind = event.get("type")
        if kind == "http.response.zerocopysend":
            file = event.get("file")
        elif kind == "http.response.pathsend":
            file = event.get("path")
        else:
            return
        if len(self.files) < 32 and not any(file is other for other in self.files):
            self.files.append(file)

    def look(self, since: int) -> list[tuple[Any, ...]]:
        """What can be seen of the files of a response after its call."""
        facts: list[tuple[Any, ...]] = []
        elapsed = (time.monotonic_ns() - since) / 1e9
        for file in self.files:
            try:
                if isinstance(file, str):
                    import stat

                    seen = os.stat(file)
                    if stat.S_ISREG(seen.st_mode) and time.time() - seen.st_mtime >= elapsed + 1:
                        facts.append(("size", file, seen.st_size))
                elif file.closed is False:
                    facts.append(("open", _shown(file)))
            except Exception:  # noqa: BLE001, PERF203, S112 - somebody else's code may raise anything
                continue
        return facts


def _with_descriptor(event: Any) -> Any:
    """What is written down of an event: of a file that is sent, its descriptor as well."""
    if type(event) is not dict or event.get("type") != "http.response.zerocopysend":
        return event
    file = event.get("file")
    if file is None or issubclass(type(file), (int, str, bytes, list, tuple, dict)):
        return event
    return dict(event, file=Opened(file))


_arguments: Any = functools.partial.args


class Proxy(functools.partial):  # type: ignore[type-arg]
    """receive or send as the application sees it; its attributes are the server's."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.func, name)

    @property
    def __signature__(self) -> Any:
        import inspect

        return inspect.signature(self.func)

    args = property(lambda _self: ())
    keywords = property(lambda _self: {})


class Receiver(Proxy):
    """receive() as the application sees it."""

    __slots__ = ()
    func = property(lambda self: _arguments.__get__(self)[0]._receive)  # noqa: SLF001 - of the same file


class Sender(Proxy):
    """send() as the application sees it."""

    __slots__ = ()
    func = property(lambda self: _arguments.__get__(self)[0]._send)  # noqa: SLF001 - of the same file


def _unusable(function: Any, arguments: int, error: BaseException) -> str:
    """Why a server's function could not be used, ``""`` if it was not for what it is."""
    place = error.__traceback__
    if place is None or place.tb_next is not None:
        return ""
    import dis

    instruction = place.tb_frame.f_code.co_code[place.tb_lasti]
    if dis.opname[instruction] == "GET_AWAITABLE":
        return f"its call gave nothing to await ({error})"
    if not callable(function):
        return f"{_shown(function)} is not callable"
    if _takes(function, arguments, True):
        return ""
    how = " one event" if arguments else "out arguments"
    return f"{_shown(function)} cannot be called with{how}"


def _takes(function: Any, count: int, default: bool = False) -> bool:
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return default
    try:
        signature.bind(*(None,) * count)
    except TypeError:
        return False
    return True


def _style(app: Any) -> str | None:
    """What is wrong with an application as one of ASGI 2; ``None`` if it is none."""
    import inspect

    if not _takes(app, 1) or _takes(app, 3):
        return None
    if inspect.iscoroutinefunction(app):
        return "its first call is asynchronous"
    if not inspect.isclass(app):
        return ""
    if not any("__call__" in vars(base) for base in app.__mro__ if base is not object):
        return f"instances of {app.__name__} cannot be called"
    if not _takes(app.__call__, 3):
        return f"instances of {app.__name__} do not take receive and send"
    return ""


# Iterators that can be read only once: read here, and given back unread.

_READ = ("headers", "links", "client", "server", "subprotocols")
_WHOLE = (str, bytes, bytearray, memoryview, dict)


def _rereadable(value: Any) -> tuple[Any, dict[str, Any]] | None:
    """Two equals of an event or scope: one to pass on, one to write down.

    ``None`` if it holds nothing that has to be read for that.
    """
    if not issubclass(type(value), dict):
        return None
    held: dict[str, Any] = value if type(value) is dict else dict(dict.items(value))
    forward: dict[str, Any] = {}
    record: dict[str, Any] = {}
    consumed = False
    for key in _READ:
        if key in held and held[key] is not None:
            given, listed, used = _listed(held[key], 2 if key == "headers" else 1)
            if listed is not held[key]:
                consumed = consumed or used
                forward[key], record[key] = given, listed
    if not record:
        return None
    return ({**held, **forward} if consumed else value), {**held, **record}


def _is_field(pair: Any) -> bool:
    return (type(pair) is tuple or type(pair) is list) and all(
        type(part) is bytes or type(part) is str for part in pair
    )


def _listed(value: Any, depth: int) -> tuple[Any, Any, bool]:
    """``value`` to pass on, its items in a list, and whether it had to be used up."""
    kind = type(value)
    if depth == 0 or value is None or issubclass(kind, _WHOLE):
        return value, value, False
    iterator = None
    error = None
    items: Any = value
    if kind is not list and kind is not tuple:
        try:
            iterator = iter(value)
        except Exception:  # noqa: BLE001 - somebody else's code may raise anything
            return value, value, False
        items = []
        try:
            items.extend(itertools.islice(iterator, 100_000))
        except Exception as caught:  # noqa: BLE001 - somebody else's code may raise anything
            error = caught
    elif depth == 2 and all(map(_is_field, value)):
        return value, value, False  # the usual case
    given, listed, used = [], [], False
    for item in items:
        one, kept, spent = _listed(item, depth - 1)
        given.append(one)
        listed.append(kept)
        used = used or spent
    if iterator is None and all(a is b for a, b in zip(listed, items)):
        return value, value, False
    if iterator is not None and iterator is value:
        return _once_more(given, error, iterator), listed, True
    if used:
        return (tuple(given) if kind is tuple else given), listed, True
    return value, listed, False


def _once_more(items: list[Any], error: Exception | None, rest: Any) -> Iterator[Any]:
    yield from items
    if error is not None:
        raise error
    yield from rest


async def _watch(
    journal: Journal, loops: Loops, app: Any, scope: Any, receive: Any, send: Any
) -> Any:
    """Call an application for one connection and write down what crosses its boundary."""
    since = time.monotonic_ns()
    substitute = _rereadable(scope)
    journal.add("call", scope if substitute is None else substitute[1])
    if substitute is not None and substitute[0] is not scope:
        for key, value in substitute[0].items():
            if scope.get(key) is not value:
                scope[key] = value
    link = loops.join(journal, scope)
    boundary = Boundary(receive, send, journal, link)
    try:
        result = app(scope, Receiver(Boundary.receive, boundary), Sender(Boundary.send, boundary))
    except BaseException as error:
        if type(error) is TypeError and error.__traceback__.tb_next is None:  # type: ignore[union-attr]
            _tell_unusable(journal, app, error)
        journal.add("raise", error)
        link.ended(error)
        journal.end()
        raise
    if not hasattr(result, "__await__") and not _is_old_coroutine(result):
        _tell_unusable(journal, app, result)
    link.begins()
    try:
        value = await result
    except BaseException as error:
        link.ended(error)
        if isinstance(error, Exception):
            journal.add("raise", error)
        else:
            journal.add("cancel")
        journal.end()
        raise
    link.ended(None)
    if boundary.called != boundary.awaited:
        journal.add("unawaited", boundary.called - boundary.awaited)
    facts = boundary.look(since) if boundary.files else None
    if facts:
        journal.add("files", facts)
    if _being_cancelled(boundary):
        journal.add("note", {"cancelling": True})
    journal.add("return", value)
    journal.end()
    return value


def _tell_unusable(journal: Journal, app: Any, what: Any) -> None:
    how = _style(app)
    if how is None:
        journal.add("unusable", what)
    else:
        journal.add("legacy", how)


def _is_old_coroutine(result: Any) -> bool:
    code = getattr(result, "gi_code", None)
    return code is not None and bool(code.co_flags & 0x100)  # CO_ITERABLE_COROUTINE


def _being_cancelled(boundary: Boundary) -> bool:
    """Whether the current task has a cancellation that it swallowed."""
    task = _task()
    if hasattr(task, "cancelling"):
        return bool(task.cancelling() > 0)
    return boundary.cancelled  # before Python 3.11 a task does not tell


def _task() -> Any:
    """The current task of asyncio, ``None`` where there is none."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


# The connections of an event loop --------------------------------------------------

_WIDEST = 256
"""Entries up to which a ``state`` is compared."""


def _running_loop() -> Any:
    """The running event loop, of whatever library; ``None`` if it is of an unknown one."""
    get = getattr(sys.modules.get("asyncio"), "_get_running_loop", None)
    if get is not None:
        loop = get()
        if loop is not None:
            return loop
    trio = sys.modules.get("trio")
    if trio is not None:
        try:
            return trio.lowlevel.current_trio_token()
        except (RuntimeError, AttributeError):
            return None
    return None


def _tasks_cancelled() -> bool | None:
    """Whether another task of this loop is being cancelled; ``None`` if that is unknown."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        current = asyncio.current_task()
        return any(task.cancelling() for task in asyncio.all_tasks() if task is not current)
    except (RuntimeError, AttributeError):  # no asyncio loop, or a Python before 3.11
        return None


def _was_cancelled(error: BaseException) -> bool:
    """Whether a call that ``error`` left was cancelled, and not by itself."""
    if isinstance(error, GeneratorExit):
        return True
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and isinstance(error, asyncio.CancelledError):
        task = _task()
        return task is None or not hasattr(task, "cancelling") or task.cancelling() > 0
    trio = sys.modules.get("trio")
    return trio is not None and isinstance(error, trio.Cancelled)


def _entries(state: Any) -> dict[str, int]:
    """The identities of what a state holds, by key."""
    if not issubclass(type(state), dict) or dict.__len__(state) > _WIDEST:
        return {}
    return {key: id(value) for key, value in dict.items(state) if type(key) is str}


class Loop:
    """What is known of one event loop."""

    def __init__(self, loop: Any) -> None:
        self.reference = weakref.ref(loop)
        self.number = time.monotonic_ns() + next(_count)  # no other process has the same
        self.thread = get_ident()
        self.open: Any = set()
        self.earlier = self.lived = self.running = False
        self.namespace: Any = None
        self.entries: dict[str, int] = {}
        self.left: tuple[int, int, dict[str, int]] | None = None
        self.kept: tuple[Any, int, list[str], Any] | None = None

    def handled(self, but: Link) -> int:
        """How many connections are being handled, besides ``but``."""
        return sum(one is not but and one.handled() for one in list(self.open))


class Loops:
    """The event loops of this process on which one application was called."""

    def __init__(self) -> None:
        self._loops: dict[int, Loop] = {}

    def join(self, journal: Journal, scope: Any) -> Link:
        """The place of a call among the others of its loop."""
        kind = scope.get("type") if type(scope) is dict else None
        loop = _running_loop()
        if loop is None or kind not in ("http", "websocket", "lifespan"):
            return Link(None, journal, kind)
        known = self._loops.get(id(loop))
        if known is None or known.reference() is not loop:
            try:
                known = Loop(loop)
            except TypeError:  # no weak reference can be made of it
                return Link(None, journal, kind)
            for key, other in list(self._loops.items()):
                if other.reference() is None:
                    self._loops.pop(key, None)
            self._loops[id(loop)] = known
        link = Link(known, journal, kind)
        if kind == "lifespan":
            link.lives(scope)
        elif known.lived or self._elsewhere(known):
            link.connects(scope, elsewhere=not known.lived)
        else:
            known.earlier = True
        return link

    def _elsewhere(self, known: Loop) -> bool:
        """Whether a lifespan is running on another loop of this thread."""
        return any(
            other is not known and other.running and other.thread == get_ident() and _open(other)
            for other in list(self._loops.values())
        )


def _open(known: Loop) -> bool:
    loop = known.reference()
    closed = getattr(loop, "is_closed", None)
    return loop is not None and not (closed is not None and closed())


class Link:
    """A call among the others of its loop; ``loop`` is ``None`` where none is known."""

    def __init__(self, loop: Loop | None, journal: Journal, kind: Any) -> None:
        self.loop = loop
        self.add = journal.add
        self.kind = kind
        self.number = 0
        self.over = False
        self.waiting: list[Any] = []
        self.state: Any = None
        self.entries: dict[str, int] = {}

    def handled(self) -> bool:
        """Whether the connection is still in use: neither gone nor answered."""
        return not self.over and self.kind != "lifespan"

    def begins(self) -> None:
        """The application's call has begun."""
        if self.loop is not None:
            self.loop.open.add(self)

    def connects(self, scope: Scope, elsewhere: bool) -> None:
        """A connection on a loop with a lifespan."""
        loop = self.loop
        if loop is None:
            return
        self.number = number = next(_count)
        fact: dict[str, Any] = {
            "loop": next(_count) if elsewhere else loop.number,
            "what": "connection",
            "connection": number,
            "protocol": self.kind,
            "elsewhere": elsewhere,
        }
        state = scope.get("state")
        if not elsewhere and loop.running:
            if type(state) is dict and state is not loop.namespace and len(state) <= _WIDEST:
                fact["state"] = id(state)
                fact["entries"] = self.entries = _entries(state)
                self.state = state
                if loop.left is not None:
                    self._recognised(fact, loop, scope)
                if self.entries != loop.entries or len(state) != len(loop.entries):
                    _compared(fact, loop, state)
            elif state is None:
                fact["state"] = None
                fact["entries"] = {}
            elif issubclass(type(state), dict) and dict.__len__(state) <= _WIDEST:
                fact["state"] = id(state)
                fact["entries"] = _entries(state)
        self.add("loop", fact)

    def _recognised(self, fact: dict[str, Any], loop: Loop, scope: Scope) -> None:
        """Add whose dict it is that a connection was given, if it is an earlier one's.

        An identity may be that of a dict that is gone by now: one that looks like an
        earlier connection's is kept, and recognised when it comes again.
        """
        kept, left = loop.kept, loop.left
        if kept is None and (left is None or left[0] != id(self.state)):
            return
        loop.kept = None
        headers = scope.get("headers")
        if any(other.state is self.state for other in list(loop.open)):
            return
        if kept is not None and kept[0] is self.state:
            loop.kept = kept
            if kept[3] is not headers:
                fact["same"], fact["added"] = kept[1], kept[2]
        elif left is not None:
            place, number, added = left
            held = fact["entries"]
            if place == id(self.state) and all(held.get(key) == was for key, was in added.items()):
                loop.kept = (self.state, number, list(added), headers)

    def lives(self, scope: Scope) -> None:
        """A lifespan is called."""
        loop = self.loop
        if loop is None:
            return
        self.number = next(_count)
        loop.lived = True
        fact: dict[str, Any] = {"loop": loop.number, "what": "lifespan", "lifespan": self.number}
        state = scope.get("state")
        if state is None or issubclass(type(state), dict):
            fact["state"] = None if state is None else id(state)
            loop.namespace, loop.entries = state, {}
        self.add("loop", fact)

    def received(self, event: Any) -> None:
        """receive() gave ``event``."""
        kind = event.get("type") if type(event) is dict else None
        if kind == "http.disconnect" or kind == "websocket.disconnect":
            self.over = True
        elif kind == "lifespan.startup" and self.loop is not None:
            self._fact("startup", open=self.loop.handled(self), earlier=self.loop.earlier)
        elif kind == "lifespan.shutdown" and self.loop is not None:
            self.loop.running = False
            self._fact(
                "shutdown",
                open=self.loop.handled(self),
                cancelling=_tasks_cancelled(),
                entries=_entries(self.loop.namespace),
            )

    def sending(self, event: Any) -> None:
        """The application sends ``event``."""
        kind = event.get("type") if type(event) is dict else None
        if kind in _FINAL:
            self.over = self.over or not event.get("more_body", False)
        elif self.kind == "lifespan" and kind in _LIVED and self.loop is not None:
            loop = self.loop
            if kind == "lifespan.startup.complete":
                loop.running = True
                loop.entries = _entries(loop.namespace)
                self._fact("complete", entries=loop.entries)
            else:
                self._fact(_LIVED[kind])

    def sent(self) -> None:
        """send() returned."""

    def refused(self) -> None:
        """send() raised."""
        self.over = True
        if self.kind == "lifespan":
            self._fact("refused")

    def _fact(self, what: str, **more: Any) -> None:
        if self.kind == "lifespan" and self.loop is not None:
            fact = {"loop": self.loop.number, "what": what, "lifespan": self.number}
            self.add("loop", dict(fact, **more))

    def ended(self, error: BaseException | None) -> None:
        """The call is over, by ``error`` if there is one."""
        loop, state = self.loop, self.state
        if loop is None:
            return
        if state is not None and len(state) != len(self.entries):
            now = _entries(state)
            added = {key: held for key, held in now.items() if key not in self.entries}
            if added:
                loop.left = (id(state), self.number, added)
        loop.open.discard(self)
        self.state = None
        if self.kind == "lifespan":
            if error is None:
                self._fact("returned")
            elif _was_cancelled(error):
                self._fact("cancelled", open=loop.handled(self), cancelling=_tasks_cancelled())
            else:
                self._fact("raised")
            loop.running = loop.earlier = False
            loop.namespace = loop.left = loop.kept = None


def _compared(fact: dict[str, Any], loop: Loop, state: Any) -> None:
    """Add what the lifespan's state holds now, where a copy of it differs."""
    namespace = loop.namespace
    now = fact["namespace"] = _entries(namespace)
    fact["alike"] = [
        key
        for key in now
        if key in fact["entries"]
        and type(dict.__getitem__(state, key)) is type(dict.__getitem__(namespace, key))
    ]


_FINAL = (
    "http.response.body",
    "http.response.zerocopysend",
    "http.response.pathsend",
    "websocket.close",
    "websocket.http.response.body",
)
_LIVED = {
    "lifespan.startup.complete": "complete",
    "lifespan.startup.failed": "failed",
    "lifespan.shutdown.complete": "answered",
    "lifespan.shutdown.failed": "answered",
}

# The player -----------------------------------------------------------------------

_POLL = 0.01
"""Seconds between two looks for a go-ahead."""

_PIECE = 64 * 1024
"""Octets that are read of an input at once."""


def _exception(kind: str, text: str) -> BaseException:
    made: Any = getattr(builtins, kind, None)
    if not (isinstance(made, type) and issubclass(made, BaseException)):
        made = type(kind, (Exception,), {})
    error: BaseException = made(text)
    return error


class Player:
    """What the players of both interfaces have in common.

    Args:
        steps: what to play.
        journal: where remarks go.
        run: where go-aheads are found.
        token: the call's.
    """

    def __init__(self, steps: list[Step], journal: Journal, run: Run, token: str) -> None:
        self.steps = steps
        self.journal = journal
        self.run = run
        self.token = token
        self.caught: BaseException | None = None

    def note(self, **what: Any) -> None:
        """Write a remark into the journal."""
        self.journal.add("note", what)

    def _catch(self, error: BaseException) -> None:
        self.caught = error
        self.note(caught=Raised(error))


class Done:
    """That a call is over, and its value."""

    def __init__(self, value: Any) -> None:
        self.value = value


class WSGIPlayer(Player):
    """Plays steps as a WSGI application."""

    environ: Any = None
    start_response: Any = None
    written: Any = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Play all of the steps."""
        self.environ = environ
        self.start_response = start_response
        self.threads: list[threading.Thread] = []
        walk = self._walk(self.steps)
        try:
            next(walk)
        except StopIteration as over:
            return [] if over.value is None else over.value.value
        raise ScriptError("the step 'yield' stands outside of a result")

    def _walk(self, steps: list[Step]) -> Generator[Any, None, Done | None]:
        """Play steps; gives pieces, and returns a :class:`Done` where the call is over."""
        for step in steps:
            do = step["do"]
            if do == "yield":
                yield step["data"]
                continue
            if do == "repeat":
                for _ in range(step["times"]):
                    done = yield from self._walk(step["steps"])
                    if done is not None:
                        return done
                continue
            if do == "catching":
                try:
                    done = yield from self._walk(step["steps"])
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 - somebody else's code may raise anything
                    self._catch(error)
                    continue
            else:
                done = getattr(self, "_" + do)(step)
            if done is not None:
                return done
        return None

    def _all(self, steps: list[Step]) -> None:
        for _ in self._walk(steps):
            pass

    def _raise(self, step: Step) -> None:
        raise _exception(step["kind"], step["text"])

    def _note(self, step: Step) -> None:
        self.note(text=step["text"])

    def _wait(self, step: Step) -> None:
        name = step["name"]
        self.note(wait=name)
        deadline = time.monotonic() + step["within"]
        let = self.run.let(self.token, name)
        while not let and time.monotonic() < deadline:
            _pause(_POLL)
            let = self.run.let(self.token, name)
        self.note(waited=name, let=let)

    def _alter(self, step: Step) -> None:
        self.environ[step["key"]] = step["value"]

    def _spawn(self, step: Step) -> None:
        def beside() -> None:
            try:
                self._all(step["steps"])
            except BaseException as error:  # noqa: BLE001 - somebody else's code may raise anything
                self.note(spawned=Raised(error))

        thread = threading.Thread(target=beside, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _join(self, step: Step) -> None:
        deadline = time.monotonic() + step["within"]
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.note(joined=not any(thread.is_alive() for thread in self.threads))

    def _start(self, step: Step) -> None:
        arguments = step.get("arguments")
        if arguments is not None:
            self.written = self.start_response(*arguments)
            return
        given = step.get("exc_info")
        if given is None:
            self.written = self.start_response(step["status"], step["headers"])
        elif given == "raised":
            try:
                raise RuntimeError("planted")
            except RuntimeError:
                exc_info = sys.exc_info()
                try:
                    self.written = self.start_response(step["status"], step["headers"], exc_info)
                finally:
                    del exc_info
        elif given == "caught":
            error = self.caught
            if error is None:
                raise ScriptError("nothing was caught before")
            try:
                self.written = self.start_response(
                    step["status"], step["headers"], (type(error), error, error.__traceback__)
                )
            finally:
                del error
        else:
            self.written = self.start_response(step["status"], step["headers"], given)

    def _write(self, step: Step) -> None:
        self.written(step["data"])

    def _use(self, step: Step) -> None:
        getattr(self.environ["wsgi." + step["stream"]], step["method"])(*step["arguments"])

    def _iterate(self, step: Step) -> None:
        limit = step["limit"]
        for _ in itertools.islice(self.environ["wsgi.input"], limit):
            pass

    def _errors(self, step: Step) -> None:
        log = self.environ["wsgi.errors"]
        for text in step["texts"]:
            log.write(text)
        log.flush()

    def _input(self) -> bytes:
        """The request body, as far as the environ lets an application read it."""
        environ = self.environ
        source = environ["wsgi.input"]
        length = environ.get("CONTENT_LENGTH") or ""
        pieces = []
        if environ.get("wsgi.input_terminated"):
            piece = source.read(_PIECE)
            while piece:
                pieces.append(piece)
                piece = source.read(_PIECE)
        elif length.isdigit():
            left = int(length)
            while left:
                piece = source.read(min(left, _PIECE))
                if not piece:
                    break
                pieces.append(piece)
                left -= len(piece)
        return b"".join(pieces)

    def _drain(self, _step: Step) -> None:
        self._input()

    def _echo(self, step: Step) -> Done:
        body = self._input()
        headers = [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(body)))]
        self.start_response(_status(step["status"]), headers)
        return Done([body])

    def _result(self, step: Step) -> Done:
        kind, inner, close = step["kind"], step["steps"], step["close"]
        if kind == "generator":
            return Done(self._left(inner, close) if close else self._walk(inner))
        if kind in ("iterator", "iterable", "sized", "indexed"):
            return Done(self._made(kind, inner, close))
        if kind == "none":
            return Done(None)
        if kind == "number":
            return Done(42)
        pieces = list(self._walk(inner))
        if kind == "list":
            return Done(pieces)
        if kind == "tuple":
            return Done(tuple(pieces))
        body = b"".join(pieces)
        if kind == "bytes":
            return Done(body)
        if kind == "str":
            return Done(body.decode("latin-1"))
        file = self._file(body, step)
        wrapper = self.environ.get("wsgi.file_wrapper") if kind == "file_wrapper" else None
        if wrapper is not None:
            return Done(wrapper(file, *step.get("block", ())))
        return Done(file if kind == "file" else self._made("iterator", inner, close))

    def _wrap(self, step: Step) -> None:
        wrapper = self.environ.get("wsgi.file_wrapper")
        if wrapper is not None:
            wrapper(self._file(b"".join(self._walk(step["steps"])), step))

    def _file(self, body: bytes, step: Step) -> Any:
        kind, close, position = step.get("file"), step.get("close"), step.get("position", 0)
        if kind == "descriptor":
            return Stored.of(body, self, close, position)
        return (Unfit if kind == "unfit" else File)(body, self, close, position)

    def _left(self, inner: list[Step], close: list[Step]) -> Iterator[Any]:
        try:
            yield from self._walk(inner)
        finally:
            self._all(close)

    def _made(self, kind: str, inner: list[Step], close: list[Step] | None) -> Any:
        made = _KINDS[kind, close is not None]
        return made(self, inner, close)


class Body:
    """A result of the player's: plays steps when it is iterated."""

    def __init__(self, player: WSGIPlayer, steps: list[Step], close: list[Step] | None) -> None:
        self._player = player
        self._steps = steps
        self._close = close


def _as_iterator(self: Any) -> Any:
    return self


def _next(self: Any) -> Any:
    if not hasattr(self, "_walk"):
        self._walk = self._player._walk(self._steps)  # noqa: SLF001 - of the same file
    return next(self._walk)


def _iter(self: Any) -> Any:
    return self._player._walk(self._steps)  # noqa: SLF001 - of the same file


def _len(self: Any) -> int:
    return sum(1 for step in self._steps if step["do"] == "yield")


def _item(self: Any, index: int) -> Any:
    if not hasattr(self, "_walk"):
        self._walk = self._player._walk(self._steps)  # noqa: SLF001 - of the same file
    try:
        return next(self._walk)
    except StopIteration:
        raise IndexError(index) from None


def _closing(self: Any) -> None:
    self._player._all(self._close)  # noqa: SLF001 - of the same file


_METHODS: dict[str, dict[str, Any]] = {
    "iterator": {"__iter__": _as_iterator, "__next__": _next},
    "iterable": {"__iter__": _iter},
    "sized": {"__iter__": _iter, "__len__": _len},
    "indexed": {"__getitem__": _item},
}
_KINDS: dict[tuple[str, bool], Any] = {
    (name, closable): type(
        name.title(), (Body,), dict(methods, **({"close": _closing} if closable else {}))
    )
    for name, methods in _METHODS.items()
    for closable in (True, False)
}
"""The classes of results: a server may ask whether there is a close()."""


class File:
    """A file-like object without a descriptor, for ``wsgi.file_wrapper``."""

    def __init__(
        self, body: bytes, player: WSGIPlayer, close: list[Step] | None, position: int = 0
    ) -> None:
        self._held = io.BytesIO(body)
        self._held.seek(position)
        self._player = player
        self._steps = close

    def read(self, size: int = -1) -> bytes:
        """Read from the file."""
        return self._held.read(size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._held)

    def close(self) -> None:
        """Play what was to be played on closing."""
        self._player.note(closed="file")
        self._player._all(self._steps or [])  # noqa: SLF001 - of the same file


class Unfit(File):
    """A file-like object whose ``fileno()`` raises, as those of ``io`` do."""

    def fileno(self) -> int:
        """Raise.

        Raises:
            io.UnsupportedOperation: always.
        """
        raise io.UnsupportedOperation("fileno")


class Stored(io.FileIO):
    """A file with a descriptor, that a system call can send."""

    _player: Any = None
    _steps: Any = ()

    @classmethod
    def of(cls, body: bytes, player: WSGIPlayer, close: Any, position: int) -> Stored:
        """A file that holds ``body``, and stands at ``position``."""
        import tempfile

        number, path = tempfile.mkstemp()
        os.unlink(path)
        os.write(number, body)
        os.lseek(number, position, os.SEEK_SET)
        made = cls(number, "rb")
        made._player, made._steps = player, close or ()
        return made

    def close(self) -> None:
        """Close, and play what was to be played on closing; once."""
        player, self._player = self._player, None
        super().close()
        if player is not None:
            player.note(closed="file")
            player._all(self._steps)  # noqa: SLF001 - of the same file

    def __del__(self) -> None:
        self._player = None  # nobody called close()
        self.close()


def _pause(seconds: float) -> None:
    """Sleep; in a greenlet of gevent or eventlet so that its hub can serve others meanwhile."""
    greenlet = sys.modules.get("greenlet")
    if greenlet is not None:
        parent = greenlet.getcurrent().parent
        if parent is not None:
            for library, module in (("gevent", "gevent.hub"), ("eventlet", "eventlet.hubs")):
                if parent is _hub(sys.modules.get(module)):
                    sys.modules[library].sleep(seconds)
                    return
    time.sleep(seconds)


def _hub(module: Any) -> Any:
    """The greenlet that switches between the others of this thread; there may be none."""
    get = getattr(module, "get_hub", None)
    if get is None:
        return module
    hub = get()
    return getattr(hub, "greenlet", hub)


def _status(status: int) -> str:
    try:
        from http import HTTPStatus

        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Reason"


class ASGIPlayer(Player):
    """Plays steps as an ASGI application, under asyncio or Trio."""

    scope: Any = None
    receive: Any = None
    send: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        """Play all of the steps."""
        self.scope = scope
        self.receive = receive
        self.send = send
        self.beside: list[Any] = []
        done = await self._walk(self.steps)
        return None if done is None else done.value

    async def _walk(self, steps: list[Step]) -> Done | None:
        for step in steps:
            do = step["do"]
            done = None
            if do == "repeat":
                for _ in range(step["times"]):
                    done = await self._walk(step["steps"])
                    if done is not None:
                        break
            elif do == "catching":
                try:
                    done = await self._walk(step["steps"])
                except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
                    self._catch(error)
            elif do == "return":
                return Done(step["value"])
            else:
                done = await getattr(self, "_" + do)(step)
            if done is not None:
                return done
        return None

    async def _raise(self, step: Step) -> None:
        raise _exception(step["kind"], step["text"])

    async def _note(self, step: Step) -> None:
        self.note(text=step["text"])

    async def _wait(self, step: Step) -> None:
        name = step["name"]
        self.note(wait=name)
        deadline = time.monotonic() + step["within"]
        let = self.run.let(self.token, name)
        while not let and time.monotonic() < deadline:
            await _asleep(_POLL)
            let = self.run.let(self.token, name)
        self.note(waited=name, let=let)

    async def _alter(self, step: Step) -> None:
        self.scope[step["key"]] = step["value"]

    async def _state(self, step: Step) -> None:
        held = self.scope.get("state")
        if held is None:
            self.note(state=False)
        else:
            value = step["value"]
            held[step["key"]] = {"gateproof": step["key"]} if value is None else value

    async def _receive(self, step: Step) -> None:
        await self._heard(step["within"])

    async def _heard(self, within: float | None) -> Any:
        """An event, ``None`` where it did not come in time."""
        if within is None:
            return await self.receive()
        try:
            return await _bounded(self.receive, within)
        except TimeoutError:
            self.note(silent=within)
            return None

    async def _gone(self, step: Step) -> None:
        deadline = time.monotonic() + step["within"]
        gone = False
        while not gone and time.monotonic() < deadline:
            event = await self._heard(max(0.001, deadline - time.monotonic()))
            gone = event is not None and str(event["type"]).endswith(".disconnect")
        self.note(gone=gone)

    async def _send(self, step: Step) -> None:
        event = step["event"]
        if self.run.hosted and _reaches_out(event):
            raise ScriptError("a probe on another host sends no file but its own")
        await self.send(event)
        file = event.get("file") if type(event) is dict else None
        if file is not None and hasattr(file, "closed"):
            self.note(file="closed" if file.closed else "open")

    async def _respond(self, step: Step) -> None:
        head = {"type": "http.response.start", "status": step["status"], "headers": step["headers"]}
        await self.send(head)
        await self.send({"type": "http.response.body", "body": step["body"]})

    async def _input(self) -> bytes | None:
        """The request body, ``None`` where the client left before its end."""
        pieces = []
        while True:
            event = await self.receive()
            if event["type"] != "http.request":
                return None
            pieces.append(event.get("body", b""))
            if not event.get("more_body", False):
                return b"".join(pieces)

    async def _drain(self, _step: Step) -> None:
        await self._input()

    async def _echo(self, step: Step) -> Done:
        body = await self._input()
        if body is not None:
            headers = [
                (b"content-type", b"application/octet-stream"),
                (b"content-length", str(len(body)).encode()),
            ]
            await self._respond({"status": step["status"], "headers": headers, "body": body})
        return Done(None)

    async def _spawn(self, step: Step) -> None:
        task = {"over": False}
        self.beside.append(task)

        async def beside() -> None:
            try:
                await self._walk(step["steps"])
            except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
                self.note(spawned=Raised(error))
            finally:
                task["over"] = True

        if _under_trio():
            import trio

            trio.lowlevel.spawn_system_task(beside)
        else:
            import asyncio

            made: Any = asyncio.get_running_loop().create_task(beside())
            task["task"] = made  # kept: the loop holds its tasks weakly

    async def _join(self, step: Step) -> None:
        deadline = time.monotonic() + step["within"]
        while not all(task["over"] for task in self.beside) and time.monotonic() < deadline:
            await _asleep(_POLL)
        self.note(joined=all(task["over"] for task in self.beside))


def _reaches_out(event: Any) -> bool:
    """Whether a server would send a file that is there already: its path or number is told."""
    if type(event) is not dict:
        return False
    return event.get("type") == "http.response.pathsend" or isinstance(event.get("file"), int)


def _under_trio() -> bool:
    get = getattr(sys.modules.get("asyncio"), "_get_running_loop", None)
    return "trio" in sys.modules and (get is None or get() is None)


async def _asleep(seconds: float) -> None:
    if _under_trio():
        import trio

        await trio.sleep(seconds)
    else:
        import asyncio

        await asyncio.sleep(seconds)


async def _bounded(call: Any, within: float) -> Any:
    """Await ``call()``; it is cancelled after ``within`` seconds.

    Raises:
        TimeoutError: it was.
    """
    if _under_trio():
        import trio

        with trio.move_on_after(within):
            return await call()
        raise TimeoutError
    import asyncio

    try:
        return await asyncio.wait_for(call(), within)
    except asyncio.TimeoutError:
        raise TimeoutError from None


# What is played where no script lies ------------------------------------------------

_LIFESPAN: list[Step] = [
    {"do": "receive", "within": None},
    {"do": "state", "key": "gateproof", "value": None},
    {"do": "send", "event": {"type": "lifespan.startup.complete"}},
    {"do": "receive", "within": None},
    {"do": "send", "event": {"type": "lifespan.shutdown.complete"}},
]
_WEBSOCKET: list[Step] = [
    {"do": "receive", "within": None},
    {"do": "send", "event": {"type": "websocket.accept"}},
    {"do": "gone", "within": 60.0},
]


def _page(status: int, text: str, interface: str) -> list[Step]:
    """The steps that answer with a text."""
    body = text.encode("utf-8", "replace")
    pairs = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    if interface == "wsgi":
        return [
            {"do": "drain"},
            {"do": "start", "status": _status(status), "headers": pairs},
            {"do": "result", "kind": "list", "steps": [{"do": "yield", "data": body}], "close": []},
        ]
    raw = [(name.lower().encode(), value.encode()) for name, value in pairs]
    return [
        {"do": "drain"},
        {"do": "respond", "status": status, "headers": raw, "body": body},
    ]


def _plain(run: Run, interface: str) -> str:
    """The text that says who answers; to whoever passes by another host's, not more."""
    version = _python()
    if run.hosted:
        return f"gateproof probe {VERSION}\n"
    return (
        f"gateproof probe {VERSION}\nrun {run.name() or 'none'}\ninterface {interface}\n"
        f"pid {os.getpid()}\npython {version}\n"
    )


def _chosen(run: Run, interface: str, token: str, kind: str, journal: Journal) -> list[Step]:
    """The steps of a call: what is laid down, or else a plain answer."""
    try:
        steps = run.script(interface, token, kind)
    except ScriptError as error:
        journal.add("note", {"broken": str(error)})
        if kind in ("lifespan", "websocket"):
            return _LIFESPAN if kind == "lifespan" else _WEBSOCKET
        return _page(500, f"gateproof probe {VERSION}: {error}\n", interface)
    if steps is not None:
        return steps
    if kind == "lifespan":
        return _LIFESPAN
    return _WEBSOCKET if kind == "websocket" else _page(200, _plain(run, interface), interface)


# The token of a call -----------------------------------------------------------------


def _found(texts: Any) -> str:
    for text in texts:
        if issubclass(type(text), bytes):
            held = bytes.decode(text, "latin-1")
        elif issubclass(type(text), str):
            held = str.__str__(text)
        else:
            continue
        seen = TOKEN.search(held)
        if seen is not None:
            return seen.group()
    return ""


def _environ_token(environ: Any) -> str:
    if not issubclass(type(environ), dict):
        return ""
    get = functools.partial(dict.get, environ)
    first = _found(
        get(key) for key in ("PATH_INFO", "SCRIPT_NAME", "RAW_URI", "REQUEST_URI", "QUERY_STRING")
    )
    if first:
        return first
    return _found(
        text
        for key, value in dict.items(environ)
        if type(key) is str and key.startswith("HTTP_")
        for text in (value, key.lower())
    )


def _scope_token(scope: Any) -> str:
    if not issubclass(type(scope), dict):
        return ""
    get = functools.partial(dict.get, scope)
    first = _found(get(key) for key in ("path", "raw_path", "root_path", "query_string"))
    headers = get("headers")
    if first or not (type(headers) is list or type(headers) is tuple):
        return first
    return _found(
        part
        for pair in headers
        if type(pair) is tuple or type(pair) is list
        for part in reversed(pair)
    )


# Control requests --------------------------------------------------------------------

CONTROL = "/gateproof-probe/"
"""What the paths of control requests begin with."""

SECRET_HEADER = "x-gateproof-secret"  # noqa: S105 - its name
VERSION_HEADER = "x-gateproof-probe"

LARGEST = 1024 * 1024
"""Octets that a control request may bring, and a hosted journal may have."""

KEPT = 400
"""Calls, scripts and go-aheads that a hosted probe keeps of each; the oldest go first."""

_SCRIPT = re.compile(r"(gp[a-z0-9]{12}|default|lifespan)\Z")
_CALLS = re.compile(r"(gp[a-z0-9]{12}|none|lifespan)\Z")


class Control:
    """Answers the control requests of a probe.

    ``GET run`` tells who answers; it is all there is without a secret. With one (a
    probe on another host), requests have to show it, and may lay scripts, give
    go-aheads and fetch journals. Names are checked whole against patterns, so that
    no other file can be reached.

    Args:
        run: the run folder.
        secret: of ``GATEPROOF_PROBE_SECRET``.
    """

    def __init__(self, run: Run, secret: str) -> None:
        self.run = run
        self.secret = secret.encode("utf-8", "surrogateescape")

    def answers(self, path: Any) -> str | None:
        """What of ``path`` names a control request, ``None`` if it is none."""
        if type(path) is not str or CONTROL not in path or not (self.run.folder or self.secret):
            return None
        return path.partition(CONTROL)[2]

    def admits(self, shown: Any) -> bool:
        """Whether the secret that a request shows is right, or none is needed."""
        if not self.secret:
            return True
        import hmac

        return hmac.compare_digest(self.secret, str(shown or "").encode("latin-1", "replace"))

    def answer(self, method: str, name: str, body: bytes | None) -> tuple[int, Any]:
        """The status and the JSON of an answer; ``body`` is ``None`` where it was too large."""
        what, _, of = name.partition("/")
        if name == "run" and method in ("GET", "HEAD"):
            told = {"run": self.run.name(), "python": _python(), "pid": os.getpid()}
            return 200, dict(told, now=time.monotonic_ns())
        if not self.secret:
            return 404, {"error": "a probe without a secret answers GET run alone"}
        if body is None:
            return 413, {"error": f"more than {LARGEST} octets"}
        if not self.run.folder:
            return 500, {"error": "the probe has no folder to write to"}
        try:
            return self._asked(method, what, of, body)
        except OSError as error:
            return 500, {"error": str(error)}

    def _asked(self, method: str, what: str, of: str, body: bytes) -> tuple[int, Any]:
        puts = method in ("PUT", "POST")
        if what == "run" and not of and puts:
            if not TOKEN.fullmatch(body.decode("latin-1")):
                return 400, {"error": "no token"}
            return self._put(("run",), body)
        if what == "scripts" and _SCRIPT.match(of):
            place = ("scripts", of) if of.startswith("gp") else (of,)
            if puts:
                return self._put(place, body)
            if method == "DELETE":
                self._remove(os.path.join(self.run.folder, *place))
                return 200, {}
        if what == "go" and puts and _GO_AHEAD.match(of):
            return self._put(("go", of), b"")
        if what == "calls" and _CALLS.match(of):
            folder = os.path.join(self.run.folder, "calls")
            names = [name for name in os.listdir(folder) if name.startswith(of + "-")]
            if method == "DELETE":
                for name in names:
                    self._remove(os.path.join(folder, name))
                return 200, {}
            if method == "GET":
                return 200, {"calls": self._texts(names)}
        return 404, {"error": f"no such request: {method} {what}"}

    def _texts(self, names: list[str]) -> list[str]:
        """The journals of calls, as many as one answer holds."""
        texts: list[str] = []
        room = 16 * LARGEST
        for name in names:
            text = self.run.read("calls", name)
            room -= len(text)
            if room < 0:
                break
            texts.append(text.decode("ascii", "replace"))
        return texts

    def _put(self, place: tuple[str, ...], data: bytes) -> tuple[int, Any]:
        """Write a file that appears whole."""
        target = os.path.join(self.run.folder, *place)
        if len(place) > 1:
            self.make_room(place[0])
        made = f"{target}.{os.getpid()}-{next(_count)}"
        with open(made, "wb") as file:
            file.write(data)
        os.replace(made, target)
        return 200, {}

    def make_room(self, of: str) -> None:
        """Drop the oldest files of a folder where there are too many."""
        folder = os.path.join(self.run.folder, of)
        try:
            names = os.listdir(folder)
            if len(names) < KEPT:
                return
            paths = [os.path.join(folder, name) for name in names]
            paths.sort(key=_age)
        except OSError:
            return
        for path in paths[: len(paths) - KEPT + 1]:
            self._remove(path)

    @staticmethod
    def _remove(path: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _age(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _json(held: dict[str, Any], interface: str) -> tuple[bytes, list[tuple[str, str]]]:
    body = _dumps(dict(held, probe=VERSION, interface=interface)).encode("ascii")
    headers = [
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        (VERSION_HEADER, VERSION),
    ]
    return body, headers


def _controlled_wsgi(control: Control, name: str, environ: Any, start_response: Any) -> Any:
    """Answer a control request under WSGI."""
    if control.admits(environ.get("HTTP_X_GATEPROOF_SECRET")):
        length = environ.get("CONTENT_LENGTH") or "0"
        body = None
        if length.isdigit() and int(length) <= LARGEST:
            body = b"".join(_pieces(environ["wsgi.input"], int(length)))
        status, held = control.answer(environ.get("REQUEST_METHOD", ""), name, body)
    else:
        status, held = 403, {"error": "the secret is wrong"}
    body, headers = _json(held, "wsgi")
    start_response(_status(status), headers)
    return [body]


def _pieces(source: Any, left: int) -> Iterator[bytes]:
    """What an input gives, at most ``left`` octets."""
    while left:
        piece = source.read(min(left, _PIECE))
        if not piece:
            return
        left -= len(piece)
        yield piece


async def _controlled_asgi(
    control: Control, name: str, scope: Any, receive: Any, send: Any
) -> None:
    """Answer a control request under ASGI."""
    shown = b""
    for key, value in scope["headers"]:
        if key == SECRET_HEADER.encode():
            shown = value
    body: bytes | None = b""
    more = True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            return
        if body is not None:
            body += event.get("body", b"")
            body = body if len(body) <= LARGEST else None
        more = event.get("more_body", False)
    if control.admits(shown.decode("latin-1")):
        status, held = control.answer(scope["method"], name, body)
    else:
        status, held = 403, {"error": "the secret is wrong"}
    answer, headers = _json(held, "asgi")
    raw = [(key.encode(), value.encode()) for key, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": answer})


def own_folder(secret: str) -> str:
    """The folder of a hosted probe, which the processes of one user on one machine share.

    Returns:
        Its path, ``""`` where there is none that is this user's alone.
    """
    import hashlib
    import stat
    import tempfile

    user = os.getuid() if hasattr(os, "getuid") else 0
    mark = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    folder = os.path.join(tempfile.gettempdir(), f"gateproof-probe-{user}-{mark}")
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        seen = os.lstat(folder)
        private = not hasattr(os, "getuid") or (seen.st_uid == user and not seen.st_mode & 0o077)
        if not (stat.S_ISDIR(seen.st_mode) and private):
            return ""
        _furnish(folder)
    except OSError:
        return ""
    return folder


def _furnish(folder: str) -> None:
    """Make the folders in a run folder.

    Raises:
        OSError: they cannot be made.
    """
    for name in ("scripts", "calls", "go"):
        with contextlib.suppress(FileExistsError):
            os.mkdir(os.path.join(folder, name), 0o700)


# The applications --------------------------------------------------------------------


def wsgi_application(run: Run, app: Any = None) -> Any:
    """A WSGI application that is recorded: ``app``, or the player where there is none."""
    control = run.control

    def wsgi(
        environ: Any = _ABSENT, start_response: Any = _ABSENT, /, *extra: Any, **named: Any
    ) -> Any:
        """The WSGI application."""
        odd = None
        if start_response is _ABSENT or extra or named:
            given = [one for one in (environ, start_response, *extra) if one is not _ABSENT]
            odd = ((None,) * len(given), dict.fromkeys(named))
            environ = named.get("environ") if environ is _ABSENT else environ
            if start_response is _ABSENT:
                start_response = named.get("start_response")
            if not given and not named:  # as Uvicorn tries whether it was given a factory
                raise TypeError("a WSGI application takes environ and start_response")
            if start_response is None:
                journal = run.journal("wsgi", "")
                journal.add("call-arguments", odd)
                journal.end("raised")
                raise TypeError("a WSGI application takes environ and start_response")
        name = control.answers(environ.get("PATH_INFO")) if type(environ) is dict else None
        if name is not None:
            return _controlled_wsgi(control, name, environ, start_response)
        token = _environ_token(environ)
        journal = run.journal("wsgi", token)
        watching = Watching(journal)
        if odd is not None:
            journal.add("call-arguments", odd)
        plays = None if _laid(run, token) else app
        if plays is None:
            plays = WSGIPlayer(_chosen(run, "wsgi", token, "", journal), journal, run, token)
        return watching.call(plays, environ, start_response)

    return wsgi


def asgi_application(run: Run, app: Any = None) -> Any:
    """An ASGI application that is recorded: ``app``, or the player where there is none."""
    control = run.control
    loops = Loops()

    # scope has no default: Uvicorn takes what can be called without arguments for a factory.
    async def asgi(
        scope: Any, receive: Any = _ABSENT, send: Any = _ABSENT, *extra: Any, **named: Any
    ) -> Any:
        """The ASGI application."""
        if extra or named or send is _ABSENT or type(scope) is not dict:
            call = _miscall((scope, receive, send, *extra), named)
            if call is not None:
                return await _miscalled(run, app, call)
        kind = dict.get(scope, "type") if issubclass(type(scope), dict) else None
        kind = kind if type(kind) is str else ""
        name = control.answers(dict.get(scope, "path")) if kind == "http" else None
        if name is not None:
            await _controlled_asgi(control, name, scope, receive, send)
            return None
        token = "" if kind == "lifespan" else _scope_token(scope)
        journal = run.journal("asgi", token, kind)
        plays = None if _laid(run, token) else app
        if plays is None:
            plays = ASGIPlayer(_chosen(run, "asgi", token, kind, journal), journal, run, token)
        return await _watch(journal, loops, plays, scope, receive, send)

    return asgi


def _laid(run: Run, token: str) -> bool:
    """Whether a script lies there for a token: it is played even where the user's application is.

    So it can be seen whether a server is ready without a request to that application.
    """
    return bool(token) and bool(run.read("scripts", token))


def _miscall(arguments: tuple[Any, ...], named: dict[str, Any]) -> Misuse | None:
    """The call of an ASGI application, if it was not one with scope, receive and send."""
    given: list[Any] = []
    gap = False
    for name, one in zip(("scope", "receive", "send"), arguments):
        if one is _ABSENT:
            gap = True
        elif gap:  # given by its name, as the one before it is missing
            named = {name: one, **named}
        else:
            given.append(one)
    given.extend(arguments[3:])
    misplaced = not isinstance(given[0] if given else None, dict)
    misplaced = misplaced and any(isinstance(other, dict) for other in given[1:])
    if not named and len(given) == 3 and not misplaced:
        return None
    return Misuse(tuple(given), named)


async def _miscalled(run: Run, app: Any, call: Misuse) -> Any:
    """Write down a call with other arguments, and make it all the same."""
    journal = run.journal("asgi", "")
    journal.add("call", call)
    journal.end()
    if app is None:
        raise TypeError("an ASGI application takes scope, receive and send")
    return await app(*call.arguments, **call.named)


def named_application(path: str) -> Any:
    """The application at ``module:attribute``, ``module:make()`` for what a call gives.

    Raises:
        ImportError, AttributeError: there is none; the server fails to start, as it would.
    """
    import importlib

    module, _, attribute = path.partition(":")
    found: Any = importlib.import_module(module)
    attribute = attribute or "application"
    made = attribute.endswith("()")
    for part in (attribute[:-2] if made else attribute).split("."):
        found = getattr(found, part)
    return found() if made else found


def _deployed() -> tuple[Any, Any]:
    """The applications, as the environment variables say."""
    secret = os.environ.get("GATEPROOF_PROBE_SECRET", "")
    folder = os.environ.get("GATEPROOF_PROBE", "")
    if secret:
        with contextlib.suppress(OSError):  # it is said to whoever lays a script
            folder = folder or own_folder(secret)
            _furnish(folder)
    run = Run(folder, secret)
    path = os.environ.get("GATEPROOF_PROBE_APP", "")
    interface = os.environ.get("GATEPROOF_PROBE_INTERFACE", "")
    app = named_application(path) if path else None
    return (
        wsgi_application(run, None if interface == "asgi" else app),
        asgi_application(run, None if interface == "wsgi" else app),
    )


wsgi, asgi = _deployed()
