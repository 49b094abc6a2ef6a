"""Every rule of wsgiref.validate, paste.lint, webtest.lint and werkzeug's lint, with a mutant."""

from __future__ import annotations

from peers import rules_wsgi_requests, rules_wsgi_responses

RULES = [*rules_wsgi_requests.RULES, *rules_wsgi_responses.RULES]

UNREACHABLE = {
    "wsgiref.validate": (
        "assert_('PATH_INFO' in environ,",  # the check before it dies of a KeyError
        "raise AssertionError(*args)",  # in assert_ itself
    ),
    "werkzeug lint": ('warn( f"{context!r} requires',),  # in check_type itself
}
"""Places of reports that no exchange leads to, by their source."""
