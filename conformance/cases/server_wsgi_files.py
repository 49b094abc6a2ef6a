"""wsgi.file_wrapper, where the server offers it: what is sent, and when the file is closed.

https://peps.python.org/pep-3333/#optional-platform-specific-file-handling
"""

from __future__ import annotations

from dataclasses import dataclass

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import TEXT, noted
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.http1 import Reply
from gateproof.targets.journal import Call
from gateproof.targets.script import Script, result, start, wrap

SAME = "wsgi.file-wrapper.same-as-iter-read"
POSITION = "wsgi.file-wrapper.starts-at-current-position"
LENGTH = "wsgi.file-wrapper.until-eof-or-content-length"
UNSUITABLE = "wsgi.file-wrapper.works-with-unsuitable-object"
SUITABILITY = "wsgi.file-wrapper.inspects-suitability"
CLOSED = "wsgi.file-wrapper.close-propagated"
NOT_YET = "wsgi.file-wrapper.no-transmission-until-returned"

UNFIT = ("AttributeError", "NotImplementedError", "TypeError", "UnsupportedOperation")
"""What is raised by code that asks an object for more than it has."""

HELD = bytes(range(256)) * 300
"""What the file holds: more than a block, octets of every value."""


@dataclass(frozen=True)
class Sent:
    """A file that an application returns in a wrapper.

    Attributes:
        file: as for ``script.result``.
        position: where it stands.
        length: the Content-Length that is declared, if one is.
        block: the block size, if one is given.
        requirement: what other content than that from the position on breaks.
    """

    file: str
    requirement: str = SAME
    position: int = 0
    length: int | None = None
    block: int | None = None

    @property
    def due(self) -> bytes:
        """What the client has to get."""
        end = None if self.length is None else self.position + self.length
        return HELD[self.position : end]

    def app(self) -> Script:
        """An application that returns it."""
        declared = [] if self.length is None else [("Content-Length", str(self.length))]
        return Script(
            wsgi=(
                start("200 OK", [*TEXT, *declared]),
                result(
                    "file_wrapper",
                    HELD,
                    file=self.file,
                    position=self.position,
                    block=self.block,
                ),
            )
        )


async def _send(stage: ServerStage, *files: Sent) -> None:
    for sent in files:
        heard = await stage.ask(Request(), sent.app())
        _offered(stage, heard.call)
        if heard.call.raised is not None:
            _refused(stage, heard, sent)
            return
        reply = heard.reply
        if (reply.body, reply.complete) != (sent.due, True):
            cut = sent.requirement == SAME and reply.complete and sent.due.startswith(reply.body)
            stage.broken(
                LENGTH if cut else sent.requirement,
                _told(reply, sent),
                heard=heard,
                observed=f"{reply}: {reply.body[:30]!r}",
                expected=f"{len(sent.due)} octets: {sent.due[:30]!r}",
            )
            if reply.ended == "timeout":
                return  # the others would be waited for in vain as well


def _told(reply: Reply, sent: Sent) -> str:
    """What is wrong with a file that arrived, or did not."""
    if reply.body_size != len(sent.due):
        return f"{reply.body_size} octets of a wrapped file arrived, and {len(sent.due)} were due"
    if reply.body == sent.due:
        return "the response that holds a wrapped file did not end"
    return "a wrapped file arrived with other octets"


def _refused(stage: ServerStage, heard: Heard, sent: Sent) -> None:
    """Report a wrapper that raised; where it is no class, the judge has seen the call and tells.

    As there, only what is raised because the object does not suit fails.
    """
    raised = heard.call.raised
    if any(facts["raised"] is not None for facts in heard.call.steps("file-wrapper")):
        return
    called = sent.file == "descriptor"
    grave = raised.name in UNFIT and (not called or "argument" in raised.text)
    stage.broken(
        "wsgi.file-wrapper.callable-signature" if called else sent.requirement,
        f"wsgi.file_wrapper raised {raised.name}",
        heard=heard,
        observed=repr(raised),
        expected="an iterable over read(), with a close()",
        verdict=None if grave else "weak",
    )


async def _plain(stage: ServerStage) -> None:
    """See that an ordinary file is sent, on which the case rests."""
    heard = await stage.ask(Request())
    _offered(stage, heard.call)
    sent = Sent("descriptor")
    heard = await stage.ask(Request(), sent.app())
    if (heard.reply.body, heard.reply.complete) != (sent.due, True):
        stage.blocked("an ordinary file is not sent as it should be; see the case 'file'")


def _offered(stage: ServerStage, call: Call) -> None:
    if call.request.get("wsgi.file_wrapper") is None:
        stage.not_applicable("the server offers no wsgi.file_wrapper")


@case(
    "server.wsgi",
    "file",
    proves=(
        SAME,
        LENGTH,
        "wsgi.file-wrapper.callable-signature",
        "wsgi.file-wrapper.returns-iterable",
        "wsgi.file-wrapper.may-assume-file-semantics",
        "wsgi.file-wrapper.may-generate-content-length",
    ),
)
async def file(stage: ServerStage) -> None:
    """A wrapped file is sent whole, with the block size given or left to the server."""
    await _send(stage, Sent("descriptor"), Sent("descriptor", block=1000))


@case("server.wsgi", "file-in-memory", proves=(UNSUITABLE, SUITABILITY))
async def file_in_memory(stage: ServerStage) -> None:
    """A wrapped object that is no file of the system is read, block by block.

    Its ``fileno()`` raises, or it has none.
    """
    await _plain(stage)
    await _send(
        stage,
        Sent("unfit", SUITABILITY),
        Sent("memory", UNSUITABLE),
        Sent("memory", UNSUITABLE, length=len(HELD), block=1000),
    )


@case("server.wsgi", "file-from-its-position", proves=(POSITION,))
async def file_from_its_position(stage: ServerStage) -> None:
    """A wrapped file is sent from where it stands."""
    await _plain(stage)
    await _send(
        stage,
        Sent("descriptor", POSITION, position=70_000),
        Sent("descriptor", POSITION, position=10, length=len(HELD) - 10),
    )


@case("server.wsgi", "file-up-to-its-length", proves=(LENGTH,))
async def file_up_to_its_length(stage: ServerStage) -> None:
    """Of a wrapped file as much is sent as Content-Length says."""
    await _plain(stage)
    for kind in ("descriptor", "memory"):
        sent = Sent(kind, LENGTH, length=1000)
        heard = await stage.ask(Request(), sent.app(), then="keep")
        rest = bytes(heard.wire.pending)
        await heard.wire.close()
        if heard.call.raised is None and not sent.due.startswith(heard.reply.body + rest):
            stage.broken(
                LENGTH,
                "of a wrapped file more was sent than Content-Length says",
                heard=heard,
                observed=f"{heard.reply}, and {len(rest)} octets behind it",
                expected="1000 octets",
            )


@case("server.wsgi", "file-closed", proves=(CLOSED,))
async def file_closed(stage: ServerStage) -> None:
    """The file is closed at the end of the response, of a HEAD request and of a short one too."""
    for request, sent in (
        (Request(), Sent("memory")),
        (Request(), Sent("descriptor")),
        (Request(), Sent("descriptor", length=len(HELD))),
        (Request("HEAD"), Sent("descriptor")),
    ):
        heard = await stage.ask(request, sent.app())
        _offered(stage, heard.call)
        if heard.call.raised is None and not await noted(stage, heard, {"closed": "file"}):
            stage.broken(
                CLOSED,
                "the wrapped file was not closed",
                heard=heard,
                observed=f"no close() within {stage.patience:g} s",
                expected="close() of the file when the response is over",
            )
            return


@case("server.wsgi", "file-unreturned", proves=(NOT_YET, "wsgi.file-wrapper.check-after-return"))
async def file_unreturned(stage: ServerStage) -> None:
    """A file that was wrapped and is not returned is not sent; what is returned is."""
    for kind in ("descriptor", "memory"):
        heard = await stage.ask(
            Request(),
            Script(
                wsgi=(
                    start("200 OK", TEXT),
                    wrap(b"wrapped " * 1000, file=kind),
                    result("list", b"returned"),
                )
            ),
        )
        _offered(stage, heard.call)
        if b"wrapped" in heard.reply.body and b"returned" in heard.reply.body:
            stage.broken(
                NOT_YET,
                "a file that was wrapped, and not returned, reached the client as well",
                heard=heard,
                observed=str(heard.reply),
                expected="b'returned'",
            )
        elif heard.reply.body != b"returned" and heard.call.raised is None:
            stage.broken(
                "wsgi.file-wrapper.check-after-return",
                "what was returned in place of a wrapped file did not reach the client",
                heard=heard,
                observed=str(heard.reply),
                expected="b'returned'",
            )
