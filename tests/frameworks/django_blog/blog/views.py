"""What the blog shows; every view asks the database."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import aget_object_or_404, get_object_or_404, render

from blog.models import Post


def index(request: HttpRequest) -> HttpResponse:
    return render(request, "index.html", {"posts": Post.objects.all()})


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "detail.html", {"post": get_object_or_404(Post, slug=slug)})


async def data(_request: HttpRequest, slug: str) -> JsonResponse:
    """An async view; its query runs in a thread."""
    post = await aget_object_or_404(Post, slug=slug)
    return JsonResponse({"title": post.title, "text": post.text})


def feed(_request: HttpRequest) -> StreamingHttpResponse:
    """Titles, fetched while the response is under way."""

    def lines() -> Iterator[str]:
        for post in Post.objects.iterator():
            yield f"{post.title}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain; charset=utf-8")


def visits(request: HttpRequest) -> HttpResponse:
    """Counts in the session, which is kept in the database."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse("welcome")
