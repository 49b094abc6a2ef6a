"""Target strings of real servers, taken apart: ``server:gunicorn==20.1.0[worker=gthread]``.

Nothing is looked up here beyond the names and variants that the caller hands in; whether the
server can be had in this environment is the business of `environments`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from gateproof.targets.load import TargetError
from gateproof.validators.catalogue import nearest

PREFIX = "server:"
_FORM = "server:NAME, server:NAME==VERSION or server:NAME[variant=value,python=3.9]"
_WHOLE = re.compile(r"(?P<name>[^\[\]=<>!~]*)(?P<release>[=<>!~][^\[\]]*)?(?P<rest>.*)", re.DOTALL)
_FILE = re.compile(
    r"(?P<file>[^\[\]]*\.py)(?P<release>[=<>!~][^\[\]]*)?(?P<rest>(?:\[.*)?)", re.DOTALL
)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)
_KEY = re.compile(r"[a-z][a-z0-9_-]*")
_NEXT = re.compile(r",(?=\s*[a-z][a-z0-9_-]*\s*=)")
_SERIES = re.compile(r"3\.\d+(?:\.\d+)?")
_SAFE = re.compile(r"[A-Za-z0-9._]{1,32}|[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True)
class ServerName:
    """What a target string says of a server.

    Attributes:
        name: the adapter's name in canonical form (``gunicorn``), ``all``, or the stem of `file`.
        version: one exact release (``20.1.0``), or "" for whichever is at hand.
        variants: chosen variants as ``(name, value)`` pairs in order of name; those that the
            string leaves out are not here, see `choices`.
        python: what stood behind ``python=``: a series (``3.9``), or the path of an interpreter or
            of a virtual environment; "" when it was not given.
        file: the Python file that holds a third party's adapter, for ``./my_target.py[...]``.
    """

    name: str
    version: str = ""
    variants: tuple[tuple[str, str], ...] = ()
    python: str = ""
    file: Path | None = None

    @property
    def every(self) -> bool:
        """Whether this is ``server:all``."""
        return self.name == "all" and self.file is None

    @property
    def series(self) -> str:
        """The series of Python asked for (``3.9``, or a full ``3.9.18``), or ""."""
        return self.python if _SERIES.fullmatch(self.python) else ""

    @property
    def interpreter(self) -> str:
        """The path given with ``python=``, as it was written, or ""."""
        return "" if self.series else self.python

    @property
    def slug(self) -> str:
        """A name for item ids and files: letters, digits, ``.``, ``_`` and ``-`` only."""
        pairs = [*self.variants, *([("python", self.python)] if self.python else [])]
        parts = [self.name, *([self.version] if self.version else [])]
        return "-".join([*map(_safe, parts), *(f"{_safe(key)}.{_safe(one)}" for key, one in pairs)])

    def __str__(self) -> str:
        pairs = [*self.variants, *([("python", self.python)] if self.python else [])]
        chosen = ",".join(f"{key}={value}" for key, value in pairs)
        head = str(self.file) if self.file else f"{PREFIX}{self.name}"
        return (
            head + (f"=={self.version}" if self.version else "") + (f"[{chosen}]" if chosen else "")
        )

    def choices(self, legal: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        """Every variant of an adapter with its value: the one chosen here, else the default.

        Args:
            legal: an adapter's variants: the values each may have, the first being the default.

        Raises:
            TargetError: for a variant or a value that the adapter does not have; names those
                that it has.
        """
        found = {key: values[0] for key, values in legal.items()}
        for key, value in self.variants:
            if key not in legal:
                known = ", ".join(sorted(legal))
                raise TargetError(
                    f"--target={self}: {self.name} has no variant {key!r}{_near(key, legal)}; "
                    + (f"its variants are {known} and python" if known else "it has only python=")
                )
            if value not in legal[key]:
                raise TargetError(
                    f"--target={self}: {key}={value} is unknown{_near(value, legal[key])}; "
                    f"{key} of {self.name} is one of {', '.join(legal[key])}"
                )
            found[key] = value
        return found


def names_server(target: str) -> bool:
    """Whether ``target`` means a server: ``server:...`` or a file, ``./my_target.py[...]``."""
    return target.startswith(PREFIX) or _FILE.fullmatch(target) is not None


def parse_server(target: str, names: Iterable[str] = (), said: str = "") -> ServerName:
    """Take a server's target string apart.

    Args:
        target: the string, ``server:...`` or ``./my_target.py[...]``.
        names: the adapters' names, if the name is to be one of them.
        said: what the user wrote, for messages; ``--target=TARGET`` when left out.

    Raises:
        TargetError: with one sentence that says what to write instead.
    """
    said = said or f"--target={target}"
    if not target.startswith(PREFIX):
        parts = _FILE.fullmatch(target)
        if parts is None:
            raise TargetError(f"{said}: expected {_FORM}")
        file = Path(parts["file"])
        version = _version(said, str(file), (parts["release"] or "").strip())
        return ServerName(file.stem, version, *_bracketed(said, parts["rest"]), file)
    found = _WHOLE.fullmatch(target.removeprefix(PREFIX).strip())
    plain = found["name"].strip() if found else ""
    if not found or not _NAME.fullmatch(plain):
        raise TargetError(f"{said}: expected {_FORM}")
    name = str(canonicalize_name(plain))
    version = _version(said, f"{PREFIX}{name}", (found["release"] or "").strip())
    variants, python = _bracketed(said, found["rest"])
    if name == "all":
        if version or variants:
            raise TargetError(
                f"{said}: server:all takes neither a version nor variants; name one server"
            )
        return ServerName(name, python=python)
    known = list(names)
    if known and name not in known:
        raise TargetError(
            f"{said}: there is no server {name!r}{_near(name, known)}; "
            f"known are {', '.join(sorted(known))}"
        )
    return ServerName(name, version, variants, python)


def _version(said: str, name: str, release: str) -> str:
    """The exact version in ``==20.1.0``."""
    if not release:
        return ""
    text = release[2:].strip() if release.startswith("==") else ""
    try:
        return str(Version(text))
    except InvalidVersion:
        raise TargetError(
            f"{said}: {release!r} is not one exact release; write it as in {name}==1.2.3"
        ) from None


def _bracketed(said: str, text: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """The variants in ``[a=b,c=d]``, in order of name, and what ``python=`` says."""
    text = text.strip()
    if not text:
        return (), ""
    if not (text.startswith("[") and text.endswith("]") and len(text) > 2):
        late = "; a version goes before the bracket" if "]=" in text else ""
        raise TargetError(f"{said}: {text!r} is not [variant=value,...]{late}; expected {_FORM}")
    found: dict[str, str] = {}
    for part in _NEXT.split(text[1:-1]):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value or not _KEY.fullmatch(key):
            raise TargetError(f"{said}: {part.strip()!r} is not of the form variant=value")
        if key in found:
            raise TargetError(f"{said}: {key}= stands twice")
        found[key] = value
    python = found.pop("python", "")
    return tuple(sorted(found.items())), python


def _safe(text: str) -> str:
    """``text`` where it can stand in an id, else its end with a digest that keeps it apart."""
    if _SAFE.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:6]
    end = re.sub(r"[^A-Za-z0-9._]+", "_", text[-20:]).strip("_")
    return f"{end}.{digest}"


def _near(name: str, candidates: Iterable[str]) -> str:
    near = nearest(name, candidates)
    return f"; did you mean {' or '.join(near)}?" if near else ""
