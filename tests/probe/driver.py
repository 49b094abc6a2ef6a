"""A server so small that any Python runs it: calls the probe beside it, and tells what it saw.

Started by tests as ``python driver.py TOKEN...`` with the probe importable; prints one
line of JSON for each token and interface. Nothing of gateproof is there.
"""

import asyncio
import io
import json
import sys

import probe


class Wrapper:
    def __init__(self, file, size=8):
        self.filelike = file
        self.close = file.close

    def __iter__(self):
        return iter(lambda: self.filelike.read(8), b"")


def serve_wsgi(token):
    seen = {"interface": "wsgi", "token": token, "status": "", "body": "", "error": ""}
    sent = []
    body = b"one\ntwo\nthree"
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/" + token,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": Wrapper,
    }

    def start_response(status, headers, exc_info=None):
        if exc_info:
            try:
                if sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif seen["status"]:
            raise AssertionError("start_response was called again")
        seen["status"] = status
        return sent.append

    result = None
    try:
        result = probe.wsgi(environ, start_response)
        sent.extend(result)
    except Exception as error:
        seen["error"] = type(error).__name__
    finally:
        if hasattr(result, "close"):
            result.close()
    seen["body"] = b"".join(sent).decode("latin-1")
    return seen


async def serve_asgi(token, scope=None, events=None):
    seen = {"interface": "asgi", "token": token, "status": "", "body": "", "error": ""}
    if scope is None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/" + token,
            "raw_path": b"/" + token.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "state": {},
        }
        events = [
            {"type": "http.request", "body": b"one", "more_body": True},
            {"type": "http.request", "body": b"two", "more_body": False},
        ]
    over = asyncio.Event()
    body = []

    async def receive():
        if events:
            return events.pop(0)
        await over.wait()
        return {"type": scope["type"] + ".disconnect"}

    async def send(event):
        if event["type"] == "http.response.start":
            if seen["status"]:
                raise RuntimeError("started twice")
            seen["status"] = str(event["status"])
        body.append(event.get("body", b""))
        if event["type"] == "http.response.body" and not event.get("more_body"):
            over.set()

    try:
        await probe.asgi(scope, receive, send)
    except Exception as error:
        seen["error"] = type(error).__name__
    seen["body"] = b"".join(body).decode("latin-1")
    return seen


async def odd():
    """Calls of the probe in other ways than a correct server has."""
    scope = {"type": "http", "asgi": {"version": "3.0"}, "path": "/", "headers": []}

    async def send(event):
        pass

    tries = [
        (scope, lambda: {"type": "http.request"}, send),  # gives nothing to await
        (scope, None, send),
        (scope, lambda one: None, send),
        (send, send, scope),
        (scope,),
    ]
    for arguments in tries:
        try:
            await probe.asgi(*arguments)
        except TypeError:
            continue
        raise AssertionError("no TypeError")


async def lives():
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    await serve_asgi("", scope, events)


def main():
    for token in sys.argv[1:]:
        print(json.dumps(serve_wsgi(token)))
        print(json.dumps(asyncio.run(serve_asgi(token))))
    asyncio.run(lives())
    asyncio.run(odd())
    loaded = {"asyncio", "trio", "gateproof", "typing", "inspect", "http.server"} & set(sys.modules)
    print(json.dumps({"loaded": sorted(loaded), "python": list(sys.version_info[:2])}))


if __name__ == "__main__":
    main()
