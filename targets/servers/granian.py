"""Granian: one worker; its interface has to be named, and it never tells its port."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Interface, Launch, Variants

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    options = ["--blocking-threads", str(THREADS)] if launch.interface == "wsgi" else []
    if launch.root_path:
        options += ["--url-path-prefix", launch.root_path]
    return launch.run(
        "granian", "--host", launch.host, "--port", str(launch.port), "--workers", "1",
        "--interface", launch.variants["interface"], "--http", "1",
        "--loop", launch.variants["loop"], *options, launch.app,
    )  # fmt: skip


def requires(variants: Variants) -> tuple[str, ...]:
    """The event loop, where it is not Python's own."""
    return () if variants["loop"] == "asyncio" else (variants["loop"],)


def speaks(variants: Variants) -> Interface:
    """What Granian calls asginl is ASGI without lifespan."""
    return "wsgi" if variants["interface"] == "wsgi" else "asgi"


def features(variants: Variants) -> Features:
    """By interface."""
    if variants["interface"] == "wsgi":
        return Features(concurrency=THREADS, root_path=True)
    return Features(websocket=True, lifespan=variants["interface"] == "asgi", root_path=True)


ADAPTER = Adapter(
    name="granian",
    distribution="granian",
    interfaces=("asgi", "wsgi"),
    argv=argv,
    listen="zero",
    variants={"interface": ("asgi", "asginl", "wsgi"), "loop": ("asyncio", "uvloop")},
    requires=requires,
    features=features,
    speaks=speaks,
    columns=((), (("interface", "wsgi"),)),
    homepage="https://github.com/emmett-framework/granian",
)
