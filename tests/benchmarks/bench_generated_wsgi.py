"""Generated examples a second for a small WSGI application, and of each relation.

python tests/benchmarks/bench_generated_wsgi.py [ROUNDS]

What counts is the processor time of the best round. An example of ``generated`` is one
request or, where a client goes away, four; one of a relation is two or more.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from gateproof.conformance.case import cases
from gateproof.conformance.effort import Effort, Traffic
from gateproof.conformance.wsgi_stage import WSGIStage

GOALS = {"fast": 2_500, "drawn": 900}
"""Examples a second of ``wsgi::generated``."""

STYLES = {
    "fast": Effort(volume=4_000, drawn=0, seconds=120.0, shrinking=1.0),
    "drawn": Effort(volume=0, drawn=1_000, seconds=120.0, shrinking=1.0),
}


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Says how many octets came; works with any legal server."""
    left = int(environ.get("CONTENT_LENGTH") or 0)
    count = 0
    try:
        while left:
            piece = environ["wsgi.input"].read(left)
            if not piece:
                break
            left -= len(piece)
            count += len(piece)
    except OSError:
        pass
    said = b"%d octets" % count
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(said)))])
    return [said]


def rate(name: str, effort: Effort) -> float:
    """Play a case; how many examples a second of processor time."""
    stage = WSGIStage(
        case=cases()[name],
        methods=("GET", "HEAD", "OPTIONS", "POST"),
        application=application,
        traffic=Traffic(effort),
    )
    began = time.process_time()
    stage.case.run(stage)
    spent = time.process_time() - began
    if stage.findings or stage.played < max(effort.volume, effort.drawn):
        sys.exit(f"{name}: {stage.played} examples, {stage.findings[:3]}")
    return stage.played / spent


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    for style, effort in STYLES.items():
        best = max(rate("wsgi::generated", effort) for _ in range(rounds))
        print(f"{'wsgi::generated':<32} {style:<6} {best:6.0f} examples/s (goal: {GOALS[style]})")
    for name in cases():
        if name.startswith("wsgi::generated-"):
            told = (f"{style} {rate(name, effort):6.0f}" for style, effort in STYLES.items())
            print(f"{name:<32} {', '.join(told)} examples/s")


if __name__ == "__main__":
    main()
