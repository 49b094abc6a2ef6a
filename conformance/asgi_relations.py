"""Relations between an application's replies, for what no validator can see.

A *baseline* is an exchange repeated to learn what of the reply is always the
same. A *variant* says the same to the application in another legal way, so that
the reply has to agree with the baseline in all of that. A difference is
confirmed by repeating both before it is reported.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gateproof.conformance.stage import Stage
from gateproof.targets.asgi_http import Reply
from gateproof.targets.asgi_websocket import Session
from gateproof.validators.violation import Verdict

A = TypeVar("A")
R = TypeVar("R", Reply, Session)

_SHOWN = 200


@dataclass
class Baseline(Generic[A, R]):
    """What an application answers when asked in the plainest way.

    Attributes:
        stage: where findings go.
        asked: the request or connection.
        ask: sends one.
        replies: the replies so far, at least two.
    """

    stage: Stage
    asked: A
    ask: Callable[[A], Awaitable[R]]
    replies: list[R] = field(default_factory=list)

    def beside(self, asked: A, reply: R) -> Baseline[A, R]:
        """A baseline of which ``asked``, answered with ``reply``, is a part as well."""
        replies = self.replies.copy()
        replies.append(reply)
        return Baseline(self.stage, asked, self.ask, replies)

    async def agrees(
        self,
        variant: A,
        requirement: str,
        when: str,
        *,
        broke: Verdict | None = None,
        changed: Verdict | None = "weak",
    ) -> R:
        """Ask ``variant``; report when the reply does not agree with the baseline.

        Args:
            variant: the same, said in another legal way.
            requirement: what the application breaks by not agreeing.
            when: the difference, to follow "when" in the message.
            broke: the verdict when the application breaks down: it raises,
                answers 500 or not at all; ``None`` for the catalogue's.
            changed: the verdict when the reply differs otherwise; ``None`` to
                let it pass, where an application may tell the two apart.
        """
        reply = await self.ask(variant)
        if self._difference(reply, judged=changed is not None) is None:
            return reply
        self.replies.append(await self.ask(self.asked))
        again = await self.ask(variant)
        difference = self._difference(again, judged=changed is not None)
        if difference is None or len({_kind(earlier) for earlier in self.replies}) > 1:
            return again
        what, observed, expected, broken = difference
        self.stage.broken(
            requirement,
            f"{what} when {when}, in {variant}",
            watched=again.watched,
            observed=observed,
            expected=expected,
            verdict=broke if broken else changed,
            party="application",
        )
        return again

    def _difference(self, reply: R, *, judged: bool) -> tuple[str, str, str, bool] | None:
        return difference(self.replies, reply, judged=judged)


def difference(
    replies: Sequence[Reply | Session],
    reply: Reply | Session,
    *,
    judged: bool = True,
    unsteady: Collection[str] = (),
) -> tuple[str, str, str, bool] | None:
    """How a reply disagrees with earlier ones to the same.

    Args:
        replies: the earlier ones, at least one.
        reply: the reply.
        judged: whether anything but a breakdown counts.
        unsteady: aspects that are known to differ from one time to the next.

    Returns:
        What was seen, both values, whether it is a breakdown; ``None`` if it agrees.
    """
    trouble = breakdown(reply)
    if trouble and _kind(reply) not in {_kind(earlier) for earlier in replies}:
        return trouble, trouble, _outline(replies[0]), True
    if not judged:
        return None
    known = [aspects(earlier) for earlier in replies]
    for name, value in aspects(reply).items():
        expected = known[0][name]
        if name in unsteady or value == expected:
            continue
        if all(earlier[name] == expected for earlier in known):
            return f"gave another {name}", _short(value), _short(expected), False
    return None


def varying(replies: Sequence[Reply | Session]) -> set[str]:
    """The aspects in which replies to the same differ from each other."""
    first, *others = [aspects(reply) for reply in replies]
    return {name for name in first if any(other[name] != first[name] for other in others)}


def breakdown(reply: Reply | Session) -> str:
    """How the application broke down, as a clause; empty if it did not."""
    if reply.raised is not None:
        return f"raised {_short(reply.raised)}"
    if isinstance(reply, Session):
        return "did not answer websocket.connect in time" if _unanswered(reply) else ""
    if reply.status is None and not reply.left:
        return "returned without a response"
    if reply.status is None and reply.timed_out:
        return "sent no response in time"
    return "answered 500" if reply.status == 500 else ""


def _kind(reply: Reply | Session) -> object:
    """What two breakdowns of the same kind have in common: not the text of an exception."""
    return breakdown(reply) if reply.raised is None else type(reply.raised)


def _unanswered(session: Session) -> bool:
    return session.timed_out and not session.answer


def aspects(reply: Reply | Session) -> dict[str, Any]:
    """What of a reply has to agree."""
    if isinstance(reply, Session):
        return {
            "answer to websocket.connect": reply.answer,
            "subprotocol": reply.subprotocol,
            "sequence of messages": reply.frames,
            "close code": reply.closed[0] if reply.closed else None,
        }
    return {
        "status": reply.status,
        "location": reply.header(b"location"),
        "content-type": reply.header(b"content-type"),
        "body": reply.body if reply.complete else None,
    }


def _outline(reply: Reply | Session) -> str:
    if isinstance(reply, Session):
        return reply.answer or "no answer"
    return f"status {reply.status}"


def _short(value: object) -> str:
    text = repr(value[:_SHOWN] if isinstance(value, (bytes, list)) else value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
