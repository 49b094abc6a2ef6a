"""An example of generated traffic as a word: the choices that it is made from."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

_VERSION = b"\x01"
_LONGEST = 1 << 20


def encode(choices: Sequence[int]) -> bytes:
    """Choices as octets, for a database."""
    return _VERSION + zlib.compress(",".join(map(str, choices)).encode(), 9)


def decode(value: bytes) -> list[int]:
    """What `encode` made octets of.

    Raises:
        ValueError: it did not make these.
    """
    if value[:1] != _VERSION:
        raise ValueError("these choices were kept by another version")
    try:
        text = zlib.decompressobj().decompress(value[1:], _LONGEST).decode()
        return [int(one) for one in text.split(",") if one]
    except (zlib.error, UnicodeDecodeError) as error:
        raise ValueError("these are no choices") from error


def blob_of(choices: Sequence[int]) -> str:
    """Choices as a word that can stand on a command line."""
    return base64.urlsafe_b64encode(encode(choices)).decode().rstrip("=")


def choices_of(blob: str) -> list[int]:
    """The choices that a word stands for.

    Raises:
        ValueError: it stands for none.
    """
    padded = blob + "=" * (-len(blob) % 4)
    try:
        octets = base64.b64decode(padded.encode(), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ValueError(f"{blob!r} is not the blob of an example") from error
    return decode(octets)
