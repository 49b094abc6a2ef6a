"""Requirements that no check decides by itself, and where they went.

Many sentences of the specifications say again what a closer one says. One fault
is to give one finding, so the closest requirement carries the check and the
others are listed here, those of shape and those of order alike. Tests hold these
tables, the schemas and the judges together against the catalogue.
"""

from __future__ import annotations

SAME_AS: dict[str, tuple[str, ...]] = {
    "asgi.scope.type-always-present": ("asgi.scope.contains-type",),
    "asgi.strings.byte-string-is-bytes": (
        "asgi.http.scope.headers-name-bytes",
        "asgi.http.response-body.body-type",
        "asgi.websocket.send.bytes-type",
    ),
    "asgi.strings.unicode-string-is-str": (
        "asgi.http.scope.path-present",
        "asgi.http.scope.scheme-type",
        "asgi.websocket.send.text-type",
    ),
    "asgi.http.headers.transport-as-pairs": (
        "asgi.http.scope.headers-pairs",
        "asgi.http.response-start.headers-iterable",
    ),
    "asgi.http.scope.asgi-version": (
        "asgi.scope.asgi-version-present",
        "asgi.scope.asgi-version-type",
    ),
    "asgi.websocket.scope.asgi-version": (
        "asgi.scope.asgi-version-present",
        "asgi.scope.asgi-version-type",
    ),
    "asgi.lifespan.scope.asgi-version": (
        "asgi.scope.asgi-version-present",
        "asgi.scope.asgi-version-type",
    ),
    "asgi.http.response-start.headers-valid": (
        "http1.field.name-grammar-response",
        "http1.field.value-grammar-response",
    ),
    "asgi.http.encoding.query-string-raw": ("asgi.http.scope.query-string-present",),
    "asgi.http.encoding.root-path-unicode": ("asgi.http.scope.root-path-type",),
    "http1.status.three-digits": (
        "asgi.http.response-start.status-range",
        "wsgi.status.code-three-digits",
    ),
    "wsgi.preface.python3-string-rules": (
        "wsgi.environ.cgi-vars-native-str",
        "wsgi.status.native-str",
        "wsgi.unicode.bytes-yielded",
    ),
    "wsgi.strings.native-for-metadata": (
        "wsgi.environ.cgi-vars-native-str",
        "wsgi.status.native-str",
        "wsgi.response-headers.name-native-str",
        "wsgi.response-headers.value-native-str",
    ),
    "wsgi.strings.latin1-translatable": (
        "wsgi.unicode.server-latin1-only",
        "wsgi.unicode.app-latin1-only",
    ),
    "wsgi.strings.bytes-for-bodies": (
        "wsgi.unicode.bytes-from-input",
        "wsgi.unicode.bytes-to-write",
        "wsgi.unicode.bytes-yielded",
    ),
    "wsgi.environ.includes-wsgi-vars": (
        "wsgi.environ.wsgi-version-present",
        "wsgi.environ.url-scheme-present",
        "wsgi.environ.input-present",
        "wsgi.environ.errors-present",
        "wsgi.environ.multithread-present",
        "wsgi.environ.multiprocess-present",
        "wsgi.environ.run-once-present",
    ),
    "wsgi.unicode.status-and-headers-rfc2616": ("wsgi.unicode.app-latin1-only",),
    "wsgi.unicode.str-type-only": (
        "wsgi.status.native-str",
        "wsgi.unicode.app-latin1-only",
        "wsgi.unicode.server-latin1-only",
    ),
    "wsgi.environ.errors-text-mode": ("wsgi.errors.write", "wsgi.errors.writelines"),
    "wsgi.errors-handling.app-not-trap": ("wsgi.exc-info.app-no-trap",),
    "wsgi.errors-handling.never-trap-with-exc-info": ("wsgi.exc-info.app-no-trap",),
    "wsgi.errors-handling.no-data-before-error-page": ("wsgi.exc-info.app-no-trap",),
    "wsgi.errors-handling.reraises-when-sent": (
        "wsgi.exc-info.raises-after-headers-sent",
        "wsgi.exc-info.reraises-original",
    ),
}
"""Restated requirements, each with the ids that enforce it."""

_ANNOUNCED = "an entry is due only if the server acts on the event, which one scope does not show"

UNDECIDED: dict[str, str] = {
    "wsgi.environ.cgi-vars-present": (
        "whether a variable may be left out depends on the request that the client sent"
    ),
    "wsgi.middleware.no-hop-by-hop": (
        "the headers are those of wsgi.app.no-hop-by-hop; the layer tells who added them"
    ),
    "wsgi.middleware.no-transfer-encoding": (
        "the header is that of wsgi.app.no-transfer-encoding; the layer tells who added it"
    ),
    "wsgi.write.single-bytes-parameter": (
        "the number of arguments is seen by the wrapper; their type by wsgi.unicode.bytes-to-write"
    ),
    "asgi.extensions.entry-present-when-supported": _ANNOUNCED,
    "asgi.ext.ws-denial.advertised": _ANNOUNCED,
    "asgi.ext.push.advertised": _ANNOUNCED,
    "asgi.ext.zerocopy.advertised": _ANNOUNCED,
    "asgi.ext.pathsend.advertised": _ANNOUNCED,
    "asgi.ext.early-hint.advertised": _ANNOUNCED,
    "asgi.ext.trailers.advertised": _ANNOUNCED,
    "asgi.ext.debug.advertised": _ANNOUNCED,
    "asgi.ext.debug.servers-not-implement": (
        "test clients announce it rightly, and a scope does not tell them from servers"
    ),
    "asgi.http.scope.type-signifies-http": "only the request on the wire tells what type is due",
    "asgi.websocket.scope.type-signifies-websocket": (
        "only the request on the wire tells what type is due"
    ),
    "asgi.websocket.scope.subprotocols-default": (
        "absence is always right in the scope; invented offers show only beside the request"
    ),
    "asgi.lifespan.state.advertised-in-lifespan-scope": (
        "needs the lifespan scope and a request scope of one run"
    ),
}
"""Requirements that one value cannot show, each with the reason."""
