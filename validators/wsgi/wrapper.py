"""How ``wsgi.file_wrapper`` is called and what it gives.

https://peps.python.org/pep-3333/#optional-platform-specific-file-handling
"""

from __future__ import annotations

from gateproof.validators.violation import Breach
from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.request import article

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from gateproof.validators.wsgi.judge import WSGIJudge

REQUIREMENTS = frozenset(
    {
        "wsgi.file-wrapper.callable-signature",
        "wsgi.file-wrapper.close-propagated",
        "wsgi.file-wrapper.filelike-read",
        "wsgi.file-wrapper.inspects-suitability",
        "wsgi.file-wrapper.returns-iterable",
        "wsgi.file-wrapper.works-with-unsuitable-object",
    }
)
"""Every requirement that :func:`called` decides."""

_UNFIT = ("AttributeError", "NotImplementedError", "TypeError", "UnsupportedOperation")
"""What is raised by code that asks an object for more than it has."""

_FITTING = "a callable that takes a file-like object, and perhaps a block size"


def call_facts(
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    made: object = None,
    raised: Raised | None = None,
) -> dict[str, Any]:
    """What there is to know of a call.

    ``sound`` says whether it was called with a file and at most a block size,
    ``file`` and ``made`` are the names of the types, ``read`` says whether the
    file has that method and ``text`` whether it gives text, ``file_close`` and
    ``close`` whether the file and what was made of it can be closed, ``iterable``
    whether that can be iterated, ``raised`` what the call raised, and ``fileno``
    what the file's own ``fileno()`` does, asked only where the call raised.
    """
    kind = type(made)
    file = args[0] if args else None
    sizes = all(type(size) is int and size > 0 for size in args[1:])
    return {
        "sound": not kwargs and 1 <= len(args) <= 2 and sizes,
        "file": type(file).__name__,
        "made": kind.__name__,
        "read": callable(_attribute(file, "read")),
        "text": _gives_text(file),
        "file_close": callable(_attribute(file, "close")),
        "close": callable(_attribute(made, "close")),
        "iterable": hasattr(kind, "__iter__") or hasattr(kind, "__getitem__"),
        "fileno": "" if raised is None else _fileno(file),
        "raised": raised,
    }


def _attribute(value: object, name: str) -> object:
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - an attribute that cannot be read is not there
        return None


def _gives_text(file: object) -> bool:
    import io

    return isinstance(file, io.TextIOBase)


def _fileno(file: object) -> str:
    """``"missing"``, ``"works"``, or the name of what it raises."""
    fileno = _attribute(file, "fileno")
    if not callable(fileno):
        return "missing"
    try:
        fileno()
    except Exception as error:  # noqa: BLE001 - whatever it raises
        return type(error).__name__
    return "works"


def called(_judge: WSGIJudge, data: Mapping[str, Any]) -> Iterator[Breach]:
    """The application called the wrapper, or returned what the wrapper had made.

    Args:
        _judge: the judge of the exchange.
        data: what :func:`call_facts` gives.
    """
    raised = data["raised"]
    if not data["sound"]:
        return  # the application's own doing, of which the text says nothing
    if not data["read"] or data["text"]:
        yield _unfit(data)
    elif raised is not None:
        yield from _refused(data, raised)
    elif not data["iterable"]:
        yield uniterable(data["made"])
    elif data["file_close"] and not data["close"]:
        yield Breach(
            "wsgi.file-wrapper.close-propagated",
            f"wsgi.file_wrapper made {article(data['made'])}, which has no close(), "
            f"of {article(data['file'])}, which has one",
            observed=f"{article(data['made'])} without close()",
            expected="a close() that calls close() of the file",
        )


def uniterable(kind: str) -> Breach:
    """What the wrapper made, of type ``kind``, cannot be iterated."""
    return Breach(
        "wsgi.file-wrapper.returns-iterable",
        f"wsgi.file_wrapper returned {article(kind)}, which is not iterable",
        observed=article(kind),
        expected="an iterable of bytestrings",
    )


def _unfit(data: Mapping[str, Any]) -> Breach:
    fault = "whose read() gives str" if data["read"] else "which has no read()"
    return Breach(
        "wsgi.file-wrapper.filelike-read",
        f"the application gave wsgi.file_wrapper {article(data['file'])}, {fault}",
        observed=article(data["file"]),
        expected="an object whose read(size) gives bytes",
    )


def _refused(data: Mapping[str, Any], raised: Raised) -> Iterator[Breach]:
    """The wrapper raised on an object that has all it must have.

    Only what a wrapper raises because the object does not suit it is told for
    sure; the object's own methods may raise as well, and a closed file does.
    """
    fileno = data["fileno"]
    if fileno == "ValueError":
        return
    unfit = raised.name in _UNFIT
    if raised.outside and raised.name == "TypeError":
        requirement, how = "wsgi.file-wrapper.callable-signature", ""
    elif fileno == "works":
        requirement, unfit = "wsgi.file-wrapper.callable-signature", False
        how = " for a file whose fileno() works"
    elif fileno == "missing":
        requirement = "wsgi.file-wrapper.works-with-unsuitable-object"
        how = " for a file without fileno()"
    else:
        requirement = "wsgi.file-wrapper.inspects-suitability"
        how = f" for a file whose fileno() raises {fileno}"
    yield Breach(
        requirement,
        f"wsgi.file_wrapper raised {raised.name}{how}",
        observed=repr(raised),
        expected="an iterable over read(), with a close()" if how else _FITTING,
        verdict=None if unfit else "weak",
    )
