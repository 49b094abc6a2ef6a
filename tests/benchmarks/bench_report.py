"""How large the HTML report is, and how long it takes to write and to open.

Run it: ``python tests/benchmarks/bench_report.py``. It prints; it judges nothing.
The goals for 1000 cases on 12 targets with 850 failures are 4 MB and 2 s.
"""

from __future__ import annotations

import gzip
import importlib.util
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from gateproof.reports.formats import write

HERE = Path(__file__).parent

SIZES = ((150, 1, 10), (1000, 1, 50), (1000, 12, 850), (1000, 12, 3000))
"""Cases, targets, failures."""


def neighbour(name: str) -> ModuleType:
    """A module of the report's tests, which have no package."""
    spec = importlib.util.spec_from_file_location(name, HERE.parent / "reports" / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print a line for each size."""
    large = neighbour("conftest").large
    browsing = neighbour("test_browser")
    print("cases  targets  failures     MB  gzip MB  write s  load s  filter s")
    with tempfile.TemporaryDirectory() as folder:
        browser = browsing.Browser(Path(folder) / "profile") if browsing.CHROMIUM else None
        try:
            if browser:
                browser.start()
            for cases, targets, failures in SIZES:
                run = large(cases, targets, failures)
                path = Path(folder) / "report.html"
                seconds = min(timed(lambda: write(run, path)) for _ in range(3))  # noqa: B023
                data = path.read_bytes()
                line = f"{cases:5}  {targets:7}  {failures:8}  {len(data) / 1e6:5.2f}"
                line += f"  {len(gzip.compress(data)) / 1e6:7.2f}  {seconds:7.2f}"
                if browser:
                    loading = timed(lambda: browser.open(path))  # noqa: B023
                    filtering = timed(lambda: browser.value(FILTER))
                    line += f"  {loading:6.2f}  {filtering:8.2f}"
                print(line)
        finally:
            if browser:
                browser.close()


FILTER = "document.getElementById('show-fail').checked = true; document.body.offsetHeight"
"""Filters and lays the page out again."""


def timed(action: object) -> float:
    """The seconds that ``action`` takes."""
    started = time.perf_counter()
    action()  # type: ignore[operator]
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
