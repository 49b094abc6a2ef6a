"""asgion's rules about HTTP: events, order, extensions, and what is good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peers.asgion_mutants import (
    ADVICE,
    BODY,
    NORMAL,
    OPTIONAL,
    PLAIN,
    START,
    TIMES,
    R,
    X,
    answer,
    each,
    event,
    http,
    ours,
    silent,
)
from peers.lints import Exchange, Wrap
from witnesses.order_asgi_steps import DISCONNECT, body, got, request, start

# Events of HTTP
PUSH = {"path": "/a.css", "headers": []}
HE = each(
    "HE",
    {
        "001": (
            http(got({"type": "http.request"}), START, BODY),
            silent("asgi-absent-optional-keys", OPTIONAL),
        ),
        "002": (http(request("text"), START, BODY), ours("asgi.http.request.body-type")),
        "003": (http(request(more_body=0), START, BODY), ours("asgi.http.request.more-body-type")),
        "004": (
            http(got({"type": "http.requests"}), START, BODY),
            ours("asgi.http.request.type"),
        ),
        "005": (http(request(), answer(status=...), BODY), ours(R + "start.status-present")),
        "006": (http(request(), answer(status="200"), BODY), ours(R + "start.status-type")),
        "007": (http(request(), answer(status=600), BODY), ours(R + "start.status-range")),
        "008": (
            http(request(), answer(headers=[(b"x-a",)]), BODY),
            ours(R + "start.headers-iterable"),
        ),
        "009": (
            http(request(), answer(headers=[*PLAIN, (b"X-A", b"1")]), BODY),
            ours(R + "start.headers-lowercase"),
        ),
        "010": (
            http(request(), answer(headers=[*PLAIN, (b"transfer-encoding", b"chunked")]), BODY),
            silent(
                "asgi-transfer-encoding", "the application may send it, and the server ignores it"
            ),
        ),
        "011": (http(request(), answer(trailers=0), BODY), ours(R + "start.trailers-type")),
        "012": (http(request(), START, body("text")), ours(R + "body.body-type")),
        "013": (http(request(), START, body(more_body=0)), ours(R + "body.more-body-type")),
        "014": (
            http(request(), START, event("http.response.flush"), BODY),
            ours("asgi.extensions.app-uses-only-announced"),
        ),
        "015": (
            http(
                request(),
                answer(trailers=True),
                BODY,
                event("http.response.trailers", headers=[(b"x-a",)]),
            ),
            ours(X + "trailers.headers-pairs"),
        ),
        "016": (
            http(request(), START, event("http.response.push", headers=[]), BODY),
            ours(X + "push.path-present"),
        ),
        "017": (
            http(request(), START, event("http.response.push", path=b"/", headers=[]), BODY),
            ours(X + "push.path-present"),
        ),
        "018": (
            http(request(), START, event("http.response.push", path="/", headers=[(b"x",)]), BODY),
            ours(X + "push.headers-pairs"),
        ),
        "019": (
            http(request(), START, event("http.response.zerocopysend")),
            ours(X + "zerocopy.file-descriptor"),
        ),
        "020": (
            http(request(), START, event("http.response.pathsend")),
            ours(X + "pathsend.path-type"),
        ),
        "021": (
            http(request(), START, event("http.response.pathsend", path=b"/a")),
            ours(X + "pathsend.path-type"),
        ),
        "022": (
            http(
                request(),
                START,
                event("http.response.early_hint", links=[b"</a>"], headers=[(b"x",)]),
                BODY,
            ),
            silent(
                X + "early-hint.links",
                "the event has links and no headers, and a further key is nobody's business",
            ),
        ),
        "023": (
            http(request(), event("http.response.debug", info=[]), START, BODY),
            ours(X + "debug.info-dict"),
        ),
    },
)

# Order of HTTP
HALF = body(b"half", more_body=True)
HF = each(
    "HF",
    {
        "001": (http(request()), ours("asgi.http.app.completes-response")),
        "002": (http(request(), BODY), ours(R + "start.before-body")),
        "003": (http(request(), START, START, BODY), ours(R + "start.once")),
        "004": (
            http(request(), START, BODY, BODY),
            silent("asgi-messages-after-completion", "the text says that they are ignored"),
        ),
        "005": (
            http(request(), DISCONNECT, START, BODY),
            silent(
                "asgi-send-after-disconnect", "before 2.4 silent, since then an OSError at most"
            ),
        ),
        "006": (http(request(), START, HALF), ours("asgi.http.app.completes-response")),
        "007": (
            http(request(), request(), START, BODY),
            ours("asgi.http.request.none-after-final"),
        ),
        "008": (
            http(request(), answer(trailers=True), BODY),
            ours(X + "trailers.promised-must-come"),
        ),
        "009": (
            http(request(), START, BODY, event("http.response.trailers", headers=[])),
            ours(X + "trailers.start-flag"),
        ),
        "010": (http(request(), START, HALF, BODY), silent(R + "body.more-body-type", NORMAL)),
        "011": (
            http(request(), START, BODY, method="HEAD"),
            silent("body-where-none-may-be", "HEAD may be answered as GET is"),
        ),
        "012": (
            http(request(), start(204), BODY),
            ours("asgi.http.app.body-for-bodyless-status"),
        ),
    },
)
EX = each(
    "EX",
    {
        "009": (
            http(request(), START, event("http.response.push", **PUSH), BODY, extensions={}),
            ours("asgi.extensions.app-uses-only-announced"),
        ),
        "010": (
            http(request(), START, event("http.response.early_hint", links=[b"</a>; rel=x"]), BODY),
            silent(
                X + "early-hint.timing", "the text says after the start, the rule says before it"
            ),
        ),
        "011": (
            http(request(), START, event("http.response.debug", info={}), BODY),
            ours(X + "debug.before-start-once"),
        ),
    },
)


# What is good in HTTP
def headers(*pairs: tuple[bytes, bytes]) -> Exchange:
    return http(request(), answer(headers=[*PLAIN, *pairs]), BODY)


def slowly(**threshold: float) -> Exchange:
    """An ordinary exchange, under a threshold that any exchange exceeds."""

    def exchange(wrap: Wrap) -> None:
        http(request(), START, HALF, HALF, BODY)(lambda app: _strict(wrap, app, threshold))

    return exchange


def _strict(wrap: Wrap, app: Callable[..., Any], threshold: dict[str, float]) -> Any:
    """Put a checker around ``app`` and set thresholds of asgion, if it is that."""
    wrapped = wrap(app)
    if type(wrapped).__module__.startswith("asgion"):
        wrapped = type(wrapped)(
            app, config=_config(threshold), on_violation=wrapped.violations.append
        )
    return wrapped


def _config(threshold: dict[str, float]) -> Any:
    import asgion.core.config

    return asgion.core.config.AsgionConfig(**threshold)


SEM = each(
    "SEM",
    {
        "001": (
            headers((b"content-type", b"text/html; charset=utf-8")),
            ours("http1.field.no-duplicate-singletons"),
        ),
        "002": (
            http(request(), start(200), BODY),
            silent("wsgi-content-type-not-required", "nothing demands a Content-Type"),
        ),
        "003": (
            headers((b"content-length", b"9")),
            ours("asgi.http.app.content-length-consistent"),
        ),
        "004": (
            headers((b"set-cookie", b"a=1")),
            silent("asgi.http.headers.preserved-exactly", ADVICE),
        ),
        "005": (
            http(request(), START, HALF),
            ours("asgi.http.app.completes-response"),
        ),
        "006": (slowly(ttfb_threshold=-1.0), silent("asgi.app.receives-and-reacts", TIMES)),
        "007": (slowly(lifecycle_threshold=-1.0), silent("asgi.app.receives-and-reacts", TIMES)),
        "008": (slowly(body_size_threshold=1), silent("asgi.app.receives-and-reacts", TIMES)),
        "009": (
            http(request(), START, body(b"x" * 2_000_000)),
            silent("asgi.app.receives-and-reacts", TIMES),
        ),
        "010": (
            slowly(body_delivery_threshold=-1.0),
            silent("asgi.app.receives-and-reacts", TIMES),
        ),
        "011": (slowly(chunk_count_threshold=1), silent("asgi.app.receives-and-reacts", TIMES)),
        "012": (
            headers(
                (b"access-control-allow-origin", b"*"),
                (b"access-control-allow-credentials", b"true"),
            ),
            silent("asgi.http.headers.preserved-exactly", ADVICE),
        ),
        "013": (
            http(request(), start(200, [(b"content-type", b"text/html")]), BODY),
            silent("asgi.http.headers.preserved-exactly", ADVICE),
        ),
    },
)

RULES = [*HE, *HF, *EX, *SEM]
