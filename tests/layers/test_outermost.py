"""A validator around a stack with layers is its outermost point."""

from __future__ import annotations

import pytest
from layered import faults

from gateproof.reports.stream import read
from gateproof.validators import ASGIValidator, ConformanceError, WSGIValidator, layer
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.validator import watch


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
    elsewhere = layer("elsewhere")(application)
    app = WSGIValidator(hop_by_hop, on_violation="collect")

    serve["wsgi"](app)

    assert [(one.requirement, one.layer) for one in app.violations] == [
        ("wsgi.app.no-hop-by-hop", "")
    ]
    assert elsewhere.violations == []


async def asgi(scope, receive, send):
    await receive()
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


def test_an_asgi_validator_is_the_outermost_point(serve):
    app = ASGIValidator(
        faults.SentTwice(layer("application")(asgi)), on_violation="collect", level="should"
    )

    served = serve["asgi"](app)

    assert served.body == b"hello"
    assert [(one.requirement, one.layer) for one in app.violations if one.party != "server"] == [
        ("asgi.http.response-start.once", "SentTwice")
    ]


def test_an_asgi_validator_raises_for_its_layers(serve):
    app = ASGIValidator(faults.SentTwice(layer("application")(asgi)))

    served = serve["asgi"](app)

    assert isinstance(served.error, ConformanceError)
    assert served.error.violation.layer == "SentTwice"


def test_layers_share_the_policy_of_whoever_watches(serve):
    """As the suite does, with a ladder of its own."""
    found = []
    policy, exchange = Policy(found.append, Rules(level="all")), Exchange(head=400)
    app = faults.HopByHop(layer("application")(application))

    def watched(environ, start_response):
        return watch(app, environ, start_response, policy=policy, exchange=exchange)

    serve["wsgi"](watched)

    assert [(one.requirement, one.layer) for one in found if one.verdict == "fail"] == [
        ("wsgi.middleware.no-hop-by-hop", "HopByHop")
    ]
    assert [rung.step for rung in exchange.rungs()][:2] == ["call", "start_response"]


def test_validators_are_as_they_were_once_the_last_layer_is_gone(project):
    """In a process of its own, for a point of another test may live on in a traceback."""
    project.write(
        {
            "last.py": """
                from gateproof.validators import layer
                from gateproof.validators.asgi import validator as asgi
                from gateproof.validators.wsgi import validator as wsgi

                point = layer("application")(lambda environ, start_response: [])
                print(wsgi.stacked is not None, asgi.stacked is not None)
                point([], None)
                del point
                print(wsgi.stacked is not None, asgi.stacked is not None)
            """
        }
    )

    ran = project.run("last")

    assert (ran.code, ran.lines[0], ran.lines[-1]) == (0, "True True", "False False")


def test_the_suite_names_the_layer(project):
    project.write(
        {
            "stacked.py": """
                from gateproof.validators import layer


                def hello(environ, start_response):
                    start_response("200 OK", [("Content-Type", "text/plain")])
                    return [b"hello"]


                class KeepsAlive:
                    def __init__(self, app):
                        self.app = app

                    def __call__(self, environ, start_response):
                        def starter(status, headers, *exc_info):
                            headers = [*headers, ("Keep-Alive", "timeout=5")]
                            return start_response(status, headers, *exc_info)

                        return self.app(environ, starter)


                inner = layer("hello")(hello)
                application = layer("keeps-alive")(KeepsAlive(inner))
            """
        }
    )

    ran = project.pytest(
        "-q",
        "--target=stacked:application",
        "-k",
        "wsgi and get",
        "--conformance-results=out.jsonl",
        "--conformance-report=out.html",
    )

    assert ran.code == 1, ran.text
    assert "fail[wsgi.middleware.no-hop-by-hop]" in ran.text
    assert "(must-not, middleware, layer 'keeps-alive')" in ran.text
    run = read(project.folder / "out.jsonl")
    assert {
        (finding["requirement"], finding.get("layer"))
        for result in run.results
        for finding in result["findings"]
        if finding["verdict"] == "fail"
    } == {("wsgi.middleware.no-hop-by-hop", "keeps-alive")}
    assert "layer <code>keeps-alive</code>" in (project.folder / "out.html").read_text()
