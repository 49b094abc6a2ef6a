"""asgion's rules about events as such, and about scopes."""

from __future__ import annotations

from peers.asgion_mutants import (
    BODY,
    OPTIONAL,
    START,
    L,
    S,
    W,
    deep,
    each,
    http,
    ours,
    scoped,
    silent,
    within,
)
from witnesses.order_asgi_steps import request, sent

G = each(
    "G",
    {
        "005": (
            http(request(), START, sent(["http.response.body"]), BODY),
            ours("asgi.event.is-dict"),
        ),
        "006": (http(request(), START, sent({"body": b"a"}), BODY), ours("asgi.event.type-key")),
        "007": (
            http(request(), START, sent({"type": b"http.response.body"}), BODY),
            ours("asgi.event.type-unicode"),
        ),
        "008": (within(float("nan")), ours("asgi.event.float-finite")),
        "009": (within(float("inf")), ours("asgi.event.float-finite")),
        "010": (within(object()), ours("asgi.event.allowed-types")),
        "011": (scoped("http", ("asgi",)), ours("asgi.scope.asgi-present")),
        "012": (scoped("http", asgi={"version": "4.0"}), ours("asgi.scope.asgi-version-value")),
        "013": (
            scoped("http", asgi={"version": "3.0", "spec_version": 2}),
            ours("asgi.scope.spec-version-type"),
        ),
        "014": (
            within(deep(40)),
            silent("asgi.event.allowed-types", "no depth is set for what an event holds"),
        ),
    },
)

# Scopes of HTTP and WebSocket
HS = each(
    "HS",
    {
        "002": (scoped("http", ("http_version",)), ours(S + "http-version-present")),
        "003": (scoped("http", http_version=1.1), ours(S + "http-version-present")),
        "004": (scoped("http", http_version="1.2"), ours(S + "http-version-value")),
        "005": (scoped("http", ("method",)), ours(S + "method-present")),
        "006": (scoped("http", method=b"GET"), ours(S + "method-present")),
        "007": (scoped("http", method="get"), ours(S + "method-uppercased")),
        "008": (scoped("http", ("scheme",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "009": (scoped("http", scheme=b"http"), ours(S + "scheme-type")),
        "010": (
            scoped("http", scheme="coap"),
            silent(S + "scheme-type", "other schemes are not ruled out"),
        ),
        "011": (scoped("http", ("path",)), ours(S + "path-present")),
        "012": (scoped("http", path=b"/"), ours(S + "path-present")),
        "013": (
            scoped("http", path="*", method="OPTIONS"),
            silent("asgi.http.scope.path-present", "the target of OPTIONS may be an asterisk"),
        ),
        "014": (scoped("http", ("raw_path",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "015": (scoped("http", raw_path="/"), ours(S + "raw-path-type")),
        "016": (scoped("http", ("query_string",)), ours(S + "query-string-present")),
        "017": (scoped("http", query_string="a=1"), ours(S + "query-string-present")),
        "018": (scoped("http", ("root_path",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "019": (scoped("http", root_path=b"/"), ours(S + "root-path-type")),
        "020": (scoped("http", ("headers",)), ours(S + "headers-present")),
        "021": (scoped("http", headers=[(b"host",)]), ours(S + "headers-pairs")),
        "022": (scoped("http", headers=[("host", b"a")]), ours(S + "headers-name-bytes")),
        "023": (scoped("http", headers=[(b"host", "a")]), ours(S + "headers-value-bytes")),
        "024": (
            scoped("http", headers=[(b"Host", b"a")]),
            silent("asgi-request-header-case", "names are lower-cased by the server, as it says"),
        ),
        "025": (scoped("http", client="127.0.0.1"), ours(S + "client-shape")),
        "026": (scoped("http", server=["127.0.0.1", "80"]), ours(S + "server-port-type")),
        "027": (scoped("http", extensions=[]), ours("asgi.extensions.is-dict")),
        "028": (scoped("http", state=[]), ours(S + "state-type")),
    },
)
WS = each(
    "WS",
    {
        "002": (
            scoped("websocket", ("http_version",)),
            silent("asgi-absent-optional-keys", OPTIONAL),
        ),
        "003": (scoped("websocket", http_version=1.1), ours(W + "scope.http-version-type")),
        "004": (scoped("websocket", ("scheme",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "005": (scoped("websocket", scheme=b"ws"), ours(W + "scope.scheme-type")),
        "006": (
            scoped("websocket", scheme="http"),
            silent(W + "scope.scheme-type", 'the text says "likely" ws or wss'),
        ),
        "007": (scoped("websocket", ("path",)), ours(W + "scope.path-present")),
        "008": (scoped("websocket", path=b"/"), ours(W + "scope.path-present")),
        "009": (scoped("websocket", ("raw_path",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "010": (scoped("websocket", raw_path="/"), ours(W + "scope.raw-path-type")),
        "011": (
            scoped("websocket", ("query_string",)),
            silent("asgi-absent-optional-keys", OPTIONAL),
        ),
        "012": (scoped("websocket", query_string="a"), ours(W + "scope.query-string-type")),
        "013": (scoped("websocket", ("root_path",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "014": (scoped("websocket", root_path=b"/"), ours(W + "scope.root-path-type")),
        "015": (scoped("websocket", ("headers",)), ours(W + "scope.headers-present")),
        "016": (scoped("websocket", headers=[(b"host",)]), ours(W + "scope.headers-present")),
        "017": (
            scoped("websocket", headers=[("host", b"a")]),
            ours(W + "scope.headers-name-bytes"),
        ),
        "018": (
            scoped("websocket", headers=[(b"host", "a")]),
            ours(W + "scope.headers-value-bytes"),
        ),
        "019": (
            scoped("websocket", headers=[(b"Host", b"a")]),
            silent("asgi-request-header-case", "names are lower-cased by the server, as it says"),
        ),
        "020": (
            scoped("websocket", ("subprotocols",)),
            silent("asgi-absent-optional-keys", OPTIONAL),
        ),
        "021": (scoped("websocket", subprotocols=[b"chat"]), ours(W + "scope.subprotocols-type")),
        "022": (scoped("websocket", client="127.0.0.1"), ours(W + "scope.client-shape")),
        "023": (
            scoped("websocket", server=["127.0.0.1", "80"]),
            ours(W + "scope.server-port-type"),
        ),
        "024": (scoped("websocket", extensions=[]), ours("asgi.extensions.is-dict")),
        "025": (scoped("websocket", state=[]), ours(W + "scope.state-type")),
    },
)
LS = each(
    "LS",
    {
        "002": (scoped("lifespan", ("asgi",)), ours("asgi.scope.asgi-present")),
        "003": (scoped("lifespan", asgi=[]), ours("asgi.scope.asgi-present")),
        "004": (scoped("lifespan", state=[]), ours(L + "scope.state-type")),
    },
)

RULES = [*G, *HS, *WS, *LS]
