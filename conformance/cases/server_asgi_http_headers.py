"""ASGI over HTTP: the scope's headers against the fields that were sent.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAMILY,
    HOST,
    named,
    refused,
    scope,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage

_EXACT = "asgi.http.headers.preserved-exactly"
_REPEATED = "asgi.http.scope.headers-duplicates-preserved"
_ORDER = "asgi.http.scope.headers-value-order"


@dataclass(frozen=True)
class Field:
    """A field as it is sent, and the value that it has without the space around it."""

    name: bytes
    sent: bytes
    meant: bytes


_FIELDS = (
    Field(b"X-Plain", b"value", b"value"),
    Field(b"X-Spaces", b"  a  b \t", b"a  b"),
    Field(b"X-Empty", b"", b""),
    Field(b"X-Quoted", b'"a, b"; c="\\"d"', b'"a, b"; c="\\"d"'),
    Field(b"X-Percent", b"%41%2C+%zz", b"%41%2C+%zz"),
    Field(b"X-Long", b"x" * 3000, b"x" * 3000),
    Field(b"x.!#$%&'*+-^`|~9", b"odd name", b"odd name"),
    Field(b"Cookie", b'a=1; b="2 3"; c=4=5; d', b'a=1; b="2 3"; c=4=5; d'),
    Field(b"Accept", b"text/html;q=0.9, */*", b"text/html;q=0.9, */*"),
    Field(b"Authorization", b"Basic Z2F0ZTpwcm9vZg==", b"Basic Z2F0ZTpwcm9vZg=="),
    Field(b"Content-Type", b'text/plain; charset="utf-8"', b'text/plain; charset="utf-8"'),
)


def _sending(*fields: tuple[bytes, bytes]) -> Request:
    return Request(headers=(HOST, *fields))


def _headers(heard: Heard) -> list[Any]:
    """The headers of the scope; empty where they are what the judge finds fault with."""
    seen = scope(heard).get("headers")
    pairs = list(seen) if isinstance(seen, (list, tuple)) else []
    return [pair for pair in pairs if isinstance(pair, (list, tuple)) and _bytes(pair)]


def _bytes(pair: Any) -> bool:
    return len(pair) == 2 and all(isinstance(item, bytes) for item in pair)


@case(
    FAMILY,
    "headers-exact",
    proves=(
        "asgi.http.scope.headers-present",
        "asgi.http.scope.headers-pairs",
        "asgi.http.scope.headers-name-bytes",
        "asgi.http.scope.headers-value-bytes",
        "asgi.http.scope.headers-lowercase",
        "asgi.http.scope.headers-no-pseudo",
        _EXACT,
    ),
)
async def exact(stage: ServerStage) -> None:
    """Every field that was sent is in the headers once, with its value as it was."""
    heard = await stage.ask(_sending(*((field.name, field.sent) for field in _FIELDS)))
    headers = _headers(heard)
    if not headers:
        return
    host = Field(b"Host", stage.host.encode(), stage.host.encode())
    for field in (host, *_FIELDS):
        values = named(headers, field.name.lower())
        # That the space around a value is no part of it is HTTP's own rule.
        if [value.strip(b" \t") for value in values] != [field.meant]:
            stage.broken(
                _EXACT,
                f"the field {field.name.decode()} did not arrive as it was sent",
                heard=heard,
                observed=f"{len(values)} of that name: {values!r:.200}",
                expected=f"{field.meant!r:.200}",
            )
            return


@case(
    FAMILY,
    "headers-repeated",
    proves=(_REPEATED, _ORDER),
)
async def repeated(stage: ServerStage) -> None:
    """Fields of one name stay as many as were sent, and in their order."""
    rows = (
        ((b"X-Rank", b"3"), (b"X-Other", b"-"), (b"X-Rank", b"1"), (b"x-rank", b"2")),
        ((b"X-Same", b"a"), (b"X-Same", b"a")),
        ((b"Accept", b"text/a, text/b"), (b"Accept", b"text/c")),
    )
    for fields in rows:
        heard = await stage.ask(_sending(*fields))
        name = fields[0][0].lower()
        sent = [value for key, value in fields if key.lower() == name]
        values = named(_headers(heard), name)
        if values == sent:
            continue
        same = sorted(values) == sorted(sent)
        stage.broken(
            _ORDER if same else _REPEATED,
            f"{len(sent)} fields {name.decode()} arrived "
            + ("in another order" if same else "as other ones"),
            heard=heard,
            observed=repr(values),
            expected=repr(sent),
        )
        return


@case(FAMILY, "headers-cookies", proves=("asgi.http.headers.preserved-exactly",))
async def cookies(stage: ServerStage) -> None:
    """Of several Cookie fields no value is lost, however they are put together."""
    heard = await stage.ask(_sending((b"Cookie", b"a=1; b=2"), (b"Cookie", b"c=3")))
    if refused(heard):
        stage.not_applicable("the server takes no second Cookie field")
    values = named(_headers(heard), b"cookie")
    if b"; ".join(values) != b"a=1; b=2; c=3":
        stage.broken(
            _EXACT,
            "two Cookie fields did not arrive as they were, nor joined by a semicolon",
            heard=heard,
            observed=repr(values),
            expected="[b'a=1; b=2', b'c=3'] or [b'a=1; b=2; c=3']",
        )


@case(FAMILY, "headers-octets", proves=("asgi.http.encoding.headers-exact-bytes",))
async def octets(stage: ServerStage) -> None:
    """Octets beyond ASCII in a value arrive as they are, unless the request is refused."""
    for value in (b"caf\xe9", b"caf\xc3\xa9", bytes(range(0xA0, 0x100))):
        heard = await stage.ask(_sending((b"X-Octets", value)))
        if refused(heard):
            continue
        values = named(_headers(heard), b"x-octets")
        if values != [value]:
            stage.broken(
                "asgi.http.encoding.headers-exact-bytes",
                "octets beyond ASCII in a header value were changed",
                heard=heard,
                observed=f"{values!r:.200}",
                expected=f"{value!r:.200}",
            )
            return
