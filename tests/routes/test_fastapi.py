"""FastAPI's routes, with what its OpenAPI document says of parameters and bodies."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import pytest

pytest.importorskip("fastapi")

from fastapi import APIRouter, Body, Cookie, FastAPI, Header, Path, Query
from pydantic import BaseModel

from gateproof.targets.routes.discovery import discover
from gateproof.targets.routes.samples import visit

seen: list[Any] = []


class Node(BaseModel):
    """A model that contains itself."""

    name: str
    children: list[Node] = []


application, inner = FastAPI(), FastAPI(openapi_url=None)
router = APIRouter(prefix="/shop")


@router.get("/items/{number}")
def item(number: Annotated[int, Path(ge=5, examples=[77])]) -> None:
    seen.append(("item", number))


@router.get("/search")
def search(
    words: Annotated[str, Query(min_length=3)],
    key: Annotated[str, Header()],
    limit: Annotated[int, Query(gt=10)],
    tags: Annotated[list[str], Query()],
    session: Annotated[str, Cookie()],
    page: int | None = None,
) -> None:
    seen.append(("search", words, key, limit, tags, session, page))


@router.post("/nodes")
def node(node: Annotated[Node, Body(examples=[{"name": "a"}])]) -> None:
    seen.append(("node", node.name))


@inner.get("/by/{key}")
def by(key: uuid.UUID) -> None:
    seen.append(("by", str(key)))


@inner.get("/hidden/{key}", include_in_schema=False)
def hidden(key: uuid.UUID) -> None:
    seen.append(("hidden", str(key)))


application.include_router(router, prefix="/v1")
application.mount("/inner", inner)


def test_samples_reach_the_handlers(ask_samples) -> None:
    seen.clear()
    found, statuses = ask_samples(application, "asgi")

    assert found.notes == ()
    assert {path: status for path, status in statuses.items() if status != 200} == {
        "/inner/hidden/{key}": 422  # described nowhere: nothing tells that its id is a UUID
    }
    assert seen == [
        ("item", 77),
        ("search", "1aa", "1", 11, ["1"], "1", None),
        ("by", "00000000-0000-4000-8000-000000000001"),
    ]
    assert found.sources == ("FastAPI's router",)
    assert "/openapi.json" in statuses
    assert "/v1/shop/nodes" in {route.path for route in found.routes} - statuses.keys()


def test_a_body_comes_with_its_schema_and_examples() -> None:
    (route,) = [route for route in discover(application).routes if route.path.endswith("/nodes")]
    (body,) = route.operation("POST").bodies

    assert (body.media_type, body.required) == ("application/json", True)
    assert body.examples == ({"name": "a"},)
    assert body.schema["required"] == ["name"]
    assert body.schema["properties"]["children"]["items"] is False  # it would contain itself


def test_the_application_keeps_no_document_that_it_did_not_make_for_a_client() -> None:
    made = FastAPI()
    before = dict(vars(made))
    discover(made)

    assert vars(made) == before

    made.openapi()
    before = dict(vars(made))
    discover(made)

    assert vars(made) == before


def test_routes_are_found_where_the_document_cannot_be_made() -> None:
    class Broken(FastAPI):
        def openapi(self) -> dict[str, Any]:
            raise LookupError("no such\nmodel")

    made = Broken(openapi_url=None)
    made.add_api_route("/items/{number:int}", lambda number: None)
    found = discover(made)

    assert [visit(route).path for route in found.routes] == ["/items/1"]
    assert found.notes == ("openapi() raised LookupError: no such model",)
    assert found.line(("GET",)) == (
        "routes: 1 found in FastAPI's router (GET); openapi() raised LookupError: no such model"
    )
