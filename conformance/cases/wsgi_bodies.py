"""Request bodies of several sizes and types, with and without a length.

They ride on GET, which may carry one, unless another method is allowed.
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import TRAPS, baselines
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import ABSENT, HEADERS

KIB = 1024
MIB = 1024 * KIB

SIZES = (0, 1, 64 * KIB, 5 * MIB)
"""Body sizes in octets: none, the least, a buffer full, more than frameworks keep in memory."""

BODIES = (
    ("application/x-www-form-urlencoded", b"a=1&a=2&b=%E2%82%AC&c"),
    ("application/x-www-form-urlencoded; charset=x-unknown", b"a=%FF&=&&"),
    ("application/json", b'{"a": [1, null, "\xe2\x82\xac"]}'),
    ("application/json", b'{"a": '),
    ("application/json", b"\xff\xfe"),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n',
    ),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data"),
    ("multipart/form-data", b"no boundary"),
    ("text/plain; charset=utf-16", b"\xff"),
    ("application/octet-stream", bytes(range(256))),
    ("nonsense", b"x"),
)
"""Content types with bodies that fit them, more or less."""

OCTETS = (("Content-Type", "application/octet-stream"), *HEADERS)


@case("wsgi", "body-sizes", proves=(TRAPS, "wsgi.input.app-not-read-past-length"))
def body_sizes(stage: WSGIStage) -> None:
    """Bodies of no octet, one, 64 KiB and 5 MiB."""
    for baseline in baselines(stage):
        for size in SIZES:
            baseline.ask(
                headers=OCTETS,
                body=bytes(size),
                environ={"CONTENT_LENGTH": str(size)},
            )


@case("wsgi", "body-types", proves=(TRAPS,))
def body_types(stage: WSGIStage) -> None:
    """Bodies of several content types, well formed and not."""
    for baseline in baselines(stage):
        for kind, body in BODIES:
            baseline.ask(
                headers=(("Content-Type", kind), *HEADERS),
                body=body,
            )


@case("wsgi", "body-without-length", proves=(TRAPS,))
def body_without_length(stage: WSGIStage) -> None:
    """A body came in chunks: there is no CONTENT_LENGTH, and the input ends where the body does.

    PEP 3333 does not say how an application learns of such a body; servers mark
    an input that is sure to end with ``wsgi.input_terminated``.
    """
    for baseline in baselines(stage):
        for terminated in (True, ABSENT):
            baseline.ask(
                headers=OCTETS,
                body=b"a body in chunks",
                environ={"CONTENT_LENGTH": ABSENT, "wsgi.input_terminated": terminated},
            )


@case("wsgi", "client-gone-in-body", proves=("wsgi.app.reinvocable", "wsgi.exc-info.app-no-trap"))
def client_gone_in_body(stage: WSGIStage) -> None:
    """The client goes away in the middle of its body, and reading it raises.

    The application may let that out or answer with an error page; where it asks
    for the page after its head was sent, start_response raises, and that has to
    come out. Afterwards it works as before.
    """
    for baseline in baselines(stage):
        for size in (2, 64 * KIB):
            baseline.ask(headers=OCTETS, body=bytes(size), input="broken")
        baseline.still("an earlier client went away in its body", "wsgi.app.reinvocable")
