"""The reference server as a process: ``python serve.py --fd N module:attribute``."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

# Tests are no package. As a file of a process this makes the name that our modules use.
if "reference" not in sys.modules:
    package = ModuleType("reference")
    package.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules["reference"] = package

from reference.parts import Parts
from reference.server import Server, StartupError


def load(name: str) -> Any:
    """The application ``module:attribute``, found from the working directory."""
    sys.path.insert(0, "")
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def interface_of(app: Any) -> str:
    """``asgi`` for a coroutine function (or an object with one as its call), else ``wsgi``."""
    called = app if inspect.isroutine(app) else getattr(app, "__call__", app)  # noqa: B004
    return "asgi" if inspect.iscoroutinefunction(called) else "wsgi"


def parts(fault: str) -> Parts:
    """The parts of a server with the fault of this name."""
    if not fault:
        return Parts()
    from reference.faults import FAULTS

    return FAULTS[fault].parts()


def log(text: str) -> None:
    """Write to stderr, whatever it can encode."""
    sys.stderr.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stderr.buffer.flush()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", help="module:attribute")
    parser.add_argument("--interface", choices=("wsgi", "asgi"))
    parser.add_argument("--fd", type=int, help="a listening socket that was inherited")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", default="")
    parser.add_argument("--root-path", default="")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    app = load(options.app)
    if options.fd is not None:
        sock = socket.socket(fileno=options.fd)
    else:
        sock = socket.create_server(("127.0.0.1", options.port))
    server = Server(
        app,
        options.interface or interface_of(app),
        sock=sock,
        parts=parts(options.fault),
        first=Parts(),  # whoever waits until we are ready need not meet the fault
        log=log,
        root_path=options.root_path,
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log(f"listening on {sock.getsockname()}\n")
    await server.main(stop)


def main() -> int:
    """Run the process; 3 where the application could not start."""
    try:
        asyncio.run(serve(arguments()))
    except StartupError:
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
