"""The judge of a bridge: ASGI outside, a WSGI application right inside.

https://asgi.readthedocs.io/en/latest/specs/www.html#wsgi-compatibility says how
the two map on each other. Header names are compared without regard to case.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from gateproof.validators.violation import Breach

    Found = Sequence[Breach]

FINDS = frozenset(
    {
        "asgi.http.wsgi.threadpool",
        "asgi.http.wsgi.environ-mapping",
        "asgi.http.wsgi.path-info-strips-root-path",
        "asgi.http.wsgi.status-mapping",
        "asgi.http.wsgi.body-mapping",
    }
)
"""The requirements that this judge can find broken."""

MOST = 1 << 20
"""Octets that may be on their way through the bridge; with more, the body is let go."""

NOTHING: tuple[()] = ()


class Bridge:
    """Judges one request that crosses a bridge.

    Fed with rungs of the ASGI ladder as ``outer`` and of the WSGI ladder as
    ``inner``, in one order. A step ``thread`` of either side says in which
    thread it was called.
    """

    __slots__ = ("_body", "_given", "_head", "_scope", "_started", "_thread")

    def __init__(self) -> None:
        self._scope: Mapping[str, Any] = {}
        self._thread: object = None
        self._head: tuple[str, list[tuple[str, str]]] | None = None
        self._started = False
        self._body: bytearray | None = bytearray()
        self._given = 0

    def feed(self, side: str, step: str, data: object = None) -> Found:
        """Judge one rung of either ladder; steps that say nothing here are passed over."""
        name = _STEPS.get((side, step))
        if name is None:
            return NOTHING
        judge: Callable[[object], Found] = getattr(self, name)
        return judge(data)

    def _outer_call(self, scope: Any) -> Found:
        if type(scope) is dict:
            self._scope = scope
        return NOTHING

    def _outer_thread(self, thread: object) -> Found:
        self._thread = thread
        return NOTHING

    def _inner_thread(self, thread: object) -> Found:
        if self._thread is None or thread != self._thread:
            return NOTHING
        return [
            _breach(
                "asgi.http.wsgi.threadpool",
                "the WSGI application is called in the thread of the event loop",
                "the same thread as the ASGI call",
                "a thread of a pool",
            )
        ]

    def _inner_call(self, environ: Any) -> Found:
        if type(environ) is not dict:
            return NOTHING
        try:
            return list(compared(self._scope, environ))
        except Exception:  # noqa: BLE001 - a hostile key
            return NOTHING

    # The response

    def _inner_start(self, data: Any) -> Found:
        args = data[0]
        try:
            status, headers = args[0], [(name, value) for name, value in args[1]]
            sound = type(status) is str and all(
                type(name) is str and type(value) is str for name, value in headers
            )
        except Exception:  # noqa: BLE001 - unsound arguments, which another judge tells
            sound = False
        if not sound:
            self._body = self._head = None
            return NOTHING
        if not self._started:
            self._head = (status, headers)
        return NOTHING

    def _inner_piece(self, piece: object) -> Found:
        body = self._body
        if body is not None:
            if type(piece) is bytes and len(body) + len(piece) <= MOST:
                body += piece
            else:
                self._body = None
        return NOTHING

    def _inner_write(self, data: Any) -> Found:
        args = data[0]
        return self._inner_piece(args[0] if args else None)

    def _outer_send(self, event: Any) -> Found:
        if type(event) is not dict:
            return NOTHING
        kind = event.get("type")
        if type(kind) is not str:
            return NOTHING
        if kind == "http.response.start":
            return self._start(event)
        if kind == "http.response.body":
            return self._piece(event)
        self._body = None  # an extension gives the body in another way
        return NOTHING

    def _start(self, event: Mapping[str, Any]) -> Found:
        head, first = self._head, not self._started
        self._started = True
        if head is None or not first:  # an answer of the bridge itself, such as an error
            self._body = None
            return NOTHING
        status, headers = head
        if status[:1] == "1" or status[:3] in ("204", "304"):
            self._body = None
        found = []
        code = event.get("status")
        if status[:3].isdecimal() and (type(code) is not int or code != int(status[:3])):
            found.append(
                _breach(
                    "asgi.http.wsgi.status-mapping",
                    f"the WSGI status {status!r} became {code!r}",
                    repr(code),
                    str(int(status[:3])),
                )
            )
        given = _fields(event.get("headers"))
        if given is not None and given != (wanted := _sorted(headers)):
            found.append(_unequal(wanted, given))
        return found

    def _piece(self, event: Mapping[str, Any]) -> Found:
        body, piece = self._body, event.get("body", b"")
        if body is None or type(piece) is not bytes or self._scope.get("method") == "HEAD":
            return NOTHING
        if body[: len(piece)] == piece:
            del body[: len(piece)]
            self._given += len(piece)
            if event.get("more_body", False) or not body:
                return NOTHING
            seen = f"the response ended {len(body)} octets before the WSGI application's"
        else:
            seen = f"other octets than the WSGI application's after {self._given}"
        self._body = None
        return [
            _breach(
                "asgi.http.wsgi.body-mapping",
                "what the WSGI application produced did not become the content of body events",
                seen,
                "every block, in order",
            )
        ]

    def _inner_left(self, _: object) -> Found:
        """The application broke down: what the bridge makes of it is its own affair."""
        self._body = None
        return NOTHING


_STEPS = {
    ("outer", "call"): "_outer_call",
    ("outer", "thread"): "_outer_thread",
    ("outer", "send"): "_outer_send",
    ("inner", "call"): "_inner_call",
    ("inner", "thread"): "_inner_thread",
    ("inner", "start_response"): "_inner_start",
    ("inner", "start_response-raised"): "_inner_left",
    ("inner", "write"): "_inner_write",
    ("inner", "item"): "_inner_piece",
    ("inner", "raise"): "_inner_left",
    ("inner", "item-raised"): "_inner_left",
}
"""Which method judges a step of either side."""


def compared(scope: Mapping[str, Any], environ: Mapping[str, Any]) -> Iterator[Breach]:
    """Hold every mapped variable against its key of the scope.

    A variable that may be left out when it is empty may be missing then, and
    what the scope does not tell is not asked of environ.
    """
    for name, expected in _expected(scope):
        value = environ.get(name, "")
        if type(value) in (str, int) and str(value) == expected:
            continue
        yield _breach(
            "asgi.http.wsgi.environ-mapping",
            f"environ[{name!r}] does not agree with the scope",
            repr(value) if name in environ else "missing",
            repr(expected),
        )
    root, path = scope.get("root_path"), scope.get("path")
    if type(path) is not str:
        return
    rest = _below(path, root) if type(root) is str else path
    if rest is None:
        return
    value = environ.get("PATH_INFO", "")
    if value in (_native(rest), rest):
        return
    if rest != path and value in (_native(path), path):
        yield _breach(
            "asgi.http.wsgi.path-info-strips-root-path",
            f"PATH_INFO is the whole path although it begins with the root_path {root!r}",
            repr(value),
            repr(_native(rest)),
        )
        return
    yield _breach(
        "asgi.http.wsgi.environ-mapping",
        "environ['PATH_INFO'] does not agree with the scope",
        repr(value),
        repr(_native(rest)),
    )


def _expected(scope: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for variable, key in (("REQUEST_METHOD", "method"), ("wsgi.url_scheme", "scheme")):
        if type(scope.get(key)) is str:
            yield variable, scope[key]
    root = scope.get("root_path")
    if type(root) is str and not root.endswith("/"):
        yield "SCRIPT_NAME", _native(root)
    if type(scope.get("query_string")) is bytes:
        yield "QUERY_STRING", scope["query_string"].decode("latin-1")
    if type(scope.get("http_version")) is str:
        yield "SERVER_PROTOCOL", f"HTTP/{scope['http_version']}"
    fields = _fields(scope.get("headers")) or []
    for variable, field in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
        values = [value for name, value in fields if name == field]
        if len(values) == 1:
            yield variable, values[0]
    server: Any = scope.get("server")
    if type(server) in (list, tuple) and len(server) == 2 and type(server[1]) is int:
        yield "SERVER_NAME", str(server[0])
        yield "SERVER_PORT", str(server[1])


def _native(text: str) -> str:
    """``text`` as WSGI gives it: its UTF-8 octets as latin-1."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _below(path: str, root: str) -> str | None:
    """``path`` without ``root``, ``None`` if it is not below it."""
    if not path.startswith(root) or root.endswith("/"):
        return None
    rest = path[len(root) :]
    return rest if not root or not rest or rest[0] == "/" else None


def _fields(headers: Any) -> list[tuple[str, str]] | None:
    """Header fields of a scope or an event as sorted text, ``None`` if they are not sound."""
    if type(headers) is not list and type(headers) is not tuple:
        return [] if headers is None else None
    try:
        return _sorted((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    except Exception:  # noqa: BLE001 - unsound headers, which another judge tells
        return None


def _sorted(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value.strip(" \t")) for name, value in fields)


def _unequal(wanted: list[tuple[str, str]], given: list[tuple[str, str]]) -> Breach:
    lost = [name for name, value in wanted if (name, value) not in given]
    added = [name for name, value in given if (name, value) not in wanted]
    return _breach(
        "asgi.http.wsgi.status-mapping",
        "the headers of the WSGI application did not become those of the response one to one",
        f"without {', '.join(lost) or 'nothing'}, with {', '.join(added) or 'nothing'} besides",
        "each header pair once",
    )


def _breach(requirement: str, message: str, observed: str, expected: str) -> Breach:
    from gateproof.validators.violation import Breach

    return Breach(requirement, message, observed, expected, party="middleware")
