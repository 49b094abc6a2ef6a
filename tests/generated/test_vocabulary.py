"""The words of an application's own code, which generated requests speak."""

from __future__ import annotations

import functools
from typing import Any

from gateproof.conformance.vocabulary import WORDS, Vocabulary, vocabulary


def helper(environ: dict[str, Any]) -> object:
    """This sentence is no word."""
    return environ.get("HTTP_X_TENANT") or environ.get("x-request-id")


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    if environ.get("PATH_INFO") == "/admin/users" and "colour=" in environ["QUERY_STRING"]:
        return [b"octets"] if len(environ) > 300 else []
    return [str(helper(environ)).encode(), b"page"] if environ else []


class Site:
    """A site."""

    def __init__(self) -> None:
        self.handlers = {"only": functools.partial(application)}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        return [environ["wsgi.url_scheme"].encode(), b"banner"]


class Hostile:
    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        raise RuntimeError("no request")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        return [b"hostile-word"]


def test_words_are_told_apart_by_what_they_may_stand_for() -> None:
    words = vocabulary(application)

    assert words.paths == ("/admin/users",)
    assert words.headers == ("x-tenant", "x-request-id")
    assert {"page", "octets"} <= set(words.names)
    assert "colour=" in words.values
    assert 300 in words.numbers
    assert not any("sentence" in word for word in words.values)
    assert "PATH_INFO" not in words.values


def test_methods_and_what_an_object_holds_are_read() -> None:
    words = vocabulary(Site())

    assert "banner" in words.names
    assert "x-tenant" in vocabulary(Site().handlers).headers


def test_installed_code_is_not() -> None:
    import json

    assert vocabulary(json.dumps) == Vocabulary()
    assert vocabulary(42) == Vocabulary()


def test_hostile_objects_do_no_harm() -> None:
    assert isinstance(vocabulary(Hostile()), Vocabulary)


def test_a_lot_of_code_gives_no_more_than_so_many_words() -> None:
    scope: dict[str, Any] = {"__name__": __name__}
    lines = "".join(f"    yield 'word{n}'\n" for n in range(500))
    exec(f"def many():\n{lines}", scope)

    assert len(vocabulary(scope["many"]).names) == WORDS
