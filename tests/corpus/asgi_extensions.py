"""Odd but legal use of extensions."""

from __future__ import annotations

import tempfile
from pathlib import Path

from corpus.asgi_heads import BODY, START
from corpus.kit import Corpus

clean = Corpus("asgi")
X = "asgi.ext."
TRAILERS = {"type": "http.response.trailers", "headers": [(b"x-a", b"1")]}
PATH = str(Path(tempfile.gettempdir()).resolve() / "five")


@clean(X + "trailers.start-flag")
async def flag_for_trailers_that_are_not_offered(scope, receive, send):
    """The flag alone is harmless where the server knows no trailers."""
    await receive()
    await send({**START, "trailers": True})
    await send(BODY)


@clean(X + "trailers.follow-final-body", offers=["http.response.trailers"])
async def trailers(scope, receive, send):
    """Trailers follow the last piece of the body."""
    await receive()
    await send({**START, "headers": [(b"trailer", b"x-a")], "trailers": True})
    await send(BODY)
    await send(TRAILERS)


@clean(X + "trailers.more-trailers-type", offers=["http.response.trailers"])
async def trailers_in_parts(scope, receive, send):
    """Trailers may come in several events, and in an iterator."""
    await receive()
    await send({**START, "headers": [(b"trailer", b"x-a, x-b")], "trailers": True})
    await send(BODY)
    await send({**TRAILERS, "more_trailers": True})
    await send({**TRAILERS, "headers": iter([(b"x-b", b"2")])})


@clean(X + "pathsend.behaves-like-body", offers=["http.response.pathsend"])
async def a_path(scope, receive, send):
    """A file by its path is the whole body."""
    await receive()
    await send({**START, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.pathsend", "path": PATH})


@clean(X + "pathsend.head", offers=["http.response.pathsend"], method="HEAD")
async def a_path_for_head(scope, receive, send):
    """For HEAD, too: the server leaves the content out."""
    await receive()
    await send({**START, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.pathsend", "path": PATH})


@clean(
    X + "zerocopy.mixable",
    shows=(X + "zerocopy.mixable", X + "zerocopy.server-not-close"),
    offers=["http.response.zerocopysend"],
)
async def zero_copies_and_bodies(scope, receive, send):
    """Copies of a file may be mixed with pieces; the application closes the file itself."""
    await receive()
    with tempfile.TemporaryFile() as file:
        file.write(b"hello world")
        file.flush()
        await send(START)
        event = {"type": "http.response.zerocopysend", "file": file, "more_body": True}
        await send({**event, "offset": 0, "count": 5})
        await send({**BODY, "more_body": True})
        await send({**event, "offset": 6})
        await send({"type": "http.response.body"})


@clean(X + "zerocopy.more-body-completes", offers=["http.response.zerocopysend"])
async def zero_copy_alone(scope, receive, send):
    """A zero-copy without more_body completes the response."""
    await receive()
    with tempfile.TemporaryFile() as file:
        file.write(b"hello")
        file.seek(0)
        await send({**START, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.zerocopysend", "file": file})


@clean(X + "early-hint.repeatable", offers=["http.response.early_hint"])
async def one_shot_hints(scope, receive, send):
    """Links are an iterable, so an iterator will do."""
    await receive()
    await send(START)
    links = iter([b"</a.css>; rel=preload"])
    await send({"type": "http.response.early_hint", "links": links})
    await send(BODY)


@clean(
    X + "early-hint.repeatable",
    shows=X + "early-hint.repeatable",
    offers=["http.response.early_hint"],
)
async def hints_before_and_after_start(scope, receive, send):
    """Several hints are legal; before the start they are what HTTP means by early."""
    await receive()
    hint = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}
    await send(hint)
    await send(START)
    await send({**hint, "links": [b"</b.css>; rel=preload"]})
    await send(BODY)


@clean(X + "push.timing-after-start", offers=["http.response.push"], http_version="2")
async def pushes(scope, receive, send):
    """Pushes come between the start and the end, any number of them."""
    await receive()
    push = {"type": "http.response.push", "headers": [(b"accept", b"*/*")]}
    await send(START)
    await send({**push, "path": "/a.css"})
    await send({**push, "path": "/caf\xe9.css", "headers": iter([])})
    await send(BODY)


@clean(X + "push.timing-before-final-body", offers=["http.response.push"], http_version="2")
async def pushes_between_pieces(scope, receive, send):
    """Or between pieces of the body."""
    await receive()
    await send(START)
    await send({**BODY, "more_body": True})
    await send({"type": "http.response.push", "path": "/a.css", "headers": []})
    await send(BODY)


@clean(X + "debug.before-start-once", offers=["http.response.debug"])
async def debug(scope, receive, send):
    """A debug event may hold any object in its info."""
    await receive()
    await send({"type": "http.response.debug", "info": {"template": object(), "context": [1]}})
    await send(START)
    await send(BODY)


@clean(X + "debug.before-start-once")
async def debug_without_offer(scope, receive, send):
    """Sent without an offer, as a widely used framework does, it is ignored."""
    await receive()
    await send({"type": "http.response.debug", "info": {"template": object()}})
    await send(START)
    await send(BODY)


@clean(
    "asgi.extensions.empty-dict-allowed",
    shows=("asgi.extensions.empty-dict-allowed", "asgi.extensions.optional"),
    offers=["acme.progress"],
)
async def event_of_an_extension_of_somebody(scope, receive, send):
    """Whoever offers an extension decides about its events; an empty dict is an offer."""
    await receive()
    if "acme.progress" in scope.get("extensions", {}):
        await send({"type": "acme.progress.report", "percent": 10})
    await send(START)
    await send(BODY)


@clean(X + "page.optional", shows=X + "page.optional")
async def looks_for_extensions(scope, receive, send):
    """Without any extensions the application takes another way."""
    await receive()
    assert "http.response.pathsend" not in (scope.get("extensions") or {})
    await send(START)
    await send(BODY)


TLS = {
    "server_cert": None,
    "tls_version": 0x0304,
    "cipher_suite": 0x1301,
}


def secure(name, why, shows, **entry):
    """An application over TLS, as one server or another describes it."""
    clean(
        X + "tls.is-dict",
        name=name,
        why=why,
        shows=tuple(X + "tls." + one for one in shows),
        scheme="https",
        offers={"tls": {**TLS, **entry}},
    )(_over_tls)


async def _over_tls(scope, receive, send):
    await receive()
    tls = (scope.get("extensions") or {}).get("tls", {})
    name = tls.get("client_cert_name") or "nobody"
    await send(START)
    await send({**BODY, "body": name.encode()})


secure(
    "tls_minimal",
    "What the server does not know of the client may be left out.",
    ("client-cert-chain-optional", "client-cert-name-optional", "client-cert-error-optional"),
)
secure(
    "tls_unknown",
    "What the server does not know of itself is None.",
    (),
    tls_version=None,
    cipher_suite=None,
    client_cert_chain=(),
    client_cert_name=None,
    client_cert_error=None,
)
secure(
    "tls_name_without_chain",
    "A client's name may be known without its certificates.",
    ("client-cert-name-without-chain",),
    client_cert_name="CN=client,O=acme",
)
clean(
    X + "tls.app-checks-presence",
    name="tls_not_described",
    why="Over TLS a server may keep silent about it.",
    shows=(X + "tls.app-checks-presence",),
    scheme="https",
)(_over_tls)
