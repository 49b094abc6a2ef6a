"""What Hypothesis reads and writes while the suite generates traffic: nothing of the user's."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import configuration
from hypothesis.errors import HypothesisWarning
from hypothesis.internal.conjecture import providers


@contextmanager
def away_from_home() -> Iterator[None]:
    """Let Hypothesis write into a temporary folder inside the block, and read no source code.

    Even without an example database it leaves a ``.hypothesis`` folder in the
    working directory, which is the user's. And it reads the source of all that is
    imported, for constants to draw: that takes a second, finds nothing that our
    choices could use, and makes examples depend on what else is imported. What the
    user's own tests set up is put back.
    """
    before = vars(configuration).get("__hypothesis_home_directory")
    reading = getattr(providers, "_get_local_constants", None)
    found = getattr(providers, "_local_constants", None)
    if reading is not None and found is not None:  # as long as they are called so
        providers._get_local_constants = lambda: found  # noqa: SLF001 - there is no setting
    with (
        tempfile.TemporaryDirectory(prefix="gateproof-", ignore_cleanup_errors=True) as folder,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", HypothesisWarning)  # large examples are meant to be
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(before)
            if reading is not None:
                providers._get_local_constants = reading  # noqa: SLF001 - as above
