"""What the probe adds to a call: processor time of its thread, without a server.

Run it as a script: ``python tests/benchmarks/bench_probe.py``. Contenders take turns;
what is told is the fifth that was fastest, less the same of the bare application.
The run folder is in memory where that can be had: on a disk that others keep busy,
making a file costs several times as much as all the rest.
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateproof.targets import probe
from gateproof.targets.probe_folder import ProbeFolder
from gateproof.targets.script import ANSWER

ROUNDS = 1500
MOST = 0.5
"""Milliseconds that a plain call may cost."""

FIELDS = {"HOST": "localhost:8000", "ACCEPT": "*/*", "USER_AGENT": "x" * 60}


def bare_wsgi(environ: Any, start_response: Any) -> Any:
    """An application that answers."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


async def bare_asgi(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def ask_wsgi(app: Any, token: str) -> None:
    """One request."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/{token}",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        **{f"HTTP_{name}": value for name, value in FIELDS.items()},
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    result = app(environ, lambda *_: None)
    for _ in result:
        pass
    close = getattr(result, "close", None)
    if close is not None:
        close()


def ask_asgi(app: Any, token: str) -> None:
    """One request, stepped by hand."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/{token}",
        "raw_path": f"/{token}".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in FIELDS.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_event: Any) -> None:
        pass

    asyncio.get_event_loop_policy().get_event_loop().run_until_complete(app(scope, receive, send))


def timed(asks: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Milliseconds of a call of each, taking turns."""
    spent: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(ROUNDS):
        for name, ask in asks.items():
            before = time.thread_time()
            ask()
            spent[name].append(time.thread_time() - before)
    return {name: sorted(times)[ROUNDS // 5] * 1e3 for name, times in spent.items()}


def main() -> int:
    """Print a table; 1 if a plain call costs too much."""
    memory = Path("/dev/shm")
    folder = ProbeFolder(memory if memory.is_dir() else None)
    asyncio.set_event_loop(asyncio.new_event_loop())
    worst = 0.0
    try:
        run, nowhere, token = probe.Run(str(folder.path)), probe.Run(""), folder.lay(ANSWER)
        for interface, ask, app, around in (
            ("wsgi", ask_wsgi, bare_wsgi, probe.wsgi_application),
            ("asgi", ask_asgi, bare_asgi, probe.asgi_application),
        ):
            apps = {
                "bare": app,
                "recorded nowhere": around(nowhere, app),
                "recorded": around(run, app),
                "played and recorded": around(run),
            }
            asks = {name: lambda a=one, k=ask: k(a, token) for name, one in apps.items()}
            times = timed(asks)
            for name in list(apps)[1:]:
                added = times[name] - times["bare"]
                worst = max(worst, added)
                print(f"{interface}  {name:20} {added:.3f} ms")
    finally:
        asyncio.get_event_loop_policy().get_event_loop().close()
        folder.remove()
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(main())
