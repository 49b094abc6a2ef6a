"""Results that are still alive when the interpreter ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
from wsgiref.util import setup_testing_defaults

from gateproof.validators import WSGIValidator


class Result:
    def __iter__(self):
        return iter([b"one", b"two"])

    def close(self):
        pass


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")]{start})
    return {result}


environ = {{}}
setup_testing_defaults(environ)
result = WSGIValidator(application)(environ, lambda *args: lambda data: None)
print(next(iter(result)))
circle = [result]
circle.append(circle)  # it goes only when the modules have gone
"""


@pytest.mark.parametrize("result", ["Result()", "iter([b'one'])", "(x for x in [b'one'])"])
@pytest.mark.parametrize("start", ["", ", None"], ids=["light", "close"])
def test_nothing_is_printed_by_one_that_is_alive_at_the_end(result: str, start: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(result=result, start=start)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert (ran.stdout, ran.stderr) == ("b'one'\n", "")
