"""Target strings of servers say one thing each, or are refused with what to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateproof.targets.load import TargetError
from gateproof.targets.server_name import ServerName, names_server, parse_server

KNOWN = ("gunicorn", "hypercorn", "uvicorn", "twisted-web")
LEGAL = {"http": ("h11", "httptools"), "ws": ("websockets", "wsproto")}


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("server:gunicorn", ServerName("gunicorn")),
        ("server:Twisted_Web", ServerName("twisted-web")),
        ("server:gunicorn==20.1.0", ServerName("gunicorn", "20.1.0")),
        ("server:gunicorn==26.0rc1", ServerName("gunicorn", "26.0rc1")),
        (
            "server:uvicorn[ws=wsproto, http=h11]",
            ServerName("uvicorn", variants=(("http", "h11"), ("ws", "wsproto"))),
        ),
        ("server:gunicorn[python=3.9]", ServerName("gunicorn", python="3.9")),
        ("server:gunicorn[python=/a,b/c=d/p]", ServerName("gunicorn", python="/a,b/c=d/p")),
        (
            "server:gunicorn==20.1.0[python=~/old,worker=gthread]",
            ServerName("gunicorn", "20.1.0", (("worker", "gthread"),), "~/old"),
        ),
        ("server:all", ServerName("all")),
        (
            "./own/my_target.py[loop=fast]",
            ServerName("my_target", variants=(("loop", "fast"),), file=Path("own/my_target.py")),
        ),
        ("my_target.py==1.2", ServerName("my_target", "1.2", file=Path("my_target.py"))),
    ],
)  # fmt: skip
def test_a_target_string_says_what_it_says(target: str, meant: ServerName) -> None:
    assert names_server(target)
    assert parse_server(target, KNOWN) == meant


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("server:", "expected server:NAME"),
        ("server:gunicorn[", "expected server:NAME"),
        ("server:gunicorn[]", "expected server:NAME"),
        ("server:gunicorn[a]", "'a' is not of the form variant=value"),
        ("server:gunicorn[a=]", "'a=' is not of the form variant=value"),
        ("server:gunicorn[a=1,a=2]", "a= stands twice"),
        ("server:gunicorn[a=1]==20.1", "a version goes before the bracket"),
        ("server:gunicorn=20.1", "write it as in server:gunicorn==1.2.3"),
        ("server:gunicorn>=20.1", "write it as in server:gunicorn==1.2.3"),
        ("server:gunicorn==20.*", "write it as in server:gunicorn==1.2.3"),
        ("server:gunicorn==", "write it as in server:gunicorn==1.2.3"),
        ("server:gunikorn", "there is no server 'gunikorn'; did you mean gunicorn"),
        ("server:qqq", "known are gunicorn, hypercorn, twisted-web, uvicorn"),
        ("./mine.py>1", "write it as in mine.py==1.2.3"),
        ("server:all==1.0", "name one server"),
        ("server:all[http=h11]", "name one server"),
    ],
)
def test_a_wrong_target_string_is_told_what_to_write(target: str, told: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_server(target, KNOWN)

    assert str(caught.value).startswith(f"--target={target}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "target", ["myapp:application", "my.py:app", "https://example.org", "uvicorn"]
)
def test_other_targets_are_no_servers(target: str) -> None:
    assert not names_server(target)


def test_variants_that_are_left_out_have_their_default() -> None:
    chosen = parse_server("server:uvicorn[ws=wsproto]").choices(LEGAL)

    assert chosen == {"http": "h11", "ws": "wsproto"}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            "server:uvicorn[htp=h11]",
            "no variant 'htp'; did you mean http?; its variants are http, ws",
        ),
        ("server:uvicorn[http=h12]", "http=h12 is unknown; did you mean h11"),
        ("server:uvicorn[ws=none]", "ws of uvicorn is one of websockets, wsproto"),
    ],
)
def test_an_unknown_variant_names_the_legal_ones(target: str, told: str) -> None:
    with pytest.raises(TargetError, match=re.escape(told)):
        parse_server(target).choices(LEGAL)


def test_python_is_a_series_or_a_path() -> None:
    of_series = parse_server("server:uvicorn[python=3.12]")
    of_path = parse_server("server:uvicorn[python=venv/bin/python3.12]")

    assert (of_series.series, of_series.interpreter) == ("3.12", "")
    assert (of_path.series, of_path.interpreter) == ("", "venv/bin/python3.12")


words = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
values = st.text(st.characters(codec="ascii", exclude_characters="[],\x7f"), min_size=1).filter(
    lambda text: text == text.strip() and text.isprintable()
)
named = st.builds(
    lambda name, version, variants, python: ServerName(
        name, version, tuple(sorted(variants.items())), python
    ),
    st.from_regex(r"[a-z]{2,9}", fullmatch=True).filter(lambda name: name != "all"),
    st.sampled_from(["", "1.0", "20.1.0", "0.17.0.post1", "2rc1"]),
    st.dictionaries(words.filter(lambda key: key != "python"), values, max_size=3),
    st.one_of(st.just(""), st.just("3.9"), values),
)


@given(named)
@settings(max_examples=200, deadline=None, database=None)
def test_a_name_reads_back_from_its_own_text(name: ServerName) -> None:
    assert parse_server(str(name)) == name


@given(named, named)
@settings(max_examples=200, deadline=None, database=None)
def test_slugs_are_safe_in_ids_and_tell_names_apart(one: ServerName, other: ServerName) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]+", one.slug)
    assert (one.slug == other.slug) == (one == other)


def test_a_value_cannot_pass_for_another_variant() -> None:
    one = ServerName("uvicorn", variants=(("a", "b-c.d"),))
    two = ServerName("uvicorn", variants=(("a", "b"), ("c", "d")))

    assert one.slug != two.slug


def test_paths_with_one_ending_have_slugs_of_their_own() -> None:
    slugs = {ServerName("gunicorn", python=f"/envs/{one}/bin/python").slug for one in "abc"}

    assert len(slugs) == 3
