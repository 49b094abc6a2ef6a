"""What HTTP asks of a response with some statuses: fields, and no body.

https://www.rfc-editor.org/rfc/rfc9110#section-15
"""

from __future__ import annotations

from gateproof.validators.violation import Breach
from gateproof.validators.wsgi.request import octets as counted

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

NO_BODY = "http1.body.1xx-204-304-none"
NO_LENGTH = "http1.cl.not-in-1xx-204"

REQUIREMENTS = frozenset(requirement for requirement, _, _ in FIELDS.values()) | {
    NO_BODY,
    NO_LENGTH,
}
"""Every requirement that is decided here."""


def nothing(status: str, octets: int) -> Breach:
    """A response without a body was given one."""
    return Breach(
        NO_BODY,
        f"the body has {counted(octets)} though the status is {status!r}",
        observed=counted(octets),
        expected="no body",
        party="application",
        verdict="weak",
    )


def length(status: str, declared: int) -> Breach:
    """A response without a body declares a length; that of nothing does no harm."""
    return Breach(
        NO_LENGTH,
        f"a response with status {status!r} has a Content-Length",
        observed=f"Content-Length: {declared}",
        expected="no Content-Length",
        party="application",
        verdict="weak" if declared else "observed",
    )


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
