"""What counts as a difference between two answers, and what does not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest

from gateproof.conformance.comparing import Comparison, Ignored
from gateproof.conformance.entrances import Asked, Entrance
from gateproof.targets.application import open_application

Headers = list[tuple[str, str]]
Said = Callable[[], tuple[str, Headers, bytes]]


def always(status: str = "200 OK", headers: Headers = [], body: bytes = b"one two") -> Said:  # noqa: B006
    return lambda: (status, list(headers), body)


def entrance(said: Said, monkeypatch: pytest.MonkeyPatch, name: str) -> Entrance:
    """An application that answers what ``said`` gives."""

    def application(environ, start_response):
        status, headers, body = said()
        start_response(status, [("Content-Length", str(len(body))), *headers])
        return [body]

    import sys
    from pathlib import Path
    from types import ModuleType

    module = ModuleType(name)
    module.application = application
    monkeypatch.setitem(sys.modules, name, module)
    return Entrance(open_application(f"{name}:application", Path(), "wsgi"))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch):
    """The aspects in which two applications differ, and what was left out."""

    def compare(old: Said, new: Said, ignored: Ignored | None = None, method: str = "GET"):
        comparison = Comparison(
            entrance(old, monkeypatch, "old_one"), entrance(new, monkeypatch, "new_one"),
            ignored or Ignored(),
        )  # fmt: skip
        found = comparison.differences(Asked(method))
        return [one.aspect for one in found], comparison.varied

    return compare


@pytest.mark.parametrize(
    ("old", "new", "aspects"),
    [
        (always(), always(), []),
        (always(), always("404 Not Found"), ["status"]),
        (always(), always("200 Fine"), []),
        (always(), always(body=b"one three"), ["body"]),
        (always(headers=[("X-A", "1")]), always(), ["header x-a"]),
        (always(headers=[("X-A", "1")]), always(headers=[("x-a", "1")]), []),
        (always(headers=[("X-A", "1")]), always(headers=[("X-A", "2")]), ["header x-a"]),
        (
            always(headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
            always(headers=[("Set-Cookie", "b=2"), ("Set-Cookie", "a=1")]),
            ["header set-cookie"],
        ),
        (
            always(headers=[("X-A", "1"), ("X-B", "2")]),
            always(headers=[("X-B", "2"), ("X-A", "1")]),
            [],
        ),
        (always(headers=[("Date", "then")]), always(headers=[("Server", "other")]), []),
    ],
)
def test_what_a_client_sees_is_compared(compared, old: Said, new: Said, aspects: list[str]) -> None:
    assert compared(old, new)[0] == aspects


def test_the_body_of_an_answer_to_head_is_not_seen(compared) -> None:
    assert compared(always(body=b"one"), always(body=b"two"), method="HEAD")[0] == []


def varying(template: str, values: itertools.count) -> Said:
    def said() -> tuple[str, Headers, bytes]:
        return "200 OK", [], template.format(f"token{next(values) * 7919}").encode()

    return said


def test_what_varies_from_answer_to_answer_is_left_out(compared) -> None:
    page = "<form {0}> and <b>{0}</b> to {0}"
    aspects, varied = compared(
        varying(page, itertools.count(1)), varying(page, itertools.count(99))
    )

    assert aspects == []
    assert varied == {"body"}


@pytest.mark.parametrize(
    "page", ["<form {0}> or <b>{0}</b>", "<form {0}> and <b>{0}</b> more", "{0} <form {0}>", "{0}"]
)
def test_what_stays_the_same_around_it_is_compared(compared, page: str) -> None:
    plain = varying("<form {0}> and <b>{0}</b>", itertools.count(1))

    assert compared(plain, varying(page, itertools.count(99)))[0] == ["body"]


def test_a_field_that_varies_has_to_be_there(compared) -> None:
    values = itertools.count(1)

    def tokens() -> tuple[str, Headers, bytes]:
        return "200 OK", [("Set-Cookie", f"t={next(values)}")], b""

    assert compared(tokens, tokens)[0] == []
    assert compared(tokens, always(body=b""))[0] == ["header set-cookie"]


def test_what_the_user_ignores_is_left_out(compared) -> None:
    old = always(headers=[("X-A", "1"), ("X-B", "id=7")], body=b"at 12:30")
    new = always(headers=[("X-A", "2"), ("X-B", "id=8")], body=b"at 12:31")
    ignored = Ignored(frozenset({"x-a"}), (re.compile(r"id=\d"), re.compile(r"\d+:\d+")))

    assert compared(old, new)[0] == ["header x-a", "header x-b", "body"]
    assert compared(old, new, ignored)[0] == []


def test_one_that_raises_differs_from_one_that_answers(compared) -> None:
    def broken() -> tuple[str, Headers, bytes]:
        raise KeyError("x")

    assert compared(always(), broken)[0] == ["answer"]
    assert compared(broken, broken)[0] == []
