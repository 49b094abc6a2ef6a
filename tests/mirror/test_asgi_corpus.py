"""Every application of the clean corpus is served alike with and without a validator."""

from __future__ import annotations

import pytest
from corpus.load import records
from corpus.play_asgi import Server, serve
from mirror.asgi_defects import DEFECTS
from mirror.asgi_plans import inside
from mirror.trace import Trace, difference

from gateproof.validators import ASGIValidator

RECORDS = records("asgi")


class Spy:
    """Records, inside of everything else, what the application is given and does."""

    def __init__(self, app, trace):
        self.app = app
        self.trace = trace

    async def __call__(self, scope, receive, send):
        self.trace.add("application", "called", scope)

        async def receiver():
            self.trace.add("application", "receives")
            try:
                event = await receive()
            except BaseException as error:
                self.trace.add("application", "receive raised", error)
                raise
            self.trace.add("application", "received", event)
            return event

        async def sender(event):
            self.trace.add("application", "sends", *told(event))
            try:
                gave = await send(event)
            except BaseException as error:
                self.trace.add("application", "send raised", error)
                raise
            self.trace.add("application", "sent", gave)
            return gave

        try:
            gave = await self.app(scope, receiver, sender)
        except BaseException as error:
            self.trace.name(error, "the application's error")
            raise
        self.trace.add("application", "returned", gave)
        return gave


def told(event):
    """An event without looking at headers, which may be readable but once."""
    if not isinstance(event, dict):
        return ["no dict"]
    return [(key, value) for key, value in event.items() if key != "headers"]


def recording(trace):
    """A class of servers that record what they are asked for and sent, and name what they give."""

    class Recording(Server):
        def __init__(self, **how):
            super().__init__(**how)
            trace.name(self.scope, "scope")

        async def receive(self):
            trace.add("server", "receive")
            event = await super().receive()
            trace.name(event, f"event {self.calls} of {event.get('type')}")
            trace.add("server", "delivers", event, *inside(event))
            return event

        async def send(self, event):
            trace.add("server", "send", *inside(event))
            await super().send(event)
            trace.add("server", "has sent")

    return Recording


def play(record, wrap) -> Trace:
    """Play a record in a trace."""
    trace = Trace()
    seen = serve(record, lambda app: wrap(Spy(app, trace)), recording(trace))
    trace.add("server", "caught", seen.error)
    trace.add("server", "got", seen.returned)
    trace.add("server", "has scope", dict(seen.server.scope))
    return trace


def parted(record, wrap) -> str:
    return difference(play(record, lambda app: app), play(record, wrap))


def collecting(app):
    return ASGIValidator(app, on_violation="collect", level="all")


@pytest.mark.parametrize("record", RECORDS, ids=[record.name for record in RECORDS])
def test_a_record_is_served_alike(record):
    assert parted(record, collecting) == ""
    assert parted(record, ASGIValidator) == ""


def test_the_corpus_alone_notices_most_wrappers_that_change_something():
    """Some need what no correct application does; the generated traffic has it."""
    missed = {
        name
        for name, wrap in DEFECTS.items()
        if not any(parted(record, wrap) for record in RECORDS if not record.server.get("waits"))
    }
    assert len(missed) < len(DEFECTS) / 2, missed
