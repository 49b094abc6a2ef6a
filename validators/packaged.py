"""The files that ship with this package, and what to say of a name that none has.

They are read without ``importlib.resources``, whose imports were a quarter of what
a first request cost.
"""

from __future__ import annotations

import pkgutil


class UnknownNameError(LookupError):
    """Nothing of a kind has that name; ``nearest`` holds the most similar names."""

    kind = "thing"

    def __init__(self, name: str, nearest: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.nearest = nearest

    def __str__(self) -> str:
        near = f"; did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        return f"no {self.kind} is called {self.name!r}{near}"


def packaged(path: str) -> bytes:
    """What the file at ``path``, seen from this package, holds.

    Raises:
        FileNotFoundError: there is no such file.
    """
    data = pkgutil.get_data("gateproof.validators", path)
    if data is None:
        raise FileNotFoundError(path)
    return data
