"""Hypothesis strategies for WSGI: every legal server, as requests that are data.

Imported only by cases that generate, for Hypothesis takes a while to load.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from gateproof.targets.wsgi_environ import ABSENT, HEADERS, Request

VISIBLE = "".join(map(chr, range(33, 127))).replace("#", "")
"""The characters that a query string may be made of, on the wire or by mistake."""

TOKEN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"  # noqa: S105
"""The characters of a header name: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2"""

VALUE = "".join(map(chr, (*range(33, 127), 32, *range(160, 256))))
"""The characters of a header value: visible ones, blanks and octets beyond ASCII."""

FORMS = ("file", "table", "hintless")
"""The forms of ``wsgi.input`` among which a reply must not differ."""


def octets(most: int = 12) -> st.SearchStrategy[str]:
    """A run of octets, percent-encoded for a path."""
    return st.binary(max_size=most).map(lambda data: quote(data, safe="/~:@!$&'()*+,;="))


def paths(known: tuple[str, ...]) -> st.SearchStrategy[str]:
    """A path of the target, with or without something after it, or any other."""
    below = st.builds(
        lambda path, rest: path.rstrip("/") + "/" + rest, st.sampled_from(known), octets()
    )
    return st.sampled_from(known) | below


def characters(alphabet: str, most: int) -> st.SearchStrategy[str]:
    """A text of some characters, made of octets.

    ``st.text`` would do, and write its table of Unicode into the user's folder.
    """
    return st.binary(max_size=most).map(
        lambda data: "".join(alphabet[octet % len(alphabet)] for octet in data)
    )


def queries() -> st.SearchStrategy[str]:
    """A query string: any visible ASCII characters, or pairs."""
    name = octets(6).map(lambda text: text.replace("&", "%26"))
    pairs = st.lists(st.tuples(name, name), max_size=4)
    joined = pairs.map(lambda found: "&".join(f"{key}={value}" for key, value in found))
    return characters(VISIBLE, 20) | joined


def headers() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    """A few headers after the usual ones, none with a meaning that text would break."""
    name = characters(TOKEN, 12).map(lambda text: f"X-{text}")
    pair = st.tuples(name, characters(VALUE, 20).map(str.strip))
    return st.lists(pair, max_size=3).map(lambda pairs: (*HEADERS, *pairs))


def bodies() -> st.SearchStrategy[tuple[str, bytes]]:
    """A content type and a body, which need not fit each other."""
    kinds = st.sampled_from(
        (
            "",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "application/json",
            "multipart/form-data; boundary=b",
            "text/plain; charset=utf-8",
        )
    )
    return st.tuples(kinds, st.binary(max_size=64))


def requests(paths_known: tuple[str, ...], methods: tuple[str, ...]) -> st.SearchStrategy[Request]:
    """What is asked of the application, with nothing of the server's choices in it."""

    def make(
        method: str,
        path: str,
        query: str,
        pairs: tuple[tuple[str, str], ...],
        content: tuple[str, bytes],
        mount: str,
        protocol: str,
    ) -> Request:
        kind, body = content
        typed = (("Content-Type", kind), *pairs) if kind else pairs
        return Request(method, path, query, typed, body, mount, protocol)

    return st.builds(
        make,
        st.sampled_from(methods),
        paths(paths_known),
        queries(),
        headers(),
        bodies(),
        st.sampled_from(("", "", "/mounted", "/a/b")),
        st.sampled_from(("HTTP/1.1", "HTTP/1.0")),
    )


def servers() -> st.SearchStrategy[dict[str, Any]]:
    """The choices of another legal server that must not show in the reply.

    They are the form of the streams, the kind of start_response, and whether
    variables without a value are left out or empty, and joined by others that
    the application does not know; see :func:`passed_on`.
    """
    environ = {
        "CONTENT_LENGTH": st.sampled_from((ABSENT, "", "0")),
        "CONTENT_TYPE": st.sampled_from((ABSENT, "")),
        "QUERY_STRING": st.sampled_from((ABSENT, "")),
        "SCRIPT_NAME": st.sampled_from((ABSENT, "")),
        "gateproof.unknown": st.sampled_from((ABSENT, None, 1)),
        "wsgi.run_once": st.booleans(),
    }
    return st.fixed_dictionaries(
        {
            "environ": st.fixed_dictionaries(environ),
            "input": st.sampled_from(FORMS),
            "errors": st.sampled_from(("file", "table")),
            "file_wrapper": st.booleans(),
            "starter": st.sampled_from(("method", "object", "function", "partial")),
            "stop_at_length": st.booleans(),
            "edit_headers": st.booleans(),
        }
    )


def passed_on(request: Request, choices: dict[str, Any]) -> Request:
    """``request`` as a server of these choices passes it on; what has a value keeps it."""
    valued = {
        "CONTENT_LENGTH": bool(request.body),
        "CONTENT_TYPE": any(name == "Content-Type" for name, _ in request.headers),
        "QUERY_STRING": bool(request.query),
        "SCRIPT_NAME": bool(request.mount),
    }
    environ = {key: value for key, value in choices["environ"].items() if not valued.get(key)}
    return request.but(**{**choices, "environ": environ})


def stops() -> st.SearchStrategy[int]:
    """After how many items the server has had enough."""
    return st.integers(0, 3)
