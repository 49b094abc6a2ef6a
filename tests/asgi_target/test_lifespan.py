"""A lifespan is started and stopped from any task, and says what became of it."""

from __future__ import annotations

import anyio
import pytest

from gateproof.targets.asgi_lifespan import Lifespan, cycle


def app_that(on_startup, on_shutdown=None):
    async def application(scope, receive, send):
        await receive()
        await on_startup(scope, send)
        await receive()
        await (on_shutdown or completes)(scope, send)

    return application


async def completes(scope, send):
    state = scope.get("state")
    if state is not None:
        state["pool"] = "open"
    kind = "shutdown" if state and state.pop("started", None) else "startup"
    if state is not None:
        state["started"] = True
    await send({"type": f"lifespan.{kind}.complete"})


async def shuts_down(scope, send):
    await send({"type": "lifespan.shutdown.complete"})


async def fails(scope, send):
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def raises(scope, send):
    raise ValueError(scope["type"])


async def is_silent(scope, send):
    await anyio.sleep_forever()


async def returns(scope, receive, send):
    return None


def once(drive, application, **options) -> Lifespan:
    async def perform():
        lifespan = Lifespan(application, **options)
        await cycle(lifespan)
        return lifespan

    return drive(perform)


def test_startup_and_shutdown_are_completed(drive):
    lifespan = once(drive, app_that(completes, shuts_down))

    assert (lifespan.outcome, lifespan.shutdown, lifespan.ended) == (
        "complete",
        "complete",
        "returned",
    )
    assert lifespan.state["pool"] == "open"
    assert lifespan.blocks == ""
    assert lifespan.watched.violations == []


def test_a_failed_startup_says_why(drive):
    lifespan = once(drive, app_that(fails), patience=0.2)

    assert (lifespan.outcome, lifespan.message) == ("failed", "no database")
    assert "no database" in lifespan.blocks


def test_raising_means_unsupported(drive):
    lifespan = once(drive, app_that(raises))

    assert lifespan.outcome == "unsupported"
    assert isinstance(lifespan.watched.raised, ValueError)
    assert lifespan.blocks == ""


def test_returning_without_a_word_is_told_apart(drive):
    lifespan = once(drive, returns)

    assert lifespan.outcome == "returned"
    assert lifespan.blocks == ""


def test_silence_ends_with_patience(drive):
    lifespan = once(drive, app_that(is_silent), patience=0.1)

    assert (lifespan.outcome, lifespan.ended) == ("silent", "cancelled")
    assert "did not answer" in lifespan.blocks


def test_a_hanging_shutdown_is_cancelled(drive):
    lifespan = once(drive, app_that(completes, is_silent), patience=0.1)

    assert (lifespan.outcome, lifespan.shutdown, lifespan.ended) == ("complete", "", "cancelled")


def test_start_and_stop_come_from_different_tasks(drive):
    async def perform():
        lifespan = Lifespan(app_that(completes, shuts_down))
        async with anyio.create_task_group() as group:
            group.start_soon(lifespan.run)
            async with anyio.create_task_group() as first:
                first.start_soon(lifespan.start)
            async with anyio.create_task_group() as second:
                second.start_soon(lifespan.stop)
        await lifespan.stop()
        return lifespan

    assert drive(perform).shutdown == "complete"


def test_made_outside_of_the_loop(drive):
    lifespan = Lifespan(app_that(completes, shuts_down))

    drive(cycle, lifespan)

    assert lifespan.shutdown == "complete"


def test_stopping_one_that_never_ran_does_nothing(drive):
    lifespan = Lifespan(returns)

    drive(lifespan.stop)

    assert lifespan.outcome is None


@pytest.mark.parametrize("offered", [True, False])
def test_the_state_is_the_scopes_own(drive, offered):
    seen = []

    async def look(scope, send):
        seen.append(scope.get("state"))
        await send({"type": "lifespan.startup.complete"})

    lifespan = once(drive, app_that(look, shuts_down), offer_state=offered)

    assert seen[0] is lifespan.state
    assert (lifespan.state is None) is not offered
