"""What was explained once is found again without words, and says the same when asked."""

from __future__ import annotations

import dataclasses
import io

import pytest

from gateproof.validators import ASGIValidator, WSGIValidator, schema
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.schema.recalled import Recalled, Suspects
from gateproof.validators.wsgi.shape import Shapes

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(),
    "wsgi.errors": io.StringIO(),
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
PORT = "wsgi.environ.cgi-vars-native-str"


def environ(**more: object) -> dict[str, object]:
    return ENVIRON | more


@pytest.fixture
def shapes() -> Shapes:
    return Shapes(Rules())


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The schemas of which a rejection was explained."""
    names: list[str] = []
    real = schema.explain

    def explain(name: str, *rest: object) -> object:
        names.append(name)
        return real(name, *rest)

    monkeypatch.setattr(schema, "explain", explain)
    return names


def test_the_like_of_an_explained_breach_is_not_explained(shapes, explained):
    shapes.explain("wsgi/environ", environ(SERVER_PORT=80))
    found = shapes.explain("wsgi/environ", environ(SERVER_PORT=8080, HTTP_X="new"))

    assert [(one.requirement, one.party, one.verdict) for one in found] == [(PORT, None, None)]
    assert explained == ["wsgi/environ"]


def test_it_says_what_an_explanation_says_when_asked(shapes, explained):
    shapes.explain("wsgi/environ", environ(SERVER_PORT=80))
    (found,) = shapes.explain("wsgi/environ", environ(SERVER_PORT=8080))
    (fresh,) = schema.explain("wsgi/environ", environ(SERVER_PORT=8080), frozenset(), "fail")

    assert isinstance(found, Recalled)
    assert (found.message, found.observed) == (fresh.message, fresh.observed)
    assert (found.expected, found.hint) == (fresh.expected, fresh.hint)
    assert "8080" in found.message


def test_another_breach_is_explained(shapes, explained):
    shapes.explain("wsgi/environ", environ(SERVER_PORT=80))
    (found,) = shapes.explain("wsgi/environ", environ(**{"wsgi.version": [1, 0]}))

    assert found.requirement == "wsgi.environ.wsgi-version-value"
    assert len(explained) == 2


def test_two_breaches_at_once_are_explained(shapes, explained):
    both = environ(**{"SERVER_PORT": 80, "wsgi.version": [1, 0]})
    shapes.explain("wsgi/environ", environ(SERVER_PORT=80))
    shapes.explain("wsgi/environ", environ(**{"wsgi.version": [1, 0]}))
    found = {one.requirement for one in shapes.explain("wsgi/environ", both)}

    assert found == {PORT, "wsgi.environ.wsgi-version-value"}
    assert len(explained) == 3


def test_where_degrees_differ_all_is_explained(explained):
    shapes = Shapes(Rules(level="all"))
    for port in (80, 81):
        shapes.explain("wsgi/environ", environ(SERVER_PORT=port))

    assert len(explained) == 2


def test_a_copy_with_changes_is_a_breach_like_any_other(shapes):
    shapes.explain("wsgi/environ", environ(SERVER_PORT=80))
    (found,) = shapes.explain("wsgi/environ", environ(SERVER_PORT=8080))
    changed = dataclasses.replace(found, layer="gzip")

    assert (changed.layer, changed.message) == ("gzip", found.message)


def test_few_requirements_are_remembered():
    suspects = Suspects("fail")
    for number in range(20):
        suspects.learn("key", [Recalled(f"a.b-{number}")])

    assert len(suspects._seen["key"]) <= 4


def test_a_hostile_value_is_not_recalled():
    class Hostile(dict):
        def __getitem__(self, key):
            raise RuntimeError

        __iter__ = keys = items = copy = get = __getitem__

    suspects = Suspects("fail")
    suspects.learn("key", [Recalled(PORT)])
    recalled = suspects.recall("key", "wsgi/environ", Hostile(), frozenset(), list)

    assert recalled is None or recalled.requirement == PORT


def answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.mark.parametrize("action", ["collect", "log", "warn", "raise"])
def test_every_request_is_counted_whatever_is_told(action):
    validated = WSGIValidator(answer, on_violation=action)
    with pytest.warns(UserWarning, match=PORT) if action in ("warn", "raise") else _nothing():
        for port in range(300):
            result = validated(environ(SERVER_PORT=port), lambda *_: lambda data: None)
            assert list(result) == [b"hello"]

    (count,) = validated._policy._counts.values()
    assert count == 300


def test_a_callable_hears_of_each_in_its_own_words():
    heard = []
    validated = WSGIValidator(answer, on_violation=heard.append)
    for port in range(5):
        list(validated(environ(SERVER_PORT=port), lambda *_: lambda data: None))

    assert [f"{port}" in one.message for port, one in enumerate(heard)] == [True] * 5


def test_the_asgi_side_names_the_party_as_before():
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": scope["path"], "headers": []})
        await send({"type": "http.response.body", "body": b""})

    heard = []
    validated = ASGIValidator(application, on_violation=heard.append)
    for number in range(3):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "path": f"/{number}",
            "query_string": b"",
            "headers": [],
        }
        step = validated(scope, _receive, _send)
        with pytest.raises(StopIteration):
            step.send(None)

    assert {(one.requirement, one.party) for one in heard} == {
        ("asgi.http.response-start.status-type", "application")
    }
    assert [f"'/{number}'" in one.message for number, one in enumerate(heard)] == [True] * 3


def test_the_policy_that_raises_goes_on_raising():
    from gateproof.validators import ConformanceError

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": "200", "headers": []})

    validated = ASGIValidator(application)
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1"}
    scope |= {"method": "GET", "path": "/", "query_string": b"", "headers": []}
    for _ in range(150):
        with pytest.raises(ConformanceError):
            validated(dict(scope), _receive, _send).send(None)

    assert isinstance(validated.policy, Policy)


async def _receive():
    return {"type": "http.disconnect"}


async def _send(message):
    pass


def _nothing():
    import contextlib

    return contextlib.nullcontext()
