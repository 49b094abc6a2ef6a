"""A Falcon API over WSGI."""

from __future__ import annotations

from collections.abc import Iterator

import falcon

LINES = [b"line %d\n" % number for number in range(5)]


class Index:
    """The page at the root."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = falcon.MEDIA_HTML
        resp.text = "<h1>Hello, world</h1>"


class Numbers:
    """JSON."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"numbers": [1, 2, 3], "query": req.params}


class Stream:
    """A body in pieces."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        def lines() -> Iterator[bytes]:
            yield from LINES

        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = lines()


class Echo:
    """The request body, sent back."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = "application/octet-stream"
        resp.data = req.bounded_stream.read()

    on_post = on_get


class Moved:
    """A redirect."""

    def on_get(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        raise falcon.HTTPFound("/")


class Empty:
    """Nothing."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.status = falcon.HTTP_204


app = falcon.App()
app.add_route("/", Index())
app.add_route("/json", Numbers())
app.add_route("/stream", Stream())
app.add_route("/echo", Echo())
app.add_route("/redirect", Moved())
app.add_route("/empty", Empty())
