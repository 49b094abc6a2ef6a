"""The HTML report: one file that needs no network, no server and no script."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from gateproof.reports.stream import Run
from gateproof.reports.text import lines, shorten, visible

if TYPE_CHECKING:
    from jinja2 import Environment


LONGEST = 8000
"""Characters shown of any one text."""


def render(run: Run) -> str:
    """The report as text; equal runs give equal texts.

    What a target sent is escaped, and made visible where it would not be; the
    content security policy allows nothing but the style and script in the page.
    """
    from markupsafe import Markup

    from gateproof.reports.page import page

    # Both are our own text; Markup keeps quotes as they are, so that the hashes hold.
    style = Markup(_template("style.css"))  # noqa: S704
    script = Markup(_template("script.js"))  # noqa: S704
    view = page(run)
    style += Markup("\n").join(Markup(rule) for rule in view.rules)  # noqa: S704
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    text = (
        _environment()
        .get_template("report.html")
        .render(page=view, style=style, script=script, policy=policy)
    )
    return text if text.endswith("\n") else text + "\n"


def _template(name: str) -> str:
    return resources.files("gateproof.reports").joinpath("templates", name).read_text("utf-8")


def _digest(text: str) -> str:
    """The hash source of a content security policy that allows exactly ``text``."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@functools.cache
def _environment() -> Environment:
    import jinja2
    from markupsafe import Markup, escape

    def shown(value: str) -> Markup:
        """One line of text, made visible, escaped, and cut where it is endless.

        An apostrophe stays as it is: reprs are full of them, and the templates
        put attributes in double quotes only.
        """
        return Markup(str(escape(visible(shorten(value, LONGEST)))).replace("&#39;", "'"))  # noqa: S704

    def finalize(value: object) -> object:
        return shown(value) if type(value) is str else value

    def passage(text: str, limit: int = 4000) -> Markup:
        """Text of several lines, each made visible and escaped."""
        return Markup("\n").join(shown(line) for line in lines(shorten(text, limit)))

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["passage"] = passage
    environment.filters["shorten"] = shorten
    return environment
