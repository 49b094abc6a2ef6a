"""The pytest plugin's doorstep: options, and nothing else until a target is named.

Loaded by every pytest run where gateproof is installed, so it imports nothing
heavy; :mod:`gateproof.conformance.suite` holds the rest.
"""

from __future__ import annotations

import argparse

import pytest

from gateproof.conformance.options import OPTIONS

_clash: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; a clash with another plugin is told later, in a sentence."""
    group = parser.getgroup("gateproof", "conformance of WSGI and ASGI applications (gateproof)")
    _clash.clear()
    taken = _taken(parser)
    for option in OPTIONS:
        if option.flag in taken:
            _clash.append(option.flag)
            continue
        try:
            group.addoption(
                option.flag,
                dest=option.dest,
                action="append" if option.many else "store",
                metavar="|".join(option.choices) or option.metavar,
                default=None,
                help=option.help,
            )
        except (ValueError, argparse.ArgumentError):
            _clash.append(option.flag)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Bring in the suite if a target is named, by option or in ``[tool.gateproof]``."""
    if _clash:
        raise pytest.UsageError(
            f"another pytest plugin already has the option {_clash[0]}, which gateproof needs; "
            "disable one of the two with -p no:NAME"
        )
    config.addinivalue_line("markers", "conformance: an item of the gateproof suite")
    asked = any(config.getoption(option.dest, default=None) for option in OPTIONS)
    pyproject = config.rootpath / "pyproject.toml"
    if not asked and not _mentioned(pyproject):
        return
    from gateproof.conformance.suite import start

    start(config, pyproject)


def _taken(parser: pytest.Parser) -> set[str]:
    """The options of other plugins; before pytest 9 a clash shows only in the parsing."""
    groups = (getattr(parser, "_anonymous", None), *getattr(parser, "_groups", ()))
    return {
        name
        for group in groups
        for option in getattr(group, "options", ())
        for name in option.names()
    }


def _mentioned(pyproject: object) -> bool:
    try:
        with open(str(pyproject), "rb") as file:  # noqa: PTH123 - a fraction of Path.read_bytes
            return b"tool.gateproof" in file.read()
    except OSError:
        return False
