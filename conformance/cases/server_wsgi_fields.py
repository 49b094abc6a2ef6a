"""Header fields of the request as HTTP_ variables.

https://peps.python.org/pep-3333/#environ-variables
"""

from __future__ import annotations

import re
from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import octets
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import ANSWER

CORRESPOND = "wsgi.environ.http-vars-correspond"
MAPPING = "wsgi.environ.http-vars-name-mapping"
JOINED = "wsgi.environ.repeated-headers-joined"

SENT: tuple[tuple[str, str], ...] = (
    ("Host", "{host}"),
    ("User-Agent", "gateproof/1 (it's; a=b)"),
    ("Accept", "text/html, */*;q=0.8"),
    ("Accept-Language", "en-GB"),
    ("Referer", "http://example.invalid/a?b#c"),
    ("Cookie", 'a=1; b="two, three"'),
    ("X-Custom-Name", "custom one"),
    ("x-lower-case", "custom two"),
    ("X-SHOUTED", "custom three"),
    ("x-GaTe-PrOoF-9", "custom  four\twith tab"),
    ("X-Long", "long-" * 600),
    ("If-None-Match", '"gateproof"'),
)
"""Ordinary end-to-end fields, each once and each with a value of its own."""


@case("server.wsgi", "header-names", proves=(MAPPING, "wsgi.environ.http-vars-str"))
async def header_names(stage: ServerStage) -> None:
    """A header's name is in upper case, with underscores for hyphens, behind HTTP_.

    That a header is lost is another matter; here its value is found under another name.
    """
    heard = await stage.ask(Request(headers=SENT))
    environ = heard.call.request
    for name, value in SENT[1:]:
        key = _variable(name)
        if key in environ:
            continue
        others = [other for other, seen in environ.items() if seen == value]
        if others:
            stage.broken(
                MAPPING,
                f"the header {name!r} is in environ as {others[0]!r}",
                heard=heard,
                observed=repr(others[0]),
                expected=repr(key),
            )


@case("server.wsgi", "headers", proves=(CORRESPOND,))
async def headers(stage: ServerStage) -> None:
    """Every ordinary header is in environ with its value, and no other is.

    Which octets a value has is settled by Latin-1; an empty value may be left out.
    """
    heard = await stage.ask(Request(headers=SENT))
    _values(stage, heard, {_variable(name): _octets(value) for name, value in SENT[1:]})
    _unsent(stage, heard, {_variable(name) for name, _ in SENT})


@case("server.wsgi", "header-octets", proves=(CORRESPOND,))
async def header_octets(stage: ServerStage) -> None:
    """A header value with octets above 127 comes as it is, or the request is refused."""
    for value in (b"caf\xe9", b"caf\xc3\xa9 \xff"):
        heard = await stage.ask(
            Request(headers=(("Host", "{host}"), ("X-Octets", value), ("X-Empty", "")))
        )
        if heard.called:
            _values(stage, heard, {"HTTP_X_OCTETS": value})


def _values(stage: ServerStage, heard: Heard, expected: dict[str, bytes]) -> None:
    environ = heard.call.request
    known = {octets(seen) for seen in environ.values() if isinstance(seen, str)}
    for key, value in expected.items():
        if key in environ:
            seen = octets(environ[key])
            if seen != value and isinstance(environ[key], str):
                stage.broken(
                    CORRESPOND,
                    f"{key} is {seen[:80]!r} where {value[:80]!r} was sent",
                    heard=heard,
                    observed=repr(seen[:80]),
                    expected=repr(value[:80]),
                )
        elif value not in known:  # else it has another name, which is told elsewhere
            stage.broken(
                CORRESPOND,
                f"the request has a header that is not in environ as {key}",
                heard=heard,
                observed=f"no {key}",
                expected=repr(value[:80]),
            )


def _unsent(stage: ServerStage, heard: Heard, sent: set[str]) -> None:
    added = sorted(
        key
        for key in _http_variables(heard.call.request)
        if _variable(key[5:]) not in sent
        and key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
    )
    if added:
        stage.broken(
            CORRESPOND,
            f"environ has {', '.join(added)}, which the client did not send",
            heard=heard,
            observed=", ".join(f"{key}: {heard.call.request[key]!r}"[:80] for key in added),
            expected="no HTTP_ variable for a header that was not sent",
        )


@case("server.wsgi", "repeated-headers", proves=(JOINED,))
async def repeated_headers(stage: ServerStage) -> None:
    """A header that is there several times is one string with all values in their order."""
    heard = await stage.ask(
        Request(
            headers=(
                ("Host", "{host}"),
                ("X-Repeated", "one"),
                ("Accept", "text/a"),
                ("x-repeated", "two"),
                ("X-Between", "between"),
                ("Accept", "text/b, text/c"),
                ("X-Repeated", "three"),
            )
        )
    )
    for key, expected in (
        ("HTTP_X_REPEATED", "one,two,three"),
        ("HTTP_ACCEPT", "text/a,text/b,text/c"),
    ):
        seen = heard.call.request.get(key)
        if isinstance(seen, str) and re.sub(r"\s*,\s*", ",", seen) != expected:
            stage.broken(
                JOINED,
                f"{key} is {seen!r} for several headers of that name",
                heard=heard,
                observed=repr(seen),
                expected=repr(expected),
            )
        elif seen is None:
            stage.broken(
                JOINED,
                f"{key} is absent although the header was sent several times",
                heard=heard,
                observed=f"no {key}",
                expected=repr(expected),
            )


@case("server.wsgi", "repeated-cookies", proves=(JOINED,))
async def repeated_cookies(stage: ServerStage) -> None:
    """Two Cookie headers leave both cookies to be found.

    A client that sends two is at fault, so that it is only observed.
    """
    heard = await stage.ask(
        Request(headers=(("Host", "{host}"), ("Cookie", "a=1"), ("Cookie", "b=2"))), ANSWER
    )
    if not heard.called:
        return
    seen = heard.call.request.get("HTTP_COOKIE")
    if not isinstance(seen, str) or not re.fullmatch(r"a=1\s*[;,]\s*b=2", seen):
        stage.broken(
            JOINED,
            f"HTTP_COOKIE is {seen!r} for two Cookie headers",
            heard=heard,
            observed=repr(seen),
            expected="'a=1; b=2'",
            verdict="observed",
        )


def _variable(name: str) -> str:
    """The environ variable of a header."""
    return "HTTP_" + name.upper().replace("-", "_")


def _http_variables(environ: dict[str, Any]) -> list[str]:
    return [key for key in environ if isinstance(key, str) and key.startswith("HTTP_")]


def _octets(value: str) -> bytes:
    return value.encode("latin-1")
