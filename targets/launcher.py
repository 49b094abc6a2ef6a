"""Starts servers that have no command line of their own.

Run by the server's own Python, 3.8 or later, with nothing of gateproof installed there: a copy
stands beside the probe, as ``gateproof_launcher``.

    python -m gateproof_launcher KIND MODULE:ATTRIBUTE HOST PORT [OPTION=VALUE ...]

Every kind listens on the port that it is given, 0 for any, and tells the real one on a line
``PORT n`` of standard output before it serves.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module as module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Options = dict[str, str]


def told(port: int) -> None:
    """Say which port it is."""
    sys.stdout.write(f"PORT {port}\n")
    sys.stdout.flush()


def wsgiref(app: Any, host: str, port: int, options: Options) -> None:
    """The standard library's server; with threads as its documentation mixes them in."""
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIServer, make_server

    class Threading(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    kind = Threading if options.get("threaded") == "yes" else WSGIServer
    server = make_server(host, port, app, server_class=kind)
    told(server.server_port)
    server.serve_forever()


def werkzeug(app: Any, host: str, port: int, options: Options) -> None:
    """Werkzeug's development server, as Flask runs it."""
    make_server = module("werkzeug.serving").make_server
    server = make_server(host, port, app, threaded=options.get("threaded") == "yes")
    told(server.port)
    server.serve_forever()


def gevent(app: Any, host: str, port: int, _options: Options) -> None:
    """A greenlet a connection, by gevent's pywsgi."""
    server = module("gevent.pywsgi").WSGIServer((host, port), app)
    server.start()
    module("gevent").signal_handler(signal.SIGTERM, server.stop)
    told(server.server_port)
    server.serve_forever()


def eventlet(app: Any, host: str, port: int, _options: Options) -> None:
    """eventlet.wsgi."""
    listening = module("eventlet").listen((host, port))
    told(listening.getsockname()[1])
    module("eventlet.wsgi").server(listening, app)


def tornado(app: Any, host: str, port: int, options: Options) -> None:
    """Tornado's WSGIContainer; with an executor it serves several requests at once."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    async def serve() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        pool = {"executor": ThreadPoolExecutor(16)} if options.get("executor") == "yes" else {}
        container = module("tornado.wsgi").WSGIContainer(app, **pool)
        server = module("tornado.httpserver").HTTPServer(container)
        sockets = module("tornado.netutil").bind_sockets(port, host)
        server.add_sockets(sockets)
        told(sockets[0].getsockname()[1])
        await stop.wait()
        server.stop()
        await server.close_all_connections()

    asyncio.run(serve())


def bjoern(app: Any, host: str, port: int, _options: Options) -> None:
    """One request at a time, on libev."""
    listening = module("bjoern").listen(app, host, port)
    told(listening.getsockname()[1])
    module("bjoern").run()


SERVERS = (wsgiref, werkzeug, gevent, eventlet, tornado, bjoern)


def main(kind: str, name: str, host: str, port: str, *options: str) -> None:
    """Import the application and serve it until the process is stopped."""
    if kind == "eventlet":  # what is imported before would keep the functions that block
        module("eventlet").monkey_patch()
    if kind == "gevent":
        module("gevent.monkey").patch_all()
    where, _, attribute = name.partition(":")
    app: Any = module(where)
    for part in attribute.split("."):
        app = getattr(app, part)
    serve = {server.__name__: server for server in SERVERS}[kind]
    serve(app, host, int(port), dict(option.split("=", 1) for option in options))


if __name__ == "__main__":
    main(*sys.argv[1:])
