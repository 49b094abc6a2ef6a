"""Odd but legal lifespan applications."""

from __future__ import annotations

import asyncio

from corpus.kit import Corpus

clean = Corpus("asgi")
L = "asgi.lifespan."
LIFE = {"kind": "lifespan"}


@clean(L + "startup-complete.app-sends", **LIFE)
async def lives(scope, receive, send):
    """Startup and shutdown, both acknowledged."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


@clean(L + "startup-complete.app-sends", **LIFE)
async def lives_on_after_its_shutdown(scope, receive, send):
    """What follows the last acknowledgement is nobody's business."""
    await lives(scope, receive, send)
    raise RuntimeError("late")


@clean(L + "app.use-startup-failed-to-abort", **LIFE)
async def has_no_lifespan(scope, receive, send):
    """Raising at once says that lifespan is not supported."""
    raise NotImplementedError


@clean("asgi.app.rejects-unknown-protocol", **LIFE)
async def knows_only_http(scope, receive, send):
    """So does a check of the scope's type, with any exception."""
    assert scope["type"] == "http", "only http is served"


@clean(
    L + "app.early-return",
    expects={L + "app.early-return": "the text is silent about an application that returns"},
    **LIFE,
)
async def ignores_the_lifespan(scope, receive, send):
    """Returning without a message is on no list: servers go on without lifespan."""
    return


@clean(L + "startup-failed.message-type", **LIFE)
async def fails_to_start(scope, receive, send):
    """A failure needs no message, and the error may be raised as well."""
    await receive()
    await send({"type": "lifespan.startup.failed"})
    raise RuntimeError("no database")


@clean(L + "startup-failed.message-type", **LIFE)
async def fails_to_start_with_a_message(scope, receive, send):
    """A failure with a message, then a plain return."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database\\n"})


@clean(L + "shutdown-failed.message-type", **LIFE)
async def fails_to_stop(scope, receive, send):
    """The end can fail, too."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": ""})


@clean(L + "state.populated-before-complete", **LIFE)
async def leaves_state(scope, receive, send):
    """State may hold anything, and may be filled until startup is complete."""
    await receive()
    scope["state"]["database"] = object()
    scope["state"].update(pool=[1, 2])
    await lives_from_here(receive, send)


async def lives_from_here(receive, send):
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


@clean(
    L + "scope.state-optional",
    shows=(L + "scope.state-optional", L + "scope.asgi-spec-version"),
    omit=["state"],
    asgi={"version": "3.0"},
    **LIFE,
)
async def lives_without_state(scope, receive, send):
    """A server may offer no state, and name no version of lifespan."""
    await receive()
    if "state" in scope:
        scope["state"]["database"] = object()
    await lives_from_here(receive, send)


@clean(L + "startup-complete.app-sends", waits=True, **LIFE)
async def starts_tasks(scope, receive, send):
    """Tasks may be started, and stopped at the end."""
    await receive()
    task = asyncio.create_task(asyncio.Event().wait())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    task.cancel()
    await send({"type": "lifespan.shutdown.complete"})


@clean("asgi.app.ignores-extra-keys", **LIFE)
async def extra_keys_of_lifespan_events(scope, receive, send):
    """Events may have further keys."""
    await receive()
    await send({"type": "lifespan.startup.complete", "took": 1.5})
    await receive()
    await send({"type": "lifespan.shutdown.complete", "took": None})
