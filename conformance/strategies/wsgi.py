"""Hypothesis strategies for WSGI: every legal server, as requests that are data.

Imported only by cases that generate, for Hypothesis takes a while to load.
"""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import strategies as st

from gateproof.targets.wsgi_environ import ABSENT, HEADERS, Request

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # noqa: S105
"""The characters of a header name: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2"""

OWN_RULES = frozenset({"content-length", "transfer-encoding", "host", "expect", "cookie"})
"""Headers that are not drawn as text, for they have a meaning that text would break."""

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


def queries() -> st.SearchStrategy[str]:
    """A query string: any text of visible ASCII characters, or pairs."""
    visible = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"))
    name = octets(6).map(lambda text: text.replace("&", "%26"))
    pairs = st.lists(st.tuples(name, name), max_size=4)
    return visible | pairs.map(lambda found: "&".join(f"{key}={value}" for key, value in found))


def header_values() -> st.SearchStrategy[str]:
    """A header value: visible characters, blanks within and octets beyond ASCII."""
    legal = st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=("Cc",))
    return st.text(legal, max_size=20).map(str.strip)


def headers() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    """A few headers after the usual ones."""
    name = st.text(TOKEN, min_size=1, max_size=12).filter(
        lambda text: text.lower() not in OWN_RULES
    )
    pair = st.tuples(name, header_values())
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


def servers(request: Request) -> st.SearchStrategy[Request]:
    """``request`` as another legal server would pass it on.

    Only choices that must not show in the reply: the form of the streams, the
    kind of start_response, and whether variables without a value are left out,
    empty, or joined by some that the application does not know.
    """
    environ: dict[str, st.SearchStrategy[object]] = {
        "gateproof.unknown": st.sampled_from((ABSENT, None, 1)),
        "wsgi.run_once": st.booleans(),
    }
    if not request.body:
        environ["CONTENT_LENGTH"] = st.sampled_from((ABSENT, "", "0"))
    if not request.query:
        environ["QUERY_STRING"] = st.sampled_from((ABSENT, ""))
    if not request.mount:
        environ["SCRIPT_NAME"] = st.sampled_from((ABSENT, ""))
    if all(name != "Content-Type" for name, _ in request.headers):
        environ["CONTENT_TYPE"] = st.sampled_from((ABSENT, ""))
    return st.builds(
        request.but,
        environ=st.fixed_dictionaries(environ),
        input=st.sampled_from(FORMS),
        errors=st.sampled_from(("file", "table")),
        file_wrapper=st.booleans(),
        starter=st.sampled_from(("method", "object", "function", "partial")),
        stop_at_length=st.booleans(),
        edit_headers=st.booleans(),
    )


def stops() -> st.SearchStrategy[int]:
    """After how many items the server has had enough."""
    return st.integers(0, 3)
