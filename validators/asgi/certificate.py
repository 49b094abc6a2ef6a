"""Whether the name of a client is the subject of the certificate that came with it.

Certificates are read as far as the subject, with the standard library alone; what
cannot be read, be it the certificate or the name, is not judged.
"""

from __future__ import annotations

from gateproof.validators.asgi.values import NOTHING, breach, exact, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateproof.validators.asgi.judge import Found

FINDS = {"consistent": ("asgi.ext.tls.client-cert-name-consistent",)}
"""The requirements that each check can find broken."""

MOST = 64 * 1024
"""Characters of a certificate that are read."""

_TEXTS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
"""The tags of ASN.1 strings and their encodings."""

_SEQUENCE, _SET, _VERSION = 0x30, 0x31, 0xA0

_latest: tuple[str, str, bool] = ("", "", True)
"""The certificate and name judged last, and whether they agreed: requests of one
connection have the same."""


def consistent(tls: object) -> Found:
    """Whether ``client_cert_name`` holds nothing that the certificate's subject lacks.

    Args:
        tls: the entry of the TLS extension, whose chain is a list or tuple.
    """
    global _latest  # noqa: PLW0603 - a memory of one
    if type(tls) is not dict:
        return NOTHING
    name, chain = exact(tls.get("client_cert_name")), tls.get("client_cert_chain")
    if not name or (type(chain) is not list and type(chain) is not tuple) or not chain:
        return NOTHING
    certificate = exact(chain[0])
    if certificate is None or len(certificate) > MOST or len(name) > MOST:
        return NOTHING
    if _latest[0] != certificate or _latest[1] != name:
        _latest = (certificate, name, _agree(certificate, name))
    if _latest[2]:
        return NOTHING
    return (
        breach(
            "asgi.ext.tls.client-cert-name-consistent",
            f"client_cert_name {shown(name)} is not the subject of the first certificate",
            shown(name),
            f"a name made of {', '.join(map(shown, subject(certificate)))}",
        ),
    )


def _agree(certificate: str, name: str) -> bool:
    """Whether every value of ``name`` is one of the subject's; ``True`` if unreadable."""
    try:
        held = {_folded(value) for value in subject(certificate)}
        return all(_folded(value) in held for value in values(name))
    except (ValueError, IndexError, StopIteration):
        return True


def _folded(value: str) -> str:
    """``value`` as names are compared, without case and surplus spaces.

    https://www.rfc-editor.org/rfc/rfc4518#section-2.6.1
    """
    return " ".join(value.casefold().split())


# The certificate (https://www.rfc-editor.org/rfc/rfc5280#section-4.1) -----------


def subject(certificate: str) -> list[str]:
    """The values of the attributes of a PEM certificate's subject.

    Raises:
        ValueError, IndexError, StopIteration: it cannot be read.
    """
    der = _decoded(certificate)
    whole = _expect(_parts(der), _SEQUENCE)
    fields = _parts(_expect(_parts(whole), _SEQUENCE))
    tag, _ = next(fields)
    if tag == _VERSION:
        next(fields)  # the serial number
    for _ in range(3):  # signature, issuer, validity
        next(fields)
    found = []
    for names in _parts(_expect(fields, _SEQUENCE)):
        for attribute in _parts(names[1]):
            _, (kind, octets) = _parts(attribute[1])
            if kind not in _TEXTS:
                raise ValueError("an attribute that is no text")
            found.append(octets.decode(_TEXTS[kind]))
    return found


def _decoded(certificate: str) -> bytes:
    from binascii import a2b_base64

    _, found, rest = certificate.partition("-----BEGIN CERTIFICATE-----")
    inner, end, _ = rest.partition("-----END CERTIFICATE-----")
    if not found or not end:
        raise ValueError("no certificate in PEM form")
    return a2b_base64(inner)


def _expect(parts: Iterator[tuple[int, bytes]], tag: int) -> bytes:
    """The content of the next part, which has to have ``tag``."""
    kind, content = next(parts)
    if kind != tag:
        raise ValueError(f"tag {kind:#x} where {tag:#x} is due")
    return content


def _parts(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element, in the distinguished encoding."""
    at = 0
    while at < len(octets):
        tag, size = octets[at], octets[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(octets[at : at + count], "big")
            at += count
        if at + size > len(octets):
            raise ValueError("an element that is cut off")
        yield tag, octets[at : at + size]
        at += size


# The name (https://www.rfc-editor.org/rfc/rfc4514#section-3) --------------------


def values(name: str) -> list[str]:
    """The values of the attributes of a name in the form of RFC 4514.

    Raises:
        ValueError, IndexError, StopIteration: it is no such name.
    """
    import re

    found = []
    for part in _split(name):
        kind, equals, value = part.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)*", kind.strip()):
            raise ValueError(f"{part!r} is no attribute")
        found.append(_value(value.strip(" ")))
    return found


def _split(name: str) -> list[str]:
    """The attributes of ``name``, still escaped."""
    import re

    return re.findall(r"(?:[^\\,+;]|\\.)+", name, re.DOTALL)


def _value(escaped: str) -> str:
    import re

    if escaped.startswith("#"):
        _, octets = next(_parts(bytes.fromhex(escaped[1:])))
        return octets.decode()
    if escaped.startswith('"'):
        raise ValueError("a quoted value, of an older form")
    octets = b""
    for literal, pair in re.findall(r"([^\\]+)|\\([0-9A-Fa-f]{2}|.)", escaped, re.DOTALL):
        octets += bytes.fromhex(pair) if len(pair) == 2 else (literal or pair).encode()
    return octets.decode()
