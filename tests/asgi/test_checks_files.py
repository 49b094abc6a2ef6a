"""Files of zero copy and path sends, looked at when the call has returned."""

from __future__ import annotations

import os

import pytest

from gateproof.validators.asgi.files import MOST, look
from gateproof.validators.asgi.replay import replay

CLOSES = "asgi.ext.zerocopy.app-closes-file"
SIZES = "asgi.ext.pathsend.app-sets-headers"
OFFERS = ["http.response.zerocopysend", "http.response.pathsend"]


@pytest.fixture
def stored(tmp_path):
    """A file of five octets that nobody has touched for long."""
    path = tmp_path / "file"
    path.write_bytes(b"hello")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def ids(violations):
    return [v.requirement for v in violations]


def zero_copy(path, close, times=1):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200})
        file = path.open("rb")
        for left in reversed(range(times)):
            await send(
                {"type": "http.response.zerocopysend", "file": file, "more_body": bool(left)}
            )
        if close:
            file.close()
        app.file = file

    return app


def path_send(path, length):
    async def app(scope, receive, send):
        await receive()
        headers = [(b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.pathsend", "path": str(path)})

    return app


@pytest.mark.parametrize("times", [1, 3])
def test_an_open_file_is_told_once(watched, server, stored, times):
    app = zero_copy(stored, close=False, times=times)
    violations, exchange, _ = watched(app, server(offers=OFFERS))
    again = replay(exchange.rungs())
    app.file.close()

    assert ids(violations) == [CLOSES]
    assert violations[0].verdict == "weak"
    assert again == violations


def test_a_closed_file_is_fine(watched, server, stored):
    assert watched(zero_copy(stored, close=True), server(offers=OFFERS))[0] == []


def test_a_wrong_length_is_told(watched, server, stored):
    violations, exchange, _ = watched(path_send(stored, b"4"), server(offers=OFFERS))

    assert ids(violations) == [SIZES]
    assert violations[0].verdict == "fail"
    assert (violations[0].observed, violations[0].expected) == (
        "content-length 4",
        "content-length 5",
    )
    assert replay(exchange.rungs()) == violations


def test_the_right_length_is_fine(watched, server, stored):
    assert watched(path_send(stored, b"5"), server(offers=OFFERS))[0] == []


def test_a_file_that_changed_lately_may_have_had_another_size(watched, server, tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"grows")

    assert watched(path_send(path, b"4"), server(offers=OFFERS))[0] == []


def test_a_file_that_is_gone_is_not_judged(watched, server, tmp_path):
    assert watched(path_send(tmp_path / "none", b"4"), server(offers=OFFERS))[0] == []


class Odd:
    """An object of the application's own, as files may be."""

    def fileno(self):
        return 3

    @property
    def closed(self):
        raise RuntimeError("never asked")


@pytest.mark.parametrize("file", [3, None, Odd(), "relative\0path", "/"])
def test_what_has_no_state_is_not_judged(file):
    assert look([file], 0.0) == []


def test_only_so_many_files_of_a_response_are_kept(watched, server, stored):
    files = [stored.open("rb") for _ in range(MOST + 5)]

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200})
        for file in files:
            await send({"type": "http.response.zerocopysend", "file": file, "more_body": True})
        await send({"type": "http.response.body"})

    violations, _, _ = watched(app, server(offers=OFFERS))
    for file in files:
        file.close()

    assert ids(violations) == [CLOSES]
    assert f"{MOST} files" in violations[0].message
