"""Cheroot: one process with a pool of threads; it never tells its port."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Known, Launch, deviations

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    return launch.run(
        "cheroot", "--bind", f"{launch.host}:{launch.port}", "--threads", str(THREADS), launch.app
    )


KNOWN = (
    *deviations(
        "cheroot",
        ">=11.1.2",
        (
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::length-not-kept",
            "server.http1::chunk-size-malformed",
            "server.http1::close-option-in-any-case",
            "server.http1::unread-body",
            "server.http1::content-length-malformed",
            "server.http1::content-length-padded",
            "server.http1::content-lengths-differ",
            "server.http1::expect-in-http10",
            "server.http1::interim-in-http10",
            "server.http1::space-before-colon",
            "server.http1::field-name-no-token",
            "server.http1::folded-line",
            "server.http1::nul-in-value",
            "server.http1::bare-cr-in-request",
            "server.http1::line-break-in-value",
            "server.http1::line-break-in-name",
            "server.http1::bare-cr-from-application",
            "server.http1::target-absolute-form",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.http1::chunked-body",
            "server.http1::chunked-misspelt",
            "server.http1::length-beside-chunked",
            "server.wsgi::head-without-body",
            "server.wsgi::close-after-error",
            "server.wsgi::input-readlines",
            "server.wsgi::input-readlines-hint",
        ),
    ),
    Known("wsgi.environ.content-length-type", ">=11.1.2", link="docs/findings/cheroot.md"),
    Known("wsgi.environ.input-present", ">=11.1.2", link="docs/findings/cheroot.md"),
    Known("wsgi.input.iter", ">=11.1.2", link="docs/findings/cheroot.md"),
)

ADAPTER = Adapter(
    name="cheroot",
    distribution="cheroot",
    interfaces=("wsgi",),
    argv=argv,
    listen="zero",
    features=lambda _: Features(concurrency=THREADS),
    stop_codes=(0, -15),
    homepage="https://github.com/cherrypy/cheroot",
    known=KNOWN,
)
