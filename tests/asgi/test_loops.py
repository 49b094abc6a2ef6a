"""What the connections of one event loop owe each other: judged, and watched live."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from witnesses import order_asgi_loops as facts
from witnesses.order_asgi_loops import WITNESSES

from gateproof.validators.asgi.loop import FACTS, LOOP, PATIENCE, SAYS, LoopJudge, Phase
from gateproof.validators.asgi.loop_replay import CLAIMS, exercised_together, replay_together
from gateproof.validators.catalogue import requirement
from gateproof.validators.violation import VERDICTS, Rung

MILLISECOND = 10**6


def ladder(told, gap=MILLISECOND):
    return [Rung("loop", fact, number * gap) for number, fact in enumerate(told)]


def found(told, gap=MILLISECOND):
    return [(v.requirement, v.verdict) for v in replay_together([ladder(told, gap)])]


# Witnesses


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda w: w.requirement)
def test_a_witness_breaks_one_requirement_and_its_neighbour_none(witness):
    assert [name for name, _ in found(witness.breaks)] == [witness.requirement]
    assert found(witness.keeps) == []


def test_every_claim_has_a_witness_and_every_witness_a_claim():
    assert {witness.requirement for witness in WITNESSES} == CLAIMS


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda w: w.requirement)
def test_what_is_broken_was_exercised(witness):
    broken = exercised_together([ladder(witness.breaks)])

    assert witness.requirement in broken
    assert broken <= CLAIMS


def test_an_ordinary_day_exercises_nearly_everything():
    rare = {
        "asgi.lifespan.startup-failed-exits",
        "asgi.lifespan.exception.after-startup-failed",
    }

    assert exercised_together([ladder(facts.CLEAN)]) == CLAIMS - rare


# Any sequence


numbers = st.integers(1, 3)
counts = st.integers(0, 2)
held = st.dictionaries(st.sampled_from(["pool", "user", "n"]), st.integers(7, 9), max_size=3)
told_facts = st.one_of(
    st.builds(facts.lifespan, numbers, st.sampled_from([facts.NAMESPACE, None])),
    st.builds(facts.startup, numbers, counts, st.booleans()),
    st.builds(facts.complete, held, numbers),
    st.builds(facts.shutdown, numbers, counts, st.sampled_from([True, False, None]), held),
    st.builds(facts.cancelled, numbers, counts, st.sampled_from([True, False, None])),
    st.builds(
        facts.ended,
        st.sampled_from(["failed", "answered", "refused", "returned", "raised"]),
        numbers,
    ),
    st.builds(
        facts.request,
        numbers,
        st.sampled_from(["http", "websocket"]),
        st.booleans(),
        st.sampled_from([None, facts.NAMESPACE, facts.COPY]),
        held,
    ),
)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.lists(told_facts, max_size=15))
def test_whatever_happens_is_judged_within_the_claims(told):
    seen = [ladder(told)]
    broken = {violation.requirement for violation in replay_together(seen)}

    assert broken <= exercised_together(seen) <= CLAIMS


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(st.lists(told_facts, max_size=8))
def test_once_every_lifespan_is_over_a_new_one_is_judged_afresh(told):
    judge = LoopJudge()
    for at, fact in enumerate([*told, *(facts.ended("returned", n) for n in (1, 2, 3))]):
        judge.feed(fact, at)

    later = [facts.lifespan(9), facts.startup(9), facts.complete(number=9), facts.request()]
    assert [breach for fact in later for breach in judge.feed(fact, 99)] == []
    assert judge.phase == Phase.RUNNING


# The table


def test_no_cell_is_graver_than_the_catalogue_allows():
    for _, _, cell in LOOP.cells():
        if cell.requirement is not None and cell.verdict is not None:
            enforce = requirement(cell.requirement).enforce
            assert VERDICTS.index(cell.verdict) >= VERDICTS.index(enforce)


def test_every_broken_cell_has_words():
    assert LOOP.requirements() == set(SAYS)


def test_the_witnesses_know_every_fact():
    told = [fact for witness in WITNESSES for fact in (*witness.breaks, *witness.keeps)]

    assert {fact["what"] for fact in told} | {"refused"} == set(FACTS)
    for fact in told:
        assert set(FACTS[fact["what"]]) <= set(fact)


def test_an_unknown_fact_is_refused():
    with pytest.raises(ValueError, match="unknown fact 'lunch'"):
        LoopJudge().feed({"what": "lunch"}, 0)


# What is milder, and what is spared


def test_a_server_may_tire_of_a_startup_that_never_ends():
    slow = [facts.lifespan(), facts.startup(), facts.request()]

    assert found(slow, gap=PATIENCE) == []


def test_a_server_may_tire_of_a_shutdown_that_never_ends():
    slow = [*facts.STARTED, facts.shutdown(), facts.cancelled()]

    assert found(slow, gap=PATIENCE + 1) == []


def test_a_new_connection_after_shutdown_fails_and_an_old_one_is_weak():
    late = "asgi.lifespan.shutdown.sent-after-connections-closed"

    assert found([*facts.STARTED, facts.shutdown(), facts.request()]) == [(late, "fail")]
    assert found([*facts.STARTED, facts.shutdown(handled=1)]) == [(late, "weak")]


def test_a_lifespan_cut_short_amid_connections_fails_and_otherwise_is_weak():
    cut = "asgi.lifespan.scope.lasts-for-loop"
    amid = [*facts.STARTED, facts.cancelled(handled=1), facts.request()]
    idle = [*facts.STARTED, facts.cancelled(), facts.request()]

    assert found(amid) == [(cut, "fail")]
    assert found(idle) == [(cut, "weak")]


def test_no_state_at_all_is_weak_and_an_empty_one_fails():
    copied = "asgi.lifespan.state.copied-to-requests"

    assert found([*facts.STARTED, facts.request(state=None)]) == [(copied, "weak")]
    assert found([*facts.STARTED, facts.request(entries={})]) == [(copied, "fail")]


def test_overlapping_lifespans_are_told_once_and_judging_holds_back():
    told = found(
        [
            *facts.STARTED,
            facts.lifespan(4),
            facts.request(entries={}),
            facts.startup(4, handled=1),
            facts.request(entries={}),
            facts.shutdown(4, handled=1),
            facts.ended("returned", 4),
            facts.request(entries={}),
            facts.ended("returned", 1),
            facts.lifespan(5),
            facts.startup(5),
            facts.complete(number=5),
            facts.request(entries={}),
        ]
    )

    assert told == [
        ("asgi.lifespan.once-per-event-loop", "weak"),
        ("asgi.lifespan.state.copied-to-requests", "fail"),
    ]


def test_a_refused_message_holds_judging_back():
    assert found([facts.lifespan(), facts.ended("refused"), facts.request()]) == []


def test_the_shared_dict_is_one_finding_whatever_is_added_to_it():
    shared = facts.request(state=facts.NAMESPACE, entries=facts.LEAKED)

    assert set(found([*facts.STARTED, shared, shared, facts.shutdown()])) == {
        ("asgi.lifespan.state.shallow-copy", "fail")
    }


def test_foreign_keys_are_noted_once_each_and_within_bounds():
    told = found(
        [
            *facts.STARTED,
            *(facts.request(entries={**facts.STORED, f"key {n % 1000}": n}) for n in range(3000)),
        ]
    )

    assert len(told) <= 32
    assert set(told) == {("asgi.lifespan.state.server-does-not-touch", "observed")}


def test_a_value_that_a_middleware_replaced_by_another_kind_is_no_deep_copy():
    replaced = facts.request(entries={"pool": facts.CLONE}, namespace=facts.STORED, alike=[])

    assert found([*facts.STARTED, replaced]) == []
