"""The judge of an HTTP connection: one request and its response."""

from __future__ import annotations

from gateproof.validators.asgi import http_checks as checks
from gateproof.validators.asgi.files import MOST, judged
from gateproof.validators.asgi.foreign import unannounced
from gateproof.validators.asgi.judge import Judge
from gateproof.validators.asgi.machines import (
    CONTENT,
    REQUEST,
    RESPONSE,
    Content,
    Delivers,
    Gives,
    Request,
    Response,
    Sends,
)
from gateproof.validators.asgi.refused import refused
from gateproof.validators.asgi.values import NOTHING, refused_by_us, truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.asgi.judge import Found
    from gateproof.validators.asgi.shape import Active

_START, _PROMISE = int(Sends.START), int(Sends.PROMISE)
_MORE, _LAST, _RETURN = int(Sends.MORE), int(Sends.LAST), int(Sends.RETURN)
_BODY = int(Gives.BODY)
_PART, _WHOLE, _UNASKED = int(Delivers.MORE), int(Delivers.LAST), int(Delivers.UNASKED)
_RESPONSE, _CONTENT, _REQUEST = RESPONSE.rows, CONTENT.rows, REQUEST.rows
_WAITING, _STREAMING = int(Response.WAITING), int(Response.STREAMING)
_NO_CONTENT, _BODIES = int(Content.NOTHING), int(Content.BODY)
_OPEN, _RECEIVING = int(Request.OPEN), int(Request.RECEIVING)
_COMPLETE = (int(Response.DONE), int(Response.ENDED))


class HTTPJudge(Judge):
    """Judges one HTTP request and response, from both sides.

    Attributes:
        state, content, request: where its machines are.
        status: of the response, ``None`` until started or if it is no number.
        given: what the headers of the response held, once started.
        length: the octets that ``content-length`` promises, ``None`` where it does
            not bind.
        left: those of them that are still to come.
    """

    protocol = "http"
    scope_schema = "asgi/scope.http"
    sends = {  # noqa: RUF012 - a constant table
        "http.response.start": ("asgi/http.response.start", "_start"),
        "http.response.body": ("asgi/http.response.body", "_body"),
        "http.response.zerocopysend": ("asgi/http.response.zerocopysend", "_zerocopy"),
        "http.response.pathsend": ("asgi/http.response.pathsend", "_path"),
        "http.response.push": ("asgi/http.response.push", "_push"),
        "http.response.early_hint": ("asgi/http.response.early_hint", "_hint"),
        "http.response.debug": ("asgi/http.response.debug", "_debug"),
        "http.response.trailers": ("asgi/http.response.trailers", "_trailers"),
    }
    receives = {  # noqa: RUF012 - a constant table
        "http.request": ("asgi/http.request", "_requested"),
        "http.disconnect": ("asgi/http.disconnect", "_disconnected"),
    }

    def __init__(self, shapes: Active) -> None:
        super().__init__(shapes)
        self.state = self.before = _WAITING
        self.content = _NO_CONTENT
        self.request = _OPEN
        self.status: int | None = None
        self.given: tuple[object, ...] = ()
        self.length: int | None = None
        self.left: int | None = None
        self.bodiless = False
        self.late = False

    @property
    def head(self) -> list[tuple[bytes, bytes]]:
        """The header fields of the response, once started."""
        return checks.fields(self.given)

    # What the server delivers --------------------------------------------------

    def receive_called(self) -> Found:
        """Note whether the response was complete when receive() was called."""
        self.heard = True
        complete = self.state in _COMPLETE
        self.late = complete if self.waiting == 0 else self.late and complete
        self.waiting += 1
        return NOTHING

    def _requested(self, event: dict[str, object]) -> Found:
        if self.late:
            symbol = _UNASKED
        else:
            more = event.get("more_body", False)
            symbol = _PART if more is True or (more is not False and truth(more)) else _WHOLE
        cell = _REQUEST[self.request][symbol]
        if cell.requirement is None:
            self.request = cell.state
            return NOTHING
        self.request, found = self.move(
            REQUEST, self.request, symbol, "'http.request' was delivered"
        )
        return found

    def _disconnected(self, _event: dict[str, object]) -> Found:
        found = checks.unrequested() if self._left_first() else NOTHING
        self.gone = True
        self.request = _REQUEST[self.request][Delivers.DISCONNECT].state
        return found

    def _left_first(self) -> bool:
        """Whether a disconnect is the first event of a request that has no response."""
        return (
            self.request == Request.OPEN
            and not self.gone
            and self.state not in _COMPLETE
            and self.shapes.level == "all"
        )

    # What the application sends ------------------------------------------------

    def _start(self, event: dict[str, object]) -> Found:
        before = self.before = self.state
        promise = (
            "trailers" in event
            and truth(event["trailers"])
            and "http.response.trailers" in self.extensions
        )
        symbol = _PROMISE if promise else _START
        cell = _RESPONSE[before][symbol]
        if cell.requirement is not None:
            return self._send(symbol, "http.response.start")
        self.state = cell.state
        status = event.get("status")
        if type(status) is not int:
            status = int.__int__(status) if issubclass(type(status), int) else None  # type: ignore[arg-type]
        self.status = status
        self.bodiless = status == 204 or status == 304
        headers = event.get("headers")
        self.given = tuple(headers) if type(headers) is list or type(headers) is tuple else ()
        self.length = self.left = checks.promised(self)
        found = checks.useless_length(self) if status == 204 else NOTHING
        if self.heard or before == Response.ASTRAY:
            return found
        return (*found, *checks.unheard(self))

    def _body(self, event: dict[str, object]) -> Found:
        before = self.before = self.state
        more = event.get("more_body", False)
        if more is True and before == _STREAMING and self.content == _BODIES:
            # One more piece changes no machine: the cells it would pass are legal.
            if self.left is None and not self.bodiless:
                return NOTHING
            return checks.counted(self, event.get("body", b""), last=False)
        if more is not True and more is not False:
            more = truth(more)
        content = _CONTENT[self.content][_BODY]
        cell = _RESPONSE[before][_MORE if more else _LAST]
        if cell.requirement is not None or content.requirement is not None:
            return self._send(_MORE if more else _LAST, "http.response.body", Gives.BODY)
        self.content = content.state
        self.state = cell.state
        if self.left is None and not self.bodiless:
            return NOTHING
        return checks.counted(self, event.get("body", b""), last=not more)

    def _zerocopy(self, event: dict[str, object]) -> Found:
        more = truth(event.get("more_body", False))
        symbol = Sends.ZEROCOPY_MORE if more else Sends.ZEROCOPY_LAST
        self.left = None  # how much it holds is the file's affair
        found = self._extension(symbol, "http.response.zerocopysend")
        unfit = checks.descriptor(event)
        if not unfit:
            self._keep(event.get("file"))
        return found or unfit

    def _path(self, event: dict[str, object]) -> Found:
        self.left = None
        self._keep(event.get("path"))
        found = self._extension(Sends.PATHSEND, "http.response.pathsend", Gives.PATHSEND)
        return found or checks.described(self)

    def _keep(self, file: object) -> None:
        """Note a file that is to be looked at after the call."""
        files = self.files = self.files or []
        if len(files) < MOST and not any(file is other for other in files):
            files.append(file)

    def left_behind(self, facts: object) -> Found:
        """What is seen of the response's files before the call returns."""
        return judged(self, facts)

    def _push(self, event: dict[str, object]) -> Found:
        found = self._extension(Sends.PUSH, "http.response.push")
        return found or checks.decoded(event)

    def _hint(self, _event: dict[str, object]) -> Found:
        return self._extension(Sends.HINT, "http.response.early_hint")

    def _debug(self, _event: dict[str, object]) -> Found:
        return self._send(Sends.DEBUG, "http.response.debug")

    def _trailers(self, event: dict[str, object]) -> Found:
        more = truth(event.get("more_trailers", False))
        symbol = Sends.TRAILERS_MORE if more else Sends.TRAILERS_LAST
        found = self._extension(symbol, "http.response.trailers")
        return found or checks.trailer_named(self, event)

    def _extension(self, symbol: Sends, kind: str, gives: Gives | None = None) -> Found:
        """Move by an extension's message; where it was not announced, tell only that."""
        found = self._send(symbol, kind, gives)
        return found if kind in self.extensions else unannounced(self, kind)

    def _send(self, symbol: int, kind: str, gives: Gives | None = None) -> Found:
        """Move both machines; of two broken requirements the narrower one is told."""
        self.before = self.state
        what = f"{kind!r} was sent"
        mixed: Found = NOTHING
        if gives is not None:
            self.content, mixed = self.move(CONTENT, self.content, gives, what)
        self.state, found = self.move(RESPONSE, self.state, symbol, what)
        return checks.to_nobody(mixed or found) if self.gone else mixed or found

    def due(self) -> str:
        """What carries anything that can come."""
        return "http.request"

    def go_astray(self) -> None:
        """Hold back: only a fresh start is judged from here on."""
        self.state, self.content = int(Response.ASTRAY), _NO_CONTENT

    def send_raised(self, error: BaseException) -> Found:
        """send() raised ``error``: the client is gone, or the message was refused."""
        found: Found = NOTHING
        if isinstance(error, OSError) or not isinstance(error, Exception):
            self.gone = True
            unstarted = self.before in (_WAITING, Response.DEBUGGED)
            # It was not sent: an error page in its place is a first start, and
            # a body goes to the same nowhere.
            self.state = int(Response.ASTRAY) if unstarted else self.before
            self.content = _NO_CONTENT if unstarted else self.content
        elif self.before in _COMPLETE:
            found = NOTHING if refused_by_us(error) else checks.not_ignored(error)
        elif self.gone:
            found = NOTHING if refused_by_us(error) else checks.wrong_class(self, error)
        else:
            found = refused(self, error)
            self.go_astray()
        self.refusable = None
        return found

    def ended(self) -> Found:
        """What the application left undone when it returned."""
        if self.gone:
            return NOTHING
        found: Found = NOTHING
        cell = _RESPONSE[self.state][_RETURN]
        if cell.requirement is None:
            self.state = cell.state
        else:
            self.state, found = self.move(RESPONSE, self.state, _RETURN, "the application returned")
        if self.request == _RECEIVING and not found:
            return checks.unread(self)
        return found

    def cancelled(self) -> Found:
        """The call was cancelled, perhaps by a server that tires of it."""
        self.over = True
        open_ = not self.gone and self.state not in _COMPLETE and self.shapes.level == "all"
        return checks.cut_off() if open_ else NOTHING
