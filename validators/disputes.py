"""Our positions where the specifications are disputed: one page each, in ``positions/``.

A page has a question as its title, the requirements that it governs, what the
text says, who differs, and what we enforce. ``Requirement.position`` says the
same of one requirement in a sentence or two; a page tells the whole story.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

SECTIONS = ("The text", "Who differs", "Our position")
"""The parts of every page, in order."""

_GOVERNS = re.compile(r"^Governs: (.+?)\.$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Dispute:
    """One disputed point and our position.

    Attributes:
        name: the page's name.
        question: its title.
        governs: ids of the requirements that it governs.
        page: the whole page, Markdown.
    """

    name: str
    question: str
    governs: tuple[str, ...]
    page: str


@functools.cache
def disputes() -> dict[str, Dispute]:
    """Every page by name, in alphabetical order.

    Raises:
        ValueError: a page is not made as it should be.
    """
    from importlib.resources import files

    found = files("gateproof.validators").joinpath("positions").iterdir()
    pages = {file.name[:-3]: file.read_text("utf-8") for file in found if file.name.endswith(".md")}
    return {name: read(name, pages[name]) for name in sorted(pages)}


def read(name: str, page: str) -> Dispute:
    """A page's question and what it governs.

    Raises:
        ValueError: the title, the list of requirements or a part is missing.
    """
    title, _, _ = page.partition("\n")
    governs = _GOVERNS.search(page)
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    if not title.startswith("# ") or governs is None or headings != list(SECTIONS):
        raise ValueError(f"{name}: a page is a question, what it governs, {', '.join(SECTIONS)}")
    return Dispute(name, title[2:], tuple(re.findall(r"`([^`]+)`", governs[1])), page)


def governing(requirement: str) -> list[Dispute]:
    """The pages that govern a requirement, by its id."""
    return [one for one in disputes().values() if requirement in one.governs]
