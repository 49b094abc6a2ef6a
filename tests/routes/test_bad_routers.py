"""Whatever goes wrong while routes are read is told, and ends nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateproof.targets.routes import discovery
from gateproof.targets.routes.discovery import Discovery, discover

pytest.importorskip("starlette")

from starlette.applications import Starlette
from starlette.routing import Mount, Route, Router


async def page(request: Any) -> None:
    return None


class Raising:
    def __init__(self, error: BaseException, first: int = 1) -> None:
        self.error = error
        self.first = first

    def __iter__(self) -> Iterator[Route]:
        for number in range(self.first):
            yield Route(f"/{number}", page)
        raise self.error


def with_routes(routes: Any) -> Starlette:
    made = Starlette()
    made.router.routes = routes
    return made


class UntellableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("bad\nrouter"), "RuntimeError: bad router"),
        (SystemExit(3), "SystemExit: 3"),
        (UntellableError(), "UntellableError"),
        (RecursionError(), "RecursionError"),
        (KeyError("x" * 1000), f"KeyError: '{'x' * 199}"),
    ],
)
def test_what_was_found_before_a_router_raised_stands(error: BaseException, told: str) -> None:
    found = discover(with_routes(Raising(error)))

    assert [route.path for route in found.routes] == ["/0"]
    assert found.notes == (f"Starlette's router raised {told}",)


def test_a_mounted_router_that_raises_spoils_only_itself() -> None:
    broken = with_routes(Raising(RuntimeError("bad"), first=0))
    found = discover(Starlette(routes=[Route("/a", page), Mount("/in", broken), Route("/b", page)]))

    assert [route.path for route in found.routes] == ["/a", "/in/", "/b"]
    assert found.notes == ("Starlette's router raised RuntimeError: bad",)


def test_an_interruption_is_no_fault_of_the_router() -> None:
    with pytest.raises(KeyboardInterrupt):
        discover(with_routes(Raising(KeyboardInterrupt())))


def test_an_application_that_is_mounted_in_itself_ends() -> None:
    router = Router([Route("/a", page)])
    router.routes.append(Mount("/again", router))
    found = discover(Starlette(routes=router.routes))

    assert len(found.routes) < 10
    assert "/again/a" in {route.path for route in found.routes}


def test_mounts_are_followed_so_deep_and_no_deeper() -> None:
    app: Any = Router([Route("/leaf", page)])
    for number in range(30):
        app = Router([Mount(f"/{number}", app)])
    (route,) = discover(app).routes

    assert route.path.count("/") == discovery.DEPTH + 1


def test_only_so_many_routes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "MOST", 5)
    found = discover(Starlette(routes=[Route(f"/{n}", page) for n in range(9)]))

    assert len(found.routes) == 5
    assert found.notes == ("there are more than 5",)


def test_routes_that_share_a_path_are_one() -> None:
    found = discover(
        Starlette(
            routes=[
                Route("/a", page, methods=["GET"]),
                Route("/a", page, methods=["POST"]),
                Route("/b", page, methods=["DELETE"]),
            ]
        )
    )

    assert [(route.path, route.methods) for route in found.routes] == [
        ("/a", ("GET", "HEAD", "POST")),
        ("/b", ("DELETE",)),
    ]
    assert [route.path for route in found.allowed(("GET", "HEAD", "OPTIONS"))] == ["/a"]


def test_an_application_without_routes() -> None:
    assert discover(Starlette()) == Discovery(notes=("Starlette's router has none",))


async def plain(scope: Any, receive: Any, send: Any) -> None:
    return None


class Hostile:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    @property
    def __class__(self) -> Any:
        raise RuntimeError("a proxy without anything behind it")


@pytest.mark.parametrize(
    "make", [lambda: plain, Hostile, object, lambda: None, lambda: sys, lambda: int]
)
def test_an_application_of_no_known_framework(make: Callable[[], Any]) -> None:
    found = discover(make())

    assert found.routes == ()
    assert found.line(("GET",)) == f"routes: none found: {discovery.UNKNOWN}"
