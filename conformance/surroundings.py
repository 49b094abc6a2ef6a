"""What of the user's test session the suite has to live with.

A correct application must not turn red because of the session that it is tested
in. So the suite sets up what the session's tests would find set up, lifts what
guards those tests from each other, and takes warnings for warnings.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from _pytest.fixtures import TopRequest

SETUP = "django_db_setup"
"""The session fixture of pytest-django that makes the test databases; users override it."""


class SurroundingsError(Exception):
    """What the session sets up for its tests could not be set up."""


class Surroundings:
    """The user's session, as the suite's items need it.

    Args:
        config: the session's configuration.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._django_tested = any(
            getattr(plugin, "__name__", "") == "pytest_django.plugin"
            for plugin in config.pluginmanager.get_plugins()
        )
        self._blocker: Any = None
        self._fault: BaseException | None = None
        self._entered = False
        self._calmed = False

    def header_lines(self, methods: Iterable[str]) -> list[str]:
        """Which databases requests will touch, where that can be known.

        Args:
            methods: the HTTP methods that may be sent.
        """
        databases = _databases()
        if not databases:
            return []
        named = ", ".join(f"{alias} ({engine})" for alias, engine, _ in databases)
        if self._django_tested:
            return [f"gateproof: database access goes to pytest-django's test databases: {named}"]
        own = ", ".join(f"{alias} is {engine} {name}" for alias, engine, name in databases)
        return [
            f"gateproof: requests ({', '.join(methods)}) use the application's own databases: {own}"
        ]

    def prepare(self, items: Iterable[pytest.Item]) -> None:
        """Make pytest-django set up all test databases for ``items``.

        It looks for marks when it makes the databases; they are set after the
        selection, so that they have no part in it.
        """
        if self._django_tested and _databases():
            for item in items:
                item.add_marker(pytest.mark.django_db(transaction=True, databases="__all__"))

    def enter(self, item: pytest.Item, leave: Callable[[], None]) -> None:
        """Set up the session's surroundings, within the setup of ``item``.

        Args:
            item: an item of the suite, being set up.
            leave: called before what the first call sets up is torn down.

        Raises:
            SurroundingsError: a fixture of the user's session failed.
            pytest.skip.Exception: one of them skips.
        """
        self._calmed = calm_warnings() or self._calmed
        if not self._entered:
            self._entered = True
            try:
                self._set_up(item)
            except (Exception, pytest.skip.Exception) as error:  # noqa: BLE001 - told each item
                self._fault = error
            item.session.addfinalizer(leave)
        if isinstance(self._fault, pytest.skip.Exception):
            raise self._fault
        if self._fault is not None:
            raise SurroundingsError(
                "a fixture of the session failed: "
                f"{type(self._fault).__name__}: {self._fault}{_place(self._fault)}"
            ) from self._fault
        if self._blocker is not None:
            self._blocker.unblock()
            item.addfinalizer(self._blocker.restore)

    def _set_up(self, item: pytest.Item) -> None:
        with _requesting(item) as (request, automatic):
            for name in automatic:
                request.getfixturevalue(name)
            if self._django_tested and _databases():
                request.getfixturevalue(SETUP)
                self._blocker = request.getfixturevalue("django_db_blocker")

    @contextlib.contextmanager
    def leaving(self) -> Iterator[None]:
        """Stop applications within: as in an item, and what they leak becomes a warning."""
        with self._blocker.unblock() if self._blocker else contextlib.nullcontext():
            yield
        if self._calmed:
            import gc

            gc.collect()  # now, for at the end of the session a leak would be an error


def calm_warnings(instead: str = "default") -> bool:
    """Have warnings that are errors treated in another way until the filters are restored.

    A filter that makes warnings errors holds for the user's tests; raised in an
    application that is served, one would be a failure that no server sees.

    Returns:
        Whether there were any.
    """
    if all(entry[0] != "error" for entry in warnings.filters):
        return False
    entries = list(warnings.filters)
    warnings.resetwarnings()
    append: Any = warnings.filterwarnings  # it knows fewer types than the filters hold
    for action, message, category, module, line in entries:
        mild = instead if action == "error" else action
        append(mild, _pattern(message), category, _pattern(module), line, append=True)
    return True


def _pattern(text: Any) -> str:
    """The source of a filter's compiled expression; old filters hold plain text or nothing."""
    return str(getattr(text, "pattern", text) or "")


@contextlib.contextmanager
def _requesting(item: Any) -> Iterator[tuple[TopRequest, list[str]]]:
    """Within, ``item`` can request fixtures; gives the names of the automatic ones as well.

    Only what holds for the whole session: the cases of a family run together, so
    what is set up around a single test has no place. Coroutine functions are the
    affair of the plugin whose loop they run in.
    """
    info = item.session._fixturemanager.getfixtureinfo(node=item, func=None, cls=None)  # noqa: SLF001 - as pytest's doctest items do
    known = info.name2fixturedefs
    automatic = [
        name
        for name in info.initialnames
        if name in known and known[name][-1].scope == "session" and not _async(known[name][-1].func)
    ]
    item._fixtureinfo, item.fixturenames, item.funcargs = info, info.names_closure, {}  # noqa: SLF001 - as above
    try:
        yield TopRequest(item, _ispytest=True), automatic
    finally:  # other plugins tell by these that an item takes fixtures
        del item._fixtureinfo, item.fixturenames, item.funcargs  # noqa: SLF001 - as above


def _async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _databases() -> list[tuple[str, str, str]]:
    """Alias, engine and name of each database of a Django that is set up in this process."""
    conf = sys.modules.get("django.conf")
    if conf is None or not conf.settings.configured:
        return []
    try:
        connections = importlib.import_module("django.db").connections
        found = [(alias, connections.settings[alias]) for alias in connections]
    except Exception:  # noqa: BLE001 - settings that cannot be used are the application's affair
        return []
    return [
        (alias, engine.rpartition(".")[2], str(database.get("NAME", "")))
        for alias, database in found
        if (engine := str(database.get("ENGINE", ""))) and not engine.endswith(".dummy")
    ]


def _place(error: BaseException) -> str:
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    return f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
