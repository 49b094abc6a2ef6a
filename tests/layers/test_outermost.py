"""A validator around a stack with layers is its outermost point."""

from __future__ import annotations

import pytest
from layered import faults

from gateproof.validators import ConformanceError, WSGIValidator, layer


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"he", b"llo"]


def hop_by_hop(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [b"hello"]


@pytest.mark.parametrize("level", ["must", "should"])
def test_layers_share_the_options_of_a_validator(level, serve):
    inner = layer("application")(application)
    app = WSGIValidator(faults.HopByHop(inner), on_violation="collect", level=level)

    told = serve["wsgi"](app)

    assert told.error is None
    (found,) = [one for one in app.violations if one.verdict == "fail"]
    assert (found.requirement, found.party) == ("wsgi.middleware.no-hop-by-hop", "middleware")
    assert found.layer == "HopByHop"


def test_what_a_layer_told_a_validator_does_not_tell_again(serve):
    app = WSGIValidator(layer("application")(hop_by_hop), on_violation="collect")

    serve["wsgi"](app)

    assert [(one.requirement, one.layer) for one in app.violations] == [
        ("wsgi.app.no-hop-by-hop", "application")
    ]
    assert app.count(app.violations[0]) == 1


def test_a_validator_raises_for_its_layers(serve):
    app = WSGIValidator(faults.TruncatedBody(layer("application")(application)))

    told = serve["wsgi"](app)

    assert isinstance(told.error, ConformanceError)
    assert told.error.violation.layer == "TruncatedBody"


def test_a_validator_without_layers_stays_as_it_is(serve):
    layer("elsewhere")(application)
    app = WSGIValidator(hop_by_hop, on_violation="collect")

    serve["wsgi"](app)

    assert [(one.requirement, one.layer) for one in app.violations] == [
        ("wsgi.app.no-hop-by-hop", "")
    ]
