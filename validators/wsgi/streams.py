"""Checks of what passes over ``wsgi.input`` and ``wsgi.errors``.

https://peps.python.org/pep-3333/#input-and-error-streams
"""

from __future__ import annotations

from gateproof.validators.violation import Breach
from gateproof.validators.wsgi import reading
from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.request import article, octets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

WRITES = frozenset({"write", "writelines"})
"""Methods of ``wsgi.errors`` that leave something to be flushed."""

PROBES = frozenset({"readable", "seekable", "writable", "closed"})
"""What the wrappers of ``io`` ask of a stream; they close it when they are collected."""

REQUIREMENTS = (
    frozenset(
        {
            "wsgi.environ.errors-accepts-unicode",
            "wsgi.environ.errors-newline",
            "wsgi.errors.app-must-flush",
            "wsgi.errors.flush",
            "wsgi.errors.write",
            "wsgi.errors.writelines",
            "wsgi.input.app-not-read-past-length",
            "wsgi.input.iter",
            "wsgi.input.read-no-argument",
            "wsgi.input.read-size",
            "wsgi.input.readline",
            "wsgi.input.readline-size",
            "wsgi.input.readlines",
            "wsgi.streams.app-no-close",
            "wsgi.streams.app-no-other-methods",
            "wsgi.unicode.bytes-from-input",
            "wsgi.unicode.str-type-only",
        }
    )
    | reading.REQUIREMENTS
)
"""Every requirement that is decided of what passes over the streams."""

READER = frozenset({"wsgi.input.app-not-read-past-length"})
"""What is said of who reads, not of what is read."""

_METHODS = {
    "read": "wsgi.input.read-size",
    "readline": "wsgi.input.readline",
    "readlines": "wsgi.input.readlines",
    "__iter__": "wsgi.input.iter",
    "__next__": "wsgi.input.iter",
}
_WITHOUT = {"read": "wsgi.input.read-no-argument"}
_WITH = {"readline": "wsgi.input.readline-size"}


def read(
    method: str, args: tuple[object, ...], outcome: object, left: int | None
) -> Iterator[Breach]:
    """One use of ``wsgi.input``.

    Args:
        method: the method, or the name of another attribute.
        args: its arguments.
        outcome: its result, or a stand-in for what it raised.
        left: octets of the declared body not yet read, ``None`` where unknown.
    """
    if method not in _METHODS:
        if method != reading.END:
            yield from _other("wsgi.input", method, args)
        return
    size = args[0] if args else None
    if type(outcome) is Raised:
        yield from _unsupported(method, args, outcome)
        return
    if type(size) is int and size >= 0 and left is not None and method == "read" and size > left:
        yield Breach(
            "wsgi.input.app-not-read-past-length",
            f"the application asked for {octets(size)} "
            f"where {left or 'none'} of the body {'was' if left <= 1 else 'were'} left",
            observed=f"read({size})",
            expected=f"at most {octets(left)}" if left else "no read of a body that is used up",
        )
    if method == "readlines":
        yield from _lines(outcome)
    elif method == "__iter__":
        return
    elif type(outcome) is not bytes:
        yield _not_bytes(f"{_spoken(method)} of wsgi.input", outcome)
    else:
        yield from _amount(method, size, outcome)


def _amount(method: str, size: object, data: bytes) -> Iterator[Breach]:
    if type(size) is int and 0 <= size < len(data):
        name = "wsgi.input.read-size" if method == "read" else "wsgi.input.readline-size"
        yield Breach(
            name,
            f"{method}({size}) of wsgi.input returned {octets(len(data))}",
            observed=octets(len(data)),
            expected=f"at most {octets(size)}",
        )
    if method != "read" and _several_lines(data):
        yield Breach(
            _METHODS[method],
            f"{_spoken(method)} of wsgi.input gave more than one line",
            observed=repr(data[:60]),
            expected="one line with its terminator",
        )


def _lines(outcome: object) -> Iterator[Breach]:
    if type(outcome) is not list:
        yield Breach(
            "wsgi.input.readlines",
            f"readlines() of wsgi.input returned {article(type(outcome).__name__)}",
            observed=article(type(outcome).__name__),
            expected="a list of bytestrings",
        )
        return
    for line in outcome:
        if type(line) is not bytes:
            yield _not_bytes("readlines() of wsgi.input", line)
            return
        if _several_lines(line):
            yield Breach(
                "wsgi.input.readlines",
                "readlines() of wsgi.input gave an item of more than one line",
                observed=repr(line[:60]),
                expected="one line with its terminator",
            )
            return


def _several_lines(data: bytes) -> bool:
    return 0 <= data.find(b"\n") < len(data) - 1


def _spoken(method: str) -> str:
    return "iteration" if method.startswith("__") else f"{method}()"


def _not_bytes(what: str, value: object) -> Breach:
    return Breach(
        "wsgi.unicode.bytes-from-input",
        f"{what} gave {article(type(value).__name__)}, not bytes",
        observed=article(type(value).__name__),
        expected="bytes",
        party="server",
    )


def _unsupported(method: str, args: tuple[object, ...], raised: Raised) -> Iterator[Breach]:
    """A method that the text lists, or a way to call it, is not there."""
    if raised.name not in ("TypeError", "AttributeError") or len(args) > 1:
        return
    if args and type(args[0]) is not int:
        return
    requirement = (_WITH if args else _WITHOUT).get(method, _METHODS[method])
    shown = ", ".join(repr(argument) for argument in args)
    yield Breach(
        requirement,
        f"{method}({shown}) of wsgi.input raised {raised.name}",
        observed=repr(raised),
        expected=_due(method, args),
    )


def _due(method: str, args: tuple[object, ...]) -> str:
    """What a use should have given, in words."""
    if method == "readlines":
        return "a list of bytestrings"
    what = "bytes" if method == "read" else "a line of bytes"
    size = args[0] if args else None
    return f"{what}, at most {octets(size)}" if type(size) is int and size >= 0 else what


def logged(method: str, args: tuple[object, ...], outcome: object) -> Iterator[Breach]:
    """One use of ``wsgi.errors``; ``outcome`` is a stand-in where it raised."""
    if method not in ("write", "writelines", "flush"):
        yield from _other("wsgi.errors", method, args)
        return
    texts = _texts(method, args)
    wrong = next((text for text in texts if not isinstance(text, str)), "")
    if not isinstance(wrong, str):
        yield Breach(
            "wsgi.unicode.str-type-only",
            f"wsgi.errors.{method}() was given {type(wrong).__name__}, not str",
            observed=repr(wrong)[:60],
            expected="str",
            party="application",
            hint="Decode the octets before they are logged",
        )
        return
    if type(outcome) is Raised:
        yield from _unloggable(method, texts, outcome)
    if any("\r\n" in text for text in texts if isinstance(text, str)):
        yield Breach(
            "wsgi.environ.errors-newline",
            "text with a CR LF was written to wsgi.errors",
            observed="'\\r\\n'",
            expected="'\\n'",
        )


def _texts(method: str, args: tuple[object, ...]) -> tuple[object, ...]:
    if method == "write":
        return args[:1]
    if method == "writelines" and args and isinstance(args[0], list | tuple):
        return tuple(args[0])
    return ()


def _unloggable(method: str, texts: tuple[object, ...], raised: Raised) -> Iterator[Breach]:
    surrogates = any(
        "\ud800" <= character <= "\udfff"
        for text in texts
        if isinstance(text, str)
        for character in text
    )
    if raised.name.startswith("Unicode"):
        yield Breach(
            "wsgi.environ.errors-accepts-unicode",
            f"wsgi.errors.{method}() raised {raised.name}",
            observed=repr(raised),
            expected="the text, with substitutes for what cannot be shown",
            verdict="observed" if surrogates else None,
        )
    elif raised.name in ("TypeError", "AttributeError"):
        yield Breach(
            f"wsgi.errors.{method}",
            f"wsgi.errors.{method}() raised {raised.name}",
            observed=repr(raised),
            expected=f"{method}() returns",
        )


def _other(stream: str, name: str, args: tuple[object, ...]) -> Iterator[Breach]:
    """Applications use only the methods of the table, and never close a stream.

    ``args`` of ``close`` are the names that were asked for before: a wrapper of
    ``io`` closes what it wraps when it is collected, and gives itself away.
    """
    if name == "close":
        yield Breach(
            "wsgi.streams.app-no-close",
            f"the application closed {stream}",
            observed=f"{stream}.close()",
            expected="no call of close()",
            verdict="observed" if PROBES & set(args) else None,
        )
        return
    yield Breach(
        "wsgi.streams.app-no-other-methods",
        f"the application asked {stream} for {name!r}",
        observed=f"{stream}.{name}",
        expected="only the methods that PEP 3333 lists",
        verdict="observed",
    )


def unflushed() -> Breach:
    """What was written to wsgi.errors may stay there until it is flushed."""
    return Breach(
        "wsgi.errors.app-must-flush",
        "the application wrote to wsgi.errors and did not flush it",
        observed="no flush()",
        expected="flush() where the text has to be stored",
        verdict="observed",
    )


def judged(method: str, sized: bool, bounded: bool) -> frozenset[str]:
    """What a use of ``wsgi.input`` gives a chance to be broken.

    ``sized`` says that it names a size, ``bounded`` that the body's length is known.
    """
    if method == reading.END:
        return frozenset()
    if method not in _METHODS:
        other = "wsgi.streams.app-no-close" if method == "close" else _OTHER
        return frozenset({other})
    found = {"wsgi.unicode.bytes-from-input", _METHODS[method], _STAYS_OPEN}
    if bounded:
        found.add(reading.SPENT)
    if method == "readlines":
        found.add(reading.LIBRARY)
    found.add((_WITH if sized else _WITHOUT).get(method, _METHODS[method]))
    if sized and bounded and method == "read":
        found.add("wsgi.input.app-not-read-past-length")
    return frozenset(found)


def judged_log(method: str) -> frozenset[str]:
    """What a use of ``wsgi.errors`` gives a chance to be broken."""
    if method == "flush":
        return frozenset({"wsgi.errors.flush"})
    if method not in WRITES:
        return frozenset({"wsgi.streams.app-no-close" if method == "close" else _OTHER})
    return frozenset(
        {
            f"wsgi.errors.{method}",
            "wsgi.environ.errors-accepts-unicode",
            "wsgi.environ.errors-newline",
            "wsgi.errors.app-must-flush",
            "wsgi.unicode.str-type-only",
            _STAYS_OPEN,
        }
    )


_OTHER = "wsgi.streams.app-no-other-methods"
_STAYS_OPEN = "wsgi.streams.app-no-close"
