"""Checks of an HTTP exchange that neither a shape nor an order decides."""

from __future__ import annotations

from gateproof.validators.asgi.values import NOTHING, breach, exact, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.asgi.http import HTTPJudge
    from gateproof.validators.asgi.judge import Found

FINDS = {
    "counted": (
        "asgi.http.app.content-length-consistent",
        "asgi.http.app.body-for-bodyless-status",
    ),
    "useless_length": ("http1.cl.not-in-1xx-204",),
    "unheard": ("asgi.http.request.app-not-trigger-on-scope",),
    "descriptor": ("asgi.ext.zerocopy.file-descriptor",),
    "described": ("asgi.ext.pathsend.app-sets-headers",),
    "trailer_named": ("asgi.ext.trailers.app-sends-trailer-header",),
    "wrong_class": ("asgi.http.send.raises-oserror-when-closed",),
    "decoded": ("asgi.ext.push.path-decoded",),
    "unrequested": ("asgi.http.request.sent-to-app",),
    "unread": ("asgi.http.request.app-waits-for-more-body",),
    "cut_off": ("asgi.http.scope.persists-until-response-end",),
    "not_ignored": ("asgi.http.response-body.after-complete-ignored",),
}
"""The requirements that each check can find broken."""


def fields(headers: object) -> list[tuple[bytes, bytes]]:
    """The header fields that are pairs of bytes; whatever else there is, shapes judge."""
    if type(headers) is not list and type(headers) is not tuple:
        return []
    return [
        (pair[0], pair[1])
        for pair in headers
        if (type(pair) is tuple or type(pair) is list)
        and len(pair) == 2
        and type(pair[0]) is bytes
        and type(pair[1]) is bytes
    ]


def promised(judge: HTTPJudge) -> int | None:
    """How many octets of body ``content-length`` binds the application to.

    None for HEAD and 304, whose length speaks of another response, and where the
    field is missing, repeated or no number. A 204 has no body to bind.
    """
    length = None
    for pair in judge.given:
        if (type(pair) is tuple or type(pair) is list) and len(pair) == 2:
            name, value = pair
            if type(name) is bytes and len(name) == 14 and name.lower() == b"content-length":
                if length is not None or type(value) is not bytes:
                    return None
                length = value
    if length is None or judge.status == 304 or exact(judge.scope.get("method")) == "HEAD":
        return None
    length = length.strip(b" \t")
    return int(length) if length.isdigit() and len(length) < 20 else None


def useless_length(judge: HTTPJudge) -> Found:
    """A response that can have no body declares a length; that of nothing does no harm."""
    length = judge.length
    if length is None:
        return NOTHING
    judge.length = judge.left = None
    return (
        breach(
            "http1.cl.not-in-1xx-204",
            f"a response with status {judge.status} has a content-length",
            f"content-length {length}",
            "no content-length",
            party="application",
            verdict="weak" if length else "observed",
        ),
    )


def counted(judge: HTTPJudge, body: object, *, last: bool) -> Found:
    """Whether the body so far agrees with ``content-length`` and the status."""
    try:
        size = memoryview(body).nbytes  # type: ignore[arg-type]
    except (TypeError, ValueError):
        judge.left = None  # no bytes: a shape's finding, and nothing to count
        return NOTHING
    if judge.bodiless and size:
        judge.bodiless = False
        judge.left = None
        return (
            breach(
                "asgi.http.app.body-for-bodyless-status",
                f"{_octets(size)} of body came with status {judge.status}",
                _octets(size),
                "no body",
            ),
        )
    if judge.left is None:
        return NOTHING
    judge.left -= size
    if judge.left >= 0 and (judge.gone or not (last and judge.left)):
        return NOTHING  # short of it, once the client has gone, is no lie any more
    left, judge.left = judge.left, None
    return (
        breach(
            "asgi.http.app.content-length-consistent",
            f"the body is {_octets(abs(left))} "
            + ("longer than" if left < 0 else "shorter than")
            + " content-length says",
            f"{'at least ' if left < 0 and not last else ''}{(judge.length or 0) - left} octets",
            f"{judge.length} octets",
        ),
    )


def _octets(count: int) -> str:
    return f"{count} octet{'' if count == 1 else 's'}"


def unheard(judge: HTTPJudge) -> Found:
    """Whether the response was started without a look at the request."""
    if judge.shapes.level != "all" or not judge.shapes.told(
        "asgi.http.request.app-not-trigger-on-scope"
    ):
        return NOTHING
    return (
        breach(
            "asgi.http.request.app-not-trigger-on-scope",
            "the response was started before receive() was called",
            "'http.response.start' first",
            "await receive()",
        ),
    )


def descriptor(event: dict[str, object]) -> Found:
    """Whether ``file`` has a descriptor of the operating system."""
    file = event.get("file")
    if "file" not in event:
        return NOTHING
    if issubclass(type(file), int):
        return (
            breach(
                "asgi.ext.zerocopy.file-descriptor",
                "'file' is a bare descriptor number, which servers need not take",
                shown(file),
                "an open file object",
                verdict="weak",
            ),
        )
    try:
        number = file.fileno()  # type: ignore[attr-defined]
    except Exception as error:  # noqa: BLE001 - the object is the application's own
        seen = f"fileno() raises {type(error).__name__}"
    else:
        if isinstance(number, int):
            return NOTHING
        seen = f"fileno() gives {shown(number)}"
    return (
        breach(
            "asgi.ext.zerocopy.file-descriptor",
            "'file' has no descriptor of the operating system",
            f"{type(file).__name__}, whose {seen}",
            "an open file object",
        ),
    )


def described(judge: HTTPJudge) -> Found:
    """Whether a response made of a path tells its length."""
    if any(name.lower() == b"content-length" for name, _ in judge.head):
        return NOTHING
    return (
        breach(
            "asgi.ext.pathsend.app-sets-headers",
            "'http.response.pathsend' was sent and the response has no content-length",
            shown([name for name, _ in judge.head]),
            "content-length in the headers",
            verdict="weak",
        ),
    )


def decoded(event: dict[str, object]) -> Found:
    """Whether the path of a push still holds percent-encoded octets."""
    path = exact(event.get("path"))
    if path is None or "%" not in path:
        return NOTHING
    from urllib.parse import unquote

    try:
        meant = unquote(path, errors="strict")
    except UnicodeDecodeError:
        return NOTHING  # a percent sign of its own
    if meant == path:
        return NOTHING
    return (
        breach(
            "asgi.ext.push.path-decoded",
            f"the path {path!r} of 'http.response.push' is percent-encoded",
            repr(path),
            repr(meant),
        ),
    )


def unrequested() -> Found:
    """Note a request of which the application heard nothing but that it is over."""
    return (
        breach(
            "asgi.http.request.sent-to-app",
            "'http.disconnect' was delivered before any 'http.request' and before any response",
            "'http.disconnect' first",
            "'http.request', unless the client left before that",
            verdict="observed",
        ),
    )


def unread(judge: HTTPJudge) -> Found:
    """Note a response that was made from a part of the request."""
    if judge.shapes.level != "all" or judge.late:
        return NOTHING
    if judge.status is None or not 200 <= judge.status < 300:
        return NOTHING
    return (
        breach(
            "asgi.http.request.app-waits-for-more-body",
            f"the request was answered with status {judge.status} after a part of it "
            "with more_body true, and the rest was never asked for",
            "no receive() after the part",
            "receive() until more_body is false, if the body is used",
            verdict="observed",
        ),
    )


def cut_off() -> Found:
    """Note a call that was cancelled although nobody said that the client had gone."""
    return (
        breach(
            "asgi.http.scope.persists-until-response-end",
            "the call was cancelled before the response was complete "
            "and before any 'http.disconnect'",
            "a cancelled call",
            "the call goes on until the response is complete or the client has gone",
            verdict="observed",
        ),
    )


def trailer_named(judge: HTTPJudge, event: dict[str, object]) -> Found:
    """Whether the response's headers named its trailers."""
    listed = [value for name, value in judge.head if name.lower() == b"trailer"]
    named = {name.strip().lower() for value in listed for name in value.split(b",")}
    given = [name for name, _ in fields(event.get("headers")) if not name.startswith(b":")]
    unnamed = [name for name in given if name.lower() not in named]
    if listed and not unnamed:
        return NOTHING
    return (
        breach(
            "asgi.ext.trailers.app-sends-trailer-header",
            f"the trailers {shown(unnamed)} were sent and the response's trailer header "
            "does not name them"
            if listed
            else "trailers were sent and the response has no trailer header",
            shown(listed) if listed else shown([name for name, _ in judge.head]),
            "a trailer header that names them",
        ),
    )


def wrong_class(judge: HTTPJudge, error: BaseException) -> Found:
    """Whether send() after a disconnect raised what the text asks for since 2.4."""
    if judge.version < (2, 4):
        return NOTHING
    return (
        breach(
            "asgi.http.send.raises-oserror-when-closed",
            f"send() after 'http.disconnect' raised {shown(error)}, which is no OSError",
            shown(error),
            "a subclass of OSError",
        ),
    )


def not_ignored(error: BaseException) -> Found:
    """Note a server that refuses a message after the response instead of ignoring it."""
    return (
        breach(
            "asgi.http.response-body.after-complete-ignored",
            f"send() raised {shown(error)} for a message after the response was complete",
            shown(error),
            "the message is ignored",
            verdict="observed",
        ),
    )


def to_nobody(found: Found) -> Found:
    """Breaches of order once the client has gone: nobody can be misled by them any more.

    What is sent then has no effect
    (https://asgi.readthedocs.io/en/latest/specs/main.html#error-handling), so
    that an error handler that starts a second response does no harm.
    """
    if not found:
        return found
    from dataclasses import replace

    return tuple(replace(breach, verdict=breach.verdict or "weak") for breach in found)
