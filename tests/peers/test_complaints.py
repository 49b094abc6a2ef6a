"""What people complain of in other checkers, each complaint as a test of ours.

The threads are named where a test comes from one. Complaints about what a
validator does to the traffic, about missing keys and about ``-O`` have tests of
their own, beside what they are about.
"""

from __future__ import annotations

import re

import pytest
from corpus import play_asgi, play_wsgi
from corpus.kit import Record
from corpus.load import record
from peers.lints import OURS, PEERS
from peers.plays import plays
from peers.wsgi_mutants import by, head, ok, reading, start_closable, started

from gateproof.validators import ASGIValidator, ConformanceError, WSGIValidator

WSGI_PEERS = [one for one in PEERS if one.interface == "wsgi"]


def silent(interface, exchange):
    heard = OURS[interface].listen(exchange)
    assert (heard.reports, heard.remarks, heard.crash) == ({}, {}, "")


# Legal but odd: python/cpython#93416, #148803, falconry/falcon#689, #748, #2057, #2208, #2732,
# marshmallow-code/webargs#477


@pytest.mark.parametrize(
    "name", ["redirect_without_type", "reads_all", "reads_lines_by_size", "no_content"]
)
def test_a_legal_application_is_not_told_off(name):
    """302 without a type, read() without a size, readline(size), 204 without a length."""
    odd = record("wsgi", name)

    silent("wsgi", lambda wrap: play_wsgi.serve(odd, wrap))


@pytest.mark.parametrize(
    ("lint", "name"),
    [
        ("wsgiref.validate", "redirect_without_type"),
        ("wsgiref.validate", "reads_all"),
        ("werkzeug lint", "redirect_without_type"),
        ("werkzeug lint", "no_content"),
        ("werkzeug lint", "reads_lines_by_size"),
    ],
)
def test_the_complaint_still_holds(lint, name):
    """Were it mended over there, the page of comparisons would be unjust."""
    odd = record("wsgi", name)
    peer = next(one for one in WSGI_PEERS if one.name == lint)

    def exchange(wrap):
        served = play_wsgi.serve(odd, wrap)[0]
        if served.error is not None:
            raise served.error

    assert peer.listen(exchange).reports


# What all of them miss


def twice(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    start_response("500 Oops", [("Content-Type", "text/plain")])
    return [b"oops"]


def closed_twice(wrap):
    result = wrap(start_closable)(play_wsgi.environ(), started)
    list(result)
    result.close()
    result.close()


MISSED = {
    "wsgi.start-response.repeat-without-exc-info": by(twice),
    "wsgi.app.no-hop-by-hop": by(head("200 OK", ("Connection", "close"))),
    "wsgi.app.no-transfer-encoding": by(head("200 OK", ("Transfer-Encoding", "chunked"))),
    "wsgi.content-length.valid-value": by(head("200 OK", ("Content-Length", "five"))),
    "wsgi.status.no-line-terminator": by(head("200 OK\r\n")),
    "wsgi.server.close-called-once": closed_twice,
}


@pytest.mark.parametrize("name", MISSED)
def test_what_they_miss_is_caught_by_its_id(name):
    heard = OURS["wsgi"].listen(MISSED[name])

    assert name in heard.reports


@pytest.mark.parametrize("lint", WSGI_PEERS, ids=str)
@pytest.mark.parametrize("name", list(MISSED)[:4])
def test_they_do_miss_it(name, lint):
    if lint.absent:
        pytest.skip(lint.absent)

    assert lint.listen(MISSED[name]).reports == {}


def test_a_wrong_length_is_caught_where_only_one_of_them_looks():
    wrong = by(head("200 OK", ("Content-Length", "9")))
    found = {one.name for one in WSGI_PEERS if not one.absent and one.listen(wrong).reports}

    assert "wsgi.content-length.app-accurate" in OURS["wsgi"].listen(wrong).reports
    assert found <= {"werkzeug lint"}


# Tuning: Pylons/webtest#106


PROXYING = head("200 OK", ("Connection", "close"), ("X-Bad\n", "1"))


def test_a_rule_can_be_left_out():
    """Whoever tests a proxy may need hop-by-hop headers."""
    app = WSGIValidator(PROXYING, on_violation="collect", ignore=["wsgi.app.no-hop-by-hop"])

    by(app)(lambda app: app)

    found = {violation.requirement for violation in app.violations}
    assert found == {"wsgi.response-headers.name-token"}


def test_a_family_of_rules_can_be_chosen():
    app = WSGIValidator(PROXYING, on_violation="collect", select=["wsgi.app.*"])

    by(app)(lambda app: app)

    found = {violation.requirement for violation in app.violations}
    assert found == {"wsgi.app.no-hop-by-hop"}


def test_what_is_left_out_does_not_raise():
    by(WSGIValidator(PROXYING, ignore=["wsgi.*"]))(lambda app: app)

    with pytest.raises(ConformanceError):
        by(WSGIValidator(PROXYING))(lambda app: app)


def test_an_asgi_rule_can_be_left_out():
    async def shouting(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-A", b"1")]})
        await send({"type": "http.response.body"})

    def told(**rules):
        app = ASGIValidator(shouting, on_violation="collect", level="all", **rules)
        play_asgi.step(app(*served()))
        return {violation.requirement for violation in app.violations}

    def served():
        server = play_asgi.Server()
        return server.scope, server.receive, server.send

    name = "asgi.http.response-start.headers-lowercase"
    assert told() == {name}
    assert told(ignore=["asgi.http.response-start.*"]) == set()
    assert told(select=["asgi.websocket.*"]) == set()
    assert told(select=["asgi.http.*"]) == {name}


# asgion 0.6: four errors on a legal minimal scope, and an iterable of headers read to its end


@pytest.mark.parametrize("name", ["legal_minimal_scope", "legal_minimal_websocket_scope"])
def test_a_minimal_scope_is_legal(name):
    minimal = record("asgi", name)

    silent("asgi", lambda wrap: play_asgi.serve(minimal, wrap))


@pytest.mark.parametrize(
    ("name", "kind", "key"),
    [
        ("one_shot_headers", "http.response.start", "headers"),
        ("one_shot_both", "http.response.start", "headers"),
        ("trailers_in_parts", "http.response.trailers", "headers"),
        ("one_shot_hints", "http.response.early_hint", "links"),
        ("one_shot_accept_headers", "websocket.accept", "headers"),
        ("denies", "websocket.http.response.start", "headers"),
    ],
)
def test_what_can_be_read_once_reaches_the_server_unread(name, kind, key):
    odd = record("asgi", name)
    bare = play_asgi.serve(odd)
    watched = play_asgi.serve(odd, lambda app: ASGIValidator(app, level="all"))

    def read(seen):
        return [
            [pair if isinstance(pair, bytes) else tuple(pair) for pair in event[key]]
            for event in seen.server.sent
            if event["type"] == kind
        ]

    kept = read(bare)
    assert kept
    assert read(watched) == kept


def test_headers_of_a_scope_that_can_be_read_once_reach_the_application():
    odd = record("asgi", "one_shot_scope_headers")
    seen = []

    async def keeps(scope, receive, send):
        seen.append([tuple(pair) for pair in scope["headers"]])
        await odd.application({**scope, "headers": []}, receive, send)

    keeping = Record("keeps", "asgi", "", "", keeps, odd.server)
    play_asgi.serve(keeping, lambda app: ASGIValidator(app, level="all"))

    assert seen == [[(b"host", b"1"), (b"x-a", b"1")]]


# Texts: python/cpython#148291, pallets/werkzeug#1116


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_every_report_says_what_where_why_and_what_to_do(interface):
    """A report is a headline in one sentence and four facts, whatever the value it is about."""
    texts = {
        text
        for play in plays()
        if play.interface == interface and play.form != "Application"
        for heard in [OURS[interface].listen(play.breaks)]
        for text in (*heard.reports.values(), *heard.remarks.values())
    }

    assert len(texts) > 100
    for text in texts:
        headline, *facts = text.split("\n")
        said = re.fullmatch(r"(fail|weak|observed)\[[a-z0-9.-]+\]: (.+[^.])", headline)
        assert said, headline
        names = [fact.split(":")[0].strip() for fact in facts if re.match(r"  [a-z]+: ", fact)]
        assert names[-3:] == ["where", "why", "help"], text
        assert len(headline) < 400


class Unspeakable:
    """A value of which nothing can be said."""

    def __repr__(self):
        raise RuntimeError("no words")

    __str__ = __repr__


@pytest.mark.parametrize(
    "exchange",
    [
        by(head(Unspeakable())),
        by(head("200 OK", ("X-A", Unspeakable()))),
        by(head("200 OK", ("X-A", "\ud800"))),
        by(ok, lambda: play_wsgi.environ(SERVER_PORT=Unspeakable())),
        by(ok, lambda: play_wsgi.environ(PATH_INFO="/\ud800")),
        by(lambda environ, start: start("200 OK", []) and [Unspeakable()]),
        reading(lambda environ: environ["wsgi.errors"].writelines(["\ud800\n"])),
    ],
    ids=["status", "header", "surrogate", "variable", "path", "piece", "error"],
)
def test_a_report_is_built_of_any_value(exchange):
    heard = OURS["wsgi"].listen(exchange)

    assert heard.crash == ""
    assert heard.reports or heard.remarks
    for text in (*heard.reports.values(), *heard.remarks.values()):
        text.encode("ascii", "backslashreplace")
        assert "no words" not in text
