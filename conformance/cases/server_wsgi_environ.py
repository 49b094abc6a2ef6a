"""The environ of a server, compared with the request that was sent.

What can be told from environ alone the judge finds; the cases send requests that
give it a chance, and compare what only the sender knows.

https://peps.python.org/pep-3333/#environ-variables
"""

from __future__ import annotations

from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import each
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import ANSWER, ECHO, Script, alter

FORM = Request(
    "POST",
    "/{token}/form?a=%20&b=1",
    (("Host", "{host}"), ("Content-Type", 'text/plain; charset="x, y"; A=1')),
    b"12345",
)
"""A request with every variable that a request can fill."""


@case(
    "server.wsgi",
    "environ-dict",
    proves=("wsgi.environ.exact-dict", "wsgi.server.call-app-positionally"),
    first=True,
)
async def environ_dict(stage: ServerStage) -> None:
    """The application is called with environ, a genuine dict, and start_response, by position."""
    heard = await stage.ask(Request())
    if not heard.called:
        stage.blocked(f"the application was not called for a plain request: {heard.reply}")


@case(
    "server.wsgi",
    "environ-wsgi-variables",
    proves=(
        "wsgi.environ.wsgi-version-present",
        "wsgi.environ.wsgi-version-value",
        "wsgi.environ.url-scheme-present",
        "wsgi.environ.url-scheme-value",
        "wsgi.environ.url-scheme-matches-connection",
        "wsgi.environ.input-present",
        "wsgi.environ.errors-present",
        "wsgi.environ.multithread-present",
        "wsgi.environ.multiprocess-present",
        "wsgi.environ.run-once-present",
        "wsgi.environ.extension-name-charset",
        "wsgi.environ.extension-name-prefix",
        "wsgi.environ.server-extension-vars",
        "wsgi.environ.os-environ-allowed",
        "wsgi.file-wrapper.optional",
    ),
)
async def wsgi_variables(stage: ServerStage) -> None:
    """The variables that WSGI itself defines are there, and the scheme is that of the connection.

    The connection is plain, so that its scheme is "http".
    """
    for heard in await each(stage, [(Request(),), (FORM,)]):
        scheme = heard.call.request.get("wsgi.url_scheme")
        legal = ("http", "https") if stage.server.hosted else ("http",)  # TLS may end before it
        if isinstance(scheme, str) and scheme and scheme.lower() not in legal:
            stage.broken(
                "wsgi.environ.url-scheme-matches-connection",
                f"wsgi.url_scheme is {scheme!r} on a connection without TLS",
                heard=heard,
                observed=repr(scheme),
                expected="'http'",
            )


@case(
    "server.wsgi",
    "environ-cgi-variables",
    proves=(
        "wsgi.environ.request-method-required",
        "wsgi.environ.script-name-type",
        "wsgi.environ.script-name-may-be-empty",
        "wsgi.environ.path-info-type",
        "wsgi.environ.path-info-may-be-empty",
        "wsgi.environ.server-name-required",
        "wsgi.environ.server-port-required",
        "wsgi.environ.server-protocol-present",
        "wsgi.environ.cgi-vars-native-str",
        "wsgi.environ.cgi-vars-present",
        "wsgi.environ.empty-cgi-vars-omittable",
        "wsgi.environ.query-string-omittable",
        "wsgi.environ.content-type-omittable",
        "wsgi.environ.content-length-omittable",
        "wsgi.environ.http-vars-str",
        "wsgi.environ.missing-vars-left-out",
        "wsgi.environ.no-http-content-type-length",
    ),
)
async def cgi_variables(stage: ServerStage) -> None:
    """Every CGI variable that the request fills is there; all are native strings.

    A variable whose value would be empty may be left out.
    """
    bare, form = await each(stage, [(Request(),), (FORM, ECHO)])
    for heard, names in (
        (bare, ("PATH_INFO", "HTTP_HOST")),
        (form, ("PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_HOST")),
    ):
        environ = heard.call.request
        lost = [name for name in names if not environ.get(name)]
        if "PATH_INFO" in lost and environ.get("SCRIPT_NAME"):
            lost.remove("PATH_INFO")
        if lost:
            stage.broken(
                "wsgi.environ.cgi-vars-present",
                f"environ lacks {', '.join(lost)}, which the request fills",
                heard=heard,
                observed=", ".join(f"{name} {_shown(environ, name)}" for name in lost),
                expected="every listed variable whose value is not empty",
            )


def _shown(environ: dict[str, Any], name: str) -> str:
    return repr(environ[name]) if name in environ else "absent"


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "GATEPROOF")
"""Methods that reach an application as they are, or are refused."""


@case("server.wsgi", "request-method", proves=("wsgi.environ.request-method-matches",))
async def request_method(stage: ServerStage) -> None:
    """REQUEST_METHOD is the method of the request line.

    A server may refuse a method that it does not know. The case of letters is told
    as a warning: the method then is another than the client's, yet CGI lets the
    server say which method is to be used.
    """
    empty = (("Host", "{host}"), ("Content-Length", "0"))
    asked = [(Request(method, headers=empty), ANSWER) for method in (*METHODS, "GateProof")]
    for heard in await each(stage, asked):
        if not heard.called:
            continue  # a refusal
        sent = heard.request.partition(b" ")[0].decode()
        seen = heard.call.request.get("REQUEST_METHOD")
        if isinstance(seen, str) and seen and seen != sent:
            stage.broken(
                "wsgi.environ.request-method-matches",
                f"REQUEST_METHOD is {seen!r} for a {sent} request",
                heard=heard,
                observed=repr(seen),
                expected=repr(sent),
                verdict="weak" if seen.upper() == sent.upper() else None,
            )


@case("server.wsgi", "server-protocol", proves=("wsgi.environ.server-protocol-matches-request",))
async def server_protocol(stage: ServerStage) -> None:
    """SERVER_PROTOCOL is the version of the request, HTTP/1.0 as well as HTTP/1.1.

    Another way to write the same version is a warning.
    """
    versions = ("HTTP/1.1", "HTTP/1.0") if stage.features.http10 else ("HTTP/1.1",)
    asked = [(Request(version=version),) for version in versions]
    for version, heard in zip(versions, await each(stage, asked), strict=True):
        if not heard.called:
            continue  # a version may be refused
        seen = heard.call.request.get("SERVER_PROTOCOL")
        if isinstance(seen, str) and seen and seen.upper() != version:
            stage.broken(
                "wsgi.environ.server-protocol-matches-request",
                f"SERVER_PROTOCOL is {seen!r} for a request of {version}",
                heard=heard,
                observed=repr(seen),
                expected=repr(version),
                verdict="weak" if f"{seen.upper()}.0" == version else None,
            )


QUERIES = (
    "a=%20&b=1",
    "q=caf%C3%A9&r=%E9&s=%2f%2F",
    "a=b=c&&d;e",
    "a+b=c+d",
    "really?=yes/no",
    "%26=%3D&%25=%2525",
)
"""Queries that say something else once they are decoded."""


@case("server.wsgi", "query-string", proves=("wsgi.environ.query-string-type",))
async def query_string(stage: ServerStage) -> None:
    """QUERY_STRING is what follows the first question mark, octet for octet."""
    asked = [(Request(target="/{token}?" + query),) for query in QUERIES]
    for query, heard in zip(QUERIES, await each(stage, asked), strict=True):
        if not heard.called:
            continue  # a refusal
        seen = heard.call.request.get("QUERY_STRING", "")
        if isinstance(seen, str) and seen != query:
            stage.broken(
                "wsgi.environ.query-string-type",
                f"QUERY_STRING is {seen!r} for a target that ends in {'?' + query!r}",
                heard=heard,
                observed=repr(seen),
                expected=repr(query),
            )


PART = b'--gate, proof\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--gate, proof--\r\n'

TYPES = {
    "text/plain": b"1",
    'multipart/form-data; boundary="gate, proof"': PART,
    "application/x-www-form-urlencoded; charset=UTF-8": b"a=1",
    "Text/X-GateProof;Q=1;  B=two": b"1",
}
"""Types with a body that is sound by each: some servers look into forms by themselves."""


@case("server.wsgi", "content-type", proves=("wsgi.environ.content-type-type",))
async def content_type(stage: ServerStage) -> None:
    """CONTENT_TYPE is the Content-Type of the request, and empty or absent without one."""
    asked = [
        (Request("POST", headers=(("Host", "{host}"), ("Content-Type", kind)), body=body), ECHO)
        for kind, body in TYPES.items()
    ]
    for kind, heard in zip(TYPES, await each(stage, asked), strict=True):
        _content_type(stage, heard, kind)
    _content_type(stage, await stage.ask(Request()), "")


def _content_type(stage: ServerStage, heard: Heard, sent: str) -> None:
    seen = heard.call.request.get("CONTENT_TYPE", "")
    if isinstance(seen, str) and seen != sent and (seen or sent):
        stage.broken(
            "wsgi.environ.content-type-type",
            f"CONTENT_TYPE is {seen!r} for a request "
            + (f"with Content-Type {sent!r}" if sent else "without Content-Type"),
            heard=heard,
            observed=repr(seen),
            expected=repr(sent) if sent else "empty or absent",
            verdict=None if sent else "weak",
        )


@case("server.wsgi", "content-length", proves=("wsgi.environ.content-length-type",))
async def content_length(stage: ServerStage) -> None:
    """CONTENT_LENGTH is the Content-Length of the request, and empty or absent without one.

    For a request without a body 0 is no lie, and is only observed.
    """
    empty = (("Host", "{host}"), ("Content-Length", "0"))
    sizes = (5, 1, 12_345)
    asked = [
        (Request(), ANSWER),
        (Request("POST", headers=empty), ECHO),
        *((Request("POST", body=b"x" * size), ECHO) for size in sizes),
    ]
    allowed = (("",), ("0", ""), *((str(size),) for size in sizes))
    for values, heard in zip(allowed, await each(stage, asked), strict=True):
        seen = heard.call.request.get("CONTENT_LENGTH", "")
        if isinstance(seen, str) and seen not in values:
            sent = f"with Content-Length {values[0]}" if values[0] else "without Content-Length"
            stage.broken(
                "wsgi.environ.content-length-type",
                f"CONTENT_LENGTH is {seen!r} for a request {sent}",
                heard=heard,
                observed=repr(seen),
                expected=repr(values[0]) if values[0] else "empty or absent",
                verdict="observed" if (values, seen) == (("",), "0") else None,
            )


FIRST = FORM.plus(("X-Gateproof-Only-Once", "1"), ("Cookie", "only=once"))
"""A request that leaves much behind where environ is not made anew."""

SPOILED = Script(wsgi=(alter("gateproof.only_once", "1"), *ANSWER.wsgi))
"""An application that puts something into environ, as it may."""


@case(
    "server.wsgi",
    "environ-anew",
    proves=("wsgi.environ.http-vars-correspond", "wsgi.environ.content-length-type"),
    alone=True,  # some servers keep no connection while many others are open
)
async def environ_anew(stage: ServerStage) -> None:
    """Nothing of a request, and nothing its application added, is in the next environ.

    Both requests come over one connection. What the application put there is no
    header; that it comes back is told as an observation.
    """
    stage.needs("keep_alive")
    heard = await stage.ask(FIRST, SPOILED, then="keep")
    second = await stage.follow_up(heard)
    if second is None:
        stage.not_applicable("the server closed the connection after the first response")
    environ = second.call.request
    for name in ("HTTP_X_GATEPROOF_ONLY_ONCE", "HTTP_COOKIE"):
        if environ.get(name):
            stage.broken(
                "wsgi.environ.http-vars-correspond",
                f"environ has {name} of the request before",
                observed=f"{name}: {environ[name]!r}",
                expected="no variable for a header that was not sent",
            )
    if environ.get("CONTENT_LENGTH") not in (None, "", "0"):
        stage.broken(
            "wsgi.environ.content-length-type",
            "environ has CONTENT_LENGTH of the request before",
            observed=repr(environ["CONTENT_LENGTH"]),
            expected="empty or absent",
        )
    if "gateproof.only_once" in environ:
        stage.broken(
            "wsgi.environ.http-vars-correspond",
            "environ has what the application put into that of the request before",
            observed="'gateproof.only_once' in environ",
            expected="an environ of its own for each request",
            verdict="observed",
        )
