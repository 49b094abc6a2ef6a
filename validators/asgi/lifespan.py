"""The judge of a lifespan: start and stop of the application, from both sides."""

from __future__ import annotations

from gateproof.validators.asgi.judge import Judge
from gateproof.validators.asgi.machines import LIFE, Life, Lives
from gateproof.validators.asgi.refused import refused
from gateproof.validators.asgi.values import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.asgi.judge import Found
    from gateproof.validators.asgi.loop_facts import Lifespan
    from gateproof.validators.asgi.shape import Active


_LIFE, _IDLE = LIFE.rows, int(Life.IDLE)


class LifespanJudge(Judge):
    """Judges one lifespan, from both sides.

    Attributes:
        life: what tells the other connections of its loop; ``None`` in a replay.
        deaf: whether the latest receive() was cancelled or raised, as where a server
            is torn down; a failure that is told then is the application's way to leave.
    """

    life: Lifespan | None = None
    deaf = False
    unstated = (1, 0)

    protocol = "lifespan"
    scope_schema = "asgi/scope.lifespan"
    sends = {  # noqa: RUF012 - a constant table
        "lifespan.startup.complete": ("asgi/lifespan.startup.complete", "_complete"),
        "lifespan.startup.failed": ("asgi/lifespan.startup.failed", "_fail"),
        "lifespan.shutdown.complete": ("asgi/lifespan.shutdown.complete", "_stop"),
        "lifespan.shutdown.failed": ("asgi/lifespan.shutdown.failed", "_stop_fail"),
    }
    receives = {  # noqa: RUF012 - a constant table
        "lifespan.startup": ("asgi/lifespan.startup", "_startup"),
        "lifespan.shutdown": ("asgi/lifespan.shutdown", "_shutdown"),
    }

    def __init__(self, shapes: Active) -> None:
        super().__init__(shapes)
        self.state = _IDLE

    def _startup(self, _event: dict[str, object]) -> Found:
        return self._live(Lives.STARTUP, "'lifespan.startup' was delivered")

    def _shutdown(self, _event: dict[str, object]) -> Found:
        return self._live(Lives.SHUTDOWN, "'lifespan.shutdown' was delivered")

    def _complete(self, _event: dict[str, object]) -> Found:
        return self._live(Lives.COMPLETE, "'lifespan.startup.complete' was sent")

    def _fail(self, _event: dict[str, object]) -> Found:
        return self._live(Lives.FAIL, "'lifespan.startup.failed' was sent")

    def _stop(self, _event: dict[str, object]) -> Found:
        return self._live(Lives.STOP, "'lifespan.shutdown.complete' was sent")

    def _stop_fail(self, _event: dict[str, object]) -> Found:
        if self.deaf:  # Starlette says so of whatever ends its wait for the shutdown
            self.go_astray()
            return NOTHING
        return self._live(Lives.STOP_FAIL, "'lifespan.shutdown.failed' was sent")

    def _live(self, symbol: Lives, what: str) -> Found:
        cell = _LIFE[self.state][symbol]
        if cell.requirement is None:
            self.state = cell.state
            return NOTHING if self.life is None else self.life.lived(symbol)
        self.state, found = self.move(LIFE, self.state, symbol, what)
        return found if self.life is None else (*found, *self.life.lived(symbol))

    def receive_called(self) -> Found:
        """The application called receive()."""
        self.deaf = False
        return super().receive_called()

    def receive_raised(self, error: BaseException) -> Found:
        """receive() raised ``error``."""
        self.deaf = True
        return super().receive_raised(error)

    def receive_cancelled(self) -> Found:
        """A pending receive() was cancelled."""
        self.deaf = True
        return super().receive_cancelled()

    def puzzle(self) -> None:
        """Nobody knows what an application makes of an unknown event."""
        self.state = int(Life.ASTRAY)

    def due(self) -> str:
        """What comes next."""
        return "lifespan.startup" if self.state == _IDLE else "lifespan.shutdown"

    def go_astray(self) -> None:
        """Hold back for the rest of the lifespan."""
        if self.life is not None:
            self.life.refused()
        self.state = int(Life.ASTRAY)

    def send_raised(self, error: BaseException) -> Found:
        """send() raised ``error``: the message was refused, so judging holds back."""
        found = refused(self, error) if isinstance(error, Exception) else NOTHING
        self.go_astray()
        super().send_raised(error)
        return found

    def raised(self, error: BaseException) -> Found:  # noqa: ARG002 - kept by the ladder
        """The application raised ``error``."""
        self.over = True
        return self._live(Lives.RAISE, "the application raised")

    def ended(self) -> Found:
        """The application returned."""
        return NOTHING if self.gone else self._live(Lives.RETURN, "the application returned")
