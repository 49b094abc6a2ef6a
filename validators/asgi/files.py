"""Files that a response was made of, looked at once the call has returned.

The live wrapper turns the objects to plain facts (:func:`look`), which the ladder
keeps; the judge reads those, as it does in a replay.
"""

from __future__ import annotations

from gateproof.validators.asgi.values import NOTHING, breach, exact, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateproof.validators.asgi.http import HTTPJudge
    from gateproof.validators.asgi.judge import Found

FINDS = {
    "unclosed": ("asgi.ext.zerocopy.app-closes-file",),
    "missized": ("asgi.ext.pathsend.app-sets-headers",),
}
"""The requirements that each check can find broken."""

MOST = 32
"""Files of one response that are looked at."""

_NO_SIZE = (204, 206, 304)
"""Statuses whose content-length need not be the file's size."""


def look(files: Iterable[object], elapsed: float) -> list[tuple[object, ...]]:
    """What can be seen of the files of a response after its call.

    Args:
        files: file objects of zero copy sends and paths of path sends.
        elapsed: seconds since the call; a file changed later than that had
            perhaps another size when it was sent.

    Returns:
        ``("open", description)`` for a file object that is not closed,
        ``("size", path, octets)`` for a path whose file did not change.
    """
    facts: list[tuple[object, ...]] = []
    for file in files:
        try:
            if isinstance(file, str):
                size = _size(file, elapsed)
                if size is not None:
                    facts.append(("size", file, size))
            elif file.closed is False:  # type: ignore[attr-defined]
                facts.append(("open", shown(file)))
        except Exception:  # noqa: BLE001, S112 - gone by now, or an object of its own kind
            continue
    return facts


def _size(path: str, elapsed: float) -> int | None:
    """The size of a regular file that did not change for ``elapsed`` seconds."""
    import stat
    import time
    from pathlib import Path

    seen = Path(path).stat()
    if not stat.S_ISREG(seen.st_mode) or time.time() - seen.st_mtime < elapsed + 1:
        return None
    return seen.st_size


def judged(judge: HTTPJudge, facts: object) -> Found:
    """What the state of the files after the call breaks."""
    open_ = [exact(fact[1]) or shown(fact[1]) for fact in of_kind(facts, "open", 2)]
    found = unclosed(open_) if open_ else NOTHING
    for fact in of_kind(facts, "size", 3):
        if type(fact[2]) is int:
            found = (*found, *missized(judge, fact[1], fact[2]))
    return found


def of_kind(facts: object, kind: str, length: int) -> list[tuple[object, ...]]:
    """Those of ``facts`` that are tuples of ``length`` and begin with ``kind``."""
    if type(facts) is not list:
        return []
    return [
        fact
        for fact in facts
        if type(fact) is tuple and len(fact) == length and exact(fact[0]) == kind
    ]


def unclosed(files: list[str]) -> Found:
    """The application returned and its files are still open."""
    return (
        breach(
            "asgi.ext.zerocopy.app-closes-file",
            f"the application returned and {len(files)} file{'s' * (len(files) > 1)} of "
            "'http.response.zerocopysend' had not been closed",
            ", ".join(files),
            "closed files",
        ),
    )


def missized(judge: HTTPJudge, path: object, size: int) -> Found:
    """Whether content-length is the size of the file that was sent by its path."""
    lengths = [value for name, value in judge.head if name.lower() == b"content-length"]
    if len(lengths) != 1 or not lengths[0].isdigit() or judge.status in _NO_SIZE:
        return NOTHING
    if int(lengths[0][:20]) == size:
        return NOTHING
    return (
        breach(
            "asgi.ext.pathsend.app-sets-headers",
            f"content-length is {int(lengths[0][:20])} and the file at {shown(path)} "
            f"has {size} octets",
            f"content-length {int(lengths[0][:20])}",
            f"content-length {size}",
        ),
    )
