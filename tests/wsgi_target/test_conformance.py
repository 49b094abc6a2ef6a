"""The gateway is a conforming server, by the standard library's judgement and by ours."""

from __future__ import annotations

import wsgiref.validate

import pytest

from gateproof.conformance.case import cases
from gateproof.targets.wsgi_environ import Request
from gateproof.targets.wsgi_gateway import serve

CASES = [name for name in cases() if name.startswith("wsgi::")]


def tidy(environ, start_response):
    """A conforming application that does a little of everything."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    read = environ["wsgi.input"].read(size) if size else b""
    environ["wsgi.errors"].write("a line\n")
    environ["wsgi.errors"].flush()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"", str(len(read)).encode(), b"."]


def writing(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])(b"written")
    return [b"yielded"]


def lazy(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    yield b"la"
    yield b"zy"


def nothing(environ, start_response):
    start_response("204 No Content", [])
    return ()


@pytest.mark.parametrize("application", [tidy, writing, lazy, nothing])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"method": "HEAD"},
        {"body": b"x" * 1000},
        {"path": "/caf%C3%A9", "query": "a=1", "mount": "/m"},
        {"input": "table", "errors": "table"},
        {"minimal": True, "environ": {"QUERY_STRING": "", "SCRIPT_NAME": ""}},  # it needs them
        {"protocol": "HTTP/1.0", "file_wrapper": False},
    ],
    ids=lambda changes: "+".join(changes) or "plain",
)
def test_the_standard_librarys_validator_has_no_objection(application, changes):
    reply = serve(wsgiref.validate.validator(application), Request(**changes))

    assert reply.failed == ""
    assert reply.finished


@pytest.mark.parametrize("application", [tidy, writing, lazy, nothing])
@pytest.mark.parametrize("case", CASES)
def test_our_validator_finds_nothing_in_the_server(application, case, play):
    played = play(application, case, paths=("/", "/below"))

    assert [v for v in played.by_validator if v.party != "application"] == []
    assert played.requirements("fail", "weak") == set()


def faulty(environ, start_response):
    """Break as much as one application can, so that every refusal is tried."""
    start_response("200", [("Connection", "close"), ("bad name", "a\r\nb"), ("Content-Length", 3)])
    try:
        start_response("200 OK", [])
    except Exception:
        try:
            raise ValueError
        except ValueError:
            import sys

            start_response("500 Oops", [("Content-Length", "2")], sys.exc_info())(b"abc")
    return [b"more", "text"]


def hopping(environ, start_response):
    start_response("200 OK", [("Transfer-Encoding", "chunked"), ("Content-Length", "1")])
    return [b"abc", b"d"]


def startless(environ, start_response):
    yield b""
    yield b"x"


def raising(environ, start_response):
    start_response("200 OK", [])
    yield b"x"
    raise ValueError


@pytest.mark.parametrize("application", [faulty, hopping, startless, raising])
@pytest.mark.parametrize("case", CASES)
def test_a_faulty_application_is_never_blamed_on_the_server(application, case, play):
    played = play(application, case)

    assert [v for v in played.by_validator if v.party != "application"] == []
    assert played.by_validator or played.ended
