"""What the judges saw in the exchanges of all other cases of a family.

A breach that shows in every environ or scope would otherwise fail every case, and
none would tell anything any more.
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.script import ECHO

FAMILIES = ("server.http1", "server.wsgi", "server.asgi.http", "server.asgi.websocket")


async def watched(stage: ServerStage) -> None:
    """Nothing at the boundary was wrong in the exchanges of the other cases.

    The journals of the application are judged as the validators judge a live
    exchange. What a case is about fails that case; the rest is told here, once.
    """
    plain = await stage.ask(Request())
    posted = await stage.ask(Request(method="POST", body=b"some octets"), app=ECHO)
    if not plain.called or not posted.called:
        stage.blocked("a plain request did not reach the application")


for family in FAMILIES:
    case(family, "watched", last=True)(watched)
