from __future__ import annotations

from gateproof.validators.asgi.claims import CHECKS, CLAIMS, ORDERS
from gateproof.validators.asgi.exercised import exercised
from gateproof.validators.asgi.replay import replay


def test_every_witness_breaks_what_it_says(orders):
    missed = [
        (order.requirement, order.breaks)
        for order in orders
        if order.requirement not in {v.requirement for v in replay(order.breaks)}
    ]

    assert missed == []


def test_every_neighbour_is_clean(orders):
    accused = [
        (order.requirement, [str(v) for v in replay(order.keeps)])
        for order in orders
        if any(v.verdict != "observed" for v in replay(order.keeps))
        or order.requirement in {v.requirement for v in replay(order.keeps)}
    ]

    assert accused == []


def test_what_is_broken_was_exercised(orders):
    for order in orders:
        found = {v.requirement for v in replay(order.breaks)}

        assert found - exercised(order.breaks) == set(), order.requirement


def test_exercised_stays_within_the_claims(orders):
    for order in orders:
        assert exercised(order.keeps) <= CLAIMS


def test_every_claim_has_a_witness(orders):
    assert (ORDERS | CHECKS) - {order.requirement for order in orders} == set()


def test_no_witness_is_for_what_nobody_claims(orders):
    assert {order.requirement for order in orders} <= ORDERS | CHECKS
