"""Serves the probe as a platform would: from a folder of its own, on an inherited socket.

Usage: ``serve.py DESCRIPTOR [threads] [CERTIFICATE KEY]``; the probe is found beside it.
"""

import socket
import socketserver
import ssl
import sys
from wsgiref import simple_server

import probe


class Server(simple_server.WSGIServer):
    """Serves one request after the other."""


class Threads(socketserver.ThreadingMixIn, Server):
    """Serves each connection in a thread of its own."""

    daemon_threads = True


class Handler(simple_server.WSGIRequestHandler):
    """Logs no requests."""

    def log_message(self, *_):
        """Nothing."""


def main(descriptor, *words):
    """Serve until the process is ended."""
    threads = "threads" in words
    server = (Threads if threads else Server)(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(descriptor))
    server.server_address = server.socket.getsockname()
    server.server_name, server.server_port = server.server_address[:2]
    server.setup_environ()
    files = [word for word in words if word != "threads"]
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.set_app(probe.wsgi)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
