"""The freedoms of a WSGI server: what it may do otherwise than the plainest one.

Each is a change of a request that says the same, together with what an application breaks
that answers otherwise because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.cases.wsgi_environ import EMPTY, EXTRA, OMITTABLE, PRESENCE, VOLUNTARY
from gateproof.conformance.strategies import wsgi_bodies
from gateproof.conformance.strategies.choices import Choices
from gateproof.conformance.strategies.wsgi_bodies import several
from gateproof.conformance.strategies.wsgi_changes import Change, Freedom, changed
from gateproof.conformance.strategies.wsgi_requests import MOUNTS
from gateproof.targets.wsgi_environ import ABSENT, Request, environ_key
from gateproof.targets.wsgi_input import Reading

OTHERS = "wsgi.streams.app-no-other-methods"
HINT = "wsgi.input.readlines-hint-optional"
READ_SIZE = "wsgi.input.read-size"
EXTENSIONS = "wsgi.environ.server-extension-vars"
JOINED = "wsgi.environ.repeated-headers-joined"
MOUNTED = "wsgi.environ.script-name-may-be-empty"
KIND = "wsgi.callable.no-kind-dependency"
MUTATED = "wsgi.response-headers.server-may-mutate"
TRANSPARENT = "wsgi.middleware.transparent"
WRAPPED = "wsgi.file-wrapper.app-may-use"
LENGTH_END = "wsgi.server.may-close-early"


# Keys that are absent, empty or left out


def _has(request: Request, key: str) -> bool:
    """Whether a variable that may be empty has a value."""
    if key == "CONTENT_TYPE":
        return any(name == "Content-Type" for name, _ in request.headers)
    return bool({"CONTENT_LENGTH": request.body, "QUERY_STRING": request.query}.get(key)) or (
        key == "SCRIPT_NAME" and bool(request.mount)
    )


def _omitting(key: str) -> Freedom:
    """A variable without a value is left out, which the plainest server gives as empty."""

    def omitted(choices: Choices, request: Request) -> Change | None:
        if _has(request, key) or (key == "PATH_INFO" and request.path):
            return None
        del choices
        return Change(f"no {key}", {"environ": {key: ABSENT}}, f"{key} is absent", PRESENCE, EMPTY)

    return omitted


def _emptying(key: str) -> Freedom:
    """A variable without a value is there and empty, which the plainest server leaves out."""
    why = OMITTABLE[key]

    def emptied(choices: Choices, request: Request) -> Change | None:
        if _has(request, key):
            return None
        del choices
        return Change(f"empty {key}", {"environ": {key: ""}}, f"{key} is empty", why, why)

    return emptied


def _voluntary(choices: Choices, request: Request) -> Change | None:
    """A variable that not every server or client gives is left out."""
    key = choices.pick(VOLUNTARY)
    fields: dict[str, Any] = {"environ": {key: ABSENT}}
    if key == "HTTP_HOST":
        if request.protocol != "HTTP/1.0":
            return None
        fields["headers"] = tuple(pair for pair in request.headers if pair[0] != "Host")
    return Change("voluntary", fields, f"{key} is absent", PRESENCE)


def _minimal(choices: Choices, request: Request) -> Change | None:
    """Only the mandatory keys and those with a value of the request's own."""
    del choices
    if len({name for name, _ in request.headers} - {"Host", "User-Agent", "Accept"}) > 0:
        return None
    when = "the environ holds only the mandatory keys"
    fields = {"minimal": True, "file_wrapper": False, "protocol": "HTTP/1.0"}
    return Change("minimal", fields, when, PRESENCE)


def _no_wrapper(choices: Choices, request: Request) -> Change | None:
    del choices, request
    when = "wsgi.file_wrapper is absent"
    return Change("no file wrapper", {"file_wrapper": False}, when, PRESENCE, WRAPPED)


# Keys of the server's own

RAW = {"REQUEST_URI", "RAW_URI"}
_OWN: Mapping[str, object] = {
    **EXTRA,
    "SERVER_ADDR": "192.0.2.7",
    "SERVER_ADMIN": "admin@example.org",
    "DOCUMENT_ROOT": "/srv/www",
    "REQUEST_SCHEME": "http",
    "REQUEST_TIME": "1700000000",
    "UNIQUE_ID": "ZxYwVu",
    "PATH_TRANSLATED": "/srv/www/x",
    "gateproof.callable": len,
    "gateproof.mapping": {"a": {"b": 1}},
    "gateproof.empty": "",
    "gateproof.text": "caf\xe9 \xff",
    "gateproof.bytes": b"\x00\xff",
    "gateproof.tuple": (1, 0),
    "gateproof.input": None,
    "HOME": "/root",
    "SHELL": "",
    "_": "python",
}
"""Keys of a server's own or of its operating system, none with a meaning for a request."""


def _extra(choices: Choices, request: Request) -> Change | None:
    keys = tuple(_OWN)
    chosen = {choices.pick(keys) for _ in several(choices, 3)}
    told = ", ".join(sorted(chosen))
    environ = {key: _OWN[key] for key in chosen}
    del request
    return Change(
        "extra", {"environ": environ}, f"the environ holds {told} as well", EXTENSIONS, EXTENSIONS,
        hides=tuple(chosen),
    )  # fmt: skip


def _raw_target(choices: Choices, request: Request) -> Change | None:
    """The target as it stands on the request line, which many servers give along."""
    key = choices.pick(tuple(sorted(RAW)))
    target = f"{request.mount}{request.path}" + (f"?{request.query}" if request.query else "")
    when = f"the environ holds {key} as well"
    environ = {key: target}
    return Change("raw target", {"environ": environ}, when, EXTENSIONS, EXTENSIONS, hides=(key,))


# Headers


def _values(request: Request) -> dict[str, list[str]]:
    """The values of the headers that come more than once, by variable."""
    found: dict[str, list[str]] = {}
    for name, value in request.headers:
        found.setdefault(environ_key(name), []).append(value)
    return {key: values for key, values in found.items() if len(values) > 1}


def _joined(choices: Choices, request: Request) -> Change | None:
    """The lines of a header are joined with a comma and a blank, where others use a comma."""
    lines = {key: values for key, values in _values(request).items() if key != "HTTP_COOKIE"}
    lines.pop("CONTENT_TYPE", None)
    if not lines:
        return None
    key = choices.pick(tuple(lines))
    text = ", ".join(lines[key])
    when = f"lines of a header are joined as {key} {text[:60]!r}"
    return Change("joined", {"environ": {key: text}}, when, JOINED, JOINED, "observed", "blanks")


def _crumbs(choices: Choices, request: Request) -> Change | None:
    """Cookies come apart by a semicolon alone, where others add a blank."""
    text = "; ".join(value for name, value in request.headers if name == "Cookie")
    if "; " not in text:
        return None
    places = [place for place in range(len(text)) if text.startswith("; ", place)]
    dropped = places if not choices.odds(1) else [choices.pick(places)]
    other = "".join(c for place, c in enumerate(text) if place - 1 not in dropped)
    when = f"HTTP_COOKIE is {other[:80]!r} instead of {text[:80]!r}"
    environ = {"HTTP_COOKIE": other}
    return Change("crumbs", {"environ": environ}, when, JOINED, JOINED, "observed", "blanks")


def _one_cookie(choices: Choices, request: Request) -> Change | None:
    """All cookies come in one header, where the client sent several."""
    lines = [value for name, value in request.headers if name == "Cookie"]
    if len(lines) < 2:
        return None
    del choices
    headers = [pair for pair in request.headers if pair[0] != "Cookie"]
    headers.append(("Cookie", "; ".join(lines)))
    when = "its cookies come in one Cookie header"
    return Change("one cookie", {"headers": tuple(headers)}, when, JOINED, JOINED, "observed")


# The streams


def _bare_input(choices: Choices, request: Request) -> Change | None:
    del choices, request
    when = "wsgi.input has only the methods of the table"
    return Change("bare input", {"input": Reading("table")}, when, OTHERS, OTHERS)


def _hintless(choices: Choices, request: Request) -> Change | None:
    del choices, request
    when = "readlines(hint) ignores its hint"
    return Change("hintless", {"input": Reading("hintless")}, when, HINT, HINT)


def _short(choices: Choices, request: Request) -> Change | None:
    if len(request.body) < 2:
        return None
    gives = wsgi_bodies.gives(choices, request.body)
    told = ", ".join("the rest" if n == 1 << 30 else str(n) for n in gives)
    when = f"reads of wsgi.input give {told} octets at most"
    return Change("short", {"input": Reading(gives=gives)}, when, READ_SIZE, READ_SIZE, "observed")


def _bare_errors(choices: Choices, request: Request) -> Change | None:
    del choices, request
    when = "wsgi.errors has only the methods of the table"
    return Change("bare errors", {"errors": "table"}, when, OTHERS, OTHERS)


# The place


def _mount(choices: Choices, request: Request) -> Change | None:
    if request.mount or request.path in ("", "*", "/*"):
        return None
    mount = choices.pick(MOUNTS)
    when = f"it is mounted at {mount!r}"
    return Change("mount", {"mount": mount}, when, MOUNTED, MOUNTED, "observed", "mount")


# The call and the response


def _starter(choices: Choices, request: Request) -> Change | None:
    kind = choices.pick(("object", "function", "partial"))
    del request
    when = f"start_response is another kind of callable ({kind})"
    return Change("starter", {"starter": kind}, when, KIND)


def _behind(choices: Choices, request: Request) -> Change | None:
    del choices, request
    when = "a middleware that hands everything on stands before it"
    return Change("middleware", {"middleware": True}, when, TRANSPARENT, TRANSPARENT)


def _flags(choices: Choices, request: Request) -> Change | None:
    flags = ("wsgi.run_once", "wsgi.multithread", "wsgi.multiprocess")
    environ = {key: choices.pick((False, True, 0, 1)) for key in flags}
    del request
    told = ", ".join(f"{key} is {value!r}" for key, value in environ.items())
    return Change("flags", {"environ": environ}, told)


def _zero_length(choices: Choices, request: Request) -> Change | None:
    if request.body:
        return None
    del choices
    return Change("zero length", {"environ": {"CONTENT_LENGTH": "0"}}, "CONTENT_LENGTH is '0'")


def _edits(choices: Choices, request: Request) -> Change | None:
    del choices, request
    when = "the server edits the header list in place"
    return Change("edits headers", {"edit_headers": True}, when, MUTATED)


def _at_length(choices: Choices, request: Request) -> Change | None:
    del choices, request
    when = "the iterable is closed when Content-Length is reached"
    fields = {"stop_at_length": True}
    return Change("stops at length", fields, when, LENGTH_END, LENGTH_END)


def _early_head(choices: Choices, request: Request) -> Change | None:
    del choices, request
    return Change("early head", {"early_head": True}, "the head is sent early")


def _chunked(choices: Choices, request: Request) -> Change | None:
    """A body without a length, in chunks, and an input that is sure to end."""
    if not request.body:
        return None
    environ = {"CONTENT_LENGTH": ABSENT, "wsgi.input_terminated": choices.pick((True, ABSENT))}
    return Change("chunked", {"environ": environ}, "its body comes in chunks")


GROUPS: Mapping[str, Mapping[str, Freedom]] = {
    "default-keys": {
        "no QUERY_STRING": _omitting("QUERY_STRING"),
        "no SCRIPT_NAME": _omitting("SCRIPT_NAME"),
        "no file wrapper": _no_wrapper,
        "empty CONTENT_TYPE": _emptying("CONTENT_TYPE"),
        "empty CONTENT_LENGTH": _emptying("CONTENT_LENGTH"),
        "no PATH_INFO": _omitting("PATH_INFO"),
    },
    "voluntary-keys": {"voluntary": _voluntary, "minimal": _minimal},
    "extra-keys": {"extra": _extra, "raw target": _raw_target},
    "header-form": {"joined": _joined},
    "cookie-split": {"crumbs": _crumbs, "one cookie": _one_cookie},
    "body-cut": {"short": _short, "bare input": _bare_input, "hintless": _hintless},
    "mount": {"mount": _mount},
    "call": {
        "starter": _starter,
        "bare errors": _bare_errors,
        "middleware": _behind,
        "stops at length": _at_length,
        "edits headers": _edits,
    },
}
"""The freedoms that a reply must not depend on, by the relation that says so."""

UNRELATED: Mapping[str, Freedom] = {
    "flags": _flags,
    "zero length": _zero_length,
    "early head": _early_head,
    "chunked": _chunked,
}
"""Those on which a reply may depend, so that only the validator looks on."""

# A client that goes away, as the server hands it on


def _stops(choices: Choices, request: Request) -> Change:
    items = choices.pick((1, 0, 2, 3, 5))
    del request
    when = f"its response was closed after {items} item{'s' * (items != 1)}"
    return Change("stops", {"stop_after": items}, when)


def _write_fails(choices: Choices, request: Request) -> Change:
    del choices, request
    return Change("write fails", {"write_fails": True}, "a write() raised")


def _gone(choices: Choices, request: Request) -> Change:
    """The client goes away in its body: the input ends early, or raises."""
    raises = choices.odds(1)
    size = len(request.body)
    until = choices.below(size) if size else 0
    how = "raises" if raises else "ends"
    when = f"wsgi.input {how} after {until} of {size} octets"
    reading = Reading(choices.pick(("file", "table")), until=until, raises=raises)
    return Change("gone", {"input": reading}, when)


ENDINGS: Mapping[str, Callable[[Choices, Request], Change]] = {
    "stops": _stops,
    "gone": _gone,
    "write fails": _write_fails,
}
"""Ways in which an exchange ends early; what becomes of it is nobody's fault."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Changes that were drawn: what all of them make of a request."""

    request: Request
    changes: tuple[Change, ...] = field(default=())

    @property
    def passed_on(self) -> Request:
        """The request as the server passes it on."""
        return changed(self.request, self.changes)


def freedoms(
    choices: Choices, request: Request, table: Mapping[str, Freedom], least: int, most: int
) -> Drawn:
    """``request`` with some of the freedoms of a table, each at most once."""
    found: dict[str, Change] = {}
    names = tuple(table)
    for _ in several(choices, most, least):
        name = choices.pick(names)
        change = table[name](choices, request)
        if change is not None:
            found.setdefault(name, change)
    return Drawn(request, tuple(found.values()))


__all__ = [
    "ENDINGS",
    "GROUPS",
    "UNRELATED",
    "Change",
    "Drawn",
    "Freedom",
    "changed",
    "freedoms",
]
