"""Every requirement that binds a server, and that judges decide, is decided from journals."""

from __future__ import annotations

import json

import pytest
from witnesses import kit
from witnesses.load import modules

from gateproof.conformance.checked import proved
from gateproof.targets import journal, probe
from gateproof.validators.asgi.claims import CLAIMS as ASGI_CLAIMS
from gateproof.validators.asgi.loop_replay import CLAIMS as LOOP_CLAIMS
from gateproof.validators.asgi.loop_replay import replay_together
from gateproof.validators.catalogue import requirements
from gateproof.validators.violation import Rung
from gateproof.validators.wsgi.exercised import CLAIMS as WSGI_CLAIMS

PLAYED = [
    one
    for prefix in ("order_", "shapes_")
    for module in modules(prefix)
    for listed in vars(module).values()
    if isinstance(listed, list)
    for one in listed
    if isinstance(one, (kit.Order, kit.Shape, kit.Loop))
]
LOOPS = [one for one in PLAYED if isinstance(one, kit.Loop)]
BINDING = [
    one
    for one in requirements()
    if one.party in ("server", "both") and one.observable == "boundary"
]


def test_what_judges_decide_has_a_witness_whose_journal_is_judged():
    """The witnesses themselves go through a journal in the tests of journals, and below."""
    decided = {one.id for one in BINDING} & (WSGI_CLAIMS | ASGI_CLAIMS | LOOP_CLAIMS)

    assert len(decided) > 200
    assert decided - {one.requirement for one in PLAYED} == set()


FOR_CASES = {
    "asgi.http.request.body-concatenated": "what is joined is compared with the octets sent",
    "asgi.http.wsgi.body-mapping": "a bridge is seen from both of its sides",
    "asgi.http.wsgi.environ-mapping": "a bridge is seen from both of its sides",
    "asgi.http.wsgi.path-info-strips-root-path": "a bridge is seen from both of its sides",
    "asgi.http.wsgi.status-mapping": "a bridge is seen from both of its sides",
    "asgi.http.wsgi.threadpool": "a bridge is seen from both of its sides",
    "asgi.websocket.scope.subprotocols-default": "whether one was offered the octets tell",
    "wsgi.callable.no-kind-dependency": "two kinds of callable are compared",
}
"""What no single call shows, and why."""


def test_the_rest_says_why_not():
    """Another requirement decides it, it only permits, or the catalogue has a reason."""
    left = [
        one
        for one in BINDING
        if one.id not in WSGI_CLAIMS | ASGI_CLAIMS | LOOP_CLAIMS
        and not (one.unchecked or one.same_as)
    ]
    failing = {one.id for one in left if one.enforce == "fail"}

    assert set(FOR_CASES) <= failing
    assert failing - proved().keys() <= set(FOR_CASES)


@pytest.mark.parametrize("side", ["breaks", "keeps"])
@pytest.mark.parametrize(
    "witness", LOOPS, ids=[f"{n}-{one.requirement}" for n, one in enumerate(LOOPS)]
)
def test_facts_about_loops_come_back(witness, side, told):
    def judged(facts):
        rungs = [Rung("loop", fact, at * 10**6) for at, fact in enumerate(facts)]
        return told(replay_together([rungs]))

    facts = getattr(witness, side)
    again = [
        probe.decode(
            json.loads(probe._dumps(probe.encode(dict(fact)))), journal._Reader()._stand_in
        )
        for fact in facts
    ]

    assert judged(again) == judged(facts)
