"""The environ in its legal variations: what may be absent, empty or added.

https://peps.python.org/pep-3333/#environ-variables
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import TRAPS, baselines
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import ABSENT, HEADERS

PRESENCE = "wsgi.environ.app-checks-presence"
"""An application looks whether a variable is there and does without it."""

EMPTY = "wsgi.environ.empty-cgi-vars-omittable"
"""A variable that is absent means what an empty one means."""

OMITTABLE = {
    "CONTENT_LENGTH": "wsgi.environ.content-length-omittable",
    "CONTENT_TYPE": "wsgi.environ.content-type-omittable",
    "QUERY_STRING": "wsgi.environ.query-string-omittable",
    "SCRIPT_NAME": "wsgi.environ.script-name-may-be-empty",
}
"""Variables that "may be empty or absent", and where the text says so."""

PRESENT = {
    "CONTENT_LENGTH": "0",
    "CONTENT_TYPE": "text/plain",
    "QUERY_STRING": "",
    "SCRIPT_NAME": "",
}
"""Values with which they are all there and no application has reason to fail."""

VOLUNTARY = (
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "SERVER_SOFTWARE",
    "GATEWAY_INTERFACE",
    "HTTP_USER_AGENT",
    "HTTP_ACCEPT",
    "HTTP_HOST",
)
"""Variables that a server gives where it can, or the client where it likes."""

EXTRA = {
    "gateproof.anything": object(),
    "gateproof.nothing": None,
    "gateproof.list_of_things": [1, 2.5, b"bytes"],
    "wsgi.something_of_the_future": 1,
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C",
    "ProgramFiles(x86)": "C:\\Program Files (x86)",
}
"""Keys of a server's own and of its operating system, all of them legal."""


@case("wsgi", "optional-absent", proves=(PRESENCE, EMPTY))
def optional_absent(stage: WSGIStage) -> None:
    """Variables that may be empty or absent are left out, one after the other."""
    for baseline in baselines(stage, environ=PRESENT):
        for key in OMITTABLE:
            baseline.same(
                f"{key} is absent",
                fails=PRESENCE,
                differs=EMPTY,
                environ={**PRESENT, key: ABSENT},
            )


@case("wsgi", "optional-empty", proves=tuple(OMITTABLE.values()))
def optional_empty(stage: WSGIStage) -> None:
    """Variables that may be empty or absent are there and empty, one after the other."""
    for baseline in baselines(stage, environ=PRESENT):
        for key, requirement in OMITTABLE.items():
            if PRESENT[key]:
                baseline.same(
                    f"{key} is empty",
                    fails=requirement,
                    differs=requirement,
                    environ={**PRESENT, key: ""},
                )


@case("wsgi", "voluntary-absent", proves=(PRESENCE,))
def voluntary_absent(stage: WSGIStage) -> None:
    """Variables that not every server or client gives are left out, one after the other."""
    for baseline in baselines(stage):
        for key in VOLUNTARY:
            protocol = "HTTP/1.0" if key == "HTTP_HOST" else "HTTP/1.1"
            baseline.same(
                f"{key} is absent", fails=PRESENCE, protocol=protocol, environ={key: ABSENT}
            )


@case("wsgi", "minimal", proves=(PRESENCE,))
def minimal(stage: WSGIStage) -> None:
    """The environ holds only the keys that every environ holds."""
    for baseline in baselines(stage):
        baseline.same(
            "the environ holds only the mandatory keys",
            fails=PRESENCE,
            minimal=True,
            protocol="HTTP/1.0",
            file_wrapper=False,
        )


@case(
    "wsgi",
    "extra-keys",
    proves=("wsgi.environ.server-extension-vars", "wsgi.environ.os-environ-allowed"),
)
def extra_keys(stage: WSGIStage) -> None:
    """The environ holds keys that the application does not know."""
    for baseline in baselines(stage):
        baseline.same(
            "the environ holds keys of the server's own",
            fails="wsgi.environ.server-extension-vars",
            environ=EXTRA,
        )


@case("wsgi", "flags", proves=(TRAPS,))
def flags(stage: WSGIStage) -> None:
    """The server's flags are true and false, also as numbers.

    They "should evaluate to true", which an integer does as well as a bool. An
    application may well answer otherwise where it is not the only thread.
    """
    for baseline in baselines(stage):
        for threads, processes in ((0, 0), (0, 1), (1, 0), (1, 1)):
            baseline.ask(environ={"wsgi.multithread": threads, "wsgi.multiprocess": processes})


@case("wsgi", "https", proves=(TRAPS,))
def https(stage: WSGIStage) -> None:
    """The request came over TLS, to another port."""
    for baseline in baselines(stage):
        baseline.ask(
            environ={"wsgi.url_scheme": "https", "SERVER_PORT": "8443", "HTTPS": "on"},
        )


@case("wsgi", "http10", proves=(PRESENCE, TRAPS))
def http10(stage: WSGIStage) -> None:
    """An HTTP/1.0 client sends no Host, so SERVER_NAME and SERVER_PORT have to do."""
    for baseline in baselines(stage, protocol="HTTP/1.0"):
        without = tuple(pair for pair in HEADERS if pair[0] != "Host")
        baseline.same("there is no Host", fails=PRESENCE, headers=without)
        baseline.ask(headers=())


@case("wsgi", "mounted", proves=(PRESENCE, "wsgi.environ.path-info-may-be-empty", TRAPS))
def mounted(stage: WSGIStage) -> None:
    """The application is mounted below a prefix, which is its root as well."""
    for baseline in baselines(stage):
        baseline.ask(mount="/mounted")
        baseline.ask(mount="/caf\xc3\xa9")
    for baseline in baselines(stage, mount="/mounted"):
        baseline.same(
            "PATH_INFO is empty below SCRIPT_NAME '/mounted'",
            fails="wsgi.environ.path-info-may-be-empty",
            path="",
        )
        baseline.same(
            "PATH_INFO is absent below SCRIPT_NAME '/mounted'",
            fails=PRESENCE,
            path="",
            environ={"PATH_INFO": ABSENT},
        )
        return  # the root is the same whatever the path


@case("wsgi", "file-wrapper", proves=(PRESENCE, "wsgi.file-wrapper.app-may-use"))
def file_wrapper(stage: WSGIStage) -> None:
    """The server has no file wrapper to offer, and the reply is the same."""
    for baseline in baselines(stage):
        baseline.same(
            "wsgi.file_wrapper is absent",
            fails=PRESENCE,
            differs="wsgi.file-wrapper.app-may-use",
            file_wrapper=False,
        )
