"""The settings of a run, by name: one table for pytest's options and ``[tool.gateproof]``.

Every pytest run where gateproof is installed loads this, so it imports nothing heavy.
"""

from __future__ import annotations

from typing import NamedTuple

INTERFACES = ("wsgi", "asgi")
BACKENDS = ("asyncio", "trio")
LEVELS = ("must", "should", "all")
ROUTES = ("auto", "none")
PROFILE_NAMES = ("quick", "default", "thorough", "nightly")


class Option(NamedTuple):
    """One setting: its key in ``[tool.gateproof]`` and its option of pytest.

    Attributes:
        key: the key; the field of :class:`Settings` with ``-`` as ``_``.
        flag: the option of pytest.
        many: it can be given several times, a list in the file.
        metavar, help: for ``--help``.
        choices: the values it may have, if they are few.
    """

    key: str
    flag: str
    help: str
    metavar: str = "VALUE"
    many: bool = False
    choices: tuple[str, ...] = ()

    @property
    def dest(self) -> str:
        """Where argparse keeps it, prefixed so as not to clash with other plugins."""
        return "gateproof_" + self.key.replace("-", "_")


OPTIONS = (
    Option(
        "target",
        "--target",
        "test this application (MODULE:ATTRIBUTE or MODULE:FACTORY()), server (server:NAME) or "
        "deployed probe (https://HOST); repeatable",
        "MODULE:ATTR",
        many=True,
    ),
    Option(
        "server",
        "--target-server",
        "have this server carry the application (uvicorn, gunicorn==20.1.0[worker=gthread], all); "
        "repeatable",
        "SERVER",
        many=True,
    ),
    Option(
        "interface",
        "--target-interface",
        "what the target speaks, instead of finding out",
        choices=INTERFACES,
    ),
    Option(
        "paths",
        "--target-path",
        "request path to send to, with a query if you like (default /); repeatable",
        "PATH",
        many=True,
    ),
    Option(
        "routes",
        "--target-routes",
        "auto (default): look for the application's routes, ask each once, and let generated "
        "requests use them; none: do not look",
        choices=ROUTES,
    ),
    Option(
        "methods",
        "--target-methods",
        "HTTP methods that may be sent, comma-separated (default GET,HEAD,OPTIONS)",
        "METHODS",
    ),
    Option(
        "host",
        "--target-host",
        "Host header of requests, for applications that answer only their own (default localhost)",
        "HOST",
    ),
    Option(
        "backend",
        "--target-backend",
        "event loop for ASGI applications (default asyncio)",
        choices=BACKENDS,
    ),
    Option(
        "app-dir",
        "--target-app-dir",
        "folder to import the target from (default: the working directory)",
        "DIR",
    ),
    Option(
        "ca",
        "--target-ca",
        "certificates (PEM) to trust besides the system's, for a target at https://",
        "FILE.pem",
    ),
    Option(
        "report",
        "--conformance-report",
        "write a report: self-contained HTML, or Markdown for FILE.md",
        "FILE.html",
    ),
    Option(
        "results",
        "--conformance-results",
        "write the result stream (JSON Lines)",
        "FILE.jsonl",
    ),
    Option(
        "select",
        "--conformance-select",
        "judge only requirements, and run only cases, that match this glob; repeatable",
        "GLOB",
        many=True,
    ),
    Option(
        "ignore",
        "--conformance-ignore",
        "leave out requirements and cases that match this glob; repeatable",
        "GLOB",
        many=True,
    ),
    Option(
        "level",
        "--conformance-level",
        "what fails a run: a broken must (default), also a broken should; "
        "all: as should, and observations are printed",
        choices=LEVELS,
    ),
    Option(
        "deadline",
        "--conformance-deadline",
        "seconds without progress after which a call counts as hung (default 10)",
        "SECONDS",
    ),
    Option(
        "profile",
        "--conformance-profile",
        "how much traffic is generated (default: default)",
        choices=PROFILE_NAMES,
    ),
    Option(
        "seed",
        "--conformance-seed",
        "seed of the generated traffic (default: the same examples in every run)",
        "NUMBER",
    ),
    Option(
        "replay",
        "--conformance-replay",
        "play one generated example again: the blob that a finding names",
        "BLOB",
    ),
    Option(
        "database",
        "--conformance-database",
        "keep generated examples that show something here: a folder, redis://HOST, or none "
        "(default: pytest's cache)",
        "WHERE",
    ),
)
"""Every setting, in the order of ``--help``."""
