"""Servers that iterate a result more than once: the body is counted once."""

from __future__ import annotations

import pytest

from gateproof.validators import WSGIValidator
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.validator import watch

PIECES = {
    "one": [b"abc"],
    "several": [b"abc", b"", b"de"],
    "a tuple": (b"abc", b"de"),
    "a set": {b"abc"},
    "none": [],
}


def starter(status, headers, exc_info=None):
    return print


def adds_up_while_it_sends(result):
    """As gevent's server does where Content-Length is missing."""
    sent = []
    for piece in result:
        if not sent:
            assert sum(map(len, result)) >= len(piece)
        sent.append(piece)
    return sent


def adds_up_before(result):
    assert sum(map(len, result)) >= 0
    return list(result)


def looks_at_the_first(result):
    next(iter(result), None)
    return list(result)


def takes_two_at_once(result):
    one, two = iter(result), iter(result)
    return [piece for piece, _ in zip(one, two, strict=True)]


SERVERS = [adds_up_while_it_sends, adds_up_before, looks_at_the_first, takes_two_at_once]


@pytest.mark.parametrize("length", [True, False], ids=["length", "no length"])
@pytest.mark.parametrize("how", ["validator", "watch"])
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("name", PIECES)
def test_the_body_is_counted_once(name, server, how, length, make_environ):
    pieces, found = PIECES[name], []

    def app(environ, start_response):
        total = str(sum(map(len, pieces)))
        start_response("200 OK", [("Content-Length", total)] if length else [])
        return pieces

    if how == "validator":
        result = WSGIValidator(app, on_violation=found.append, level="all")(make_environ(), starter)
    else:
        policy = Policy(found.append, Rules(level="all"))
        result = watch(
            app, make_environ(), starter, policy=policy, exchange=Exchange(), host="server"
        )
    sent = server(result)
    result.close()
    del result

    assert sent == list(pieces)
    assert [str(violation) for violation in found] == []


@pytest.mark.parametrize("how", ["validator", "nested"])
def test_what_can_be_read_once_is_read_in_turns(how, make_environ):
    found = []

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "2")])
        return iter([b"a", b"b", b"c"])

    for _ in range(2 if how == "nested" else 1):
        app = WSGIValidator(app, on_violation=found.append)
    result = app(make_environ(), starter)

    assert next(iter(result)) == b"a"
    assert next(iter(result)) == b"b"
    assert list(result) == [b"c"]
    result.close()
    del result
    assert {v.requirement for v in found} == {"wsgi.content-length.app-accurate"}


def test_an_iteration_after_close_is_told(make_environ):
    class Pages(list):
        def close(self):
            pass

    found = []

    def app(environ, start_response):
        start_response("200 OK", [])
        return Pages([b"a", b"b"])

    result = WSGIValidator(app, on_violation=found.append)(make_environ(), starter)
    next(iter(result))
    result.close()
    assert list(result) == [b"a", b"b"]

    assert [v.requirement for v in found] == ["wsgi.server.close-called"]
