"""The WSGI side: environ, start_response, input, and the walk over the result."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from reference.connection import Connection
from reference.http_body import Body
from reference.http_reading import RefusedError, Request
from reference.http_writing import ExcessError, Response
from reference.octets import GoneError

T = TypeVar("T")

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
}


class Input:
    """``wsgi.input``: what ``io.BytesIO`` would do with the body, as it arrives."""

    BLOCK = 65536

    def __init__(self, some: Callable[[int], bytes]) -> None:
        self.some = some  # returns b"" at the end of the body
        self.held = bytearray()
        self.done = False

    def fill(self) -> bool:
        """Fetch more; False at the end of the body."""
        if not self.done:
            data = self.some(self.BLOCK)
            self.held += data
            self.done = not data
        return not self.done

    def take(self, size: int) -> bytes:
        """The first ``size`` octets of what is held."""
        taken = bytes(self.held[:size])
        del self.held[:size]
        return taken

    def read(self, size: int | None = -1) -> bytes:
        """``size`` octets, or all; fewer only at the end of the body."""
        everything = size is None or size < 0
        while (everything or len(self.held) < (size or 0)) and self.fill():
            pass
        return self.take(len(self.held) if everything else (size or 0))

    def readline(self, size: int | None = -1) -> bytes:
        """One line with its end, cut after ``size`` octets."""
        limit = sys.maxsize if size is None or size < 0 else size
        while (at := self.held.find(b"\n", 0, limit)) < 0 and len(self.held) < limit:
            if not self.fill():
                break
        return self.take(at + 1 if at >= 0 else min(limit, len(self.held)))

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """The remaining lines, or so many that they hold ``hint`` octets."""
        lines: list[bytes] = []
        count = 0
        for line in self:
            lines.append(line)
            count += len(line)
            if hint is not None and 0 < hint <= count:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if line := self.readline():
            return line
        raise StopIteration


class Errors:
    """``wsgi.errors``: text of any kind, into the server's log."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self.log = log

    def write(self, text: str) -> int:
        """Write text."""
        if not isinstance(text, str):
            raise TypeError(f"wsgi.errors takes str, not {type(text).__name__}")
        self.log(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several pieces of text."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is held back."""


class FileWrapper:
    """``wsgi.file_wrapper``: reads the file block by block, and closes it."""

    def __init__(self, filelike: Any, block_size: int = 8192) -> None:
        self.filelike = filelike
        self.block_size = block_size

    def __iter__(self) -> Iterator[bytes]:
        while block := self.filelike.read(self.block_size):
            yield block

    def close(self) -> None:
        """Close the file, if it can be closed."""
        if close := getattr(self.filelike, "close", None):
            close()


class WSGICall:
    """One call of a WSGI application, in a thread of its own."""

    STATUS = re.compile(r"[1-9][0-9]{2}( [\t\x20-\x7e\x80-\xff]*)?")
    NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
    VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
    LENGTH = re.compile(r"[0-9]+")
    LEAST_STATUS = 200
    INPUT: type[Input] = Input
    ERRORS: type[Errors] = Errors
    FILE_WRAPPER: Callable[..., Any] = FileWrapper

    def __init__(
        self, connection: Connection, request: Request, body: Body, response: Response
    ) -> None:
        self.connection = connection
        self.server = connection.server
        self.request = request
        self.body = body
        self.response = response
        self.loop = asyncio.get_running_loop()
        self.started = False

    async def run(self) -> None:
        """Play the call in a thread, and wait for its end."""
        done: asyncio.Future[None] = self.loop.create_future()

        def ended() -> None:
            if not done.done():
                done.set_result(None)

        def thread() -> None:
            try:
                self.play()
            finally:
                self.loop.call_soon_threadsafe(ended)

        threading.Thread(target=thread, name="wsgi", daemon=True).start()
        await done

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the loop do something, from the thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    # -- environ --------------------------------------------------------------------

    def environ(self) -> dict[str, Any]:
        """The environ of this call."""
        return {
            **self.server.settings,
            **self.cgi(),
            **self.http_variables(),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.scheme(),
            "wsgi.input": self.input(),
            "wsgi.errors": self.errors(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.file_wrapper": self.FILE_WRAPPER,
        }

    def cgi(self) -> dict[str, Any]:
        """The variables that CGI defines."""
        host, port = self.connection.local
        script, path = self.split_path()
        variables: dict[str, Any] = {
            "REQUEST_METHOD": self.request.method,
            "SCRIPT_NAME": script,
            "PATH_INFO": path,
            "QUERY_STRING": self.request.query.decode("latin-1"),
            "SERVER_NAME": host if port is not None else "localhost",
            "SERVER_PORT": str(port if port is not None else 80),
            "SERVER_PROTOCOL": self.request.protocol,
        }
        if self.connection.client is not None:
            variables["REMOTE_ADDR"] = self.connection.client[0]
        if self.connection.secure:
            variables["HTTPS"] = "on"
        if kinds := self.request.get(b"content-type"):
            variables["CONTENT_TYPE"] = kinds[-1].decode("latin-1")
        if lengths := self.request.get(b"content-length"):
            variables["CONTENT_LENGTH"] = lengths[0].decode("latin-1")
        return variables

    def split_path(self) -> tuple[str, str]:
        """SCRIPT_NAME and PATH_INFO."""
        path = unquote_to_bytes(self.request.path).decode("latin-1")
        root = self.server.root_path.encode().decode("latin-1")
        if root and (path == root or path.startswith(root + "/")):
            return root, path[len(root) :]
        return "", path

    def scheme(self) -> str:
        """The URL scheme of the connection."""
        return "https" if self.connection.secure else "http"

    def http_variables(self) -> dict[str, str]:
        """The request's fields, but for those that could pass for something else.

        Names with an underscore would be variables of other names; HTTP_PROXY is a
        variable that HTTP clients obey.
        """
        variables: dict[str, str] = {}
        for raw, value in self.request.fields:
            name = raw.decode("latin-1").upper()
            if name in ("CONTENT-TYPE", "CONTENT-LENGTH", "PROXY") or "_" in name:
                continue
            key = "HTTP_" + name.replace("-", "_")
            text = value.decode("latin-1")
            separator = "; " if name == "COOKIE" else ","
            variables[key] = f"{variables[key]}{separator}{text}" if key in variables else text
        return variables

    def input(self) -> Any:
        """``wsgi.input``."""
        return self.INPUT(lambda limit: self.wait(self.body.some(limit)))

    def errors(self) -> Any:
        """``wsgi.errors``."""
        return self.ERRORS(self.server.log)

    # -- start_response and write ---------------------------------------------------

    def start_response(self, status: str, headers: list[Any], exc_info: Any = None) -> Any:
        """The callable of PEP 3333; see there."""
        if exc_info is not None:
            try:
                self.restart(exc_info)
            finally:
                exc_info = None  # no circle of traceback and frame
        elif self.started:
            raise RuntimeError("start_response was called before, and comes without exc_info")
        self.started = True
        self.prepare(status, headers)
        return self.write

    def restart(self, exc_info: Any) -> None:
        """A call with exc_info: too late once the head left."""
        if self.response.head_sent:
            raise exc_info[1].with_traceback(exc_info[2])

    def prepare(self, status: str, headers: list[Any]) -> None:
        """Take over status and headers, if they can be sent."""
        if not isinstance(status, str) or not self.STATUS.fullmatch(status):
            raise ValueError(f"status is no status: {status!r}")
        code, _, reason = status.partition(" ")
        if int(code) < self.LEAST_STATUS:
            raise ValueError("an interim status is the server's")
        if not isinstance(headers, list):
            raise TypeError("headers are no list")
        fields = [self.header(*entry) for entry in headers]
        self.response.prepare(int(code), reason, fields)

    def header(self, name: str, value: str) -> tuple[bytes, bytes]:
        """One header, if it can be sent."""
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"header {name!r} is not made of str")
        if not self.NAME.fullmatch(name) or not self.VALUE.fullmatch(value):
            raise ValueError(f"header {name!r} has characters that it cannot have")
        self.check_header(name.lower(), value)
        return name.encode("latin-1"), value.encode("latin-1")

    def check_header(self, name: str, value: str) -> None:
        """Refuse what is the server's, and a length that is none."""
        if name in HOP_BY_HOP:
            raise ValueError(f"header {name!r} is about the connection, which is the server's")
        if name == "content-length" and not self.LENGTH.fullmatch(value):
            raise ValueError("Content-Length is no number")

    def write(self, data: bytes) -> None:
        """The write() callable: sent when it returns."""
        self.check_block(data)
        if data:
            self.send(data)

    # -- the result -----------------------------------------------------------------

    def play(self) -> None:
        """Call the application, and answer for whatever it does."""
        try:
            self.call()
        except BaseException as raised:
            self.failed(raised)

    def call(self) -> None:
        """Call the application and send what it returns."""
        result = self.invoke(self.environ())
        try:
            self.transmit(result)
        finally:
            self.close(result)

    def invoke(self, environ: dict[str, Any]) -> Any:
        """The call itself."""
        return self.server.app(environ, self.start_response)

    def close(self, result: Any) -> None:
        """Close the result, if it can be closed."""
        if close := getattr(result, "close", None):
            close()

    def transmit(self, result: Iterable[bytes]) -> None:
        """Send every block as it comes."""
        single = isinstance(result, (list, tuple)) and len(result) == 1
        try:
            for block in result:
                self.check_block(block)
                if block:
                    self.send(block, last=single)
                if self.full():
                    break
        except ExcessError:
            pass  # cut at the declared length
        self.end()

    def check_block(self, block: bytes) -> None:
        """Only bytes are content."""
        if type(block) is not bytes:
            raise TypeError(f"content is bytes, not {type(block).__name__}")

    def full(self) -> bool:
        """Whether the declared length is reached, and something declared one."""
        return self.response.head_sent and self.response.room() == 0

    def send(self, block: bytes, *, last: bool = False) -> None:
        """Send a block; it has left (or waits in the kernel) on return."""
        if not self.response.prepared:
            raise RuntimeError("content without start_response")
        self.answerable()
        self.wait(self.response.data(block, last=last))

    def end(self) -> None:
        """The result is at its end."""
        if not self.response.prepared:
            raise RuntimeError("the application never called start_response")
        self.answerable()
        if self.short():
            self.server.log("the content is shorter than its Content-Length\n")
        self.wait(self.response.end())

    def answerable(self) -> None:
        """A request that turned out to be broken gets no ordinary answer."""
        if self.body.problem is not None and not self.response.head_sent:
            raise self.body.problem

    def short(self) -> bool:
        """Whether content is missing."""
        return bool(self.response.room()) and not self.response.bodiless

    def failed(self, raised: BaseException) -> None:
        """The application raised, or did what cannot be answered."""
        problem = self.body.problem
        if problem is None and not isinstance(raised, GoneError):
            self.server.log("".join(traceback.format_exception(raised)))
        with contextlib.suppress(OSError):
            self.wait(self.answer_failure(problem))

    async def answer_failure(self, problem: OSError | None) -> None:
        """Tell the client, as far as that is still possible."""
        response = self.response
        if response.complete:
            return
        if response.head_sent:
            response.break_off()
        elif problem is None:
            await response.error(500, "the application failed")
        elif isinstance(problem, RefusedError):
            await response.error(problem.status, problem.why)
        else:
            await response.error(400, "the body is incomplete")
