"""One broken thing gives one finding, of the party that broke it."""

from __future__ import annotations

import pytest
from witnesses import kit
from witnesses.load import modules

from gateproof.validators.asgi.replay import replay
from gateproof.validators.asgi.shape import active
from gateproof.validators.catalogue import requirement
from gateproof.validators.policy import Rules

STIMULUS = "the server plays the unknown protocol that the application has to refuse"
PROVOKED = "only an event that the application broke shows that the server takes it"
BOTH = {
    "asgi.app.rejects-unknown-protocol": ("asgi.scope.type-known", STIMULUS),
    "asgi.app.rejects-unknown-before-sending": ("asgi.scope.type-known", STIMULUS),
    "asgi.server.raises-on-missing-type": ("asgi.event.type-key", PROVOKED),
    "asgi.server.raises-on-missing-keys": (
        "asgi.http.response-start.status-present",
        PROVOKED,
    ),
    "asgi.server.raises-on-wrong-types": (
        "asgi.http.response-start.headers-value-bytes",
        PROVOKED,
    ),
    "asgi.websocket.send.server-rejects-invalid-combination": (
        "asgi.websocket.send.exactly-one",
        PROVOKED,
    ),
    "asgi.http.response-body.after-complete-ignored": (
        "asgi.http.app.no-events-after-complete",
        PROVOKED,
    ),
}
"""Witnesses whose fault takes two: the other finding, and why it is due."""

WITNESSES = [
    pytest.param(one, id=f"{module.__name__.rpartition('.')[2]}-{one.requirement}")
    for prefix in ("order_asgi_", "shapes_asgi_")
    for module in modules(prefix)
    for value in vars(module).values()
    if isinstance(value, list)
    for one in value
    if isinstance(one, kit.Order | kit.Shape)
]


def found(witness):
    """The requirements that are told, and the parties."""
    if isinstance(witness, kit.Order):
        return [(v.requirement, v.party) for v in replay(witness.breaks)]
    breaches = active(Rules(level="all")).explain(witness.schema, witness.breaks, "server")
    return [(b.requirement, b.party or requirement(b.requirement).party) for b in breaches]


@pytest.mark.parametrize("witness", WITNESSES)
def test_a_mutant_gives_one_finding(witness):
    told = [name for name, _ in found(witness)]
    besides = BOTH.get(witness.requirement)
    due = {witness.requirement} | ({besides[0]} if besides else set())

    assert set(told) == due
    assert len(told) == len(due)


@pytest.mark.parametrize("witness", WITNESSES)
def test_a_mutant_is_blamed_on_who_broke_it(witness):
    bound = requirement(witness.requirement).party
    parties = {party for name, party in found(witness) if name == witness.requirement}

    assert len(parties) == 1
    assert bound == "both" or parties == {bound}


def test_the_exceptions_are_still_exceptions():
    told = {
        param.values[0].requirement: len(found(param.values[0]))
        for param in WITNESSES
        if param.values[0].requirement in BOTH
    }

    assert told == dict.fromkeys(BOTH, 2)
