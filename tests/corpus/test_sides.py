"""What each side sees of a clean exchange is the same with and without a validator."""

from __future__ import annotations

import io

import pytest
from corpus import play_asgi, play_wsgi
from corpus.load import records

from gateproof.validators import WSGIValidator
from gateproof.validators.asgi.replay import replay as replay_asgi
from gateproof.validators.asgi.validator import watch as watch_asgi
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.replay import replay as replay_wsgi
from gateproof.validators.wsgi.validator import watch as watch_wsgi

WSGI = pytest.mark.parametrize("record", records("wsgi"), ids=lambda record: record.name)
ASGI = pytest.mark.parametrize("record", records("asgi"), ids=lambda record: record.name)


CHANGED_LATER = {
    "zero_copies_and_bodies": "the ladder holds the file itself, which is closed by now",
    "zero_copy_alone": "the ladder holds the file itself, which is closed by now",
    "leaves_state": "the ladder holds the state itself, which has been filled by now",
}
"""Records whose ladder tells less after the exchange than during it."""


class Watched:
    """Puts ``watch`` around an application, with a ladder that loses nothing.

    Attributes:
        violations: what was found, at every level.
        exchanges: the ladder of each call.
    """

    def __init__(self, watch, **how):
        self.watch, self.how = watch, how
        self.violations, self.exchanges = [], []
        self.policy = Policy(self.violations.append, Rules(level="all"))

    def __call__(self, app):
        def call(*arguments):
            exchange = Exchange(head=10_000)
            self.exchanges.append(exchange)
            return self.watch(app, *arguments, policy=self.policy, exchange=exchange, **self.how)

        return call


@WSGI
def test_nothing_fails_directly_under_a_server(record):
    watched = Watched(watch_wsgi, host="server")

    play_wsgi.serve(record, watched)

    assert [str(v) for v in watched.violations if v.requirement not in record.expects] == []


@WSGI
def test_wsgi_live_and_replay_find_the_same(record):
    watched = Watched(watch_wsgi)

    play_wsgi.serve(record, watched)

    found = [v for exchange in watched.exchanges for v in replay_wsgi(exchange.rungs())]
    assert found == watched.violations


@pytest.mark.parametrize(
    "record",
    [record for record in records("asgi") if record.name not in CHANGED_LATER],
    ids=lambda record: record.name,
)
def test_asgi_live_and_replay_find_the_same(record):
    watched = Watched(watch_asgi)

    play_asgi.serve(record, watched)

    found = [v for exchange in watched.exchanges for v in replay_asgi(exchange.rungs())]
    assert found == watched.violations


@WSGI
def test_a_wsgi_server_sees_the_same(record):
    bare = play_wsgi.serve(record)
    watched = play_wsgi.serve(record, lambda app: WSGIValidator(app, on_violation="collect"))

    assert [served.seen for served in watched] == [served.seen for served in bare]


@ASGI
def test_an_asgi_server_sees_the_same(record):
    bare = play_asgi.serve(record)
    watched = play_asgi.serve(record, Watched(watch_asgi))

    assert repr(watched.error) == repr(bare.error)
    assert watched.returned == bare.returned
    assert [_plain(event) for event in watched.server.sent] == [
        _plain(event) for event in bare.server.sent
    ]
    assert watched.server.events == bare.server.events
    assert {key: _plain_value(key, value) for key, value in watched.server.scope.items()} == {
        key: _plain_value(key, value) for key, value in bare.server.scope.items()
    }


@WSGI
def test_the_streams_are_put_back(record):
    """What the server put in environ is there afterwards, unless the application changed it."""
    before = []

    def keep(app):
        def call(environ, start_response):
            before.append({key: environ.get(key) for key in STREAMS})
            return WSGIValidator(app, on_violation="collect")(environ, start_response)

        return call

    played = play_wsgi.serve(record, keep)

    after = [{key: served.environ.get(key) for key in STREAMS} for served in played]
    if record.name == "clears_environ":
        assert after == [dict.fromkeys(STREAMS)]
    elif record.name == "changes_environ":
        assert type(after[0].pop("wsgi.input")) is io.BytesIO
        assert after[0].items() <= before[0].items()
    else:
        assert after == before


STREAMS = ("wsgi.input", "wsgi.errors", "wsgi.file_wrapper")


def _plain(event):
    return {key: _plain_value(key, value) for key, value in event.items()}


def _plain_value(key, value):
    """A value without what differs between two plays: iterators, files and addresses."""
    if key in ("headers", "links"):
        return [pair if isinstance(pair, bytes) else tuple(pair) for pair in value]
    if isinstance(value, dict):
        return {name: _plain_value(name, inner) for name, inner in value.items()}
    if type(value).__module__ != "builtins":
        return type(value)
    return type(value) if type(value) is object else value
