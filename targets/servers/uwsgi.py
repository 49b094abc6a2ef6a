"""uWSGI: one worker under a master; three ways to speak HTTP, which behave differently."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Known, Launch, Listen, Variants, deviations

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


KNOWN = (
    *deviations(
        "uwsgi",
        ">=2.0.31",
        (
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::length-not-kept",
            "server.http1::content-length-malformed",
            "server.http1::content-length-padded",
            "server.http1::content-lengths-differ",
            "server.http1::space-before-colon",
            "server.http1::field-value-trimmed",
            "server.http1::field-name-no-token",
            "server.http1::folded-line",
            "server.http1::nul-in-value",
            "server.http1::bare-cr-in-request",
            "server.http1::blank-before-first-field",
            "server.http1::line-break-in-value",
            "server.http1::line-break-in-name",
            "server.http1::bare-cr-from-application",
            "server.http1::version-of-responses",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.http1::chunked-body",
            "server.http1::chunked-not-last",
            "server.http1::coded-not-chunked",
            "server.http1::only-unknown-codings",
            "server.http1::chunked-overrides-length",
            "server.wsgi::head-without-body",
            "server.wsgi::error-replaces-head",
            "server.wsgi::start-twice",
            "server.wsgi::expect-continue",
            "server.wsgi::input-read",
        ),
    ),
    *deviations(
        "uwsgi",
        ">=2.0.31",
        ("server.http1::close-announced",),
        {"socket": "http|http-socket"},
    ),
    *deviations(
        "uwsgi",
        ">=2.0.31",
        ("server.http1::content-length-huge",),
        {"socket": "http11-socket|http-socket"},
    ),
    *deviations(
        "uwsgi",
        ">=2.0.31",
        ("server.http1::length-beside-chunked", "server.http1::nothing-after-close"),
        {"socket": "http11-socket"},
    ),
    Known("wsgi.environ.content-length-type", ">=2.0.31", link="docs/findings/uwsgi.md"),
    Known("wsgi.environ.request-method-required", ">=2.0.31", link="docs/findings/uwsgi.md"),
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
    known=KNOWN,
)
