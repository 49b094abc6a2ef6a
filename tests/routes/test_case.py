"""The case that asks each route: it finds what is wrong behind one, and judges nothing else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from gateproof.conformance import routes as settings
from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import NotApplicable, cases
from gateproof.conformance.cases import wsgi_routes
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.routes.discovery import Discovery, discover
from gateproof.targets.routes.route import Parameter, Route

WSGI, ASGI = (cases()[f"{family}::routes"] for family in ("wsgi", "asgi.http"))


def routed(*paths: str) -> Discovery:
    return Discovery(tuple(Route((path,)) for path in paths), ("a test",))


def on_wsgi(application: Any, found: Discovery) -> WSGIStage:
    stage = WSGIStage(case=WSGI, application=application, routes=found)
    WSGI.run(stage)
    return stage


def on_asgi(application: Any, found: Discovery, patience: float = 5.0) -> ASGIStage:
    stage = ASGIStage(case=ASGI, application=application, routes=found, patience=patience)
    asyncio.run(ASGI.run(stage))  # type: ignore[arg-type]
    return stage


def broken(stage: WSGIStage | ASGIStage) -> set[str]:
    assert stage.findings == []
    return {
        violation.requirement
        for watched in stage.exchanges
        for violation in watched.violations
        if violation.verdict in ("fail", "weak")
    }


def wsgi_site(views: dict[str, Callable[[Any], Any]]) -> Any:
    def application(environ: Any, start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path not in views:
            start_response("404 Not Found", [])
            return []
        return views[path](start_response)

    return application


def good(start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"good"]


def bad(start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "99")])
    return [b"short"]


def failing(start_response: Any) -> list[bytes]:
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
    return [b"sorry"]


def test_what_is_wrong_behind_a_route_is_found() -> None:
    site = wsgi_site({"/": good, "/items/1": bad})
    found = Discovery((Route(("/",)), Route(("/items/", Parameter("n", "int")))), ("a test",))

    assert broken(on_wsgi(site, found)) == {"wsgi.content-length.app-accurate"}
    assert broken(on_wsgi(wsgi_site({"/": good, "/items/1": good}), found)) == set()


def test_a_404_and_a_500_are_the_applications_own_affair() -> None:
    stage = on_wsgi(wsgi_site({"/a": failing}), routed("/a", "/missing"))

    assert len(stage.exchanges) == 2
    assert broken(stage) == set()


def test_only_get_is_sent_and_only_where_it_is_answered() -> None:
    asked = []

    def site(environ: Any, start_response: Any) -> Any:
        asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]))
        return good(start_response)

    query = Parameter("q", place="query", examples=("x y",))
    from gateproof.targets.routes.route import Operation

    on_wsgi(
        site,
        Discovery(
            (
                Route(("/any",)),
                Route(("/get",), ("GET", "POST"), operations={"GET": Operation((query,))}),
                Route(("/post",), ("POST",)),
            )
        ),
    )

    assert asked == [("GET", "/any", ""), ("GET", "/get", "q=x%20y")]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Discovery(notes=("the router raised",)), "the router raised"),
        (Discovery(), settings.UNREAD),
        (Discovery((Route(("/post",), ("POST",)),)), "no route answers GET"),
    ],
)
def test_without_routes_it_does_not_apply(found: Discovery, why: str) -> None:
    with pytest.raises(NotApplicable, match=why):
        on_wsgi(wsgi_site({}), found)
    with pytest.raises(NotApplicable, match=why):
        on_asgi(None, found)


def test_a_wsgi_handler_that_waits_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_routes, "WAIT", 0.3)
    never = threading.Event()
    left = []

    def waiting(start_response: Any) -> list[bytes]:
        try:
            never.wait(30)
        finally:
            left.append(1)
        return good(start_response)

    def endless(start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        while True:
            yield b"tick\n"

    site = wsgi_site({"/wait": waiting, "/tick": endless, "/bad": bad})
    began = time.monotonic()
    stage = on_wsgi(site, routed("/wait", "/tick", "/bad"))

    assert left == [1]
    assert [watched.request for watched in stage.exchanges] == ["GET /tick", "GET /bad"]
    assert broken(stage) == {"wsgi.content-length.app-accurate"}
    assert time.monotonic() - began < 20


def test_an_asgi_handler_that_waits_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def site(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/wait":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/twice":
            await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    stage = on_asgi(site, routed("/wait", "/", "/twice"), patience=0.3)

    assert len(stage.exchanges) == 3
    assert broken(stage) == {"asgi.http.response-start.once"}
    assert broken(on_asgi(site, routed("/wait", "/"), patience=0.3)) == set()


def test_it_is_bounded_in_routes_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    many = routed(*(f"/{n}" for n in range(settings.MOST + 50)))
    stage = on_wsgi(wsgi_site({}), many)

    assert len(stage.exchanges) == settings.MOST

    monkeypatch.setattr(wsgi_routes, "BUDGET", 0.0)
    later = iter(range(10**6))
    monkeypatch.setattr(wsgi_routes.time, "monotonic", lambda: float(next(later)))

    assert len(on_wsgi(wsgi_site({}), many).exchanges) <= 1


def test_flask_routes_are_all_asked() -> None:
    flask = pytest.importorskip("flask")
    application = flask.Flask("gateproof_case", static_folder=None)
    application.add_url_rule("/", "index", lambda: "ok")
    application.add_url_rule(
        "/split/<int:n>", "split", lambda n: flask.Response("x", headers={"Connection": "close"})
    )
    stage = on_wsgi(application, discover(application))

    assert [watched.request for watched in stage.exchanges] == ["GET /", "GET /split/1"]
    assert broken(stage) == {"wsgi.app.no-hop-by-hop"}
