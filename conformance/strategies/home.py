"""Where Hypothesis keeps its files while the suite generates traffic: not at the user's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import configuration


@contextmanager
def away_from_home() -> Iterator[None]:
    """Let Hypothesis write into a temporary folder inside the block.

    Even without an example database it leaves a ``.hypothesis`` folder in the
    working directory, which is the user's. What the user's own tests set up is
    put back.
    """
    before = vars(configuration).get("__hypothesis_home_directory")
    with tempfile.TemporaryDirectory(prefix="gateproof-", ignore_cleanup_errors=True) as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(before)
