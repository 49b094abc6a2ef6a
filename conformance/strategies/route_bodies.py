"""Request bodies: a value as JSON has it, written in a media type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from gateproof.targets.routes.samples import written

BOUNDARY = "gateproof-boundary"


def encoded(media_type: str, value: object) -> tuple[str, bytes]:
    """``value`` in ``media_type``: the ``Content-Type`` and the body.

    Args:
        media_type: of the description, such as ``application/json``; JSON is taken for a
            range such as ``*/*``.
        value: what JSON can say.
    """
    plain = media_type.partition(";")[0].strip().lower()
    if "*" in plain:
        plain = media_type = "application/json"
    if plain == "application/x-www-form-urlencoded":
        return media_type, urlencode(_fields(value), doseq=True).encode()
    if plain == "multipart/form-data":
        return f"{plain}; boundary={BOUNDARY}", _multipart(_fields(value))
    if plain == "application/json" or plain.endswith("+json"):
        return media_type, json.dumps(value).encode()
    return media_type, written(value).encode("utf-8", "replace")


def _fields(value: object) -> dict[str, object]:
    """The fields of a form: members of an object, each a text or a list of texts."""
    members = value if isinstance(value, Mapping) else {"value": value}
    return {
        str(name): [written(one) for one in member] if isinstance(member, list) else written(member)
        for name, member in members.items()
    }


def _multipart(fields: Mapping[str, object]) -> bytes:
    """The fields as parts: https://www.rfc-editor.org/rfc/rfc7578#section-4."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{text}\r\n'
        for name, member in fields.items()
        for text in (member if isinstance(member, list) else [member])
    ]
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode("utf-8", "replace")


def _quoted(name: str) -> str:
    """A field's name within quotes: https://html.spec.whatwg.org/#multipart-form-data."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
