"""Defects of released servers, each with a release that has it and one that has not.

They keep the cases honest: where a release has a defect, the case about it says so and names
the requirement, and on a release without it the same case passes. ``make releases`` makes the
environments that the rows need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from gateproof.targets.environments import Made, fits, lacking
from gateproof.targets.registry import adapters
from gateproof.targets.server_name import parse_server
from gateproof.validators.violation import Verdict

GTHREAD = "worker=gthread"


@dataclass(frozen=True)
class Released:
    """One defect.

    Attributes:
        name: what is wrong, in words.
        server: the adapter's name.
        bad: a release that has the defect.
        good: a release that has not; it may be the older one.
        python: the series of Python that both run on.
        case: full id of the case that tells.
        requirement: what is broken.
        verdict: the finding's: milder than ``fail`` where the requirement's own is.
        variants: of the server, as within the brackets of a target.
        pins: what both releases need beside them, each with its release where it decides.
    """

    name: str
    server: str
    bad: str
    good: str
    python: str
    case: str
    requirement: str
    verdict: Verdict = "fail"
    variants: str = ""
    pins: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What the row is called: the server and what is wrong with it."""
        return f"{self.server}-{self.name}"

    def target(self, python: object, release: str = "") -> str:
        """The target string of a release on a Python: a series, or the folder of an environment."""
        variants = f"{self.variants}," if self.variants else ""
        exact = f"=={release}" if release else ""
        return f"server:{self.server}{exact}[{variants}python={python}]"

    def installed(self, release: str, made: Iterable[Made]) -> Made | None:
        """The environment, of those in ``made``, that holds a release as this row wants it."""
        adapter = adapters()[self.server]
        chosen = parse_server(self.target(self.python)).choices(adapter.variants)
        for one in made:
            same = one.distribution == canonicalize_name(adapter.distribution)
            if not (same and one.version == release and fits(one.python, self.python)):
                continue
            pinned = set(self.pins) <= set(one.requirements)
            if pinned and not lacking(adapter.requires(chosen), "", one.versions):
                return one
        return None


H1, WSGI, HTTP = "server.http1::", "server.wsgi::", "server.asgi.http::"
WEBSOCKET, LIFESPAN = "server.asgi.websocket::", "server.asgi.lifespan::"

RELEASED = (
    Released(
        "serves-a-body-whose-last-coding-is-not-chunked",
        "gunicorn", "21.2.0", "23.0.0", "3.11",
        H1 + "chunked-not-last", "http1.te.chunked-not-final-400",
        variants=GTHREAD,
    ),
    Released(
        "takes-a-body-in-an-unknown-coding-for-plain-data",
        "gunicorn", "21.2.0", "23.0.0", "3.11",
        H1 + "only-unknown-codings", "http1.te.chunked-not-final-400",
        variants=GTHREAD,
    ),
    Released(
        "keeps-the-connection-where-a-length-stands-beside-chunked",
        "gunicorn", "21.2.0", "22.0.0", "3.11",
        H1 + "length-beside-chunked", "http1.te.with-content-length-close",
        variants=GTHREAD,
    ),
    Released(
        "passes-on-nul-in-a-field-value",
        "gunicorn", "22.0.0", "23.0.0", "3.11",
        H1 + "nul-in-value", "http1.field.cr-lf-nul-request",
        variants=GTHREAD,
    ),
    Released(
        "joins-two-host-lines",
        "gunicorn", "26.0.0", "26.1.0", "3.11",
        H1 + "host-twice", "http1.host.duplicate-400",
        variants=GTHREAD,
    ),
    Released(
        "answers-head-with-content",
        "gunicorn", "26.0.0", "26.1.0", "3.11",
        H1 + "head-without-content", "http1.body.head-none",
        variants=GTHREAD,
    ),
    Released(
        "writes-a-line-break-of-the-application-into-the-head",
        "gunicorn", "19.4.5", "19.5.0", "3.8",
        H1 + "line-break-in-value", "http1.field.injection-neutralised",
        variants=GTHREAD,
    ),
    Released(
        "takes-bare-cr-in-a-request",
        "waitress", "1.3.1", "1.4.0", "3.9",
        H1 + "bare-cr-in-request", "http1.parse.bare-cr-in-request",
    ),
    Released(
        "looks-past-every-coding-but-chunked",
        "waitress", "1.3.1", "1.4.0", "3.9",
        H1 + "chunked-not-last", "http1.te.chunked-not-final-400",
    ),
    Released(
        "drops-a-field-with-space-before-its-colon",
        "waitress", "1.3.1", "1.4.0", "3.9",
        H1 + "space-before-colon", "http1.field.space-before-colon",
    ),
    Released(
        "passes-on-field-names-that-are-no-tokens",
        "waitress", "1.4.0", "1.4.1", "3.9",
        H1 + "field-name-no-token", "http1.field.name-token",
    ),
    Released(
        "reads-lengths-as-python-reads-numbers",
        "waitress", "2.1.0", "2.1.1", "3.9",
        H1 + "content-length-malformed", "http1.cl.invalid-400-close",
    ),
    Released(
        "streams-without-framing-on-a-kept-connection",
        "gunicorn", "25.0.0", "25.0.1", "3.11",
        H1 + "ended-by-closing", "http1.body.close-delimited-response",
        variants="worker=asgi",
    ),
    Released(
        "gives-the-lifespan-no-asgi-version",
        "hypercorn", "0.14.1", "0.14.2", "3.9",
        LIFESPAN + "start-and-stop", "asgi.scope.asgi-version-present", "weak",
    ),
    Released(
        "gives-header-names-in-the-clients-case",
        "hypercorn", "0.14.2", "0.14.3", "3.9",
        HTTP + "headers-exact", "asgi.http.scope.headers-lowercase", "observed",
    ),
    Released(
        "never-closes-a-wsgi-result",
        "hypercorn", "0.15.0", "0.16.0", "3.11",
        WSGI + "closed-before-next", "wsgi.server.close-called",
        variants="interface=wsgi",
    ),
    Released(
        "has-an-error-stream-of-bytes",
        "hypercorn", "0.15.0", "0.16.0", "3.11",
        WSGI + "log", "wsgi.errors.write",
        variants="interface=wsgi",
    ),
    Released(
        "decodes-the-raw-path",
        "granian", "2.1.2", "2.2.1", "3.11",
        HTTP + "raw-path", "asgi.http.scope.raw-path-unmodified",
        variants="interface=asgi",
    ),
    Released(
        "does-not-split-the-subprotocols",
        "granian", "2.7.1", "2.7.9", "3.11",
        WEBSOCKET + "subprotocols-in-the-scope", "asgi.websocket.scope.subprotocols-accurate",
        variants="interface=asgi",
    ),
    Released(
        "gives-a-websocket-no-root-path",
        "daphne", "4.0.0", "4.1.2", "3.11",
        WEBSOCKET + "mounted", "asgi.websocket.scope.root-path-mount",
    ),
    Released(
        "makes-headers-of-one-value-in-a-handshake",
        "daphne", "4.2.1", "4.2.2", "3.11",
        WEBSOCKET + "handshake-is-octets", "http1.parse.octets-not-unicode",
    ),
    Released(
        "writes-a-line-break-of-the-application-into-the-head",
        "uvicorn", "0.11.6", "0.11.7", "3.8",
        H1 + "line-break-in-value", "http1.field.injection-neutralised",
        variants="http=httptools",
    ),
    Released(
        "exits-with-0-after-a-failed-startup",
        "uvicorn", "0.15.0", "0.16.0", "3.9",
        LIFESPAN + "startup-failed", "asgi.lifespan.startup-failed-exits", "weak",
        pins=("httptools==0.2.0", "websockets==9.1"),
    ),
    Released(
        "drops-the-headers-of-an-accepted-websocket",
        "uvicorn", "0.16.0", "0.17.0.post1", "3.9",
        WEBSOCKET + "accept-headers", "asgi.websocket.accept.headers-sent",
        pins=("httptools==0.3.0", "websockets==10.4"),
    ),
    Released(
        "gives-the-raw-path-of-a-websocket-as-text",
        "uvicorn", "0.17.6", "0.18.3", "3.9",
        WEBSOCKET + "scope", "asgi.websocket.scope.raw-path-type",
        pins=("h11==0.13.0", "httptools==0.4.0", "websockets==10.4", "wsproto==1.0.0"),
    ),
    Released(
        "shares-the-state-of-a-connection",
        "uvicorn", "0.21.0", "0.21.1", "3.11",
        LIFESPAN + "state", "asgi.lifespan.state.request-additions-isolated",
        pins=("h11==0.14.0", "httptools==0.5.0", "websockets==10.4", "wsproto==1.2.0"),
    ),
    Released(
        "gives-a-path-without-its-root-path",
        "uvicorn", "0.25.0", "0.26.0", "3.11",
        HTTP + "mounted", "asgi.http.scope.path-full-form", "weak",
        pins=("h11==0.14.0", "httptools==0.6.1", "websockets==12.0", "wsproto==1.2.0"),
    ),
    Released(
        "leaves-trailers-for-the-next-request",
        "gevent", "23.7.0", "23.9.1", "3.11",
        H1 + "chunked-body", "http1.te.chunked-request-parsed",
    ),
    Released(
        "serves-the-unread-body-of-an-expecting-request",
        "gevent", "24.11.1", "25.4.1", "3.11",
        H1 + "unread-body", "http1.conn.unread-body",
    ),
    Released(
        "frames-a-204",
        "eventlet", "0.37.0", "0.38.0", "3.9",
        H1 + "no-content-framing", "http1.te.not-with-1xx-204",
    ),
    Released(
        "leaves-trailers-on-the-connection",
        "eventlet", "0.40.2", "0.40.3", "3.9",
        H1 + "chunked-body", "http1.te.chunked-request-parsed",
    ),
    Released(
        "reads-lengths-as-python-reads-numbers",
        "tornado", "6.3.2", "6.3.3", "3.11",
        H1 + "content-length-malformed", "http1.cl.invalid-400-close",
    ),
    Released(
        "takes-the-last-of-two-lengths",
        "twisted", "19.10.0", "20.3.0", "3.8",
        H1 + "content-lengths-differ", "http1.cl.differing-duplicates-400",
    ),
    Released(
        "reads-lengths-as-python-reads-numbers",
        "twisted", "22.2.0", "22.4.0", "3.11",
        H1 + "content-length-malformed", "http1.cl.invalid-400-close",
    ),
    Released(
        "writes-the-next-response-into-an-unfinished-one",
        "twisted", "22.4.0", "24.3.0", "3.11",
        H1 + "pipelining-behind-pieces", "http1.conn.pipelining-order",
    ),
    Released(
        "never-closes-a-wsgi-result",
        "a2wsgi-wsgi", "1.9.0", "1.10.0", "3.11",
        WSGI + "closed-before-next", "wsgi.server.close-called",
        pins=("h11", "uvicorn==0.34.3", "waitress==3.0.2", "websockets"),
    ),
    Released(
        "repeats-the-root-path-in-path-info",
        "asgiref", "3.7.2", "3.8.1", "3.11",
        WSGI + "mounted", "asgi.http.wsgi.path-info-strips-root-path",
        pins=("h11", "uvicorn==0.34.3", "websockets"),
    ),
    Released(
        "gives-a-remote-address-with-its-port",
        "granian", "2.2.3", "2.2.4", "3.11",
        WSGI + "client-address", "wsgi.environ.other-cgi-vars", "observed",
        variants="interface=wsgi",
    ),
)  # fmt: skip
