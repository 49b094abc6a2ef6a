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
        ("server.http1::tunnel-framing",),
        {"worker": "asgi|gthread|sync|gevent|tornado"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        ("server.http1::one-kind-of-framing",),
        {"worker": "asgi|uvicorn"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        (
            "server.http1::server-closes",
            "server.asgi.websocket::close-codes-not-to-send",
        ),
        {"worker": "asgi"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        ("server.http1::http10-upgrade",),
        {"worker": "asgi|uvicorn|uvicorn-h11"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        ("server.http1::host-missing",),
        {"worker": "asgi|gthread|sync|uvicorn|gevent"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        ("server.http1::host-malformed",),
        {"worker": "asgi|gthread|sync|uvicorn|uvicorn-h11|gevent"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        (
            "server.asgi.http::transfer-encoding-ignored",
            "server.asgi.websocket::handshakes-to-refuse",
        ),
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        ("server.http1::length-not-kept",),
        {"worker": "gthread|gevent"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        ("server.http1::close-option-in-any-case",),
        {"worker": "gthread|gevent|tornado"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        ("server.http1::version-of-responses",),
        {"worker": "gthread|sync|gevent"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        (
            "server.http1::status-without-content",
            "server.http1::expect-in-http10",
            "server.http1::interim-in-http10",
        ),
        {"worker": "uvicorn|tornado"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        (
            "server.http1::trailers",
            "server.http1::field-value-trimmed",
            "server.http1::http10-unchunked",
            "server.http1::host-twice",
        ),
        {"worker": "uvicorn"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        ("server.http1::length-beside-chunked",),
        {"worker": "uvicorn-h11"},
    ),
    *deviations(
        "gunicorn",
        ">=27.0.1",
        (
            "server.http1::chunk-extensions",
            "server.http1::nothing-after-close",
            "server.http1::chunked-in-http10",
        ),
        {"worker": "tornado"},
    ),
    *deviations(
        "tornado",
        ">=27.0.1",
        (
            "server.wsgi::block-leaves",
            "server.wsgi::write-leaves",
            "server.wsgi::start-twice",
        ),
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
