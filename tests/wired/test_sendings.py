"""What a case asks, said in octets; what the octets cannot say is unaskable, with the reason."""

from __future__ import annotations

import os

import pytest

from gateproof.conformance.wired_stage import Account
from gateproof.targets import wired_http, wired_websocket, wired_wsgi
from gateproof.targets.adapter import Features
from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_http import Request as ASGIRequest
from gateproof.targets.asgi_scope import ABSENT as NO_KEY
from gateproof.targets.asgi_websocket import Connect
from gateproof.targets.journal import Call
from gateproof.targets.watched import Watched
from gateproof.targets.wired import Unaskable, altered
from gateproof.targets.wsgi_environ import ABSENT, Request
from gateproof.validators.violation import Rung

SAMPLE = {"QUERY_STRING": "", "SERVER_SOFTWARE": "x/1", "wsgi.multithread": True}
SCOPE = {
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "root_path": "",
    "extensions": {"a": {}},
}


def wsgi(request, **features):
    return wired_wsgi.sending(request, SAMPLE, features=Features(**features))


def asgi(request, **features):
    return wired_http.sending(request, SCOPE, host="example.org", features=Features(**features))


def test_a_request_is_sent_as_it_is_written():
    sending = wsgi(Request("POST", "/a%2Fb", "x=\xe9", headers=(("Host", "h"),), body=b"abc"))

    assert sending.head == (b"POST /a%2Fb?x=\xe9 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n")
    assert sending.body == (b"abc",)
    octets, _ = sending.marked("gp0123456789ab")
    assert octets.startswith(sending.head[:-2] + b"X-Gateproof: gp0123456789ab\r\n\r\n")
    assert octets.endswith(b"abc")


def test_what_headers_say_in_the_environ_is_said_on_the_wire():
    environ = {"HTTP_USER_AGENT": ABSENT, "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "0"}
    head = wsgi(Request(environ=environ)).head

    assert b"User-Agent" not in head
    assert b"\r\nContent-Type: text/plain\r\n" in head
    assert b"\r\nContent-Length: 0\r\n" in head


def test_a_body_without_a_length_goes_in_chunks():
    request = Request(
        body=b"abc", environ={"CONTENT_LENGTH": ABSENT, "wsgi.input_terminated": True}
    )

    assert wsgi(request).body == (b"3\r\nabc\r\n0\r\n\r\n",)
    assert b"Content-Length" not in wsgi(request).head
    with pytest.raises(Unaskable, match="without a length"):
        wsgi(request, chunked_request=False)


def test_a_client_that_goes_away_in_its_body_sends_half_of_it():
    sending = wsgi(Request(body=b"abcd", input="broken"))

    assert (sending.body, sending.leave) == ((b"ab",), "called")
    assert b"Content-Length: 4" in sending.head
    with pytest.raises(Unaskable):
        wsgi(Request(body=b"abcd", input="broken"), streaming_input=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"mount": "/x"},
        {"minimal": True},
        {"input": "table"},
        {"errors": "table"},
        {"starter": "partial"},
        {"middleware": True},
        {"stop_after": 0},
        {"stop_at_length": True},
        {"edit_headers": True},
        {"early_head": True},
        {"write_fails": True},
        {"protocol": "HTTP/2"},
        {"path": ""},
        {"environ": {"wsgi.multithread": 1}},
        {"environ": {"SERVER_SOFTWARE": ABSENT}},
        {"environ": {"gateproof.anything": 1}},
        {"headers": (("X", "a\r\nb"),)},
    ],
    ids=str,
)
def test_what_is_the_servers_own_is_unaskable(fields):
    with pytest.raises(Unaskable):
        wsgi(Request(**fields))


def test_what_the_server_gives_anyway_need_not_be_asked_for():
    assert wsgi(Request(environ={"wsgi.multithread": True, "PATH": ABSENT})).head
    assert asgi(ASGIRequest(scope={"asgi": SCOPE["asgi"], "raw_path": NO_KEY})).head
    assert asgi(ASGIRequest(scope={"extensions": {"a": {}}})).head


@pytest.mark.parametrize(
    "asked",
    [
        ASGIRequest(scope={"asgi": {"version": "3.0"}}),
        ASGIRequest(scope={"headers": []}),
        ASGIRequest(scope={"http_version": "2"}),
        ASGIRequest(scope={"root_path": NO_KEY}),
        ASGIRequest(scope={"extensions": {"b": {}}}),
        ASGIRequest(events=({"type": "http.request"},)),
        ASGIRequest(pauses=10),
        ASGIRequest(body=(b"a", b"", b"b")),
    ],
)
def test_scopes_and_events_of_a_case_are_unaskable(asked):
    with pytest.raises(Unaskable):
        asgi(asked)


def test_http_1_0_is_spoken_where_the_server_does():
    asked = ASGIRequest(scope={"http_version": "1.0"})

    assert asgi(asked).head.startswith(b"GET / HTTP/1.0\r\nhost: example.org\r\n")
    with pytest.raises(Unaskable):
        asgi(asked, http10=False)


def test_pieces_of_a_body_are_sent_one_by_one():
    sending = asgi(ASGIRequest(body=(b"ab", b"c")))
    octets, cuts = sending.marked("gp0123456789ab")

    assert b"content-length: 3" in sending.head
    assert [octets[a:b] for a, b in zip(cuts, [*cuts[1:], None], strict=True)] == [b"ab", b"c"]


def test_a_client_leaves_where_the_case_says():
    body = (b"a", b"b", b"c")

    assert asgi(ASGIRequest(body=body, leave=Leave(received=0))).leave == "sent"
    assert asgi(ASGIRequest(body=body, leave=Leave(received=1))).body == (b"a",)
    assert asgi(ASGIRequest(body=body, leave=Leave(received=3))).body == body
    assert asgi(ASGIRequest(leave=Leave(sent=1))).leave == "answered"


@pytest.mark.parametrize(
    "asked",
    [
        Connect(shape="beside-none"),
        Connect(event={"x": 1}),
        Connect(close={"code": 1000}),
        Connect(close={"code": 1000, "reason": None}),
        Connect(scope={"http_version": "2"}),
    ],
)
def test_events_of_a_websocket_are_unaskable(asked):
    with pytest.raises(Unaskable):
        wired_websocket.askable(asked, SCOPE)


def test_secrets_of_the_process_are_not_shown(monkeypatch):
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    own = {"wsgi.version": (1, 0), "REQUEST_METHOD": "GET", "HOME": "/elsewhere"}
    rung = wired_wsgi.shown(Rung("call", {**own, "DATABASE_PASSWORD": "secret"}, 1))

    assert rung.data == own
    assert "HOME" not in os.environ or os.environ["HOME"] != "/elsewhere"


@pytest.mark.parametrize(
    ("pieces", "more", "expected"),
    [
        ([b"ab", b"cd"], False, False),
        ([b"ab"], True, False),
        ([b"ab"], False, True),
        ([b"cd"], True, True),
        ([b"ab", b"cde"], True, True),
    ],
)
def test_a_body_that_the_server_alters_is_noticed(pieces, more, expected):
    last = len(pieces) - 1
    rungs = [
        Rung("received", {"type": "http.request", "body": piece, "more_body": more or n < last}, n)
        for n, piece in enumerate(pieces)
    ]
    sending = asgi(ASGIRequest(body=(b"abcd",)))

    assert altered(sending, Call("", "asgi", {}, tuple(rungs))) is expected


def test_an_environ_that_is_none_is_shown_all_the_same():
    rung = Rung("call", {b"REQUEST_METHOD": "GET", "wsgi.version": (1, 0)}, 1)

    assert wired_wsgi.shown(rung).data == rung.data


STARTED = Rung("start_response", (("200 OK", [("A", "b")]), {}), 1)


@pytest.mark.parametrize(
    ("rungs", "status", "body", "failed"),
    [
        ([STARTED, Rung("item", b"ok", 2), Rung("exhausted", None, 3)], 200, b"ok", ""),
        ([STARTED, Rung("write", ((b"ok",), {}), 2), Rung("exhausted", None, 3)], 200, b"ok", ""),
        ([Rung("raise", ValueError("x"), 1)], 500, b"", "raised ValueError('x')"),
        ([STARTED, STARTED], 500, b"", "was refused: start_response was called again"),
        ([STARTED, Rung("item", "text", 2)], 500, b"", "was refused: a body piece is str"),
        ([Rung("item", b"ok", 2)], 500, b"", "was refused: there is output before"),
    ],
)
def test_the_reply_is_made_of_what_crossed(rungs, status, body, failed):
    reply = wired_wsgi.reply(
        Request(), Watched("wsgi", "GET /"), Call("", "wsgi", {}, tuple(rungs))
    )

    assert (reply.status, reply.body) == (status, body)
    assert reply.failed.startswith(failed)
    assert bool(reply.failed) == bool(failed)


def test_a_case_that_could_ask_only_what_all_begin_with_is_not_applicable():
    account = Account(asked={b"plain"})
    assert account.verdict(1) == ("", "")
    account.skip("no such server")
    assert account.verdict(1) == ("n/a", "not with a real server: no such server")
    account.asked.add(b"other")
    ended, reason = account.verdict(1)
    assert not ended
    assert reason.startswith("1 of its requests cannot be made")


def test_a_case_that_the_server_answers_itself_is_not_applicable():
    account = Account()
    account.pass_over("GET /: 400")
    assert account.verdict(1) == (
        "n/a",
        "the server does not call the application for this: GET /: 400",
    )
    account.asked.add(b"plain")
    assert account.verdict(1) == ("", "")
