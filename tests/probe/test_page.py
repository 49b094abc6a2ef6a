"""The page on the probe says what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateproof.targets import probe

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "probe.md").read_text("utf-8")
SOURCE = Path(probe.__file__).read_text("utf-8")


def test_its_example_runs(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    exec(compile(block, "probe.md", "exec"), {})

    assert list(tmp_path.iterdir()) == []


def test_its_variables_are_those_of_the_probe():
    assert set(re.findall(r"GATEPROOF_PROBE\w*", PAGE)) == set(
        re.findall(r'"(GATEPROOF_PROBE\w*)"', SOURCE)
    )


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        (f"`{probe.CONTROL}...`", True),
        (f"{probe.KEPT} each", True),
        ("1 MiB", probe.LARGEST == 1024**2),
        ("64 KiB", probe.CLIP == 64 * 1024),
        ("`X-Gateproof-Secret`", probe.SECRET_HEADER == "x-gateproof-secret"),
    ],
)
def test_its_bounds_are_those_of_the_probe(said, is_so):
    assert said in PAGE
    assert is_so
