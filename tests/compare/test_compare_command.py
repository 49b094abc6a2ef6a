"""gateproof compare, on a Django project that moves from WSGI to ASGI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

MYSITE = """
import time

from django.conf import settings

if not settings.configured:
    settings.configure(
        SECRET_KEY="x" * 50, ROOT_URLCONF="mysite", ALLOWED_HOSTS=["*"], DATABASES={},
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
    )

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path


def home(request):
    return HttpResponse(f"<form>{get_token(request)}</form> at {time.time_ns()}")


def item(request, number):
    sizes = request.GET.getlist("a")
    if PLANTED and hasattr(request, "scope"):
        sizes = sizes[:1]
    return JsonResponse({"number": number, "sizes": sizes})


def language(request):
    response = HttpResponse("hello")
    if not (PLANTED and hasattr(request, "scope") and "Cookie" in request.headers):
        response["Vary"] = "Cookie"
    return response


urlpatterns = [
    path("", home), path("items/<int:number>/", item), path("language/", language)
]
"""

ENTRANCE = """
import mysite
from django.core.{0} import get_{0}_application

application = get_{0}_application()
"""


@pytest.fixture
def site(project: Project):
    """Writes the project, with differences planted or without."""
    pytest.importorskip("django")

    def write(planted: bool) -> Project:
        project.write(
            {
                "mysite.py": MYSITE.replace("PLANTED", str(planted)),
                "old.py": ENTRANCE.format("wsgi"),
                "new.py": ENTRANCE.format("asgi"),
            }
        )
        return project

    return write


def compare(project: Project, *words: str):
    return project.run("gateproof.conformance.cli", "compare", *words)


def test_a_move_that_changes_nothing_is_told_so(site) -> None:
    told = compare(site(False), "old:application", "new:application")

    assert told.code == 0, told.text
    assert "no difference" in told.text
    assert "old:application is WSGI; routes: 3 found in Django's resolver" in told.text
    assert "new:application is ASGI" in told.text
    assert "sends GET, HEAD, OPTIONS" in told.text
    assert "left out where it varies from answer to answer: body, header set-cookie" in told.text


def test_planted_differences_are_found_and_made_small(site) -> None:
    told = compare(site(True), "old:application", "new:application")

    assert told.code == 1, told.text
    assert "2 differences" in told.text
    assert "body differs at /items/{number:int}/" in told.text
    assert "request  GET /items/1/?a=1&a=2\n" in told.text
    assert "header vary differs at /language/" in told.text
    cookie = told.text[told.text.index("header vary differs") :]
    assert re.search(r"request  GET /language/\n +Cookie: \S+", cookie)
    assert "old      'Cookie'" in cookie
    assert "new      none" in cookie

    blob = re.search(r"--replay=(\S+)", told.text)
    assert blob is not None
    again = compare(site(True), "old:application", "new:application", f"--replay={blob[1]}")
    assert again.code == 1, again.text
    assert "1 difference" in again.text
    mended = compare(site(False), "old:application", "new:application", f"--replay={blob[1]}")
    assert mended.code == 0, mended.text


def test_what_is_ignored_is_no_difference(site) -> None:
    told = compare(
        site(True), "old:application", "new:application", "--ignore-header=Vary",
        r'--ignore="sizes": \[[^]]*\]', "--profile=quick",
    )  # fmt: skip

    assert told.code == 0, told.text


APPS = {
    "fine": """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
""",
    "broken": "import no_such_module\n",
    "unstarted": """
async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
""",
    "stuck": """
import time

def application(environ, start_response):
    time.sleep(60)
""",
}


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["fine:application", "nothing:application"], 4, "nothing"),
        (["fine:application", "broken:application"], 3, "no_such_module"),
        (["fine:application", "unstarted:application"], 4, "no database"),
        (["fine:application", "fine:application", "--ignore=["], 4, "no regular expression"),
        (["fine:application", "fine:application", "--path=x"], 4, "must start with a slash"),
        (["fine:application", "fine:application", "--replay=x?"], 4, "not the blob"),
    ],
)
def test_mistakes_get_a_sentence(project: Project, words: list[str], code: int, what: str) -> None:
    project.write({f"{name}.py": text for name, text in APPS.items()})
    told = compare(project, *words)

    assert told.code == code, told.text
    assert what in told.text
    assert "cli_compare" not in told.text


def test_one_that_hangs_differs_and_ends(project: Project) -> None:
    project.write({f"{name}.py": text for name, text in APPS.items()})
    told = compare(
        project, "fine:application", "stuck:application", "--deadline=0.3", "--profile=quick"
    )

    assert told.code == 1, told.text
    assert "answer differs" in told.text
    assert "no answer" in told.text
