"""What each declared version obliges to, and what each extension does.

A feature has a version that introduced it. Below that, nothing of it binds, and an
application that uses it is told so; from there on, it binds both sides. Absence of
``spec_version`` means the first version, and a newer one than is known here means
the newest that is.
"""

from __future__ import annotations

import pytest
from witnesses.order_asgi_extensions import DEBUG, HINT, LENGTH, PATH, PUSH, TRAILER, ZEROCOPY
from witnesses.order_asgi_steps import (
    ACCEPT,
    COMPLETE,
    CONNECT,
    FAILED,
    HTTP,
    LEFT,
    LIFESPAN,
    RETURN,
    SHUTDOWN,
    STARTUP,
    WEBSOCKET,
    body,
    call,
    got,
    raised,
    refused,
    request,
    sent,
    start,
    steps,
)

from gateproof.validators import schema
from gateproof.validators.asgi.exercised import exercised
from gateproof.validators.asgi.replay import replay
from gateproof.validators.asgi.words import EXTENSION_OF

VERSIONS = [None, "2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.10", "3.0", "nonsense"]
GONE = RuntimeError("closed")
DISCONNECT = got({"type": "http.disconnect"})
BODY = {"type": "http.response.body"}
SAY = {"type": "websocket.send", "text": "a"}
UNIX = ["/run/app.sock", 0]


def number(version):
    """The version that a declaration stands for."""
    if version in (None, "nonsense"):
        return (2, 0)
    return tuple(int(part) for part in version.split("."))


def declared(version, first="3.0"):
    return {"version": first} if version is None else {"version": first, "spec_version": version}


def http(*groups, **scope):
    return lambda asgi: steps(call(HTTP, asgi=asgi, **scope), *groups)


def websocket(*groups, **scope):
    return lambda asgi: steps(call(WEBSOCKET, asgi=asgi, **scope), CONNECT, *groups)


def accept(**keys):
    return {"type": "websocket.accept", **keys}


def close(**keys):
    return {"type": "websocket.close", **keys}


def left(**keys):
    return got({"type": "websocket.disconnect", "code": 1000, **keys})


FIELDS = [(b"x-a", b"1")]
TEXTS = [("x-a", b"1")]
DEAF = TypeError("accept() got an unexpected keyword argument 'headers'")
MUTE = TypeError("close() got an unexpected keyword argument 'reason'")
NEW_HEADERS = "asgi.websocket.accept.headers-since-2-1"
NEW_REASON = "asgi.http.spec-version.no-newer-features"
HONEST = "asgi.http.spec-version.server-honest"

FEATURES = {
    # feature: (since, exchange, what is told below, what is told from there on)
    "accept headers": ((2, 1), websocket(sent(accept(headers=FIELDS))), {NEW_HEADERS}, set()),
    "no accept headers": ((2, 1), websocket(sent(accept(headers=[]))), set(), set()),
    "accept headers of text": (
        (2, 1),
        websocket(refused(accept(headers=TEXTS), ValueError("no bytes"))),
        {NEW_HEADERS},
        {"asgi.websocket.accept.headers-name-bytes"},
    ),
    "accept headers refused": (
        (2, 1),
        websocket(refused(accept(headers=FIELDS), DEAF)),
        {NEW_HEADERS},
        {HONEST},
    ),
    "accept headers looked up": (
        (2, 1),
        websocket(refused(accept(), KeyError("headers"))),
        set(),
        {"asgi.websocket.accept.headers-default"},
    ),
    "close reason": ((2, 3), websocket(ACCEPT, sent(close(reason="bye"))), {NEW_REASON}, set()),
    "no close reason": ((2, 3), websocket(ACCEPT, sent(close(reason=None))), set(), set()),
    "empty close reason": ((2, 3), websocket(ACCEPT, sent(close(reason=""))), set(), set()),
    "close reason of bytes": (
        (2, 3),
        websocket(ACCEPT, sent(close(reason=b"bye"))),
        {NEW_REASON},
        {"asgi.websocket.close.reason-type"},
    ),
    "long close reason": (
        (2, 3),
        websocket(ACCEPT, sent(close(reason="a" * 124))),
        {NEW_REASON},
        {"asgi.websocket.close.reason-length"},
    ),
    "close reason refused": (
        (2, 3),
        websocket(ACCEPT, refused(close(reason="bye"), MUTE)),
        {NEW_REASON},
        {HONEST},
    ),
    "close reason looked up": (
        (2, 3),
        websocket(ACCEPT, refused(close(), KeyError("reason"))),
        set(),
        {"asgi.websocket.close.reason-default"},
    ),
    "http: another error than OSError": (
        (2, 4),
        http(request(), start(), DISCONNECT, refused(BODY, GONE)),
        set(),
        {"asgi.http.send.raises-oserror-when-closed"},
    ),
    "http: OSError": (
        (2, 4),
        http(request(), start(), DISCONNECT, refused(BODY, BrokenPipeError())),
        set(),
        set(),
    ),
    "http: no error": ((2, 4), http(request(), start(), DISCONNECT, sent(BODY)), set(), set()),
    "websocket: another error than OSError": (
        (2, 4),
        websocket(ACCEPT, LEFT, refused(SAY, GONE)),
        set(),
        {"asgi.websocket.send.raises-oserror-when-closed"},
    ),
    "websocket: OSError": (
        (2, 4),
        websocket(ACCEPT, LEFT, refused(SAY, ConnectionResetError())),
        set(),
        set(),
    ),
    "websocket: no error": ((2, 4), websocket(ACCEPT, LEFT, sent(SAY)), set(), set()),
    "disconnect reason": ((2, 5), websocket(ACCEPT, left(reason="bye")), set(), set()),
    "no disconnect reason": ((2, 5), websocket(ACCEPT, left(reason=None)), set(), set()),
    "disconnect reason of bytes": (
        (2, 5),
        websocket(ACCEPT, left(reason=b"bye")),
        set(),
        {"asgi.websocket.disconnect.reason-type"},
    ),
    "http: a port beside a socket path": (
        (2, 2),
        http(request(), start(), body(), server=UNIX),
        set(),
        {"asgi.http.scope.server-unix-none"},
    ),
    "websocket: a port beside a socket path": (
        (2, 2),
        websocket(ACCEPT, server=UNIX),
        set(),
        {"asgi.websocket.scope.server-unix-none"},
    ),
    "a socket path": (
        (2, 2),
        http(request(), start(), body(), server=[UNIX[0], None]),
        set(),
        set(),
    ),
}


def told(ladder):
    """What is told of an exchange, save of the declaration itself."""
    found = {v.requirement for v in replay(ladder) if v.verdict != "observed"}
    return {name for name in found if not name.endswith(("spec-version", "spec-version-type"))}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_binds_from_its_version_on(feature, version):
    since, exchange, below, above = FEATURES[feature]
    ladder = exchange(declared(version))

    assert told(ladder) == (above if number(version) >= since else below)


@pytest.mark.parametrize("feature", FEATURES)
def test_what_is_told_had_its_chance_in_every_version(feature):
    exchange = FEATURES[feature][1]
    for version in VERSIONS:
        ladder = exchange(declared(version))

        assert told(ladder) <= exercised(ladder)


@pytest.mark.parametrize("version", [2.4, b"2.4", None, ("2", "4")])
def test_a_version_that_is_no_text_counts_as_the_first(version):
    asgi = {"version": "3.0", "spec_version": version}

    assert NEW_REASON in told(websocket(ACCEPT, sent(close(reason="bye")))(asgi))


# The lifespan has versions of its own -----------------------------------------

OOPS = raised(RuntimeError("no database"))
ABORTS = "asgi.lifespan.app.use-startup-failed-to-abort"
OVER = "asgi.lifespan.exception.no-further-events"
LIVES = {
    "raises during startup": ([STARTUP, OOPS], {ABORTS}),
    "is sent an event after it raised": ([OOPS, SHUTDOWN], {OVER}),
    "answers with failure": ([STARTUP, FAILED, RETURN], set()),
    "a message of bytes": (
        [STARTUP, sent({"type": "lifespan.startup.failed", "message": b"no"}), RETURN],
        {"asgi.lifespan.startup-failed.message-type"},
    ),
    "a message looked up": (
        [STARTUP, refused({"type": "lifespan.startup.failed"}, KeyError("message"))],
        {"asgi.lifespan.startup-failed.message-default"},
    ),
}


@pytest.mark.parametrize("version", [None, "1.0", "2.0", "2.3"])
@pytest.mark.parametrize("life", LIVES)
def test_failure_of_startup_is_known_since_2_0(life, version):
    groups, above = LIVES[life]
    ladder = steps(call(LIFESPAN, asgi=declared(version)), *groups)

    assert told(ladder) == (set() if version in (None, "1.0") else above)


@pytest.mark.parametrize("version", [None, "1.0", "2.0"])
def test_what_was_there_from_the_beginning_binds_in_every_version(version):
    ladder = steps(call(LIFESPAN, asgi=declared(version)), STARTUP, COMPLETE, COMPLETE)

    assert told(ladder) == {"asgi.lifespan.startup-complete.once"}


@pytest.mark.parametrize("version", [None, "1.0", "2.0"])
def test_state_came_without_a_version(version):
    ladder = steps(call(LIFESPAN, asgi=declared(version), state=[]), STARTUP, COMPLETE)

    assert told(ladder) == {"asgi.lifespan.scope.state-type"}


# Extensions -------------------------------------------------------------------

UNANNOUNCED = "asgi.extensions.app-uses-only-announced"
TRAILERS = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}
OPENED = [request(), start(headers=LENGTH)]
PROMISED = [request(), start(headers=TRAILER, trailers=True)]
DENIAL = {"type": "websocket.http.response.start", "status": 403}
DENIED = {"type": "websocket.http.response.body"}

EXTENSIONS = {
    # extension: (scope, what is right, what is out of order and its name, a wrong shape)
    "http.response.push": (
        HTTP,
        [*OPENED, sent(PUSH), body(b"abcd")],
        ([request(), sent(PUSH), start(), body()], "asgi.ext.push.timing-after-start"),
        ({**PUSH, "path": b"/"}, "asgi.ext.push.path-present"),
    ),
    "http.response.zerocopysend": (
        HTTP,
        [*OPENED, sent(ZEROCOPY)],
        ([request(), sent(ZEROCOPY)], "asgi.ext.zerocopy.timing"),
        ({**ZEROCOPY, "count": "1"}, "asgi.ext.zerocopy.count-type"),
    ),
    "http.response.pathsend": (
        HTTP,
        [*OPENED, sent(PATH)],
        ([*OPENED, sent(PATH), sent(PATH)], "asgi.ext.pathsend.once"),
        ({**PATH, "path": "file"}, "asgi.ext.pathsend.path-absolute"),
    ),
    "http.response.early_hint": (
        HTTP,
        [request(), sent(HINT), start(), body()],
        ([*OPENED, body(b"abcd"), sent(HINT)], "asgi.ext.early-hint.timing"),
        ({**HINT, "links": "</a>"}, "asgi.ext.early-hint.links"),
    ),
    "http.response.trailers": (
        HTTP,
        [*PROMISED, body(), sent(TRAILERS)],
        ([*PROMISED, sent(TRAILERS), body()], "asgi.ext.trailers.follow-final-body"),
        ({**TRAILERS, "headers": {}}, "asgi.ext.trailers.headers-pairs"),
    ),
    "http.response.debug": (
        HTTP,
        [request(), sent(DEBUG), start(), body()],
        ([request(), start(), sent(DEBUG), body()], "asgi.ext.debug.before-start-once"),
        ({**DEBUG, "info": []}, "asgi.ext.debug.info-dict"),
    ),
    "websocket.http.response": (
        WEBSOCKET,
        [CONNECT, sent(DENIAL), sent(DENIED)],
        ([CONNECT, ACCEPT, sent(DENIAL), sent(DENIED)], "asgi.ext.ws-denial.not-after-accept"),
        ({**DENIAL, "status": "403"}, "asgi.ext.ws-denial.start-structure"),
    ),
}


def exchange(extension, groups, *, offered=True):
    scope = EXTENSIONS[extension][0]
    return steps(call(scope, offers=[extension] if offered else []), *groups, RETURN)


def test_every_extension_of_the_specifications_is_here():
    assert set(EXTENSIONS) == set(EXTENSION_OF.values())


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_offered_extension_can_be_used(extension):
    assert told(exchange(extension, EXTENSIONS[extension][1])) == set()


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_extension_has_its_order(extension):
    groups, name = EXTENSIONS[extension][2]

    assert told(exchange(extension, groups)) == {name}


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_extension_has_its_shape(extension):
    event, name = EXTENSIONS[extension][3]
    found = {b.requirement for b in schema.explain(f"asgi/{event['type']}", event)}

    assert found == {name}


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_extension_that_is_not_offered_is_not_used(extension):
    found = replay(exchange(extension, EXTENSIONS[extension][1], offered=False))
    names = [v.requirement for v in found if v.verdict != "observed"]

    # Information for debugging goes to test clients, which may leave out their offer.
    assert names == ([] if extension == "http.response.debug" else [UNANNOUNCED])


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_even_in_the_wrong_order_only_that_is_told_of_what_is_not_offered(extension):
    groups, name = EXTENSIONS[extension][2]
    found = told(exchange(extension, groups, offered=False))

    assert found == ({name} if extension == "http.response.debug" else {UNANNOUNCED})


def test_the_tls_entry_has_its_shape():
    found = {b.requirement for b in schema.explain("asgi/extension.tls", {"tls_version": 772})}

    assert found == {"asgi.ext.tls.server-cert-present", "asgi.ext.tls.cipher-suite-present"}


@pytest.mark.parametrize("version", ["0.1", "1.0", "1.9"])
def test_a_version_that_never_was_excuses_nobody(version):
    asgi = {"version": "3.0", "spec_version": version}
    found = replay(steps(call(HTTP, asgi=asgi, method=None), request(), body(b"a"), RETURN))

    assert {
        "asgi.http.scope.asgi-spec-version",
        "asgi.http.scope.method-present",
        "asgi.http.response-start.before-body",
    } == {one.requirement for one in found}
