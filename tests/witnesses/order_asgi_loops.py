"""Witnesses of what the connections of one event loop owe each other.

They are facts, as in ``gateproof.validators.asgi.loop``; numbers stand for the
identities of objects.
"""

from __future__ import annotations

from witnesses.kit import Loop

NAMESPACE, COPY, OTHER, POOL, CLONE = 100, 101, 102, 7, 8
STORED = {"pool": POOL}


def fact(what, **more):
    return {"loop": 1, "what": what, **more}


def lifespan(number=1, state=NAMESPACE):
    return fact("lifespan", lifespan=number, state=state)


def startup(number=1, handled=0, earlier=False):
    return fact("startup", lifespan=number, open=handled, earlier=earlier)


def complete(entries=STORED, number=1):
    return fact("complete", lifespan=number, entries=entries)


def shutdown(number=1, handled=0, cancelling=False, entries=STORED):
    return fact("shutdown", lifespan=number, open=handled, cancelling=cancelling, entries=entries)


def cancelled(number=1, handled=0, cancelling=False):
    return fact("cancelled", lifespan=number, open=handled, cancelling=cancelling)


def ended(how, number=1):
    return fact(how, lifespan=number)


def request(number=2, protocol="http", elsewhere=False, state=COPY, entries=STORED, **more):
    return fact(
        "connection",
        connection=number,
        protocol=protocol,
        elsewhere=elsewhere,
        state=state,
        entries=entries,
        **more,
    )


STARTED = (lifespan(), startup(), complete())
STOPPED = (shutdown(), ended("answered"), ended("returned"))
CLEAN = (*STARTED, request(2), request(3, "websocket"), *STOPPED)
FAILED = (lifespan(), startup(), ended("failed"))
LEAKED = {"pool": POOL, "user": 9}

WITNESSES = [
    Loop(
        "asgi.lifespan.once-per-event-loop",
        (*STARTED, lifespan(4)),
        (*STARTED, *STOPPED, lifespan(4), startup(4), complete(number=4)),
    ),
    Loop(
        "asgi.lifespan.startup.sent-before-connections",
        (lifespan(), request(), startup(), complete()),
        CLEAN,
    ),
    Loop(
        "asgi.lifespan.startup.sent-before-connections",
        (lifespan(), startup(handled=1), complete()),
        CLEAN,
    ),
    Loop(
        "asgi.lifespan.startup.sent-before-connections",
        (lifespan(), startup(earlier=True), complete()),
        CLEAN,
    ),
    Loop(
        "asgi.lifespan.startup-complete.server-waits",
        (lifespan(), startup(), request(), complete()),
        CLEAN,
    ),
    Loop(
        "asgi.lifespan.startup-failed-exits",
        (*FAILED, ended("returned"), request()),
        (*FAILED, ended("returned")),
    ),
    Loop(
        "asgi.lifespan.exception.after-startup-failed",
        (*FAILED, ended("raised"), request()),
        (lifespan(), startup(), ended("raised"), request()),
    ),
    Loop(
        "asgi.lifespan.scope.lasts-for-loop",
        (*STARTED, cancelled(handled=1), request()),
        (*STARTED, cancelled(handled=1, cancelling=True)),
    ),
    Loop("asgi.lifespan.scope.lasts-for-loop", (*STARTED, cancelled(), request()), CLEAN),
    Loop(
        "asgi.lifespan.same-loop-as-requests",
        (request(elsewhere=True),),
        (request(),),
    ),
    Loop(
        "asgi.lifespan.shutdown.sent-after-connections-closed",
        (*STARTED, shutdown(), request()),
        (*STARTED, *STOPPED, request()),
    ),
    Loop(
        "asgi.lifespan.shutdown.sent-after-connections-closed",
        (*STARTED, shutdown(handled=1), ended("answered")),
        (*STARTED, shutdown(handled=1, cancelling=True), ended("answered")),
    ),
    Loop(
        "asgi.lifespan.shutdown-complete.server-waits",
        (*STARTED, shutdown(), cancelled()),
        (*STARTED, shutdown(), ended("answered"), cancelled()),
    ),
    Loop(
        "asgi.lifespan.state.copied-to-requests",
        (*STARTED, request(entries={})),
        CLEAN,
    ),
    Loop(
        "asgi.lifespan.state.copied-to-requests",
        (*STARTED, request(state=None, entries={})),
        (lifespan(), startup(), complete({}), request(state=None, entries={})),
    ),
    Loop(
        "asgi.lifespan.state.shallow-copy",
        (*STARTED, request(state=NAMESPACE)),
        CLEAN,
    ),
    Loop(
        "asgi.lifespan.state.shallow-copy",
        (*STARTED, request(entries={"pool": CLONE}, namespace=STORED, alike=["pool"])),
        # What the application itself exchanged since is nobody's fault.
        (*STARTED, request(entries={"pool": CLONE}, namespace={"pool": CLONE}, alike=["pool"])),
    ),
    Loop(
        "asgi.lifespan.state.request-additions-isolated",
        (*STARTED, request(2), request(3, entries=LEAKED, same=2, added=["user"])),
        (*STARTED, request(2), request(3)),
    ),
    Loop(
        "asgi.lifespan.state.advertised-in-lifespan-scope",
        (lifespan(state=None), startup(), complete({}), request(entries={})),
        (lifespan(state=None), startup(), complete({}), request(state=None, entries={})),
    ),
    Loop(
        "asgi.lifespan.state.server-does-not-touch",
        (*STARTED, request(entries={**STORED, "server": 9}, namespace=STORED)),
        CLEAN,
    ),
    Loop(
        "asgi.lifespan.state.server-does-not-touch",
        (*STARTED, request(), shutdown(entries={})),
        (*STARTED, request(), shutdown(entries={"pool": CLONE})),
    ),
    Loop(
        "asgi.lifespan.state.populated-before-complete",
        (*STARTED, request(2), request(3, entries=LEAKED, namespace=LEAKED)),
        # What a layer outside stored before the first connection was in time.
        (
            *STARTED,
            request(2, entries=LEAKED, namespace=LEAKED),
            request(3, entries=LEAKED, namespace=LEAKED),
        ),
    ),
]
