"""Django's resolver, in a project of its own: Django is configured once in a process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

pytest.importorskip("django")

SETTINGS = """
    ROOT_URLCONF = "site_urls"
    SECRET_KEY = "not a secret"
    ALLOWED_HOSTS = ["*"]
    USE_I18N = True
    LANGUAGE_CODE = "de"
    INSTALLED_APPS = []
    MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
"""

URLS = r"""
    from django.conf.urls.i18n import i18n_patterns
    from django.http import HttpResponse
    from django.urls import include, path, re_path, register_converter
    from django.views import View
    from django.views.decorators.csrf import csrf_exempt
    from django.views.decorators.http import require_POST, require_safe

    seen = []


    class Year:
        regex = "20[0-9]{2}"

        def to_python(self, value):
            return int(value)

        def to_url(self, value):
            return str(value)


    register_converter(Year, "gpyear")


    def view(request, *args, **kwargs):
        seen.append([request.path, list(map(str, args)), {k: str(v) for k, v in kwargs.items()}])
        return HttpResponse("ok")


    class Form(View):
        def post(self, request):
            return HttpResponse("ok")


    class Page(View):
        def get(self, request):
            return view(request)


    shop = [
        path("", view),
        path("items/<int:number>/", view),
        path("by/<uuid:id>", view),
        re_path(r"^(?P<page>\d+)/(?:x|y)/([a-c]+)/?$", view),
    ]

    urlpatterns = [
        path("", require_safe(view)),
        path("names/<slug:name>/<str:rest>", view),
        path("files/<path:name>", view),
        path("years/<gpyear:year>", view),
        path("<int:tenant>/shop/", include((shop, "shop"))),
        re_path(r"^archive/(?P<year>[0-9]{4})/(?P<slug>[\w-]+)\.html\Z", view),
        re_path(r"^old/(\d+)/$", view),
        path("page", Page.as_view()),
        path("form", Form.as_view()),
        path("post", csrf_exempt(require_POST(view))),
        *i18n_patterns(path("about/", view)),
    ]
"""

ASK = """
    import json, os, sys

    os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.wsgi import get_wsgi_application

    from gateproof.targets.routes.discovery import discover
    from gateproof.targets.routes.samples import visit
    from gateproof.targets.wsgi_environ import Request
    from gateproof.targets.wsgi_gateway import serve


    class Whitening:
        def __init__(self, application):
            self.application = application

        def __call__(self, environ, start_response):
            return self.application(environ, start_response)


    application = Whitening(get_wsgi_application())
    found = discover(application)
    statuses = {
        route.path: serve(application, Request(path=visit(route).path)).status
        for route in found.allowed(("GET",))
    }
    import site_urls

    methods = {route.path: route.methods for route in found.routes}
    line = found.line(("GET",))
    print("RESULT", json.dumps([statuses, methods, site_urls.seen, line, found.notes]))
"""


def ask(project: Project, urls: str) -> list:
    project.write({"site_settings.py": SETTINGS, "site_urls.py": urls, "ask.py": ASK})
    ran = project.run("ask")
    lines = [line for line in ran.lines if line.startswith("RESULT ")]

    assert lines, ran.text
    return json.loads(lines[0].removeprefix("RESULT "))


def test_samples_reach_the_views(project: Project) -> None:
    statuses, methods, seen, line, notes = ask(project, URLS)

    assert {path: status for path, status in statuses.items() if status != 200} == {}
    assert notes == []
    assert [path for path, _, _ in seen] == [
        "/",
        "/names/example/1",
        "/files/example",
        "/years/2024",
        "/1/shop/",
        "/1/shop/items/1/",
        "/1/shop/by/00000000-0000-4000-8000-000000000001",
        "/1/shop/1/x/a/",
        "/archive/2024/1.html",
        "/old/1/",
        "/page",
        "/de/about/",
    ]
    assert methods["/"] == ["GET", "HEAD"]
    assert methods["/page"] == ["GET", "HEAD", "OPTIONS"]
    assert methods["/form"] == ["OPTIONS", "POST"]
    assert methods["/post"] == ["POST"]
    assert methods["/years/{year:pattern}"] == []
    assert line == "routes: 14 found in Django's resolver, 12 of which may be asked (GET)"


def test_a_urlconf_without_patterns_is_told(project: Project) -> None:
    *_, line, notes = ask(
        project, "import no_such_module\nurlpatterns = []\nseen = []\n" and "seen = []\n"
    )

    assert line == f"routes: none found: {notes[0]}"
    assert notes[0].startswith("Django's resolver raised ImproperlyConfigured")


GUARDED = """
    from django.contrib.auth.models import User
    from django.http import HttpResponse
    from django.urls import path

    names = list(User.objects.all())  # while it is imported


    def broken(request, n):
        response = HttpResponse("x")
        response.headers["Connection"] = "close"
        return response


    urlpatterns = [path("", lambda request: HttpResponse("ok")), path("deep/<int:n>", broken)]
"""


def test_views_are_not_imported_before_pytest_django_lets_them(project: Project) -> None:
    pytest.importorskip("pytest_django")
    project.write(
        {
            "site_settings.py": """
                ROOT_URLCONF = "site_urls"
                SECRET_KEY = "not a secret"
                ALLOWED_HOSTS = ["*"]
                INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
                DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x.db"}}
            """,
            "site_urls.py": GUARDED,
            "site_wsgi.py": """
                from django.core.wsgi import get_wsgi_application

                application = get_wsgi_application()
            """,
            "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = site_settings\n",
        }
    )
    ran = project.pytest("--target=site_wsgi:application", "-k", "routes")

    assert (
        "gateproof: routes: they are read with the first case, when pytest-django has set up the "
        "databases" in ran.lines
    )
    assert "fail[wsgi.app.no-hop-by-hop]" in ran.text, ran.text
    assert "GET /deep/1" in ran.text
    assert ran.code == 1
