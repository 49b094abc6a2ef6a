"""Requests for an application that is mounted below a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from gateproof.conformance.strategies.asgi_http import Known, asked, told
from gateproof.conformance.strategies.choices import Choices
from gateproof.targets.asgi_http import Request

PLAIN = "/mounted"

ROOTS = (
    "/a",
    "/a/b",
    "/mounted/mounted",
    "/caf\u00e9",
    "/with space",
    "/\U0001f40d",
    "/a.b-c_d~e",
    "/v1.0",
    "/" + "long/" * 60 + "end",
)
"""Where applications may be mounted, in the form that WSGI's SCRIPT_NAME has."""


@dataclass(frozen=True, slots=True, repr=False)
class Mounted:
    """A request, and below which path the application is mounted that is asked.

    Attributes:
        asked: the request as it is without a mount.
        root: the mount, decoded.
    """

    asked: Request
    root: str

    def below(self, root: str) -> Request:
        """The request, of an application that is mounted at ``root``."""
        path = quote(root, safe="/:@!$&'()*+,;=-._~") + self.asked.path
        return self.asked.but(path=path, scope={"root_path": root})

    def unmounted(self) -> Request:
        """A request for the same path of an application that is mounted nowhere."""
        return self.asked.but(path=self.below(self.root).path)

    def __repr__(self) -> str:
        return f"<{self}>"  # Hypothesis writes it down, and warns where it is long

    def __str__(self) -> str:
        root = self.root if len(self.root) < 60 else f"{self.root[:60]}..."
        return f"{told(self.asked)}, where the application is mounted at {root!r}"


def mounted(known: Known) -> Callable[[Choices], Mounted]:
    """Any request, below any mount: also one that is the beginning of the path."""

    def describe(choices: Choices) -> Mounted:
        how = choices.below(4)
        root = choices.pick(ROOTS)
        request = asked(choices, known)
        first = request.path.split("/")[1] if request.path.count("/") > 1 else ""
        if how == 3 and first and "%" not in first:
            root = f"/{first}"
        return Mounted(request, root)

    return describe
