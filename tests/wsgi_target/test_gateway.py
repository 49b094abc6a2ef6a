"""The gateway keeps a server's side of PEP 3333."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest

from gateproof.targets.wsgi_environ import Request
from gateproof.targets.wsgi_gateway import MOST, serve

PLAIN = [("Content-Type", "text/plain")]


class Body:
    """An iterable that notes what is done with it."""

    def __init__(self, *items, closing=None):
        self.items = list(items)
        self.taken = 0
        self.closed = 0
        self.closing = closing

    def __iter__(self):
        return self

    def __next__(self):
        if self.taken == len(self.items):
            raise StopIteration
        item = self.items[self.taken]
        self.taken += 1
        if isinstance(item, BaseException):
            raise item
        return item

    def close(self):
        self.closed += 1
        if self.closing is not None:
            raise self.closing


def starting(result, headers=(), status="200 OK"):
    """An application that starts the response, then returns ``result``."""

    def application(environ, start_response):
        start_response(status, [*PLAIN, *headers])
        return result() if callable(result) else result

    return application


def ask(application, **fields):
    return serve(application, Request(**fields))


def test_a_reply_has_status_headers_and_body():
    reply = ask(starting([b"a", b"", b"b"], status="404 Not Here"))

    assert (reply.status, reply.reason) == (404, "Not Here")
    assert reply.headers == (("Content-Type", "text/plain"),)
    assert reply.pieces == [b"a", b"b"]
    assert (reply.sent, reply.finished, reply.failed, reply.items) == (True, True, "", 3)


def test_an_empty_body_still_sends_the_head():
    reply = ask(starting([]))

    assert (reply.status, reply.sent, reply.body) == (200, True, b"")


def test_start_response_may_come_with_the_first_item():
    def application(environ, start_response):
        start_response("201 Created", PLAIN)
        yield b"late"

    assert ask(application).status == 201


@pytest.mark.parametrize("result", [[b"data"], []], ids=["output", "exhaustion"])
def test_no_head_is_refused(result):
    reply = ask(lambda environ, start_response: result)

    assert "start_response" in reply.refused
    assert (reply.status, reply.sent, reply.body) == (500, False, b"")


def test_write_comes_before_what_is_yielded():
    def application(environ, start_response):
        write = start_response("200 OK", PLAIN)
        write(b"1")
        write(b"2")
        return [b"3"]

    assert ask(application).body == b"123"


def test_write_beyond_content_length_raises():
    raised = []

    def application(environ, start_response):
        write = start_response("200 OK", [("Content-Length", "2")])
        try:
            write(b"abc")
        except Exception as error:
            raised.append(error)
        return []

    reply = ask(application)

    assert raised
    assert reply.body == b"ab"


def test_a_second_start_response_is_refused():
    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        start_response("200 OK", PLAIN)
        return [b"a"]

    assert "again" in ask(application).refused


def failing_after(*items):
    """An application that asks for an error page after these items."""

    def application(environ, start_response):
        start_response("200 OK", [("X-First", "1"), *PLAIN])
        yield from items
        try:
            raise ValueError("mine")
        except ValueError:
            start_response("500 Oops", PLAIN, sys.exc_info())
        yield b"page"

    return application


@pytest.mark.parametrize("items", [(), (b"", b"")], ids=["at once", "after empty items"])
def test_exc_info_replaces_a_head_that_was_not_sent(items):
    reply = ask(failing_after(*items))

    assert (reply.status, reply.reason) == (500, "Oops")
    assert reply.header("x-first") is None
    assert reply.body == b"page"


def test_exc_info_is_raised_again_once_the_head_was_sent():
    reply = ask(failing_after(b"data"))

    assert repr(reply.raised) == "ValueError('mine')"
    assert reply.raised.__traceback__ is not None
    assert (reply.status, reply.body) == (200, b"data")


def test_a_head_of_no_body_may_be_sent_at_once():
    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "0")])
        try:
            raise ValueError("mine")
        except ValueError:
            start_response("500 Oops", PLAIN, sys.exc_info())
        return [b"page"]

    assert ask(application).status == 500
    assert repr(ask(application, early_head=True).raised) == "ValueError('mine')"


def test_no_reference_to_exc_info_is_kept():
    class MineError(Exception):
        pass

    kept = []

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        try:
            raise MineError
        except MineError as error:
            kept.append(weakref.ref(error))
            start_response("500 Oops", PLAIN, sys.exc_info())
        return [b""]

    reply = ask(application)
    gc.collect()

    assert reply.status == 500
    assert kept[0]() is None


def test_close_is_called_after_the_last_item():
    body = Body(b"a", b"b")

    assert ask(starting(body)).closed == 1
    assert (body.taken, body.closed) == (2, 1)


def test_close_is_called_after_an_error():
    body = Body(b"a", ValueError("mine"))
    reply = ask(starting(body))

    assert body.closed == 1
    assert repr(reply.raised) == "ValueError('mine')"
    assert reply.watched.raised is reply.raised
    assert reply.body == b"a"


def test_close_is_called_after_an_early_stop():
    body = Body(b"a", b"b", b"c")
    reply = ask(starting(body), stop_after=1)

    assert (body.taken, body.closed, reply.finished) == (1, 1, False)
    assert (reply.status, reply.body) == (200, b"a")


def test_an_iterable_is_closed_unread_only_if_there_is_a_status():
    started, late = Body(b"a"), Body(b"a", b"b")
    ask(starting(started), stop_after=0)

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        yield from late

    reply = ask(application, stop_after=0)

    assert (started.taken, started.closed) == (0, 1)
    assert (late.taken, reply.status) == (1, 200)


def test_what_close_raises_is_kept():
    reply = ask(starting(Body(b"a", closing=ValueError("mine"))))

    assert repr(reply.raised) == "ValueError('mine')"
    assert (reply.status, reply.body) == (200, b"a")


class Deadline(BaseException):
    pass


@pytest.mark.parametrize("error", [Deadline, KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_is_recorded_and_passes(error):
    from gateproof.targets.watched import Watched

    body = Body(b"a", error("now"))
    watched = Watched("wsgi", "GET /")
    with pytest.raises(error):
        serve(starting(body), Request(), watched)

    assert isinstance(watched.raised, error)
    assert body.closed == 1


def test_content_length_cuts_the_body_off():
    body = Body(b"ab", b"cd", b"ef")
    reply = ask(starting(body, [("content-LENGTH", "3")]))

    assert reply.body == b"abc"
    assert (body.taken, body.closed) == (2, 1)


@pytest.mark.parametrize(("stop", "taken"), [(True, 1), (False, 2)])
def test_a_server_may_stop_at_content_length_or_read_on(stop, taken):
    body = Body(b"ab", b"")
    reply = ask(starting(body, [("Content-Length", "2")]), stop_at_length=stop)

    assert (reply.body, body.taken, body.closed) == (b"ab", taken, 1)


def test_an_endless_body_is_closed():
    closed = []

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        try:
            while True:
                yield b"."
        finally:
            closed.append(1)

    assert len(ask(application).body) == MOST
    assert closed


@pytest.mark.parametrize(
    ("fields", "status"), [({"method": "HEAD"}, "200 OK"), ({}, "204 No Content")]
)
def test_a_response_without_body_is_iterated_and_its_items_dropped(fields, status):
    body = Body(b"a", b"b")
    reply = ask(starting(body, status=status), **fields)

    assert (body.taken, body.closed, reply.body, reply.sent) == (2, 1, b"", True)


def test_a_body_of_text_is_refused():
    reply = ask(starting(["text"]))

    assert "not bytes" in reply.refused
    assert reply.failed


@pytest.mark.parametrize("status", ["OK", 200, "20 OK", "2000 OK"])
def test_a_status_that_cannot_be_sent_is_refused(status):
    assert "status" in ask(starting([], status=status)).refused


def test_headers_are_edited_in_place_where_the_request_says_so():
    given = list(PLAIN)

    def application(environ, start_response):
        start_response("200 OK", given)
        return []

    ask(application)
    assert given == PLAIN
    reply = ask(application, edit_headers=True)
    assert given != PLAIN
    assert reply.headers == tuple(PLAIN)


def test_a_client_that_is_gone_makes_write_raise():
    def application(environ, start_response):
        start_response("200 OK", PLAIN)(b"a")
        return []

    assert isinstance(ask(application, write_fails=True).raised, ConnectionResetError)


@pytest.mark.parametrize("starter", ["method", "object", "function", "partial"])
def test_start_response_is_any_kind_of_callable(starter):
    assert ask(failing_after(b""), starter=starter).body == b"page"


def test_a_pause_lies_between_the_first_item_and_the_second():
    body = Body(b"a", b"b")
    taken = []
    serve(starting(body), Request(), pause=lambda: taken.append(body.taken))

    assert taken == [1]


def test_an_iterable_may_be_of_the_old_protocol():
    class Old:
        def __getitem__(self, index):
            return [b"a", b"b"][index]

    assert ask(starting(Old())).body == b"ab"


def test_the_file_wrapper_reads_blocks_and_closes_the_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 20000)
    files = []

    def application(environ, start_response):
        files.append(path.open("rb"))
        start_response("200 OK", PLAIN)
        return environ["wsgi.file_wrapper"](files[0], 1000)

    reply = ask(application)

    assert (len(reply.body), reply.items) == (20000, 20)
    assert files[0].closed


def test_a_file_wrapper_needs_no_close():
    class Source:
        def __init__(self):
            self.left = [b"", b"data"]

        def read(self, size):
            return self.left.pop()

    def application(environ, start_response):
        start_response("200 OK", PLAIN)
        return environ["wsgi.file_wrapper"](Source())

    assert ask(application).body == b"data"
