"""PATH_INFO and SCRIPT_NAME against the request target: decoding, odd paths, other forms.

https://peps.python.org/pep-3333/#environ-variables and
https://peps.python.org/pep-3333/#unicode-issues
"""

from __future__ import annotations

from dataclasses import dataclass

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import each, octets, path_octets
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.validators.violation import Verdict

DECODING = "wsgi.environ.path-info-decoding"
JOINED = "wsgi.environ.script-name-plus-path-info"


@dataclass(frozen=True)
class Path:
    """A path as it is sent, behind the token, and the octets that it stands for.

    ``verdict`` is that of another outcome, where it is milder than the catalogue's.
    """

    sent: str | bytes
    stands_for: bytes
    verdict: Verdict | None = None


UTF8 = (
    Path("/caf%C3%A9", b"/caf\xc3\xa9"),
    Path("/%e2%98%83%f0%9f%98%80", b"/\xe2\x98\x83\xf0\x9f\x98\x80"),
    Path("/a%20b%3Fc%23d", b"/a b?c#d"),
    Path("/%2541%252F", b"/%41%2F"),
    Path("/a+b", b"/a+b"),
    Path("/%7E%41%2e", b"/~A."),
)
"""Paths whose octets are those of UTF-8: nothing of them may be lost."""

RARE = (
    Path("/%FF%FE%e9", b"/\xff\xfe\xe9", "weak"),
    Path("/a;b=c,d:e@f!g$h&i*j='k'(l)", b"/a;b=c,d:e@f!g$h&i*j='k'(l)", "weak"),
    Path("//a///b/", b"//a///b/", "weak"),
    Path("/a/./b/../c", b"/a/./b/../c", "observed"),
    Path("/a%2Fb", b"/a/b", "observed"),
    Path(b"/caf\xc3\xa9", b"/caf\xc3\xa9", "weak"),
)
"""Paths that CGI lets servers treat in other ways, or that no rule settles."""


@case("server.wsgi", "path-info", proves=(DECODING,))
async def path_info(stage: ServerStage) -> None:
    """PATH_INFO is the path, decoded once, each octet one character."""
    await _paths(stage, UTF8, DECODING)


@case("server.wsgi", "path-info-rare", proves=(DECODING,))
async def path_info_rare(stage: ServerStage) -> None:
    """Octets that are no UTF-8, doubled slashes, dots and reserved characters come as they are.

    A server may refuse such a path, and CGI lets it tidy a path up; what it makes of
    one is a warning at most.
    """
    await _paths(stage, RARE, DECODING)


async def _paths(stage: ServerStage, paths: tuple[Path, ...], requirement: str) -> None:
    asked = []
    for path in paths:
        sent = path.sent if isinstance(path.sent, bytes) else path.sent.encode()
        asked.append((Request(target=b"/{token}" + sent),))
    for path, heard in zip(paths, await each(stage, asked), strict=True):
        if not heard.called:
            continue  # a refusal
        expected = b"/" + heard.token.encode() + path.stands_for
        seen = path_octets(heard.call.request)
        if seen != expected:
            shown = _behind(seen, heard.token)
            stage.broken(
                requirement,
                f"PATH_INFO ends in {shown!r} for the path {path.sent!r}",
                heard=heard,
                observed=repr(shown),
                expected=repr(path.stands_for),
                verdict=path.verdict,
            )


def _behind(seen: bytes, token: str) -> bytes:
    before, found, after = seen.partition(token.encode())
    return after if found and before == b"/" else seen


@case("server.wsgi", "latin1-strings", proves=("wsgi.unicode.server-latin1-only",))
async def latin1_strings(stage: ServerStage) -> None:
    """No string of environ has a character above U+00FF, whatever octets the request has."""
    for target, name, value in (
        ("/{token}/%E2%98%83", "X-Plain", b"plain"),
        (b"/{token}/\xe2\x98\x83", "X-Plain", b"plain"),
        ("/{token}?q=%E2%98%83", "X-Octets", b"\xe2\x98\x83 \xff"),
        (b"/{token}?q=\xe2\x98\x83", "Cookie", b"c=\xe2\x98\x83"),
    ):
        await stage.ask(Request(target=target, headers=(("Host", "{host}"), (name, value))))


@case("server.wsgi", "path-joined", proves=(JOINED, "wsgi.environ.path-info-type"))
async def path_joined(stage: ServerStage) -> None:
    """SCRIPT_NAME and PATH_INFO, joined, are the path, for a target that is a whole URL as well."""
    asked = [
        (Request(target="/{token}"),),
        (Request(target="/{token}/a/b"),),
        (Request(target="http://{host}/{token}/a?b=c"),),
    ]
    for heard, ending in zip(await each(stage, asked), (b"", b"/a/b", b"/a"), strict=True):
        if not heard.called:
            continue  # that a whole URL is understood is asked by HTTP
        expected = b"/" + heard.token.encode() + ending
        seen = path_octets(heard.call.request)
        if octets(heard.call.request.get("PATH_INFO"))[:1] not in (b"", b"/"):
            continue  # no path at all, which the judge tells
        if seen != expected:
            stage.broken(
                JOINED,
                f"SCRIPT_NAME and PATH_INFO make {seen!r} for {heard.line}",
                heard=heard,
                observed=repr(seen),
                expected=repr(expected),
            )


@case("server.wsgi", "options-asterisk", proves=("wsgi.environ.path-info-type",))
async def options_asterisk(stage: ServerStage) -> None:
    """OPTIONS * has no path: PATH_INFO is "*" or empty, or the server answers it alone."""
    heard = await stage.ask(
        Request("OPTIONS", "*", (("Host", "{host}"), ("X-Token", "{token}"))),
    )
    if not heard.called:
        return
    seen = octets(heard.call.request.get("PATH_INFO"))
    if seen not in (b"*", b"", b"/"):
        stage.broken(
            "wsgi.environ.path-info-type",
            f"PATH_INFO is {seen!r} for OPTIONS *",
            observed=repr(seen),
            expected="'*' or empty",
            verdict="observed",
        )
