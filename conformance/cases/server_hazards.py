"""What breaks no rule, or is told elsewhere as a breach, and endangers users: with what to do."""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    Outcome,
    apiece,
    each,
    echo_all,
    sent,
    values,
)
from gateproof.conformance.cases.server_http1_response_body import breaking, played
from gateproof.conformance.server_stage import Heard, Request, ServerStage, Severity
from gateproof.targets.http1_request import filled
from gateproof.targets.journal import Call
from gateproof.targets.script import Script, answer, raise_, result, start

HIDDEN = b"GET /HIDDEN HTTP/1.1\r\nHost: {host}\r\n\r\n"
"""The smuggled request; ``HIDDEN`` stands for its own token."""

LAST = b"0\r\n\r\n"

CODINGS = (
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: \x0bchunked",
    b"Transfer-Encoding: chunked\x0c",
    b"Transfer-Encoding: identity, chunked",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: chunked;q=1",
    b'Transfer-Encoding: "chunked"',
    b"Transfer-Encoding:\r\n chunked",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"X-A: a\nTransfer-Encoding: chunked",
    b"X-A: a\rTransfer-Encoding: chunked",
    b"\x00Transfer-Encoding: chunked",
    b" Transfer-Encoding: chunked",
)
"""Ways to write Transfer-Encoding on which a front and a server may differ."""

LENGTHS = (
    b"Content-Length: 0\r\nContent-Length: SIZE",
    b"Content-Length: SIZE\r\nContent-Length: 0",
    b"Content-Length: 0, SIZE",
    b"Content-Length: +SIZE",
    b"Content-Length: -SIZE",
    b"Content-Length : SIZE",
    b"Content-Length:\r\n SIZE",
    b"Content-Length: 0_SIZE",
    b"Content-Length: \x0bSIZE",
    b"X-A: a\nContent-Length: SIZE",
)
"""Ways to write Content-Length, likewise. ``SIZE`` stands for the length of the hidden request."""

SMUGGLED = "requests can be smuggled past a front that reads the message otherwise"

FRONT = "put a front before this server that refuses such messages or writes them anew"

FORGED = "192.0.2.77"
"""A client's address that no client here has."""

OWN_VARIABLE = "GATEPROOF_PROBE"
"""A variable of the server's process that its environment holds, whatever the system."""


async def _smuggled(stage: ServerStage, rows: list[tuple[str, bytes]]) -> list[Outcome]:
    """Send messages that hide a request; those whose hidden request was served."""
    hidden = {what: stage.lay() for what, _ in rows}

    async def run(row: tuple[str, bytes]) -> Outcome:
        what, octets = row
        inner = filled(HIDDEN, "", stage.host).replace(b"HIDDEN", hidden[what].encode())
        first = b"%x\r\n" % len(inner)
        octets = octets.replace(b"FIRST", first).replace(HIDDEN, inner)
        for name, size in (
            (b"WHOLE", len(LAST) + len(inner)),
            (b"PART", len(first)),
            (b"SIZE", len(inner)),
        ):
            octets = octets.replace(name, b"%d" % size)
        return await sent(stage, what, octets, app, within=within)

    stage.needs("keep_alive")
    app = echo_all(stage)
    within = apiece(stage, len(rows))
    outcomes = await each(stage, rows, run)
    return [one for one in outcomes if stage.server.folder.calls(hidden[one.what])]


def _post(*fields: bytes) -> bytes:
    return b"\r\n".join((b"POST /{token} HTTP/1.1", b"Host: {host}", *fields, b"\r\n"))


def _shown(field: bytes) -> str:
    return repr(field)[2:-1]


@case("server.hazards", "smuggling-by-coding")
async def smuggling_by_coding(stage: ServerStage) -> None:
    """Where Transfer-Encoding stands beside Content-Length, no second request comes out of it."""
    rows = []
    for coding in CODINGS:
        whole = _post(b"Content-Length: WHOLE", coding) + LAST + HIDDEN
        part = _post(b"Content-Length: PART", coding) + b"FIRST" + HIDDEN + b"\r\n" + LAST
        rows.append((f"{_shown(coding)}, taken for chunked", whole))
        rows.append((f"{_shown(coding)}, not taken for chunked", part))
    served = await _smuggled(stage, rows)
    # A message that says both is served by the coding or refused; then it has to be the last.
    _report(stage, "high", served)


@case("server.hazards", "smuggling-by-length")
async def smuggling_by_length(stage: ServerStage) -> None:
    """Where Content-Length is doubtful, what may be a body is not served as a request."""
    rows = [(_shown(length), _post(length) + HIDDEN) for length in LENGTHS]
    served = await _smuggled(stage, rows)
    _report(stage, "high", served)


@case("server.hazards", "smuggling-by-chunks")
async def smuggling_by_chunks(stage: ServerStage) -> None:
    """Where chunks are doubtful, what may be data is not served as a request."""
    stage.needs("chunked_request")
    coded = _post(b"Transfer-Encoding: chunked")
    rows = [
        ("LF in a chunk extension", coded + b"2;\nxx\r\n41\r\n" + LAST + HIDDEN + b"\r\n" + LAST),
        ("LF behind the last chunk", coded + b"0\n\r\n" + HIDDEN),
        ("LF for the empty line at the end", coded + b"0\r\n\n" + HIDDEN),
        ("LF behind the data of a chunk", coded + b"1\r\na\n" + LAST + HIDDEN),
        ("CR behind the data of a chunk", coded + b"1\r\na\rX" + LAST + HIDDEN),
        ("two octets of any kind behind the data", coded + b"1\r\naXX" + LAST + HIDDEN),
        ("a sign before the size", coded + b"-0\r\n\r\n" + HIDDEN),
        ("0x before the size", coded + b"0x0\r\n\r\n" + HIDDEN),
        ("no size", coded + b"\r\n\r\n" + HIDDEN),
        ("trailers taken for the request", coded + b"0\r\n" + HIDDEN),
    ]
    served = await _smuggled(stage, rows)
    _report(stage, "medium", served)


def _report(stage: ServerStage, severity: Severity, served: list[Outcome]) -> None:
    """Report messages whose hidden request was served, if there are any."""
    if served:
        stage.hazard(
            severity,
            f"{SMUGGLED}: {'; '.join(one.what for one in served)}",
            heard=served[0].heard,
            observed=f"{served[0].told}, and the hidden request was served",
            expected="400 and a closed connection",
            hint=FRONT,
        )


@case("server.hazards", "trailers-as-headers")
async def trailers_as_headers(stage: ServerStage) -> None:
    """A field behind a chunked body is not given to the application as a header field."""
    stage.needs("chunked_request")
    message = _post(b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\nX-User: root\r\n\r\n"
    outcome = await sent(stage, "a trailer", message, echo_all(stage))
    behind = outcome.behind.calls if outcome.behind else []
    for which, calls in (("this", outcome.heard.calls), ("the next", behind)):
        if any(values(call, "x-user") for call in calls):
            stage.hazard(
                "high",
                f"a trailer becomes a header field of {which} request, past a front's checks",
                heard=outcome.heard,
                observed="X-User: root among the header fields",
                expected="trailers dropped, or kept apart",
                hint="have the front refuse or drop trailers",
            )


# Names and values that applications trust


@case("server.hazards", "underscore-names")
async def underscore_names(stage: ServerStage) -> None:
    """X_User is not shown to the application as if it were X-User."""
    if stage.interface == "asgi":
        stage.not_applicable("ASGI keeps names as they are, so both can be told apart")
    alone = await sent(stage, "X_User", Request().plus(("X_User", "forged")), follow=False)
    both = Request().plus(("X-User", "real"), ("X_User", "forged"))
    beside = await sent(stage, "X-User and X_User", both, follow=False)
    for outcome in (beside, alone):
        seen = [value for call in outcome.heard.calls for value in values(call, "x-user")]
        if b"forged" in b",".join(seen):
            replaced = outcome is beside and b"real" not in b",".join(seen)
            stage.hazard(
                "high" if replaced else "medium",
                "a name with underscores passes for the one with hyphens that a front guards",
                heard=outcome.heard,
                observed=f"HTTP_X_USER {seen!r} for {outcome.what}",
                expected="the field dropped, or the request refused",
                hint="have the front drop names with underscores, or switch it on in the server",
            )
            return


@case("server.hazards", "proxy-field")
async def proxy_field(stage: ServerStage) -> None:
    """A Proxy field does not become HTTP_PROXY, which HTTP clients read (httpoxy)."""
    if stage.interface == "asgi":
        stage.not_applicable("ASGI has no variables")
    field = ("Proxy", "http://192.0.2.77:80")
    outcome = await sent(stage, "Proxy", Request().plus(field), follow=False)
    if any("HTTP_PROXY" in call.request for call in outcome.heard.calls):
        stage.hazard(
            "low",
            "the Proxy field of a request becomes HTTP_PROXY",
            heard=outcome.heard,
            observed="HTTP_PROXY in the environ",
            expected="the field dropped",
            hint="drop Proxy in the front; never copy an environ into the environment",
        )


@case("server.hazards", "forwarded-fields")
async def forwarded_fields(stage: ServerStage) -> None:
    """Fields by which fronts tell of the client are not believed unless that is configured."""
    stage.at_hand("what a front says of its client")
    forged = (
        ("X-Forwarded-For", FORGED),
        ("X-Real-IP", FORGED),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Ssl", "on"),
        ("X-Forwarded-Host", "forged.example"),
        ("X-Forwarded-Port", "77"),
        ("X-Forwarded-Prefix", "/forged"),
        ("Forwarded", f"for={FORGED};proto=https;host=forged.example"),
        ("SCRIPT_NAME", "/forged"),
        ("Script-Name", "/forged"),
    )
    rows = [(name, Request().plus((name, value))) for name, value in forged]
    outcomes = await each(stage, rows, lambda row: sent(stage, *row, answer(), follow=False))
    believed = [(one, what) for one in outcomes for what in _believed(one)]
    if believed:
        first, what = believed[0]
        stage.hazard(
            "low",
            "any local client can forge what the application takes for facts: "
            + "; ".join(f"{one.what} sets {what}" for one, what in believed),
            heard=first.heard,
            observed=what,
            expected="the connection's own address, scheme and host",
            hint="name the fronts that may be believed; 127.0.0.1 is believed by default",
        )


def _believed(outcome: Outcome) -> list[str]:
    """What the application sees of a forged field in places that are for facts."""
    found = []
    for call in outcome.heard.calls[:1]:
        facts = _facts(call)
        found += [name for name, seen in facts.items() if _forged(name, seen)]
    return found


def _facts(call: Call) -> dict[str, str]:
    request = call.request
    host = b",".join(values(call, "host")).decode("latin-1")
    if call.interface == "asgi":
        client = request.get("client") or ("",)
        server = request.get("server") or ("", "")
        return {
            "the scheme": str(request.get("scheme", "")),
            "the client": str(client[0]),
            "the server": " ".join(map(str, server)),
            "the Host": host,
            "root_path": str(request.get("root_path", "")),
        }
    return {
        "the scheme": str(request.get("wsgi.url_scheme", "")),
        "the client": str(request.get("REMOTE_ADDR", "")),
        "the server": f"{request.get('SERVER_NAME')} {request.get('SERVER_PORT')}",
        "the Host": host,
        "SCRIPT_NAME": str(request.get("SCRIPT_NAME", "")),
    }


def _forged(name: str, seen: str) -> bool:
    if name == "the scheme":
        return seen == "https"
    return FORGED in seen or "forged" in seen or seen.endswith(" 77")


@case("server.hazards", "two-hosts")
async def two_hosts(stage: ServerStage) -> None:
    """A request that names two hosts is refused, or the application sees the decisive one."""
    target = Request(target="http://target.example/{token}", headers=(("Host", "field.example"),))
    rows = [
        ("two Host lines", Request(headers=(("Host", "one.example"), ("Host", "two.example")))),
        ("Host beside a full URI", target),
    ]
    outcomes = await each(stage, rows, lambda row: sent(stage, *row, answer(), follow=False))
    for outcome in outcomes:
        seen = [value for call in outcome.heard.calls for value in values(call, "host")]
        if outcome.served and seen and seen != [b"target.example"]:
            stage.hazard(
                "medium",
                f"which host is meant can be seen in two ways by a front and here: {outcome.what}",
                heard=outcome.heard,
                observed=f"served, the application sees {seen!r}",
                expected="400, or the authority of the target",
                hint="have the front refuse such requests; check the host in the application",
            )


# What goes out


@case("server.hazards", "response-splitting")
async def response_splitting(stage: ServerStage) -> None:
    """A line break that an application takes over into a header field does not leave the server."""
    reason = Script(wsgi=(start("200 OK\r\nX-Injected: 1", ()), result("list", b"ok")), legal=False)
    outcomes = await played(
        stage,
        *(
            (what, Request(), breaking(answer(headers=((name, value),))))
            for what, name, value in (
                ("CR LF in a value", b"location", b"/a\r\nX-Injected: 1"),
                ("LF in a value", b"location", b"/a\nX-Injected: 1"),
                ("CR in a value", b"location", b"/a\rX-Injected: 1"),
                ("CR LF in a name", b"x-a: 1\r\nX-Injected", b"1"),
                ("NUL in a value", b"location", b"/a\x00X-Injected: 1"),
            )
        ),
        ("CR LF in the reason", Request(), reason),
        follow=False,
        within=stage.patience / 2,
    )
    split = [one for one in outcomes if one.heard.reply.get(b"x-injected")]
    if split:
        stage.hazard(
            "high",
            f"who controls a header value controls the response: {'; '.join(_names(split))}",
            heard=split[0].heard,
            observed="X-Injected: 1 as a field of its own",
            expected="an error of the server",
            hint="have the application refuse CR and LF in what it puts into header fields",
        )
    raw = [one for one in outcomes if one not in split and _raw(one.heard)]
    if raw:
        stage.hazard(
            "medium",
            f"control characters of a header value leave the server: {'; '.join(_names(raw))}",
            heard=raw[0].heard,
            observed=repr(raw[0].heard.reply.lines[:8]),
            expected="an error of the server",
            hint="have the application refuse control characters in header fields",
        )


def _names(outcomes: list[Outcome]) -> list[str]:
    return [one.what for one in outcomes]


def _raw(heard: Heard) -> bool:
    return any(b"\r" in line or b"\0" in line for line in heard.reply.lines)


@case("server.hazards", "error-page")
async def error_page(stage: ServerStage) -> None:
    """The page for an error of the application does not show its message or its source."""
    failing = raise_("RuntimeError", "secret-of-the-application")
    app = Script(wsgi=(failing,), asgi=(failing,), legal=False)
    outcome = await sent(stage, "an error", Request(), app, follow=False)
    page = outcome.heard.reply.body
    if b"secret-of-the-application" in page or b"Traceback" in page:
        stage.hazard(
            "medium",
            "the text of an exception is shown to the client",
            heard=outcome.heard,
            observed=repr(page[:200]),
            expected="a page that tells nothing",
            hint="switch the server's debugging off, or catch errors in the application",
        )


@case("server.hazards", "process-environment")
async def process_environment(stage: ServerStage) -> None:
    """The environ of a request does not hold the variables of the server's process."""
    if stage.interface == "asgi":
        stage.not_applicable("ASGI has no variables")
    outcome = await sent(stage, "a request", Request(), answer(), follow=False)
    if any(OWN_VARIABLE in call.request for call in outcome.heard.calls):
        stage.hazard(
            "low",
            "every variable of the process, secrets included, is in each environ",
            heard=outcome.heard,
            observed=f"{OWN_VARIABLE} in the environ",
            expected="the variables of the request alone",
            hint="do not show environs in error pages and logs",
        )
