"""A Django site in one file, with a WSGI and an ASGI entry point."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__,
        SECRET_KEY="not a secret",
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
    )


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<h1>Hello, {request.COOKIES.get('name', 'world')}</h1>")


def numbers(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"numbers": [1, 2, 3], "query": request.GET.dict()})


async def awaited(_request: HttpRequest) -> JsonResponse:
    """An async view, which runs in a loop of its own under WSGI."""
    return JsonResponse({"async": True})


def stream(_request: HttpRequest) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        for number in range(5):
            yield f"line {number}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")


async def async_stream(_request: HttpRequest) -> StreamingHttpResponse:
    async def lines() -> AsyncIterator[str]:
        for number in range(5):
            yield f"line {number}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")


@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, content_type="application/octet-stream")


def moved(_request: HttpRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("index"))


def empty(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


def item(_request: HttpRequest, number: int) -> HttpResponseBase:
    if number > 3:
        raise Http404("no such item")
    return JsonResponse({"item": number})


urlpatterns = [
    path("", index, name="index"),
    path("json", numbers),
    path("awaited", awaited),
    path("stream", stream),
    path("async-stream", async_stream),
    path("echo", echo),
    path("redirect", moved),
    path("empty", empty),
    path("items/<int:number>", item),
]

wsgi = get_wsgi_application()
asgi = get_asgi_application()
