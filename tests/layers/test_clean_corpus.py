"""Correct but odd exchanges through three middlewares that change nothing."""

from __future__ import annotations

import pytest
from corpus import play_asgi, play_wsgi
from corpus.load import records

from gateproof.validators import layer
from gateproof.validators.catalogue import requirement

SERVE = {"wsgi": play_wsgi.serve, "asgi": play_asgi.serve}
EVERY = [*records("wsgi"), *records("asgi")]
each = pytest.mark.parametrize("record", EVERY, ids=[f"{r.interface}-{r.name}" for r in EVERY])


class Passes:
    """Hands on the very objects, whatever the interface is."""

    def __init__(self, app):
        self.app = app

    def __call__(self, *arguments):
        return self.app(*arguments)


@each
def test_nothing_is_told_of_any_middleware(record):
    outermost = layer("outermost", on_violation="collect", level="all")

    def wrap(application):
        inner = layer("inner")(Passes(layer("application")(application)))
        return outermost(Passes(layer("middle")(Passes(inner))))

    SERVE[record.interface](record, wrap)

    found = outermost.violations
    assert [str(one) for one in found if one.requirement not in record.expects] == []
    assert [str(one) for one in found if one.layer not in ("", "application")] == []
    assert [
        one.requirement for one in found if requirement(one.requirement).party == "middleware"
    ] == []
    assert len({one.requirement for one in found}) == len(found)
