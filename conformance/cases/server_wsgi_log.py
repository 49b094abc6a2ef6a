"""wsgi.errors: a stream for text, of any characters.

https://peps.python.org/pep-3333/#input-and-error-streams
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.script import ANSWER, Script, errors, flush, use


@case(
    "server.wsgi",
    "log",
    proves=("wsgi.errors.write", "wsgi.errors.writelines", "wsgi.errors.flush"),
)
async def log(stage: ServerStage) -> None:
    """wsgi.errors takes text by write() and writelines(), and can be flushed."""
    for steps in (
        (errors("gateproof writes to wsgi.errors\n"),),
        (use("errors", "writelines", ["gateproof writes\n", "two lines\n"]), flush()),
        (flush(),),
    ):
        await stage.ask(Request(), Script(wsgi=(*steps, *ANSWER.wsgi)))


@case("server.wsgi", "log-unicode", proves=("wsgi.environ.errors-accepts-unicode",))
async def log_unicode(stage: ServerStage) -> None:
    """wsgi.errors takes any characters, and substitutes what it cannot show."""
    for text in ("caf\xe9\n", "snow \u2603, smile \U0001f600, \x00\x1b\n"):
        await stage.ask(Request(), Script(wsgi=(errors(text), *ANSWER.wsgi)))
