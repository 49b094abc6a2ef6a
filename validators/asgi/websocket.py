"""The judge of a WebSocket connection."""

from __future__ import annotations

from gateproof.validators.asgi import websocket_checks as checks
from gateproof.validators.asgi.foreign import unannounced
from gateproof.validators.asgi.judge import Judge
from gateproof.validators.asgi.machines import (
    ANSWER,
    SOCKET,
    Answer,
    Answers,
    Socket,
    Tells,
)
from gateproof.validators.asgi.refused import refused
from gateproof.validators.asgi.values import NOTHING, refused_by_us, truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.asgi.judge import Found
    from gateproof.validators.asgi.shape import Active
    from gateproof.validators.violation import Party

_WAITING, _ACCEPTED = int(Answer.WAITING), int(Answer.ACCEPTED)
_SILENT, _CONNECTED = int(Socket.SILENT), int(Socket.CONNECTED)
_ANSWER = ANSWER.rows
_CLOSED = (int(Answer.CLOSED), int(Answer.REFUSED), int(Answer.DENIED))
_TRANSMITTED = ("asgi.websocket.close.code-valid", "asgi.websocket.close.reason-length")
_LISTEN, _LEAVE = int(Answers.LISTEN), int(Answers.LEAVE)


class WebSocketJudge(Judge):
    """Judges one WebSocket connection, from both sides.

    Attributes:
        state: how the application answered.
        socket: what the server told.
        opened: whether the connection was ever accepted.
        closed: whether the application had ended the connection before it went.
        unoffered: whether a denial response was begun that the server does not offer.
        puzzled: whether the server delivered something unknown.
        clean: whether the latest message was in order on an unclosed connection.
    """

    protocol = "websocket"
    unoffered = False
    puzzled = False
    scope_schema = "asgi/scope.websocket"
    sends = {  # noqa: RUF012 - a constant table
        "websocket.accept": ("asgi/websocket.accept", "_accept"),
        "websocket.send": ("asgi/websocket.send", "_send"),
        "websocket.close": ("asgi/websocket.close", "_close"),
        "websocket.http.response.start": ("asgi/websocket.http.response.start", "_deny"),
        "websocket.http.response.body": ("asgi/websocket.http.response.body", "_deny_body"),
    }
    receives = {  # noqa: RUF012 - a constant table
        "websocket.connect": ("asgi/websocket.connect", "_connected"),
        "websocket.receive": ("asgi/websocket.receive", "_received"),
        "websocket.disconnect": ("asgi/websocket.disconnect", "_disconnected"),
    }

    def __init__(self, shapes: Active) -> None:
        super().__init__(shapes)
        self.state = _WAITING
        self.socket = _SILENT
        self.opened = False
        self.closed = False
        self.clean = True

    # What the server delivers --------------------------------------------------

    def receive_called(self) -> Found:
        """The application called receive()."""
        self.heard = True
        self.waiting += 1
        cell = _ANSWER[self.state][_LISTEN]
        if cell.requirement is None:
            return NOTHING
        return self._answer(Answers.LISTEN, "receive() was called")

    def _connected(self, _event: dict[str, object]) -> Found:
        return self._tell(Tells.CONNECT, "'websocket.connect' was delivered")

    def _received(self, _event: dict[str, object]) -> Found:
        if self.opened and self.socket == _CONNECTED:
            return NOTHING
        symbol = Tells.RECEIVE if self.opened else Tells.UNASKED
        return self._tell(symbol, "'websocket.receive' was delivered")

    def _disconnected(self, _event: dict[str, object]) -> Found:
        self.gone = True
        self.closed = self.state in _CLOSED
        self.state = _ANSWER[self.state][_LEAVE].state
        return self._tell(Tells.DISCONNECT, "'websocket.disconnect' was delivered")

    def _tell(self, symbol: Tells, what: str) -> Found:
        if self.puzzled and self.socket == _SILENT:
            self.socket = SOCKET.rows[_SILENT][symbol].state
            return NOTHING
        self.socket, found = self.move(SOCKET, self.socket, symbol, what)
        return found

    # What the application sends ------------------------------------------------

    def _misshapen(self, name: str, value: object, party: Party) -> Found:
        """Why ``value`` was rejected; what a close before accept says is never transmitted."""
        found = super()._misshapen(name, value, party)
        if name == "asgi/websocket.close" and not self.opened:
            found = tuple(one for one in found if one.requirement not in _TRANSMITTED)
        return found

    def puzzle(self) -> None:
        """An unknown event may have been taken for the first one."""
        self.puzzled = True

    def due(self) -> str:
        """What comes next."""
        return "websocket.connect" if self.socket == _SILENT else "websocket.receive"

    def _accept(self, event: dict[str, object]) -> Found:
        unheard = self.socket == Socket.SILENT and not self.puzzled
        found = self._answer(
            Answers.ACCEPT_UNHEARD if unheard else Answers.ACCEPT, "'websocket.accept' was sent"
        )
        self.opened = True
        return (*found, *checks.offered(self, event), *checks.headers_known(self, event))

    def _send(self, _event: dict[str, object]) -> Found:
        if self.state == _ACCEPTED:
            return NOTHING
        return self._answer(Answers.SEND, "'websocket.send' was sent")

    def _close(self, event: dict[str, object]) -> Found:
        found = self._answer(Answers.CLOSE, "'websocket.close' was sent")
        return (*found, *checks.reason_known(self, event))

    def _deny(self, _event: dict[str, object]) -> Found:
        return self._extension(Answers.DENY, "websocket.http.response.start")

    def _deny_body(self, event: dict[str, object]) -> Found:
        more = truth(event.get("more_body", False))
        symbol = Answers.DENY_MORE if more else Answers.DENY_LAST
        return self._extension(symbol, "websocket.http.response.body")

    def _extension(self, symbol: Answers, kind: str) -> Found:
        """Move by an extension's message; where it was not announced, tell only that."""
        found = self._answer(symbol, f"{kind!r} was sent")
        if "websocket.http.response" in self.extensions:
            return found
        # One denial that nobody offered is one fault, however many messages it has.
        told, self.unoffered = self.unoffered, True
        return NOTHING if told else unannounced(self, kind)

    def _answer(self, symbol: Answers, what: str) -> Found:
        self.state, found = self.move(ANSWER, self.state, symbol, what)
        self.clean = not found and not self.closed
        return found

    def go_astray(self) -> None:
        """Hold back: only a fresh answer is judged from here on."""
        self.state = int(Answer.ASTRAY)
        self.opened = True

    def send_raised(self, error: BaseException) -> Found:
        """send() raised ``error``: the client is gone, or the message was refused."""
        found: Found = NOTHING
        if isinstance(error, OSError) or not isinstance(error, Exception):
            self.gone = True
            self.state = _ANSWER[self.state][Answers.LOSE].state
        elif self.gone:
            if self.clean and not refused_by_us(error):
                found = checks.wrong_class(self, error)
        else:
            found = refused(self, error)
            self.go_astray()
        self.refusable = None
        return found

    def receive_raised(self, error: BaseException) -> Found:
        """receive() raised ``error``, where it should have told of a disconnect."""
        self.waiting -= 1
        due = self.state == Answer.CLOSED and not self.gone and not isinstance(error, OSError)
        return checks.undelivered(error) if due and not refused_by_us(error) else NOTHING

    def cancelled(self) -> Found:
        """The call was cancelled, perhaps by a server that tires of it."""
        self.over = True
        open_ = not self.gone and self.state == _ACCEPTED and self.shapes.level == "all"
        return checks.cut_off() if open_ else NOTHING

    def ended(self) -> Found:
        """What the application left undone when it returned."""
        return NOTHING if self.gone else self._answer(Answers.RETURN, "the application returned")
