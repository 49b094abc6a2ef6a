"""Hypercorn in one process (``-w 0``): with a worker of its own it exits 0 after a failed start."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, Variants


def argv(launch: Launch) -> list[str]:
    """The command; without a prefix it guesses which interface the application speaks."""
    return launch.run(
        "hypercorn", "-b", f"fd://{launch.fd}", "-w", "0", "-k", launch.variants["worker"],
        f"{launch.interface}:{launch.app}",
    )  # fmt: skip


def requires(variants: Variants) -> tuple[str, ...]:
    """The event loops that are not Python's own."""
    return () if variants["worker"] == "asyncio" else (variants["worker"],)


def features(variants: Variants) -> Features:
    """By interface."""
    asgi = variants["interface"] == "asgi"
    return Features(websocket=asgi, lifespan=asgi, streaming_input=asgi, disconnect_seen=asgi)


ADAPTER = Adapter(
    name="hypercorn",
    distribution="hypercorn",
    interfaces=("asgi", "wsgi"),
    argv=argv,
    listen="fd",
    variants={"worker": ("asyncio", "uvloop", "trio"), "interface": ("asgi", "wsgi")},
    requires=requires,
    features=features,
    homepage="https://github.com/pgjones/hypercorn",
)
