"""Which attributes of the result the server reads.

"The server or gateway must not directly use any other attributes of the iterable"
(https://peps.python.org/pep-3333/#specification-details): it iterates, asks for
``len()``, and calls ``close()``. Asking for a name that is not there uses nothing.
"""

from __future__ import annotations

from gateproof.validators.violation import Breach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateproof.validators.wsgi.judge import WSGIJudge

REQUIREMENTS = frozenset({"wsgi.server.no-other-iterable-attributes"})

HARMLESS = frozenset({"fileno"})
"""What servers look for to tell a file, and make nothing else of."""


def used(judge: WSGIJudge, data: tuple[str, bool]) -> Iterator[Breach]:
    """The server read an attribute of the result, or a middleware did.

    Args:
        judge: the judge of the exchange; a middleware may know the type of what
            an application gave it, so ``host`` decides how grave it is.
        data: the name, and whether the result has it.
    """
    name, present = data
    grave = present and judge.memory.host == "server" and name not in HARMLESS
    yield Breach(
        "wsgi.server.no-other-iterable-attributes",
        f"the server read attribute {name!r} of the result"
        if present
        else f"the server asked the result for attribute {name!r}, which it does not have",
        observed=f"result.{name}",
        expected="iteration, len() and close()",
        verdict=None if grave else "observed",
    )
