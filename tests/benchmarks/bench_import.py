"""What importing the validators costs over a bare interpreter; median of pairs.

python tests/benchmarks/bench_import.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

CODES = {
    "import gateproof.validators": "import gateproof.validators",
    "both validator classes": "from gateproof.validators import ASGIValidator, WSGIValidator",
    "wsgiref.validate": "import wsgiref.validate",
}


def run(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    return (time.perf_counter() - started) * 1000


# As on a user's machine: without bytecode every run would compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    run("pass")
    for name, code in CODES.items():
        run(code)
        cost = statistics.median(run(code) - run("pass") for _ in range(rounds))
        goal = "  (goal: under 15)" if "wsgiref" not in name else ""
        print(f"{name:<30} {cost:6.1f} ms over python -c pass{goal}")


if __name__ == "__main__":
    main()
