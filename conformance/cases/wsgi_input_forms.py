"""``wsgi.input`` and ``wsgi.errors`` in every form that the text lets them have.

https://peps.python.org/pep-3333/#input-and-error-streams
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import Baseline, baselines
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import HEADERS

OTHERS = "wsgi.streams.app-no-other-methods"
"""Applications use no method of the streams that the table does not list."""

FORM = b"name=gateproof&text=a+line%0D%0Aand+another&n=1"
LINES = b"first line\nsecond line\n\nfourth, without an end"

BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/x-www-form-urlencoded", FORM),
    ("application/octet-stream", LINES),
)
"""A body that frameworks parse and one that they leave alone."""


def _with_bodies(stage: WSGIStage) -> Iterator[Baseline]:
    for kind, body in BODIES:
        headers: Any = (("Content-Type", kind), *HEADERS)
        yield from baselines(stage, headers=headers, body=body)


@case("wsgi", "input-table-only", proves=(OTHERS,))
def input_table_only(stage: WSGIStage) -> None:
    """The input has read, readline, readlines and iteration, and nothing else."""
    for baseline in _with_bodies(stage):
        baseline.same(
            "wsgi.input has only the methods of the table",
            fails=OTHERS,
            differs=OTHERS,
            input="table",
        )


@case("wsgi", "input-readlines-hint", proves=("wsgi.input.readlines-hint-optional",))
def input_readlines_hint(stage: WSGIStage) -> None:
    """The input ignores the hint that readlines is given, as it may."""
    for baseline in _with_bodies(stage):
        baseline.same(
            "readlines(hint) ignores its hint",
            fails="wsgi.input.readlines-hint-optional",
            differs="wsgi.input.readlines-hint-optional",
            input="hintless",
        )


@case("wsgi", "input-short-reads", proves=("wsgi.input.read-size",))
def input_short_reads(stage: WSGIStage) -> None:
    """The input gives fewer octets than read(size) asks for, before its end.

    Whether a server may is disputed, so a difference is only observed.
    """
    for baseline in _with_bodies(stage):
        baseline.same(
            "read(size) gives fewer octets than asked for",
            fails="wsgi.input.read-size",
            differs="wsgi.input.read-size",
            verdict="observed",
            input="short",
        )


@case("wsgi", "errors-table-only", proves=(OTHERS,))
def errors_table_only(stage: WSGIStage) -> None:
    """The error stream has write, writelines and flush, and nothing else."""
    for baseline in baselines(stage):
        baseline.same(
            "wsgi.errors has only the methods of the table",
            fails=OTHERS,
            differs=OTHERS,
            errors="table",
        )
