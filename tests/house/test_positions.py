"""The pages of our positions are well made and agree with the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from gateproof.conformance.cli import main
from gateproof.validators.catalogue import requirement
from gateproof.validators.disputes import SECTIONS, Dispute, disputes, governing, read

DISPUTES = list(disputes().values())


@pytest.fixture
def gateproof() -> Callable[..., str]:
    def run(*words: str) -> str:
        shown = CliRunner().invoke(main, words)
        assert shown.exit_code == 0, shown.output
        return shown.output

    return run


def test_there_are_pages_for_what_is_disputed() -> None:
    assert len(DISPUTES) >= 45


@pytest.mark.parametrize("one", DISPUTES, ids=lambda one: one.name)
def test_a_page_asks_a_question_about_requirements_that_exist(one: Dispute) -> None:
    assert one.question.endswith("?")
    assert one.governs
    for name in one.governs:
        assert requirement(name).id == name
    parts = re.split(r"^## .+\n", one.page, flags=re.MULTILINE)
    assert all(part.strip() for part in parts[1:])
    assert re.search(r"^Settled on \d{4}-\d\d-\d\d\.$", one.page, re.MULTILINE)
    assert max(map(len, one.page.splitlines())) <= 160


@pytest.mark.parametrize(
    "page",
    [
        "No title\n\nGoverns: `wsgi.status.form`.\n\n## The text\n",
        "# Why?\n\n" + "".join(f"## {part}\n\nx\n" for part in SECTIONS),
        "# Why?\n\nGoverns: `wsgi.status.form`.\n\n## The text\n\nx\n",
    ],
)
def test_a_page_that_lacks_a_part_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="bad: a page is"):
        read("bad", page)


def test_a_requirement_leads_to_its_pages(gateproof: Callable[..., str]) -> None:
    shown = gateproof("explain", "wsgi.start-response.returns-write")

    assert [one.name for one in governing("wsgi.start-response.returns-write")] == ["wsgi-write"]
    assert disputes()["wsgi-write"].page.rstrip() in shown


def test_a_page_is_printed_by_name(gateproof: Callable[..., str]) -> None:
    assert gateproof("explain", "wsgi-close").startswith("# When is `close()` called?")


def test_all_pages_are_listed(gateproof: Callable[..., str]) -> None:
    listed = gateproof("list", "positions").splitlines()

    assert [line.split()[0] for line in listed] == list(disputes())
