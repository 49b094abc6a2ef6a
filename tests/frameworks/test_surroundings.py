"""A correct application does not turn red because of the test session around it."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

PATHS = ("/", "/posts/first", "/data/first", "/visits")


@pytest.fixture
def blog(project: Project, here: Path) -> Project:
    """The Django project, in a folder of its own."""
    shutil.copytree(here / "django_blog", project.folder, dirs_exist_ok=True)
    return project


def clean(found: Any, least: int) -> None:
    """Check that nothing was found, although there was something to find."""
    end = found.ran.text[-8000:]
    assert found.ran.code == 0, end
    assert found.run.complete
    assert found.found("fail") == set(), end
    assert found.verdicts().isdisjoint({"harness", "unstable", "blocked"}), end
    assert found.run.clauses()[1] >= least, end


@pytest.mark.parametrize(("interface", "least"), [("wsgi", 26), ("asgi", 30)])
def test_django_with_its_pytest_plugin(
    interface: str, least: int, blog: Project, suite: Callable[..., Any]
) -> None:
    pytest.importorskip("pytest_django")
    found = suite(f"blog.{interface}:application", paths=PATHS, options=["-v"])

    clean(found, least)
    assert "database access goes to pytest-django's test databases: default (sqlite3)" in (
        found.ran.text
    )
    assert not (blog.folder / "blog.sqlite3").exists()


@pytest.mark.parametrize(("interface", "least"), [("wsgi", 26), ("asgi", 30)])
def test_django_without_its_pytest_plugin(
    interface: str, least: int, blog: Project, suite: Callable[..., Any]
) -> None:
    blog.write({"pytest-empty.ini": "[pytest]\n"})
    assert blog.run("manage", "migrate", "-v0").code == 0
    found = suite(
        f"blog.{interface}:application",
        paths=PATHS[:3],
        options=["-v", "-p", "no:django", "-c", "pytest-empty.ini"],
    )

    clean(found, least)
    file = blog.folder / "blog.sqlite3"
    assert (
        "requests (GET, HEAD, OPTIONS) use the application's own databases: "
        f"default is sqlite3 {file}" in found.ran.text
    )


def test_the_users_tests_keep_their_database_and_its_lock(
    blog: Project, suite: Callable[..., Any]
) -> None:
    pytest.importorskip("pytest_django")
    blog.write(
        {
            "conftest.py": """
                import pytest


                @pytest.fixture(scope="session")
                def django_db_setup(django_db_setup, django_db_blocker):
                    from blog.models import Post

                    with django_db_blocker.unblock():
                        Post.objects.create(slug="mine", title="Mine")
            """,
            "blog/noted.py": """
                def noted(get_response):
                    def middleware(request):
                        response = get_response(request)
                        with open("noted.txt", "a") as file:
                            print(response.status_code, file=file)
                        return response

                    return middleware
            """,
            "test_blog.py": """
                import pytest
                from blog.models import Post


                def test_blocked():
                    with pytest.raises(RuntimeError, match="Database access not allowed"):
                        Post.objects.count()


                @pytest.mark.django_db
                def test_allowed():
                    assert Post.objects.filter(slug="mine").exists()


                def test_after():
                    test_blocked()
            """,
        }
    )
    settings = blog.folder / "blog/settings.py"
    settings.write_text(settings.read_text() + '\nMIDDLEWARE.insert(0, "blog.noted.noted")\n')
    found = suite(
        "blog.wsgi:application",
        paths=["/posts/mine"],
        options=["test_blog.py", "--conformance-select=wsgi::body-sizes"],
    )

    assert found.ran.code == 0, found.ran.text
    assert "4 passed" in found.ran.text
    assert set((blog.folder / "noted.txt").read_text().split()) == {"200"}


def test_a_database_that_cannot_be_made_is_no_fault_of_the_application(
    blog: Project, suite: Callable[..., Any]
) -> None:
    pytest.importorskip("pytest_django")
    blog.write(
        {
            "conftest.py": """
                import pytest


                @pytest.fixture(scope="session")
                def django_db_setup():
                    raise ConnectionError("the database server is down")
            """
        }
    )
    found = suite("blog.wsgi:application", options=["--conformance-select=wsgi::body-*"])

    assert found.ran.code == 3, found.ran.text
    assert found.verdicts() == {"harness"}
    assert "a fixture of the session failed: ConnectionError: the database server is down" in (
        found.ran.text
    )


APPLICATIONS = """
import os
import warnings

warnings.warn("imported", DeprecationWarning)
leaks = []


def answer():
    warnings.warn("old ways", DeprecationWarning)
    file = open(os.devnull)
    leaks.append([file])
    leaks[-1].append(leaks.pop())  # in a cycle, to be found by the collector
    return os.environ["ANSWER"].encode()  # a fixture of the session sets it


def wsgi(environ, start_response):
    body = answer()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    await receive()
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer()})
"""

CONFTEST = """
import asyncio
import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def answer():
    os.environ["ANSWER"] = "42"
    yield
    del os.environ["ANSWER"]


@pytest.fixture(scope="session", autouse=ASYNCIO)
async def pool():
    await asyncio.sleep(0)
    yield "pool"


@pytest.fixture(autouse=True)
def only_functions(request):
    assert request.function


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
"""

ASYNCIO_INI = """
asyncio_mode = auto
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
"""

ASYNCIO_TESTS = """

async def test_asyncio(pool):
    assert pool == "pool"
"""

TESTS = """
import pytest


@pytest.mark.anyio
async def test_anyio():
    pass


def test_warning():
    import warnings

    with pytest.raises(DeprecationWarning):
        warnings.warn("an error here", DeprecationWarning)
"""


@pytest.mark.parametrize(
    "options", [(), ("-W", "error", "-p", "no:cacheprovider")], ids=("settings", "options")
)
def test_plugins_fixtures_and_filters(
    options: tuple[str, ...], project: Project, suite: Callable[..., Any]
) -> None:
    asyncio_too = any(d.name == "pytest-asyncio" for d in importlib.metadata.distributions())
    project.write(
        {
            "apps.py": APPLICATIONS,
            "conftest.py": CONFTEST.replace("ASYNCIO", str(asyncio_too)),
            "test_own.py": TESTS + (ASYNCIO_TESTS if asyncio_too else ""),
            "pytest.ini": "[pytest]\nfilterwarnings = error\n"
            + (ASYNCIO_INI if asyncio_too else ""),
        }
    )
    alone = project.pytest("-q", "test_own.py")
    found = suite("apps:wsgi", "apps:asgi", options=["test_own.py", *options])

    assert alone.code == 0, alone.text
    clean(found, 60)
    assert found.found("weak") == set()


def test_a_session_that_skips(project: Project, suite: Callable[..., Any]) -> None:
    skipping = """
        import pytest


        @pytest.fixture(scope="session", autouse=True)
        def docker():
            pytest.skip("needs docker")
    """
    project.write({"apps.py": APPLICATIONS, "conftest.py": skipping})
    found = suite("apps:wsgi", options=["--conformance-select=wsgi::body-*", "-rs"])

    assert found.ran.code == 5, found.ran.text
    assert found.verdicts() == {"blocked"}
    assert "needs docker" in found.ran.text
