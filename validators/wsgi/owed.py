"""Fields that HTTP asks of a response with some statuses.

https://www.rfc-editor.org/rfc/rfc9110#section-15
"""

from __future__ import annotations

from gateproof.validators.violation import Breach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateproof.validators.violation import Verdict

FIELDS: dict[str, tuple[str, str, Verdict | None]] = {
    "206": ("http1.status.206-content-range", "Content-Range", None),
    "401": ("http1.status.401-www-authenticate", "WWW-Authenticate", None),
    "405": ("http1.status.405-allow", "Allow", None),
    # WSGI bars applications from sending Upgrade: they cannot do both.
    "426": ("http1.status.426-needs-upgrade", "Upgrade", "observed"),
}
"""For each code the requirement, the field, and a milder verdict."""

REQUIREMENTS = frozenset(requirement for requirement, _, _ in FIELDS.values())
"""Every requirement that is decided here."""


def fields(status: str, headers: Sequence[tuple[str, str]]) -> Iterator[Breach]:
    """A response lacks the field that its status asks for.

    Args:
        status: a sound status.
        headers: sound headers.
    """
    if status[:3] not in FIELDS:
        return
    requirement, field, verdict = FIELDS[status[:3]]
    sent = {name.lower(): value for name, value in headers}
    if field.lower() in sent:
        return
    if sent.get("content-type", "").lstrip().lower().startswith("multipart/byteranges"):
        return  # each part says its own range
    yield Breach(
        requirement,
        f"a response with status {status!r} has no {field} header",
        observed=f"headers {sorted(sent)}"[:120] if sent else "no headers",
        expected=f"the header {field}",
        party="application",
        verdict=verdict,
    )
