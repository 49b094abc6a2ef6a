"""Which requirements are judged and which cases run: select and ignore by glob."""

from __future__ import annotations

from collections.abc import Mapping

from gateproof.conformance.case import Case
from gateproof.conformance.settings import Settings, SettingsError
from gateproof.validators.catalogue import matches, nearest, requirements
from gateproof.validators.policy import Rules


class Selection:
    """The user's ``select`` and ``ignore``, told apart into requirements and cases.

    A glob may match requirement ids (``asgi.http.*``), case ids
    (``asgi.http::head``, ``head``) or both.

    Raises:
        SettingsError: a glob that matches nothing.
    """

    def __init__(self, chosen: Settings, known: Mapping[str, Case]) -> None:
        self._select = chosen.select
        self._ignore = chosen.ignore
        ids = [entry.id for entry in requirements()] if chosen.select or chosen.ignore else []
        for flag, patterns in (
            ("--conformance-select", chosen.select),
            ("--conformance-ignore", chosen.ignore),
        ):
            for pattern in patterns:
                if not _hits(pattern, ids) and not any(
                    _is(case, pattern) for case in known.values()
                ):
                    near = nearest(pattern, [*ids, *known, *(case.id for case in known.values())])
                    hint = f"; did you mean {' or '.join(near)}?" if near else ""
                    raise SettingsError(
                        f"{flag}={pattern} matches no requirement and no case{hint} "
                        "(gateproof list requirements and gateproof list cases show them all)"
                    )
        self.rules = Rules(
            select=[pattern for pattern in chosen.select if _hits(pattern, ids)],
            ignore=[pattern for pattern in chosen.ignore if _hits(pattern, ids)],
            level="all",
        )
        self._proving = any(
            matches(name, self.rules.select) for case in known.values() for name in case.proves
        )

    def runs(self, case: Case) -> bool:
        """Whether ``case`` is to run."""
        if any(_is(case, pattern) for pattern in self._ignore):
            return False
        if not self._select or any(_is(case, pattern) for pattern in self._select):
            return True
        if not self.rules.select:
            return False
        # A requirement that no case is about is judged wherever it comes up: run everything.
        return not self._proving or any(matches(name, self.rules.select) for name in case.proves)


def _is(case: Case, pattern: str) -> bool:
    return matches(case.id, [pattern]) or matches(case.full_id, [pattern])


def _hits(pattern: str, ids: list[str]) -> bool:
    return any(matches(name, [pattern]) for name in ids)
