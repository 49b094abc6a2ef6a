"""Known deviations: what an adapter says its server does wrong, told apart from what is new."""

from __future__ import annotations

from gateproof.conformance.case import Case
from gateproof.conformance.outcome import Outcome
from gateproof.targets.adapter import Known
from gateproof.targets.hosted import HostedServer
from gateproof.targets.server import Server
from gateproof.validators.catalogue import requirement


def applied(outcome: Outcome, case: Case, server: Server | HostedServer) -> Outcome:
    """``outcome``, as the known deviations of the server let it stand.

    A fail all of whose requirements are known becomes ``known``; a case that is
    known to fail each time and passes becomes ``fixed``, which fails the run, so
    that the list stays true.
    """
    if outcome.verdict == "fail":
        failed = [f["requirement"] for f in outcome.findings if f["verdict"] == "fail"]
        found = [_first(server.known, case, name, server) for name in failed]
        if failed and all(found):
            outcome.verdict = "known"
            told = [
                _text(entry, requirement(name).breaks)
                for name, entry in zip(failed, found, strict=True)
                if entry
            ]
            outcome.reason = "; ".join(dict.fromkeys(told))
    elif outcome.verdict in ("pass", "weak", "observed"):
        strict = [entry for entry in server.known if entry.always]
        named = [entry for entry in strict if _covers(entry, case.full_id, server)]
        if named:
            outcome.verdict = "fixed"
            text = _text(named[0], case.title)
            outcome.reason = f"no longer deviates, take it off the list: {text}"
    return outcome


def _first(
    known: tuple[Known, ...], case: Case, name: str, server: Server | HostedServer
) -> Known | None:
    for entry in known:
        if _covers(entry, case.full_id, server) or _covers(entry, name, server):
            return entry
    return None


def _covers(entry: Known, name: str, server: Server | HostedServer) -> bool:
    chosen = server.variants if isinstance(server, Server) else {}
    return entry.covers(name, server.version, chosen)


def _text(entry: Known, otherwise: str) -> str:
    """What an entry says, or ``otherwise`` where it leaves that to the requirement."""
    reason = entry.reason or otherwise
    return f"{reason} ({entry.link})" if entry.link else reason
