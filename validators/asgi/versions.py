"""Which version a server declares, and what binds in it."""

from __future__ import annotations

NEWEST = (2, 5)
"""The newest version that any of the specifications has here."""

_VERSIONS = {f"2.{minor}": (2, minor) for minor in range(6)}


def declared(scope: dict[str, object], unstated: tuple[int, int]) -> tuple[int, int]:
    """The ``spec_version`` of ``scope``, ``unstated`` where there is none that can be read.

    Nor is there anything older than ``unstated``: whoever declares that is held to
    the first version there was.
    """
    asgi = scope.get("asgi")
    version = asgi.get("spec_version") if type(asgi) is dict else None
    if type(version) is str:
        known = _VERSIONS.get(version)
        if known is not None:
            return known
        major, _, minor = version.partition(".")
        if major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit():
            return max((int(major[:4]), int(minor[:4])), unstated)
    return unstated


def owes(protocol: str, version: tuple[int, int], name: str) -> bool:
    """Whether the requirement called ``name`` is as old as the declared ``version``.

    The namespace ``state`` came without a version of its own, so that none tells of
    it (https://asgi.readthedocs.io/en/latest/specs/lifespan.html#lifespan-state); what
    is about older versions binds in these.
    """
    if not name.startswith(f"asgi.{protocol}.") or ".state" in name or "-since-" in name:
        return True
    from gateproof.validators.catalogue import requirement

    major, _, minor = requirement(name).since.partition(".")
    return (int(major or 0), int(minor or 0)) <= version
