"""Every application of the clean corpus is served alike with and without a validator."""

from __future__ import annotations

import itertools

import pytest
from corpus.load import records
from corpus.play_wsgi import BEHAVIOUR, environ
from mirror.trace import Trace, difference
from mirror.wsgi_defects import DEFECTS
from mirror.wsgi_server import Server, left_out

from gateproof.validators import WSGIValidator

RECORDS = records("wsgi")
MANNERS = [
    {"stop": stop, "asks": asks, "pulls": pulls}
    for stop, asks, pulls in itertools.product([None, 0, 1], [True, False], ["once", "twice"])
]

ITERATES_INPUT = "returns_input"
"""Iterating ``wsgi.input`` gives another iterator over the same lines, which is no file."""


class Stream:
    """A stream of the server's that records every use."""

    def __init__(self, trace, name, inner):
        self.trace = trace
        self.label = name
        self.inner = inner

    def __getattr__(self, name):
        value = getattr(self.inner, name)
        if not callable(value):
            return value

        def used(*args):
            self.trace.add("server", f"{self.label}.{name}", *args)
            return value(*args)

        return used


def forwards(name):
    def forward(self, *args):
        return self.__getattr__(name)(*args)

    return forward


METHODS = ("read", "readline", "readlines", "__iter__", "__next__", "write", "writelines", "flush")


def watched_stream(trace, name, inner):
    """A :class:`Stream` of a class that has the methods that the class of ``inner`` has."""
    methods = {key: forwards(key) for key in METHODS if hasattr(type(inner), key)}
    return type("Stream", (Stream,), methods)(trace, name, inner)


class Spy:
    """Records, inside of everything else, what the application is given and does."""

    def __init__(self, app, trace):
        self.app = app
        self.trace = trace

    def __call__(self, environ, start_response):
        streams = ("wsgi.input", "wsgi.errors")
        seen = {key: value for key, value in environ.items() if key not in streams}
        if not isinstance(seen.get("wsgi.file_wrapper"), type):
            seen.pop("wsgi.file_wrapper", None)  # a function becomes a proxy that notes its results
        self.trace.add("application", "called", environ, seen)

        def start(*args):
            try:
                write = start_response(*args)
            except Exception as error:
                self.trace.add("application", "start_response raised", error)
                raise
            self.trace.add("application", "start_response gave", callable(write), args[1])
            return write

        try:
            result = self.app(environ, start)
        except Exception as error:
            self.trace.name(error, "the application's error")
            raise
        else:
            self.trace.add("application", "returned", hasattr(result, "__next__"))
            return result


class RecordServer(Server):
    """A server that behaves as a record and one of the manners say."""

    def __init__(self, record, manner, trace):
        self.how = dict(record.server)
        self.behaviour = {key: self.how.pop(key, None) for key in (*BEHAVIOUR, "requests")}
        plan = {
            "body": b"",
            "asks_file": record.name != ITERATES_INPUT,
            "starter": "strict",
            "edits": bool(self.behaviour["edits_headers"]),
            "write_fails": self.behaviour["send_raises"] is not None,
            **manner,
        }
        if self.behaviour["stop"] is not None:
            plan["stop"] = self.behaviour["stop"]
        super().__init__(plan, trace)

    def make_environ(self):
        made = environ(**self.how)
        for key in ("wsgi.input", "wsgi.errors"):
            if key in made:
                made[key] = self.trace.name(watched_stream(self.trace, key, made[key]), key)
        if "wsgi.file_wrapper" in made:
            self.trace.name(made["wsgi.file_wrapper"], "file_wrapper")
        return made

    def callable(self):
        made = self.behaviour["starter"]
        return made(self.start_response) if made else super().callable()


def play(record, manner, wrap) -> Trace:
    """Play a record once or as often as it asks, in one trace."""
    trace = Trace()
    app = wrap(Spy(record.application, trace))
    for _ in range(record.server.get("requests", 1)):
        RecordServer(record, manner, trace).serve(app)
    return left_out(trace)


def parted(record, manner, wrap) -> str:
    return difference(play(record, manner, lambda app: app), play(record, manner, wrap))


def collecting(app):
    return WSGIValidator(app, on_violation="collect", level="all")


@pytest.mark.parametrize("record", RECORDS, ids=[record.name for record in RECORDS])
def test_a_record_is_served_alike(record):
    for manner in MANNERS:
        assert parted(record, manner, collecting) == "", manner
        assert parted(record, manner, WSGIValidator) == "", manner


def test_the_corpus_alone_notices_most_wrappers_that_change_something():
    """Some need what no correct application does; the generated traffic has it."""
    missed = {
        name
        for name, wrap in DEFECTS.items()
        if not any(parted(record, MANNERS[0], wrap) for record in RECORDS)
    }
    assert len(missed) < len(DEFECTS) / 2, missed
