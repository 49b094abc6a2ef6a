"""The judges of both sides are sans-I/O: what was written down is judged the same."""

from __future__ import annotations

import pytest

from gateproof.validators.layers.replay import replay
from gateproof.validators.wsgi.facts import Raised, result_facts


def closable():
    return result_facts(type("Closable", (list,), {"close": lambda self: None})())


PLAIN = result_facts([b"a", b"b"])
GENERATOR = result_facts(_ for _ in ())


def ids(crossings, *interfaces):
    return [breach.requirement for breach in replay(crossings, *interfaces)]


def wsgi(*inner_then_outer):
    """Crossings of a middleware that has returned, its result and the inner one closable."""
    return [
        ("inner", "result", closable()),
        ("outer", "result", closable()),
        *inner_then_outer,
    ]


def test_close_is_owed_once_the_server_has_closed():
    assert ids(wsgi(("outer", "close", None), ("outer", "closed", None))) == [
        "wsgi.middleware.forwards-close"
    ]
    assert ids(wsgi(("outer", "close", None))) == []
    assert ids(wsgi(("outer", "end", None))) == []
    closed = [("outer", "close", None), ("inner", "close", None), ("outer", "closed", None)]
    assert ids(wsgi(*closed)) == []


def test_close_is_owed_to_no_result_that_has_none():
    outer = [("outer", "result", PLAIN), ("outer", "close", None)]
    assert ids([("inner", "result", PLAIN), *outer]) == []
    assert ids([("inner", "result", closable()), *outer]) == ["wsgi.middleware.forwards-close"]
    assert ids([("inner", "result", closable()), ("inner", "withheld", None), *outer]) == []


def test_an_exhausted_generator_is_only_weak():
    closing = [("outer", "close", None), ("outer", "closed", None)]
    crossings = [("inner", "result", GENERATOR), ("outer", "result", closable())]
    (breach,) = replay([*crossings, ("inner", "exhausted", None), *closing])
    assert breach.verdict == "weak"
    (breach,) = replay([*crossings, *closing])
    assert breach.verdict is None


def test_values_are_told_once():
    taken = [("inner", "item", b"a"), ("inner", "item", b"b"), ("inner", "item", b"c")]
    assert ids(wsgi(*taken)) == ["wsgi.middleware.one-value-per-inner-value"]
    between = [one for item in taken for one in (item, ("outer", "item", b""))]
    assert ids(wsgi(*between, ("outer", "exhausted", None))) == []


def test_what_is_drained_while_closing_is_no_matter():
    drained = [("outer", "close", None), ("inner", "item", b"a"), ("inner", "item", b"b")]
    closed = [("inner", "close", None), ("outer", "closed", None)]
    assert ids(wsgi(*drained, *closed)) == []


def test_our_own_error_ends_the_lecture():
    ours = Raised("ConformanceError")
    crossings = [
        ("inner", "result", closable()),
        ("outer", "raise", ours),
        ("outer", "close", None),
    ]
    assert ids(crossings) == []


SCOPE = {"type": "http", "path": "/", "headers": [(b"a", b"b")], "state": {}}


def test_only_the_first_handover_is_compared():
    crossings = [
        ("outer", "call", SCOPE),
        ("outer", "scope", {**SCOPE, "path": "/else", "session": {}}),
        ("inner", "call", {**SCOPE, "path": "/else"}),
        ("outer", "scope", {**SCOPE, "path": "/again"}),
    ]
    assert ids(crossings, "asgi") == ["asgi.middleware.copies-scope"]


@pytest.mark.parametrize(
    ("before", "noticed", "found"),
    [
        (("inner", "send"), ("outer", "send"), True),
        (("outer", "received"), ("inner", "received"), True),
        (("inner", "return"), ("outer", "return"), True),
        (("inner", "received"), ("inner", "send"), False),
        (("outer", "send"), ("outer", "sent"), False),
        (("inner", "send"), ("inner", "receive"), False),
    ],
)
def test_a_change_is_the_middlewares_only_where_it_had_the_word(before, noticed, found):
    crossings = [
        ("outer", "call", SCOPE),
        ("inner", "call", SCOPE),
        (*before, None),
        ("inner", "scope", {**SCOPE, "path": "/else"}),
        (*noticed, None),
    ]
    expected = ["asgi.middleware.no-mutation-after-handover"] if found else []
    assert ids(crossings, "asgi") == expected


HTTP = {
    "type": "http",
    "method": "GET",
    "scheme": "http",
    "http_version": "1.1",
    "path": "/m/x",
    "root_path": "/m",
    "query_string": b"",
    "headers": [],
}
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "/m",
    "PATH_INFO": "/x",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "http",
}


def bridged(environ, scope=HTTP, *rest):
    return ids([("outer", "call", scope), ("inner", "call", environ), *rest], "wsgi", "asgi")


def test_what_the_scope_does_not_tell_is_not_asked_of_environ():
    assert bridged(ENVIRON) == []
    assert bridged(ENVIRON, {**HTTP, "server": None, "client": None}) == []
    assert bridged({**ENVIRON, "SERVER_NAME": "x"}, {**HTTP, "server": ("/run/sock", None)}) == []


def test_a_path_that_is_not_below_its_root_is_not_judged():
    for path in ("/x", "/my/x"):
        assert bridged({**ENVIRON, "PATH_INFO": path}, {**HTTP, "path": path}) == []


def test_the_whole_path_below_a_root():
    found = ["asgi.http.wsgi.path-info-strips-root-path"]
    assert bridged({**ENVIRON, "PATH_INFO": "/m/x"}) == found
    assert bridged({**ENVIRON, "PATH_INFO": "/y"}) == ["asgi.http.wsgi.environ-mapping"]


def test_an_answer_of_the_bridge_itself_is_its_own_affair():
    failed = ("outer", "send", {"type": "http.response.start", "status": 500, "headers": []})
    body = ("outer", "send", {"type": "http.response.body", "body": b"sorry"})
    assert bridged(ENVIRON, HTTP, failed, body) == []
    raised = ("inner", "raise", Raised("ValueError"))
    assert bridged(ENVIRON, HTTP, raised, failed, body) == []


def test_interfaces_that_nothing_joins():
    with pytest.raises(ValueError, match="asgi outside"):
        replay([], "smtp", "asgi")
