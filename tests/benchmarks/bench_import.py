"""What importing the validators costs over a bare interpreter; median of pairs.

python tests/benchmarks/bench_import.py [ROUNDS]

The interpreter runs without site (``-I -S``): what an editable install loads at
every start would make the imports look cheaper than they are.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gateproof.validators

CODES = {
    "import gateproof.validators": "import gateproof.validators",
    "both validator classes": "from gateproof.validators import ASGIValidator, WSGIValidator",
    "wsgiref.validate": "import wsgiref.validate",
}


def run(code: str, folder: str) -> float:
    path = f"import sys; sys.path.insert(0, {folder!r}); "
    started = time.perf_counter()
    # No timeout: with one, the end is polled for and times come in steps of 16 ms.
    subprocess.run([sys.executable, "-I", "-S", "-c", path + code], check=True)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "gateproof")
        home.mkdir()
        (home / "validators").symlink_to(Path(gateproof.validators.__file__).parent)
        for name, code in CODES.items():
            run(code, folder)
            cost = statistics.median(run(code, folder) - run("pass", folder) for _ in range(rounds))
            goal = "  (goal: under 15)" if "wsgiref" not in name else ""
            print(f"{name:<30} {cost:6.1f} ms over python -c pass{goal}")


if __name__ == "__main__":
    main()
