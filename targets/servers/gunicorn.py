"""Gunicorn: one worker process under a master; the worker class decides the interface."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Interface, Launch, Variants, deviations

WORKERS = {
    "gthread": "gthread",
    "sync": "sync",
    "gevent": "gevent",
    "tornado": "tornado",
    "asgi": "asgi",
    "uvicorn": "uvicorn_worker.UvicornWorker",
    "uvicorn-h11": "uvicorn_worker.UvicornH11Worker",
}
ASGI = ("asgi", "uvicorn", "uvicorn-h11")
THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command; it must not share a control socket with other instances of this user.

    By default it trusts forwarded headers from 127.0.0.1, which we are.
    """
    worker = launch.variants["worker"]
    options = ["-w", "1", "-k", WORKERS[worker], "-b", f"{launch.host}:{launch.port}"]
    if launch.variants["forwarded"] == "ignored":
        options.append("--forwarded-allow-ips=")
    if worker == "gthread":
        options += ["--threads", str(THREADS)]
    if launch.root_path:
        name = "--root-path" if worker == "asgi" else "--env"
        options += [name, f"{'' if worker == 'asgi' else 'SCRIPT_NAME='}{launch.root_path}"]
    if launch.since("gunicorn", "25.1"):
        options.append("--no-control-socket")
    module = "gunicorn" if launch.since("gunicorn", "20") else "gunicorn.app.wsgiapp"
    return launch.run(module, *options, launch.app)


def requires(variants: Variants) -> tuple[str, ...]:
    """What the worker class is made of."""
    return {
        "gevent": ("gevent", "packaging"),  # whose absence Gunicorn 27 does not foresee
        "tornado": ("tornado",),
        "uvicorn": ("uvicorn-worker", "httptools", "websockets"),
        "uvicorn-h11": ("uvicorn-worker", "h11", "websockets"),
    }.get(variants["worker"], ())


def features(variants: Variants) -> Features:
    """By worker class."""
    worker = variants["worker"]
    if worker in ASGI:
        return Features(websocket=True, lifespan=True, root_path=worker == "asgi")
    if worker == "sync":
        return Features(keep_alive=False, pipelining=False, concurrency=1, root_path=True)
    if worker == "tornado":
        return Features(
            streaming_input=False, streaming_output=False, disconnect_seen=False, concurrency=1
        )
    return Features(concurrency=THREADS if worker == "gthread" else 64, root_path=True)


def speaks(variants: Variants) -> Interface:
    """ASGI for its own asgi worker and Uvicorn's, WSGI for the others."""
    return "asgi" if variants["worker"] in ASGI else "wsgi"


KNOWN = (
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::tunnel-framing": (
                "sends Content-Length in a successful answer to CONNECT; sends Transfer-"
                "Encoding in a successful answer to CONNECT"
            ),
        },
        {"worker": "asgi|gthread|sync|gevent|tornado"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::one-kind-of-framing": (
                "sends Content-Length and Transfer-Encoding in the same response"
            ),
        },
        {"worker": "asgi|uvicorn"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::server-closes": (
                'keeps reading requests after it has sent "Connection: close"'
            ),
            "server.asgi.websocket::close-codes-not-to-send": (
                "puts a close code under 1000 into a close frame, for example 999 given by "
                "the application; puts 1005, 1006 or 1015 into a close frame"
            ),
        },
        {"worker": "asgi"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::http10-upgrade": (
                "switches protocols for an HTTP/1.0 request that carries Upgrade"
            ),
        },
        {"worker": "asgi|uvicorn|uvicorn-h11"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::host-missing": (
                "serves an HTTP/1.1 request that carries no Host header"
            ),
        },
        {"worker": "asgi|gthread|sync|uvicorn|gevent"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
        },
        {"worker": "asgi|gthread|sync|uvicorn|uvicorn-h11|gevent"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.asgi.http::transfer-encoding-ignored": (
                "copies the application's Transfer-Encoding to the wire, so that it appears "
                "twice or names a coding that was not applied"
            ),
            "server.asgi.websocket::handshakes-to-refuse": (
                "opens a WebSocket for a POST request or for an HTTP/1.0 request; accepts an "
                "opening handshake that has no Host header; completes a handshake that "
                "carries the version headers 13 and 8 together"
            ),
        },
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::length-not-kept": (
                "sends more or fewer octets than Content-Length declares and then keeps the "
                "connection open"
            ),
        },
        {"worker": "gthread|gevent"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::close-option-in-any-case": (
                "overlooks the close option when it is written in capitals or within a list"
            ),
        },
        {"worker": "gthread|gevent|tornado"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::version-of-responses": (
                "starts its status line with a version it does not implement, or with one "
                "that is malformed"
            ),
        },
        {"worker": "gthread|sync|gevent"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::status-without-content": (
                "sends body octets with a 204 or 304, so that the next response is misread"
            ),
            "server.http1::expect-in-http10": (
                "sends 100 in answer to an HTTP/1.0 request with Expect"
            ),
            "server.http1::interim-in-http10": (
                "sends an interim response such as 100 or 103 to an HTTP/1.0 client"
            ),
        },
        {"worker": "uvicorn|tornado"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::trailers": (
                "adds a trailer field, such as Content-Length or Host, to the request headers"
                " the application sees"
            ),
            "server.http1::field-value-trimmed": (
                "hands the application a header value with the blanks or tabs that surrounded"
                " it on the wire"
            ),
            "server.http1::http10-unchunked": (
                "answers an HTTP/1.0 request with a response that carries Transfer-Encoding"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
        },
        {"worker": "uvicorn"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
        },
        {"worker": "uvicorn-h11"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        {
            "server.http1::chunk-extensions": (
                "refuses a chunk because of an unknown extension, or mixes the extension into"
                " the body"
            ),
            "server.http1::nothing-after-close": (
                "serves a pipelined request that came after one with the close option"
            ),
            "server.http1::chunked-in-http10": (
                "keeps the connection open after an HTTP/1.0 request that carried Transfer-Encoding"
            ),
        },
        {"worker": "tornado"},
    ),
)

ADAPTER = Adapter(
    name="gunicorn",
    distribution="gunicorn",
    interfaces=("wsgi", "asgi"),
    argv=argv,
    listen="zero",  # releases before 20 take no descriptor
    port_told=r"Listening at: http://[^ ]*:(\d+) ",
    variants={"worker": tuple(WORKERS), "forwarded": ("ignored", "default")},
    requires=requires,
    features=features,
    speaks=speaks,
    columns=tuple(((("worker", worker),)) for worker in WORKERS),
    homepage="https://github.com/benoitc/gunicorn",
    known=KNOWN,
)
