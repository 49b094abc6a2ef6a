"""uWSGI: one worker under a master; three ways to speak HTTP, which behave differently."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, Listen, Variants

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command; without die-on-term SIGTERM would reload it."""
    way = launch.variants["socket"]
    where = f"{launch.host}:{launch.port}" if way == "http" else f"fd://{launch.fd}"
    folders = [word for folder in launch.path for word in ("--pythonpath", str(folder))]
    return [
        launch.script("uwsgi"), f"--{way}", where, "--master",
        "--processes", "1", "--threads", str(THREADS), "--need-app", "--die-on-term",
        "--module", launch.app, *folders,
    ]  # fmt: skip


def listen(variants: Variants) -> Listen:
    """The router of ``--http`` takes no descriptor, and tells a wrong port."""
    return "port" if variants["socket"] == "http" else "fd"


def features(variants: Variants) -> Features:
    """Only ``--http11-socket`` keeps a connection."""
    kept = variants["socket"] == "http11-socket"
    return Features(
        keep_alive=kept,
        chunked_request=False,
        pipelining=False,
        expect_continue=False,
        concurrency=THREADS,
    )


ADAPTER = Adapter(
    name="uwsgi",
    distribution="uwsgi",
    interfaces=("wsgi",),
    argv=argv,
    listen=listen,
    variants={"socket": ("http-socket", "http11-socket", "http")},
    features=features,
    columns=((), (("socket", "http11-socket"),), (("socket", "http"),)),
    homepage="https://github.com/unbit/uwsgi",
)
