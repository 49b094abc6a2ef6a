"""ASGI lifespan: startup and shutdown.

An application is promised one lifespan for each event loop, not that it can be
started again in the same one. So every further cycle is first tried in the
plainest form, and without success nothing is concluded.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_lifespan import Lifespan

_STARTUP = (
    "asgi.lifespan.startup-complete.app-sends",
    "asgi.lifespan.startup-complete.after-startup",
    "asgi.lifespan.startup-complete.once",
)
_SHUTDOWN = (
    "asgi.lifespan.shutdown-complete.app-sends",
    "asgi.lifespan.shutdown-complete.after-shutdown",
)


def judge_startup(stage: ASGIStage, lifespan: Lifespan, when: str = "") -> None:
    """Report a startup that was never answered."""
    if lifespan.outcome == "silent":
        stage.broken(
            "asgi.lifespan.startup-complete.app-sends",
            f"did not answer lifespan.startup within {lifespan.patience:g} s{when}",
            watched=lifespan.watched,
            observed="no lifespan.startup.complete and no lifespan.startup.failed",
            expected="one of the two, or an exception",
            party="application",
            hint="raise for scope type 'lifespan' if the application does not support it",
        )


def judge_shutdown(stage: ASGIStage, lifespan: Lifespan) -> None:
    """Report a shutdown that was never answered, which keeps a server from stopping."""
    if lifespan.outcome == "complete" and not lifespan.shutdown and lifespan.ended == "cancelled":
        stage.broken(
            "asgi.lifespan.shutdown-complete.app-sends",
            f"did not answer lifespan.shutdown within {lifespan.patience:g} s",
            watched=lifespan.watched,
            observed="no lifespan.shutdown.complete and no lifespan.shutdown.failed",
            expected="one of the two, or a return",
            party="application",
            hint="end background tasks at shutdown instead of waiting for them",
        )


@case("asgi.lifespan", "around-the-cases", proves=(*_STARTUP, *_SHUTDOWN), alone=True)
async def around(stage: ASGIStage) -> None:
    """The lifespan around all other cases starts and stops within the protocol."""
    lifespan = stage.lifespan
    if lifespan is None or lifespan.outcome is None:
        stage.not_applicable("there was no lifespan around the cases")
    await lifespan.stop()
    if lifespan.strayed:
        stage.not_applicable("the application does not support lifespan: it answered through http")
    stage.exchanges.append(lifespan.watched)
    judge_startup(stage, lifespan)
    judge_shutdown(stage, lifespan)
    if lifespan.outcome == "unsupported":
        stage.not_applicable(
            f"the application does not support lifespan: it raised {lifespan.watched.raised!r}"
        )


async def plain_cycle(stage: ASGIStage) -> Lifespan:
    """One plain cycle more.

    Raises:
        NotApplicable: the application has no lifespan, or only one.
    """
    first = stage.lifespan
    if first is not None and first.outcome != "complete":
        stage.not_applicable("the application does not support lifespan, or it did not start")
    lifespan = await stage.cycle()
    if lifespan.outcome != "complete":
        stage.exchanges.remove(lifespan.watched)
        stage.not_applicable("the application cannot be started more than once")
    return lifespan


@case("asgi.lifespan", "second-cycle", proves=(*_STARTUP, *_SHUTDOWN), alone=True)
async def second_cycle(stage: ASGIStage) -> None:
    """An application that can be started again does so within the protocol."""
    await plain_cycle(stage)


@case(
    "asgi.lifespan",
    "spec-version-absent",
    proves=(*_STARTUP, "asgi.lifespan.scope.asgi-spec-version-default"),
    alone=True,
)
async def spec_version_absent(stage: ASGIStage) -> None:
    """Without a spec_version an application assumes 1.0, and starts."""
    await plain_cycle(stage)
    lifespan = await stage.cycle(scope={"asgi": asgi_scope.asgi(None)})
    judge_startup(stage, lifespan, " when the scope has no spec_version")
    if lifespan.outcome == "unsupported":
        stage.broken(
            "asgi.lifespan.scope.asgi-spec-version-default",
            f"raised {lifespan.watched.raised!r} when the scope has no spec_version",
            watched=lifespan.watched,
            observed=repr(lifespan.watched.raised),
            expected="lifespan.startup.complete, as with a spec_version",
            party="application",
        )


@case("asgi.lifespan", "state-absent", proves=_STARTUP, alone=True)
async def state_absent(stage: ASGIStage) -> None:
    """Without state an application starts, or says that it cannot; it does not hang."""
    await plain_cycle(stage)
    lifespan = await stage.cycle(offer_state=False)
    judge_startup(stage, lifespan, " when the scope has no 'state'")


@case("asgi.lifespan", "keys-extra", proves=(*_STARTUP, "asgi.app.ignores-extra-keys"), alone=True)
async def keys_extra(stage: ASGIStage) -> None:
    """Unknown keys in the lifespan's scope and events are ignored."""
    await plain_cycle(stage)
    extra = {"x_gateproof": 1}
    lifespan = await stage.cycle(scope=extra, event=extra)
    judge_startup(stage, lifespan, " when scope and events have unknown keys")
    if lifespan.outcome in ("unsupported", "failed"):
        raised = lifespan.watched.raised
        what = f"raised {raised!r}" if raised else f"failed to start ({lifespan.message!r})"
        stage.broken(
            "asgi.app.ignores-extra-keys",
            f"{what} when scope and events have unknown keys",
            watched=lifespan.watched,
            observed=what,
            expected="lifespan.startup.complete, as without them",
            party="application",
        )
