"""The pytest plugin's doorstep: options, and nothing else until a target is named.

Loaded by every pytest run where gateproof is installed, so it imports nothing
heavy; :mod:`gateproof.conformance.suite` holds the rest.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_FLAGS: Sequence[tuple[str, dict[str, object]]] = (
    # flag, arguments of addoption; kept equal to settings.OPTIONS by a test, since
    # importing the settings here would cost every pytest run of every project.
    ("--target", {"dest": "gateproof_target", "action": "append", "metavar": "MODULE:ATTR"}),
    ("--target-interface", {"dest": "gateproof_interface", "metavar": "wsgi|asgi"}),
    ("--target-path", {"dest": "gateproof_paths", "action": "append", "metavar": "PATH"}),
    ("--target-methods", {"dest": "gateproof_methods", "metavar": "METHODS"}),
    ("--target-backend", {"dest": "gateproof_backend", "metavar": "asyncio|trio"}),
    ("--target-app-dir", {"dest": "gateproof_app_dir", "metavar": "DIR"}),
    ("--conformance-report", {"dest": "gateproof_report", "metavar": "FILE.html"}),
    ("--conformance-results", {"dest": "gateproof_results", "metavar": "FILE.jsonl"}),
    ("--conformance-select", {"dest": "gateproof_select", "action": "append", "metavar": "GLOB"}),
    ("--conformance-ignore", {"dest": "gateproof_ignore", "action": "append", "metavar": "GLOB"}),
    ("--conformance-level", {"dest": "gateproof_level", "metavar": "must|should|all"}),
    ("--conformance-deadline", {"dest": "gateproof_deadline", "metavar": "SECONDS"}),
)

_HELP = {
    "--target": "test this application (MODULE:ATTRIBUTE or MODULE:FACTORY()); repeatable",
    "--target-interface": "what the target speaks, instead of finding out",
    "--target-path": "request path to send to (default /); repeatable",
    "--target-methods": "HTTP methods that may be sent (default GET,HEAD,OPTIONS)",
    "--target-backend": "event loop for ASGI applications (default asyncio)",
    "--target-app-dir": "folder to import the target from (default: working directory)",
    "--conformance-report": "write a self-contained HTML report",
    "--conformance-results": "write the result stream (JSON Lines)",
    "--conformance-select": "judge only requirements and cases matching this glob; repeatable",
    "--conformance-ignore": "leave out requirements and cases matching this glob; repeatable",
    "--conformance-level": "what fails a run: must (default), should, or all",
    "--conformance-deadline": "seconds without progress that count as a hang (default 10)",
}

_clash: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; a clash with another plugin is told later, in a sentence."""
    group = parser.getgroup("gateproof", "conformance of WSGI and ASGI applications (gateproof)")
    _clash.clear()
    for flag, arguments in _FLAGS:
        try:
            group.addoption(flag, help=_HELP[flag], default=None, **arguments)
        except ValueError:
            _clash.append(flag)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Bring in the suite if a target is named, by option or in ``[tool.gateproof]``."""
    if _clash:
        raise pytest.UsageError(
            f"another pytest plugin already has the option {_clash[0]}, which gateproof needs; "
            "disable one of the two with -p no:NAME"
        )
    config.addinivalue_line("markers", "conformance: an item of the gateproof suite")
    asked = any(config.getoption(str(arguments["dest"]), default=None) for _, arguments in _FLAGS)
    pyproject = config.rootpath / "pyproject.toml"
    if not asked and not _mentioned(pyproject):
        return
    from gateproof.conformance.suite import start

    start(config, pyproject)


def _mentioned(pyproject: object) -> bool:
    try:
        with open(str(pyproject), "rb") as file:  # noqa: PTH123 - a fraction of Path.read_bytes
            return b"tool.gateproof" in file.read()
    except OSError:
        return False
