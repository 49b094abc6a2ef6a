"""Hostile objects anywhere in an exchange: a finding or silence, and both sides see the same."""

from __future__ import annotations

import os
import random
import signal
import sys
import traceback

import pytest
from mirror import asgi_application, asgi_plans, wsgi_plans, wsgi_server
from mirror.trace import difference
from stress import hostile

from gateproof.validators import ASGIValidator, WSGIValidator

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more exchanges than by default, for nightly runs."""

EACH = 6 * SCALE
"""Exchanges for each hostile object, with it in another place each time."""

DEADLINE = 30
"""Seconds after which a test hangs."""

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


class HangError(BaseException):
    """The test took too long."""


@pytest.fixture(autouse=True)
def within_a_deadline():
    """A hang is a failure, not a build that never ends."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def hang(number, frame):
        raise HangError

    before = signal.signal(signal.SIGALRM, hang)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def bare(app):
    return app


def wsgi(app, level="all"):
    return WSGIValidator(app, on_violation="collect", level=level)


def asgi(app, level="all"):
    return ASGIValidator(app, on_violation="collect", level=level)


def told(app, kind, level):
    """A validator whose findings are rendered, as whoever gets them would."""
    return kind(app, on_violation=str, level=level)


class Placed(dict):
    """A dict subclass that behaves."""


# WSGI

ENVIRON_KEYS = [
    *("REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "CONTENT_LENGTH"),
    *("SERVER_PORT", "SERVER_PROTOCOL", "HTTP_A", "REMOTE_USER", "UPPER_CASE", "own.key"),
    *("wsgi.version", "wsgi.url_scheme", "wsgi.multithread", "wsgi.file_wrapper"),
    *("wsgi.input", "wsgi.errors", "HTTP_CONTENT_LENGTH", "wsgi.input_terminated"),
]


def wsgi_plan(rng, value):
    """An exchange with ``value`` somewhere."""
    made = wsgi_plans.plan(rng)
    made["stop"] = 3
    place = rng.choice(["environ", "environ", "status", "headers", "pair", "name", "write"] * 2)
    if place == "environ":
        made["changes"] = {**made["changes"], rng.choice(ENVIRON_KEYS): value}
    elif place == "status":
        made["steps"].insert(0, ("start", value, [], rng.choice(["none", "error"])))
    elif place == "headers":
        made["steps"].insert(0, ("start_as_is", "200 OK", value))
    elif place == "pair":
        headers = [("Content-Length", value), (value, "a"), value]
        made["steps"].insert(0, ("start_as_is", "200 OK", [rng.choice(headers)]))
    elif place == "name":
        made["steps"].insert(0, ("start_with", value))
    else:
        made["steps"].append(("write", value))
    if rng.random() < 0.4:
        made["pieces"] = [b"a", value]
    if rng.random() < 0.3:
        made["result"] = "as it is"
        made["as it is"] = value
    if rng.random() < 0.2:
        made["keys"] = rng.choice(hostile.KEYS)
    if rng.random() < 0.2:
        made["environ"] = rng.choice([Placed, hostile.EndlessMapping])
    return made


class WSGIApplication(wsgi_plans.Application):
    """An application that hands on what is hostile as it is."""

    def do_start_as_is(self, status, headers):
        self.write = self.start(status, headers)

    def do_start_with(self, exc_info):
        self.write = self.start("200 OK", [], exc_info)

    def do_environ(self):
        return dict.__len__(self.environ)

    def made(self):
        if self.plan["result"] == "as it is":
            return self.plan["as it is"]
        return super().made()


class WSGIServer(wsgi_server.Server):
    """A server that does not look at what it is given."""

    def make_environ(self):
        made = super().make_environ()
        if "keys" in self.plan:
            made[self.plan["keys"]] = "a"
        return self.plan.get("environ", dict)(made)

    def start_response(self, status, headers, exc_info=None):
        self.trace.add("server", "start_response", status, headers, exc_info)
        return self.write

    def kind(self, result):
        return iter(())


def play_wsgi(plan, wrap):
    trace = wsgi_server.Trace()
    server = WSGIServer(plan, trace)
    server.serve(wrap(WSGIApplication(plan, trace)))
    return wsgi_server.left_out(trace)


# ASGI

SCOPE_KEYS = [
    *("type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string"),
    *("root_path", "headers", "client", "server", "state", "extensions", "subprotocols", "own"),
]
EVENT_KEYS = [
    *("type", "status", "headers", "body", "more_body", "trailers", "more_trailers", "path"),
    *("links", "file", "code", "reason", "text", "bytes", "subprotocol", "message", "own"),
]


def asgi_plan(rng, value):
    """A connection with ``value`` somewhere."""
    made = asgi_plans.plan(rng)
    sends = [at for at, step in enumerate(made["steps"]) if step[0] == "send"]
    place = rng.choice(["scope", "sent", "sent", "event", "delivered"])
    if place == "scope":
        made["scope"] = {**made["scope"], rng.choice(SCOPE_KEYS): value}
        if rng.random() < 0.2:
            made["scope"][rng.choice(hostile.KEYS[:4])] = 1
    elif place == "sent" and sends:
        at = rng.choice(sends)
        event = {**made["steps"][at][1], rng.choice(EVENT_KEYS): value}
        made["steps"][at] = ("send_as_is", event)
    elif place == "event":
        made["steps"].insert(rng.randint(0, len(made["steps"])), ("send_as_is", value))
    else:
        at = rng.randrange(len(made["events"]))
        made["events"][at] = {**made["events"][at], rng.choice(EVENT_KEYS): value}
    return made


class ASGIApplication(asgi_application.Application):
    """An application that hands on what is hostile as it is, and looks at nothing."""

    async def do_send_as_is(self, event):
        self.count += 1
        self.trace.name(event, f"message {self.count}")
        return await self.send(event)

    async def do_receive(self):
        return await self.receive()

    async def do_scope(self):
        return dict.__len__(self.scope)


class ASGIServer(asgi_plans.Server):
    """A server that does not look at what it is given."""

    def told(self, event):
        return ()


def play_asgi(plan, wrap):
    trace = asgi_plans.Trace()
    app = asgi_application.formed(ASGIApplication(plan, trace), plan["form"])
    ASGIServer(plan, trace).drive(wrap(app))
    return trace


def safely(play):
    """``play``, whose failures can be shown: a hostile exception cannot."""

    def played(plan, wrap):
        try:
            return play(plan, wrap)
        except hostile.HostileError as error:
            frames = traceback.extract_tb(error.__traceback__)
            where = " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
        return pytest.fail(f"a hostile exception came through: {where}", pytrace=False)

    return played


PROTOCOLS = {
    "wsgi": (wsgi_plan, safely(play_wsgi), WSGIValidator),
    "asgi": (asgi_plan, safely(play_asgi), ASGIValidator),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", hostile.VALUES)
def test_both_sides_see_the_same(name, protocol):
    draw, play, validator = PROTOCOLS[protocol]
    for seed in range(EACH):
        plan = draw(random.Random(f"{name} {seed}"), hostile.VALUES[name])
        without = play(plan, bare)
        for level in ("must", "all"):
            watched = play(plan, lambda app, level=level: told(app, validator, level))
            assert difference(without, watched) == "", seed


def errors(trace):
    """The names of the types of all exceptions in a trace."""

    def names(told):
        if isinstance(told, tuple | list):
            if told and isinstance(told[0], str) and told[0].endswith("Error"):
                yield told[0]
            for item in told:
                yield from names(item)

    deeds = ("caught", "is left with", "last words failed")
    raised = ("str", "raised")
    return {
        name
        for rung in trace.rungs
        if rung[1].startswith(deeds) or raised in rung
        for name in names(rung)
    }


@pytest.mark.filterwarnings("ignore::gateproof.validators.violation.ConformanceWarning")
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", hostile.VALUES)
def test_what_is_raised_is_what_was_found(name, protocol):
    """A validator that raises its findings raises nothing else that the sides did not raise."""
    draw, play, validator = PROTOCOLS[protocol]
    for seed in range(EACH):
        plan = draw(random.Random(f"{name} {seed}"), hostile.VALUES[name])
        plan["lets_pass"] = True  # what is swallowed leads to other calls, and their errors
        raised = errors(play(plan, validator)) - errors(play(plan, bare))
        assert raised <= {"ConformanceError"}, seed


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_hostile_objects_are_found_out(protocol):
    """Most of them are findings; were none, the objects would not be where they hurt."""
    draw, play, validator = PROTOCOLS[protocol]
    found = {}
    for name, value in hostile.VALUES.items():
        for seed in range(EACH):
            plan = draw(random.Random(f"{name} {seed}"), value)

            def telling(app, name=name):
                return validator(
                    app, on_violation=lambda v: found.setdefault(name, set()).add(v.requirement)
                )

            play(plan, telling)
    assert len(found) > len(hostile.VALUES) * 0.8
    assert len(set().union(*found.values())) > 20


class Careless:
    """A wrapper that looks at things as one does who trusts them."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "":
            raise ValueError

        def starter(status, headers, *exc_info):
            for name, value in headers:
                name.lower()
                value.strip()
            status.startswith("2")
            return start_response(status, headers, *exc_info)

        return self.app(environ, starter)


class CarelessASGI:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def sender(event):
            if event["type"] == "http.response.start":
                for name, _ in event.get("headers") or ():
                    name.lower()
            await send(event)

        await self.app(scope, receive, sender)


@pytest.mark.parametrize(("protocol", "careless"), [("wsgi", Careless), ("asgi", CarelessASGI)])
def test_a_careless_wrapper_would_be_noticed(protocol, careless):
    draw, play, _ = PROTOCOLS[protocol]
    hurt = set()
    for name, value in hostile.VALUES.items():
        if name.startswith("giant"):
            continue  # these cost time, and no harm
        for seed in range(EACH):
            plan = draw(random.Random(f"{name} {seed}"), value)
            try:
                if difference(play(plan, bare), play(plan, careless)):
                    hurt.add(name)
            except hostile.HungError:
                hurt.add(name)
    assert len(hurt) > len(hostile.VALUES) / 2


def test_the_limit_on_recursion_is_as_it_was():
    assert sys.getrecursionlimit() < 20_000, "the deep list would harm nobody"
