"""mod_wsgi-express: Apache with the application in a daemon process."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, deviations

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command; Apache refuses to run as root, so a user is named where root starts it."""
    who = ["--user", launch.user, "--group", launch.group] if launch.user else []
    module, _, attribute = launch.app.partition(":")
    folders = [word for folder in launch.path for word in ("--python-path", str(folder))]
    return [
        str(launch.python), launch.script("mod_wsgi-express"), "start-server",
        "--host", launch.host, "--port", str(launch.port),
        "--processes", "1", "--threads", str(THREADS),
        "--server-root", str(launch.scratch / "root"),
        "--log-to-terminal", *who, "--application-type", "module", "--callable-object", attribute,
        "--working-directory", str(launch.scratch), *folders, module,
    ]  # fmt: skip


KNOWN = (
    *deviations(
        "mod-wsgi",
        ">=6.1.1",
        (
            "server.http1::tunnel-framing",
            "server.http1::length-not-kept",
            "server.http1::chunks-ended",
            "server.wsgi::start-twice",
        ),
    ),
)

ADAPTER = Adapter(
    name="mod-wsgi",
    distribution="mod_wsgi",
    interfaces=("wsgi",),
    argv=argv,
    listen="port",
    features=lambda _: Features(chunked_request=False, concurrency=THREADS),
    drops=True,
    homepage="https://github.com/GrahamDumpleton/mod_wsgi",
    known=KNOWN,
)
