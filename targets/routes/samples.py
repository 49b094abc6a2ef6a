"""One value for each parameter of a route, always the same: the path that a list shows.

What the author of the application gives as an example comes first, then what the kind or the
schema tells, then the regular expression.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from gateproof.targets.routes.patterns import example, matches
from gateproof.targets.routes.route import Parameter, Route, Visit

SAMPLES: Mapping[str, str] = {
    "str": "1",
    "int": "1",
    "float": "1.5",
    "decimal": "1.5",
    "bool": "true",
    "slug": "example",
    "path": "example",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "date": "2024-01-02",
    "time": "03:04:05",
    "datetime": "2024-01-02T03:04:05Z",
    "timedelta": "60",
    "pattern": "",
}
"""A value of each kind, as it stands in a path. ``"1"`` does for a name as for a number."""

FORMATS: Mapping[str, str] = {
    "uuid": SAMPLES["uuid"],
    "date": SAMPLES["date"],
    "time": "03:04:05Z",
    "date-time": SAMPLES["datetime"],
    "duration": "PT60S",
    "email": "someone@example.org",
    "idn-email": "someone@example.org",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/",
    "url": "https://example.org/",
}
"""A value of each string format of JSON Schema that routes use."""

_SEGMENT = "~:@!$&'()*+,;="
"""What may stand in a segment of a path as it is: https://www.rfc-editor.org/rfc/rfc3986#section-3.3"""

_DEPTH = 6


def visit(route: Route, method: str = "GET") -> Visit:
    """One request to ``route`` with sample values and all that is required but a body."""
    values = [(one, sample(one)) for one in route.operation(method).parameters if one.required]
    return Visit(
        route=route,
        method=method,
        path=written_path(route, {one.name: sample(one) for one in route.parameters}),
        query=written_query([(one.name, text) for one, text in values if one.place == "query"]),
        headers=written_headers(values),
    )


def written_path(route: Route, values: Mapping[str, str]) -> str:
    """The path with ``values`` in it, percent-encoded as on the wire."""
    return "".join(
        quote(piece, safe=f"/{_SEGMENT}")
        if isinstance(piece, str)
        else written_segment(piece, values[piece.name])
        for piece in route.pieces
    )


def written_segment(parameter: Parameter, text: str) -> str:
    """The value of one parameter of a path, percent-encoded; only a path keeps its slashes."""
    slashes = "/" if _takes_slashes(parameter, text) else ""
    return quote(text, safe=_SEGMENT + slashes)


def written_query(pairs: list[tuple[str, str]]) -> str:
    """A query of ``pairs``, percent-encoded."""
    return "&".join(
        f"{quote(name, safe='~')}={quote(text, safe='~:@/!$,')}" for name, text in pairs
    )


def written_headers(values: list[tuple[Parameter, str]]) -> tuple[tuple[str, str], ...]:
    """The fields that carry the ``values`` of headers and cookies."""
    fields = [(one.name, text) for one, text in values if one.place == "header"]
    cookies = [
        f"{one.name}={quote(text, safe='~:/!$')}" for one, text in values if one.place == "cookie"
    ]
    return (*fields, *((("Cookie", "; ".join(cookies)),) if cookies else ()))


def sample(parameter: Parameter) -> str:
    """The value of ``parameter`` in a sample, not encoded yet."""
    for value in _values(parameter):
        text = written(value)
        if parameter.digits and text.isdigit():
            text = text.zfill(parameter.digits)
        if fits(parameter, text):
            return text
    found = example(parameter.pattern) if parameter.pattern else None
    return SAMPLES["str"] if found is None else found


def fits(parameter: Parameter, text: str) -> bool:
    """Whether a route would take ``text`` for ``parameter``, as far as it tells."""
    if parameter.place == "path":
        if text in ("", ".", "..") and not parameter.pattern:
            return False
        if "/" in text and not _takes_slashes(parameter, text):
            return False
    return not parameter.pattern or matches(parameter.pattern, text)


def _values(parameter: Parameter) -> Iterator[object]:
    yield from parameter.examples
    if parameter.schema:
        yield sample_value(parameter.schema)
    if parameter.kind != "pattern":
        yield SAMPLES.get(parameter.kind, SAMPLES["str"])


def _takes_slashes(parameter: Parameter, text: str) -> bool:
    return parameter.kind == "path" or (
        bool(parameter.pattern) and matches(parameter.pattern, text)
    )


def written(value: object) -> str:
    """A value of JSON as it stands in a path, a query or a header."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ",".join(map(written, value))
    if isinstance(value, Mapping):
        return json.dumps(value, default=str)
    return str(value)


def sample_value(schema: Mapping[str, Any], depth: int = 0) -> object:
    """A value that ``schema`` accepts, in all likelihood; always the same."""
    for key in ("example", "default", "const"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("examples", "enum"):
        if isinstance(schema.get(key), list) and schema[key]:
            return schema[key][0]
    if depth > _DEPTH:
        return None
    for key in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(key) or ():
            if isinstance(inner, Mapping) and inner.get("type") != "null":
                return sample_value(inner, depth + 1)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    if kind == "boolean":
        return True
    if kind == "array":
        items = schema.get("items")
        inner = items if isinstance(items, Mapping) else {}
        return [sample_value(inner, depth + 1)] * max(int(schema.get("minItems") or 0), 1)
    if kind == "object":
        properties = schema.get("properties") or {}
        return {
            name: sample_value(properties.get(name) or {}, depth + 1)
            for name in schema.get("required") or ()
        }
    return _string(schema)


def _number(schema: Mapping[str, Any], *, whole: bool) -> float:
    """The plainest number within the bounds of ``schema``."""
    several = _bound(schema, "multipleOf")
    step = several or (1 if whole else 0.5)
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    # In OpenAPI 3.0 the exclusive ones are flags beside the bounds.
    under = low if schema.get("exclusiveMinimum") is True else _bound(schema, "exclusiveMinimum")
    over = high if schema.get("exclusiveMaximum") is True else _bound(schema, "exclusiveMaximum")
    if under is not None:
        low = under + step if low is None else max(low, under + step)
    if over is not None:
        high = over - step if high is None else min(high, over - step)
    value = several or 1
    if low is not None and value < low:
        value = -(-low // step) * step
    if high is not None and value > high:
        value = high // step * step
    return int(value) if whole else value


def _bound(schema: Mapping[str, Any], name: str) -> float | None:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _string(schema: Mapping[str, Any]) -> str:
    known = FORMATS.get(str(schema.get("format") or ""))
    if known:
        return known
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        # JSON Schema looks for its pattern anywhere; anchored at both ends it is the whole.
        found = example(pattern.removeprefix("^").removesuffix("$"))
        if found is not None:
            return found
    least, most = int(schema.get("minLength") or 0), schema.get("maxLength")
    text = SAMPLES["str"].ljust(least, "a")
    return text[: int(most)] if most is not None else text
