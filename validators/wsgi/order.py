"""Breaches of order: what a forbidden cell of a machine means, in words."""

from __future__ import annotations

from gateproof.validators.violation import Breach
from gateproof.validators.wsgi.machines import MACHINES, Answers, label, legal, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.machine import Machine

MESSAGES = {
    "wsgi.app.start-response-before-first-body": (
        "the application produced {symbol} before it called start_response"
    ),
    "wsgi.app.start-response-always-called": (
        "the iteration ended and start_response was never called"
    ),
    "wsgi.start-response.repeat-without-exc-info": (
        "start_response was called again without exc_info"
    ),
    "wsgi.start-response.failed-call-counts": (
        "start_response was called without exc_info after a call that was refused"
    ),
    "wsgi.start-response.returns-write": "start_response returned no write callable",
    "wsgi.exc-info.raises-after-headers-sent": (
        "start_response with exc_info returned although body data had been produced"
    ),
    "wsgi.exc-info.reraises-original": (
        "start_response raised another exception than that of exc_info"
    ),
    "wsgi.server.rejects-repeat-start-response": (
        "the server accepted a second start_response without exc_info"
    ),
    "wsgi.server.header-check-after-set": (
        "the server forgot a start_response that it had refused, "
        "and accepted the next without exc_info"
    ),
    "wsgi.errors-handling.start-response-returns-when-unsent": (
        "start_response raised {raised} although nothing had been sent"
    ),
    "wsgi.server.exc-info-works-after-empty-yield": (
        "start_response raised {raised} although only empty pieces had been produced"
    ),
    "wsgi.write.not-from-iterable": (
        "write() was called after the application had returned its iterable"
    ),
    "wsgi.server.close-called": "the server {fault}",
    "wsgi.server.close-called-on-app-error": (
        "the server did not call close() after the iteration had raised"
    ),
    "wsgi.server.close-called-once": "the server called close() again",
}
"""The headline for each requirement that a cell can name."""

_BOTH_PARTIES = {"wsgi.start-response.failed-call-counts": "application"}
"""Who did it, where the requirement binds both sides."""


HINTS = {
    "wsgi.start-response.failed-call-counts": (
        "Give exc_info with the next call, for the one that was refused counts"
    ),
}
"""What to do, where the catalogue's hint is for the other party."""


def broken(machine: Machine, state: int, symbol: int, said: str = "") -> Breach:
    """The breach that the move by ``symbol`` in ``state`` is.

    ``said`` tells more closely what was done than the symbol's own words.

    Raises:
        ValueError: the move is legal.
    """
    cell = machine.rows[state][symbol]
    if cell.requirement is None:
        raise ValueError(f"{machine.name}: a legal move is no breach")
    done = label(machine, symbol)
    late = done == "the next piece"
    fault = "asked for a piece after it had called close()" if late else "did not call close()"
    own = symbol == Answers.RERAISED
    raised = "the exception of exc_info" if own else "another exception than that of exc_info"
    return Breach(
        cell.requirement,
        MESSAGES[cell.requirement].format(symbol=done, fault=fault, raised=raised),
        observed=f"{said or done} {place(machine, state)}",
        expected=legal(machine, state, symbol),
        party=_BOTH_PARTIES.get(cell.requirement),  # type: ignore[arg-type]
        verdict=cell.verdict,
        hint=HINTS.get(cell.requirement, ""),
    )


REQUIREMENTS = frozenset().union(*(machine.requirements() for machine in MACHINES))
"""Every requirement that some machine decides."""
