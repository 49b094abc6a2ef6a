"""A small blog without a framework: a list of posts, a page for each, a feed.

Routes are a table of patterns and functions; a function returns a
:class:`Response` or raises :class:`HTTPError`. Posts live in memory, so threads
share them and a lock guards what changes.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, quote

LIMIT = 64 * 1024
"""The most octets of a request body that are read."""


@dataclass(frozen=True)
class Post:
    """One post of the blog."""

    slug: str
    title: str
    text: str


@dataclass(frozen=True)
class Response:
    """What is answered: a status, an iterable of text, and headers beside the type."""

    body: Iterable[str]
    status: str = "200 OK"
    kind: str = "text/html; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)


class HTTPError(Exception):
    """Ends a request with an error page."""

    def __init__(self, status: str, headers: list[tuple[str, str]] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers or []


class Blog:
    """The posts, oldest first; safe to use from several threads."""

    def __init__(self, *posts: Post) -> None:
        self._posts = {post.slug: post for post in posts}
        self._lock = threading.Lock()

    def posts(self) -> list[Post]:
        """All posts as they are now."""
        with self._lock:
            return list(self._posts.values())

    def post(self, slug: str) -> Post:
        """The post called ``slug``."""
        with self._lock:
            if slug not in self._posts:
                raise HTTPError("404 Not Found")
            return self._posts[slug]

    def add(self, title: str, text: str) -> Post:
        """Add a post under a name made from its title."""
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "post"
        with self._lock:
            number, free = 1, slug
            while free in self._posts:
                number += 1
                free = f"{slug}-{number}"
            self._posts[free] = Post(free, title, text)
            return self._posts[free]


BLOG = Blog(
    Post("first", "First things first", "A blog begins with a post.\n\nThis is it."),
    Post("markup", "On <markup> & escaping", 'Text is text: "<b>" is three characters.'),
)


class Request:
    """A request, read from an environ in which much may be absent."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.root = quote(environ.get("SCRIPT_NAME", "").encode("latin-1"))
        octets = environ.get("PATH_INFO", "").encode("latin-1")
        self.path = octets.decode("utf-8", "replace") or "/"

    def form(self) -> dict[str, str]:
        """The fields of a form that was sent, each once."""
        length = self._environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            raise HTTPError("400 Bad Request")
        if int(length) > LIMIT:
            raise HTTPError("413 Content Too Large")
        text = b"".join(self._pieces(int(length))).decode("utf-8", "replace")
        try:
            fields = parse_qs(text, max_num_fields=100)
        except ValueError:
            raise HTTPError("400 Bad Request") from None
        return {name: values[0] for name, values in fields.items()}

    def _pieces(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self._environ["wsgi.input"].read(left)
            if not piece:
                raise HTTPError("400 Bad Request")
            left -= len(piece)
            yield piece


def layout(title: str, *lines: str) -> Iterator[str]:
    """A page, piece by piece; ``lines`` are markup, ``title`` is text."""
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
    yield f"<title>{escape(title)}</title>\n<h1>{escape(title)}</h1>\n"
    for line in lines:
        yield line + "\n"
    yield "</html>\n"


def index(request: Request) -> Response:
    """The list of posts, and a form for another."""
    links = [
        f'<li><a href="{request.root}/posts/{quote(post.slug)}">{escape(post.title)}</a></li>'
        for post in BLOG.posts()
    ]
    form = (
        f'<form method="post" action="{request.root}/posts">'
        '<input name="title" required><textarea name="text"></textarea>'
        "<button>Publish</button></form>"
    )
    return Response(layout("A small blog", "<ul>", *links, "</ul>", form))


def show(_request: Request, slug: str) -> Response:
    """One post, a paragraph for each block of its text."""
    post = BLOG.post(slug)
    paragraphs = [f"<p>{escape(block)}</p>" for block in post.text.split("\n\n")]
    return Response(layout(post.title, *paragraphs))


def publish(request: Request) -> Response:
    """Add a post and send the browser to it."""
    fields = request.form()
    if not fields.get("title", "").strip():
        raise HTTPError("422 Unprocessable Content")
    post = BLOG.add(fields["title"].strip(), fields.get("text", ""))
    location = f"{request.root}/posts/{quote(post.slug)}"
    return Response((), "303 See Other", headers=[("Location", location)])


def feed(_request: Request) -> Response:
    """The titles, for programs."""
    return Response((f"{post.title}\n" for post in BLOG.posts()), kind="text/plain; charset=utf-8")


ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Response]], ...] = (
    ("GET", re.compile(r"/"), index),
    ("GET", re.compile(r"/feed"), feed),
    ("GET", re.compile(r"/posts/([^/]+)"), show),
    ("POST", re.compile(r"/posts"), publish),
)
"""Method, path and the function that answers."""


def dispatch(request: Request) -> Response:
    """Find the route of ``request`` and answer it; HEAD is answered like GET."""
    method = "GET" if request.method == "HEAD" else request.method
    allowed = set()
    for wanted, pattern, answer in ROUTES:
        found = pattern.fullmatch(request.path)
        if found is None:
            continue
        if wanted == method:
            return answer(request, *found.groups())
        allowed |= {wanted, "HEAD"} if wanted == "GET" else {wanted}
    if not allowed:
        raise HTTPError("404 Not Found")
    raise HTTPError("405 Method Not Allowed", [("Allow", ", ".join(sorted(allowed)))])


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The blog as a WSGI application."""
    request = Request(environ)
    try:
        response = dispatch(request)
    except HTTPError as error:
        response = Response(layout(error.status), error.status, headers=error.headers)
    start_response(response.status, [("Content-Type", response.kind), *response.headers])
    if request.method == "HEAD":
        return []
    return (text.encode("utf-8") for text in response.body)
