"""A fault in the middle one of three middlewares of a Starlette and of a Django stack."""

from __future__ import annotations

import warnings
from pathlib import Path
from traceback import extract_tb

import pytest
from layered import faults, stacks

from gateproof.validators import ConformanceError, layer
from gateproof.validators.catalogue import requirement
from gateproof.validators.violation import ConformanceWarning

STACKS = {
    "starlette": (stacks.starlette, faults.ASGI, {"path": "/", "root_path": ""}),
    "django-asgi": (stacks.django_asgi, faults.ASGI, {"path": "/", "root_path": ""}),
    "django-wsgi": (stacks.django_wsgi, faults.WSGI, {}),
}
# What is never closed leaves files open, which Python warns of: that is the point.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Unclosed file:ResourceWarning",
    "ignore:Exception ignored in.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning",
)
FAULTS = [(name, *fault) for name, (_, table, _) in STACKS.items() for fault in table]

GRAVE = [
    (name, middle, broken)
    for name, middle, broken in FAULTS
    if requirement(broken).enforce == "fail" and middle is not faults.LowerMethod
]
"""Those that are raised; a method in lower case is only weak."""

CALLING = {
    faults.HopByHop,
    faults.StartsTwice,
    faults.PortAsNumber,
    faults.SentTwice,
    faults.TextHeader,
}
"""Those that are found out while they call something."""

each = pytest.mark.parametrize(
    ("name", "middle", "broken"), FAULTS, ids=[f"{n}-{m.__name__}" for n, m, _ in FAULTS]
)


@pytest.fixture
def served(serve):
    def served(name, middle, **options):
        stack, _, request = STACKS[name]
        outermost = layer("outermost", **options)
        told = serve[name.partition("-")[2] or "asgi"](stack(outermost, middle), **request)
        told.violations = outermost.violations
        return told

    return served


@each
def test_collecting_names_the_middle_one(name, middle, broken, served):
    told = served(name, middle, on_violation="collect", level="should", parties=["middleware"])

    assert [(one.requirement, one.layer) for one in told.violations] == [(broken, "middle")]


@pytest.mark.parametrize(
    ("name", "middle", "broken"), GRAVE, ids=[f"{n}-{m.__name__}" for n, m, _ in GRAVE]
)
def test_raising_names_the_middle_one(name, middle, broken, served):
    told = served(name, middle)

    error = told.error
    assert isinstance(error, ConformanceError)
    assert error.violation.layer == "middle"
    assert error.violation.requirement == broken
    assert "(must" in str(error)
    if middle in CALLING:
        files = {Path(frame.filename).name for frame in extract_tb(error.__traceback__)}
        assert "faults.py" in files  # raised at the culprit's own call
    assert "middleware, layer 'middle')" in str(error)


@each
def test_warning_names_the_middle_one_and_changes_nothing(name, middle, broken, served):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConformanceWarning)
        calm = served(name, middle, on_violation="collect", level="should")
    with pytest.warns(ConformanceWarning) as given:
        told = served(name, middle, on_violation="warn", level="should", parties=["middleware"])

    found = {(one.message.violation.requirement, one.message.violation.layer) for one in given}
    assert found == {(broken, "middle")}
    assert (told.body, told.sent) == (calm.body, calm.sent)
    assert type(told.error) is type(calm.error)
