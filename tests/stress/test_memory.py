"""However often a fault comes, collecting and logging it takes no more memory."""

from __future__ import annotations

import gc
import logging
import os
import tracemalloc
from functools import partial

import pytest
from corpus.play_asgi import Server, step
from corpus.play_wsgi import Served, environ, play

from gateproof.validators import ASGIValidator, WSGIValidator

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))

REQUESTS = 1_000_000 if SCALE >= 20 else 3_000 * SCALE
"""Requests that are measured; the full number belongs to nightly runs."""

SHAPES = min(REQUESTS // 4, 50_000)
"""The same for faults that are slow to explain."""

WARM = 600
"""Requests before, so that bounded memories hold something."""

BOUND = 250_000
"""Octets of growth that count as none: bounded memories are now fuller, now emptier."""


def served_wsgi(validator, number):
    served = play(validator, Served(environ=environ(HTTP_NUMBER=f"n{number}")))
    served.result = None  # the server lets go of it


def served_asgi(validator, number):
    server = Server(path=f"/{number}", raw_path=f"/{number}".encode())
    step(validator(server.scope, server.receive, server.send))


def starts_twice(environ, start_response):
    start_response("200 OK", [("X-Number", environ["HTTP_NUMBER"])])
    start_response("404 Not Found", [("X-Number", environ["HTTP_NUMBER"])])
    return [b"a"]


def ends_a_line(environ, start_response):
    """Its finding is in other words each time."""
    start_response("200 OK", [("X-Number", environ["HTTP_NUMBER"] + "\r\n")])
    return [b"a"]


async def starts_again(scope, receive, send):
    await receive()
    start = {"type": "http.response.start", "status": 200, "headers": []}
    await send(start)
    await send({**start, "headers": [(b"x-n", scope["raw_path"])]})
    await send({"type": "http.response.body", "body": b"a"})


async def sends_text(scope, receive, send):
    """Its finding is in other words each time."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"]})


FAULTS = {
    "wsgi order": (WSGIValidator, starts_twice, served_wsgi, REQUESTS),
    "wsgi shape": (WSGIValidator, ends_a_line, served_wsgi, SHAPES),
    "asgi order": (ASGIValidator, starts_again, served_asgi, REQUESTS),
    "asgi shape": (ASGIValidator, sends_text, served_asgi, SHAPES),
}
"""Validator, application, server and the number of requests."""


def growth(serve, requests):
    """Octets that are held more after ``requests`` than before them."""
    for number in range(WARM):
        serve(number)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(WARM, WARM + requests):
            serve(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("fault", FAULTS)
def test_collecting_takes_constant_memory(fault):
    kind, app, serve, requests = FAULTS[fault]
    validator = kind(app, on_violation="collect")

    assert growth(partial(serve, validator), requests) < BOUND

    (violation,) = validator.violations
    assert validator.count(violation) == WARM + requests


@pytest.mark.parametrize("fault", FAULTS)
def test_logging_takes_constant_memory_and_one_line(fault):
    kind, app, serve, requests = FAULTS[fault]
    lines = []

    class Handler(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    handler = Handler()
    logging.getLogger("gateproof").addHandler(handler)
    try:
        assert growth(partial(serve, kind(app, on_violation="log")), requests) < BOUND
    finally:
        logging.getLogger("gateproof").removeHandler(handler)

    assert len(lines) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_keeping_every_finding_would_be_noticed(fault):
    kind, app, serve, _ = FAULTS[fault]
    kept = []

    assert growth(partial(serve, kind(app, on_violation=kept.append)), 750) > BOUND


def test_what_was_refused_does_not_live_on():
    """Findings about bodies of a megabyte are remembered, their bodies are not."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"] * 200_000})

    validator = ASGIValidator(app, on_violation="collect")
    served_asgi(validator, 0)
    tracemalloc.start()
    try:
        for number in range(20):
            served_asgi(validator, 10_000 + number)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
    assert validator.count(validator.violations[0]) == 21
