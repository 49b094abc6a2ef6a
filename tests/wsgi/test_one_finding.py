"""One broken thing gives one finding, and nobody else is blamed for it."""

from __future__ import annotations

import contextlib
import sys

import pytest
from witnesses import kit
from witnesses.load import modules
from witnesses.order_wsgi_steps import (
    BEGUN,
    CALL,
    CLOSE,
    CLOSED,
    END,
    ERROR,
    EXHAUSTED,
    NEXT,
    OTHER,
    STARTED,
    WRITTEN,
    item,
    refused,
    result,
    start,
    write,
)

from gateproof.validators import WSGIValidator
from gateproof.validators.catalogue import requirement
from gateproof.validators.violation import Rung
from gateproof.validators.wsgi.replay import replay

ORDERS = [one for module in modules("order_wsgi_") for one in module.WITNESSES]
SHAPES = [
    one
    for module in modules("shapes_wsgi")
    for one in module.WITNESSES
    if one.schema != "wsgi/read"  # what was read is judged by hand
]

ALSO = {
    "wsgi.server.rejects-repeat-start-response": (
        {"wsgi.start-response.repeat-without-exc-info"},
        "the application called again, and the server let it",
    ),
    "wsgi.server.header-check-after-set": (
        {"wsgi.start-response.failed-call-counts"},
        "the application called again, and the server let it",
    ),
    "wsgi.server.rejects-hop-by-hop": (
        {"wsgi.app.no-hop-by-hop"},
        "the application sent the header, and the server took it",
    ),
    "wsgi.server.checks-headers-at-call": (
        {"wsgi.response-headers.name-token"},
        "the application sent the header, and the server took it",
    ),
    "wsgi.content-length.stop-iterating": (
        {"wsgi.content-length.app-accurate"},
        "the application made too much, and the server asked for more",
    ),
    "wsgi.content-length.write-past-raises": (
        {"wsgi.content-length.app-accurate"},
        "the application wrote too much, and the server took it",
    ),
    "wsgi.server.close-called-on-app-error": (
        {"wsgi.errors-handling.app-traps-own-errors"},
        "the application raised, and the server did not close it",
    ),
}
"""Faults of a server that take a fault of the application: what that is told besides."""

DISCOURAGED = {"wsgi.write.avoid-in-new-apps", "wsgi.write.prefer-iterable"}
"""What is observed of any use of write(), and is no fault."""


def found(steps):
    return replay([Rung(step, data, 0) for step, data in steps], host="server")


@pytest.mark.parametrize(
    "witness", ORDERS, ids=[f"{n}-{w.requirement}" for n, w in enumerate(ORDERS)]
)
def test_a_fault_of_order_is_told_once(witness):
    also, _ = ALSO.get(witness.requirement, (frozenset(), ""))
    written = any(step == "write" for step, _ in witness.breaks)
    violations = [
        v
        for v in found(witness.breaks)
        if not (written and v.requirement in DISCOURAGED and v.requirement != witness.requirement)
    ]

    assert sorted(v.requirement for v in violations) == sorted({witness.requirement, *also})


@pytest.mark.parametrize("name", ALSO)
def test_what_is_told_besides_is_of_another_party(name):
    also, reason = ALSO[name]

    assert reason
    assert requirement(name).party == "server"
    assert {requirement(other).party for other in also} <= {"application", "both"}


def test_the_table_of_exceptions_is_needed():
    told = {
        witness.requirement
        for witness in ORDERS
        if len({v.requirement for v in found(witness.breaks)} - DISCOURAGED) > 1
    }

    assert told == set(ALSO)


REST = (result([b"a"]), NEXT, item(b"a"), EXHAUSTED, CLOSE, CLOSED, END)


def exchanges(witness):
    """Whole exchanges in which the value of a witness stands: taken, and refused."""
    broken = witness.breaks
    if witness.schema == "wsgi/environ":
        return {"served": (("call", broken), start(), STARTED, *REST)}
    if witness.schema == "wsgi/item":
        return {"served": (*BEGUN, result([b"a"]), NEXT, item(broken), EXHAUSTED, CLOSE, END)}
    if witness.schema == "wsgi/write":
        return {"served": (*BEGUN, write(broken), WRITTEN, result([]), NEXT, EXHAUSTED, CLOSE, END)}
    args = {
        "wsgi/status": (broken, []),
        "wsgi/headers": ("200 OK", broken),
        "wsgi/exc_info": ("500 Oops", [], broken),
    }[witness.schema]
    call = ("start_response", (args, {}))
    return {
        "taken": (CALL, call, STARTED, *REST),
        "refused": (CALL, call, refused(OTHER), ("raise", OTHER), END),
        "refused, and a page sent instead": (
            CALL,
            call,
            refused(OTHER),
            start(status="500 Oops", exc_info=ERROR),
            STARTED,
            *REST,
        ),
        "refused, and ignored": (CALL, call, refused(OTHER), *REST),
    }


LENIENT = {"wsgi.server.rejects-hop-by-hop", "wsgi.server.checks-headers-at-call"}
"""What a server that takes unsound headers owes; another party's fault."""

VALUES = [(witness, how) for witness in SHAPES for how in exchanges(witness)]


@pytest.mark.parametrize(
    ("witness", "how"), VALUES, ids=[f"{w.requirement}-{w.schema}-{how}" for w, how in VALUES]
)
def test_a_fault_of_shape_is_told_once(witness, how):
    violations = [
        v for v in found(exchanges(witness)[how]) if v.requirement not in {*LENIENT, *DISCOURAGED}
    ]

    assert [v.requirement for v in violations] == [witness.requirement]


@pytest.mark.parametrize("witness", [*ORDERS, *SHAPES], ids=lambda witness: witness.requirement)
def test_who_is_blamed_is_whom_it_binds(witness):
    if isinstance(witness, kit.Shape):
        steps = next(iter(exchanges(witness).values()))
    else:
        steps = witness.breaks
    entry = requirement(witness.requirement)
    (own,) = {v.party for v in found(steps) if v.requirement == witness.requirement}

    assert own != "both"
    assert entry.party in (own, "both")


# Live: the whole life of an exchange


def starter(status, headers, exc_info=None):
    return print


def five_faults(environ, start_response):
    environ["wsgi.input"].close()
    start_response("200", [("X Y", "a"), ("Connection", "close"), ("X-Number", 5)])
    return ["text"]


def test_an_application_with_five_faults_has_five_findings(serve):
    served = serve(five_faults)

    assert sorted(v.requirement for v in served.violations if v.party == "application") == [
        "wsgi.app.no-hop-by-hop",
        "wsgi.response-headers.name-token",
        "wsgi.response-headers.value-native-str",
        "wsgi.status.reason-phrase",
        "wsgi.streams.app-no-close",
        "wsgi.unicode.bytes-yielded",
    ]


def strict(status, headers, exc_info=None):
    raise AssertionError("refused")


GOING_ON = {
    "returns a page": lambda start: [b"page"],
    "returns nothing": lambda start: None,
    "tries again": lambda start: start("500 Oops", [], sys.exc_info()) and [],
}


@pytest.mark.parametrize("name", GOING_ON)
def test_nothing_is_said_of_the_body_after_a_refused_start(name, make_environ):
    def app(environ, start_response):
        try:
            start_response(200, [])
        except AssertionError:
            return GOING_ON[name](start_response)

    validator = WSGIValidator(app, on_violation="collect", level="should")
    with contextlib.suppress(AssertionError):
        list(validator(make_environ(), strict) or ())

    extra = {"returns nothing": ["wsgi.app.returns-iterable"]}.get(name, [])
    assert [v.requirement for v in validator.violations] == ["wsgi.status.native-str", *extra]


def test_a_fault_that_comes_again_is_told_once_and_counted(make_environ):
    def app(environ, start_response):
        start_response("200", [])
        return [b"a"]

    validator = WSGIValidator(app, on_violation="collect", level="should")
    for _ in range(50):
        list(validator(make_environ(), starter))

    (violation,) = validator.violations
    assert violation.requirement == "wsgi.status.reason-phrase"
    assert validator.count(violation) == 50


# What environ lacks, or has wrong


class Hostile:
    """A value that raises whatever is asked of it."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __bool__(self):
        raise RuntimeError

    __eq__ = __hash__ = __len__ = __iter__ = __str__ = __repr__ = __bool__


ABSENT = object()
VALUES_GIVEN = {"absent": ABSENT, "None": None, "an object": object(), "hostile": Hostile()}
KEYS = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "HTTP_HOST",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
    "wsgi.file_wrapper",
    "wsgi.input_terminated",
)
OWED = {
    "REQUEST_METHOD": "wsgi.environ.request-method-required",
    "SERVER_NAME": "wsgi.environ.server-name-required",
    "SERVER_PORT": "wsgi.environ.server-port-required",
    "SERVER_PROTOCOL": "wsgi.environ.server-protocol-present",
    "wsgi.version": "wsgi.environ.wsgi-version-present",
    "wsgi.url_scheme": "wsgi.environ.url-scheme-present",
    "wsgi.input": "wsgi.environ.input-present",
    "wsgi.errors": "wsgi.environ.errors-present",
    "wsgi.multithread": "wsgi.environ.multithread-present",
    "wsgi.multiprocess": "wsgi.environ.multiprocess-present",
    "wsgi.run_once": "wsgi.environ.run-once-present",
}
"""What is told where a key is missing; of the others nothing."""


@pytest.mark.parametrize("value", VALUES_GIVEN)
@pytest.mark.parametrize("level", ["must", "all"])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_missing_or_wrong_never_crashes(key, level, value, make_environ):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"a"]

    environ = make_environ(CONTENT_TYPE="text/plain", CONTENT_LENGTH="0")
    environ[key] = VALUES_GIVEN[value]
    if environ[key] is ABSENT:
        del environ[key]
    validator = WSGIValidator(app, on_violation="collect", level=level)

    seen = validator(environ, starter)
    assert list(seen) == [b"a"]
    seen.close()

    ids = [v.requirement for v in validator.violations]
    assert all(str(v) for v in validator.violations)
    assert {v.party for v in validator.violations} <= {"server"}
    assert len(ids) <= 1
    if value == "absent":
        assert ids == ([OWED[key]] if key in OWED else [])
