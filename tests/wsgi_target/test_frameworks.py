"""What the suite says of applications made with real frameworks, and of our examples.

None breaks a must. What a should or an observation says of them is written down
here with its place in their code, so that a change on either side is seen.
"""

from __future__ import annotations

import sys
import time
import types
import warnings

import pytest

PATHS = ("/", "/echo")
SHORT_READS = ("input-short-reads", "wsgi.input.read-size")
OTHER_METHODS = "wsgi.streams.app-no-other-methods"
TRAPS = "wsgi.errors-handling.app-traps-own-errors"
PRESENCE = "wsgi.environ.app-checks-presence"
EMPTY = "wsgi.environ.empty-cgi-vars-omittable"
READ_SIZE = "wsgi.input.read-size"
GENERATED = ("generated", "generated-default-keys")
MOUNTED = "wsgi.environ.script-name-may-be-empty"


def flask_app():
    flask = pytest.importorskip("flask")
    app = flask.Flask("sample")

    @app.route("/", methods=["GET", "POST"])
    def hello():
        return f"hello {flask.request.args.get('a')} {flask.request.form.get('a')}"

    @app.route("/echo", methods=["GET", "POST"])
    def echo():
        return flask.request.get_data()

    return app


def django_app():
    pytest.importorskip("django")
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF="sample_urls",
            SECRET_KEY="x",
            MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
            LOGGING_CONFIG=None,
        )
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import path

    def hello(request):
        return StreamingHttpResponse(["hello ", str(request.GET.get("a"))])

    def echo(request):
        return HttpResponse(request.body)

    urls = types.ModuleType("sample_urls")
    urls.urlpatterns = [path("", hello), path("echo", echo)]
    sys.modules["sample_urls"] = urls
    return get_wsgi_application()


def bottle_app():
    bottle = pytest.importorskip("bottle")
    app = bottle.Bottle()

    @app.route("/", method=["GET", "POST"])
    def hello():
        return f"hello {bottle.request.query.a} {bottle.request.forms.a}"

    @app.route("/echo")
    def lazily():
        yield "query: "
        yield bottle.request.query_string

    return app


def pyramid_app():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = pytest.importorskip("pyramid.config")
    from pyramid.response import Response

    with config.Configurator() as made:
        made.add_route("hello", "/")
        made.add_view(lambda r: Response(f"{r.GET.get('a')} {r.POST.get('a')}"), route_name="hello")
        made.add_route("echo", "/echo")
        made.add_view(lambda request: Response(request.body), route_name="echo")
        return made.make_wsgi_app()


def falcon_app():
    falcon = pytest.importorskip("falcon")

    class Hello:
        def on_get(self, request, response):
            response.text = f"hello {request.get_param('a')}"

    class Echo:
        def on_get(self, request, response):
            response.data = request.bounded_stream.read()

    app = falcon.App()
    app.add_route("/", Hello())
    app.add_route("/echo", Echo())
    return app


# Each of these was looked into, and is true of the framework:
KNOWN = {
    flask_app: {
        ("*", OTHER_METHODS),  # a limited stream tries readinto first
        ("generated-body-cut", READ_SIZE),  # a value of a multipart form gets a "\r"
        ("generated-default-keys", EMPTY),  # a redirect where PATH_INFO is empty, not absent
    },
    django_app: {
        SHORT_READS,
        ("generated-body-cut", READ_SIZE),
        ("generated-mount", MOUNTED),  # a SCRIPT_NAME that is not UTF-8 raises
        ("generated-mount", TRAPS),
    },
    bottle_app: {
        ("mounted", PRESENCE),  # environ["PATH_INFO"]
        ("generated", PRESENCE),
        ("generated-default-keys", PRESENCE),
        ("interleaved", "wsgi.app.reinvocable"),  # the request is local to the thread
        ("generated-among-others", "wsgi.app.reinvocable"),
    },
    pyramid_app: {
        ("mounted", PRESENCE),
        ("input-short-reads", TRAPS),  # raises that the client disconnected
        ("path-not-ascii", TRAPS),  # a path that is not UTF-8 raises
        ("query", TRAPS),  # as does such a query, read by the view
        ("body-types", TRAPS),  # a form in another charset is a DeprecationWarning
        SHORT_READS,
        ("generated-body-cut", READ_SIZE),
        ("generated-body-cut", TRAPS),
    },
    falcon_app: {
        ("mounted", PRESENCE),  # env["PATH_INFO"]
        ("mounted", TRAPS),
        ("client-gone-in-body", "wsgi.errors.app-must-flush"),
        SHORT_READS,
        ("generated-body-cut", READ_SIZE),
        *((case, name) for case in GENERATED for name in (PRESENCE, TRAPS)),
    },
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("make", KNOWN, ids=lambda make: make.__name__)
def test_a_framework_breaks_no_must_and_nothing_unknown(make, play_all, caplog):
    caplog.set_level(100)
    found = play_all(make(), paths=PATHS)

    for name, played in found.items():
        case = name.removeprefix("wsgi::")
        assert played.ended == "" or case == "routes", name
        assert played.requirements("fail") == set(), name
        unknown = {
            requirement
            for requirement in played.requirements()
            if not {(case, requirement), ("*", requirement)} & KNOWN[make]
        }
        assert unknown == set(), name


@pytest.fixture
def example(checkout, monkeypatch):
    import importlib.util

    def load(name):
        path = checkout / "tests" / "examples" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module.application

    return load


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("hello_wsgi", ("/",)),
        ("wsgi_form", ("/",)),
        ("wsgi_blog", ("/", "/feed", "/posts/first", "/posts/markup", "/posts/none")),
    ],
)
def test_an_example_has_no_finding_at_all(name, paths, example, play_all):
    for case, played in play_all(example(name), paths=paths).items():
        assert played.requirements() == set(), case
        assert played.ended == "" or case == "wsgi::routes"  # of which they have none to read


def test_the_suite_is_quick_on_a_bare_application(example, play_all):
    application = example("hello_wsgi")
    play_all(application)  # Hypothesis and the schemas are loaded once
    began = time.process_time()
    play_all(application)

    assert time.process_time() - began < 3


def test_the_form_answers_what_was_typed(example):
    from gateproof.targets.wsgi_environ import Request
    from gateproof.targets.wsgi_gateway import serve

    form = example("wsgi_form")
    typed = Request("POST", "/", body=b"name=%3Cb%3EEve&message=%E2%82%AC+%26+co", input="short")
    page = serve(form, typed).body.decode()

    assert "&lt;b&gt;Eve" in page
    assert "€ &amp; co" in page
    assert "<form" in serve(form, Request()).body.decode()
    cut = serve(form, typed.but(environ={"CONTENT_LENGTH": "100"}))
    assert cut.status == 400
    assert serve(form, typed.but(environ={"CONTENT_LENGTH": "9" * 9})).status == 400
    assert serve(form, Request("BREW")).header("Allow") == "GET, HEAD, POST"


def test_the_blog_publishes(example):
    from gateproof.targets.wsgi_environ import Request
    from gateproof.targets.wsgi_gateway import serve

    blog = example("wsgi_blog")
    post = Request("POST", "/posts", mount="/blog", body=b"title=%3Ci%3EHello&text=a%0A%0Ab")
    moved = serve(blog, post)

    assert (moved.status, moved.header("Location")) == (303, "/blog/posts/i-hello")
    assert serve(blog, post).header("Location") == "/blog/posts/i-hello-2"
    page = serve(blog, Request(path="/posts/i-hello")).body.decode()
    assert "&lt;i&gt;Hello" in page
    assert page.count("<p>") == 2
    assert "i-hello" in serve(blog, Request()).body.decode()
    assert serve(blog, Request(path="/nowhere")).status == 404
    assert serve(blog, Request("PUT", "/posts")).header("Allow") == "POST"
    assert serve(blog, Request("POST", "/posts")).status == 422
