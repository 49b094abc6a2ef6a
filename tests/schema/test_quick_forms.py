"""Quicker forms say what the patterns and forms say that they stand for; memories are bounded."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateproof.validators import schema
from gateproof.validators.schema import fields, forms, memory, patterns

TEXTS = st.one_of(
    st.text(max_size=4),
    st.text(alphabet="/*-a1 \t\xff\xb2\u0661\u20ac\n.", max_size=4),
    st.sampled_from(["", "/", "*", "-", "//", "/a", "/a/", "0", "127.0.0.1", "::1", "\u0149"]),
)
BOUND = 2000


def refused(expression, value, form=None):
    given_names = {"x": value, "ADDRESSES": set(), "ask": form}
    return bool(eval(expression.format(v="x", form="ask"), given_names))


@pytest.mark.parametrize("pattern", patterns.QUICK)
@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(value=TEXTS)
def test_a_pattern_and_its_quick_form(pattern, value):
    said = refused(patterns.QUICK[pattern], value)
    assert said is (re.fullmatch(pattern, value) is None)


@pytest.mark.parametrize("name", patterns.QUICK_FORMS)
@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(value=TEXTS)
def test_a_form_and_its_quick_form(name, value):
    form = forms.FORMS[name]
    assert refused(patterns.QUICK_FORMS[name], value, form) is not form(value)


def test_every_quick_form_is_met_and_missed():
    """A form that nothing of the above misses would be tested by agreement with nothing."""
    tried = ["", "/", "*", "-", "/a", "/a/", "0", "a", "\u20ac", "127.0.0.1", "A"]
    for expression in patterns.QUICK.values():
        assert {refused(expression, value) for value in tried} == {True, False}


@pytest.mark.parametrize(
    ("wanted", "safe", "unsafe"),
    [
        ([r"[^\r\n\x00]*"], b" a}{\x01\xff\t", b"\r\n\x00"),
        ([r"[^\r\n\x00]*", r"[^\x01-\x08\x0b\x0c\x0e-\x1f\x7f]*"], b" a\xff", b"\x00\x01\x7f"),
        ([r"[^\r\n\x00]*", r"(?s:(?![ \t]).*(?<![ \t]))"], b" a\x01", b"\t\n"),
        (["[a-z]*"], b"az", b"A{ "),
    ],
)
def test_what_patterns_say_of_single_characters(wanted, safe, unsafe):
    found = patterns.safe_characters(wanted)
    assert set(safe) <= set(found)
    assert not set(unsafe) & set(found)


@pytest.mark.parametrize("pattern", ["[a-z]+", "a*", "(?!:)(?s:.*)", "[a-z]*b", "[a-z]*|[0-9]*"])
def test_other_patterns_are_not_about_single_characters(pattern):
    assert patterns.safe_characters([pattern]) is None


def test_names_of_headers_are_remembered_in_bounds():
    names = fields.Names([{"a": {"once": True}}], ["[^A-Z]*"], bytes, bytes)
    assert names.learn(b"a") == 1
    assert names.learn(b"A") == -1
    for number in range(BOUND):
        assert names.learn(b"x-%d" % number) == 0
    assert names.learn(b"y" * 65) == 0
    assert 0 < len(names.plain) < BOUND
    assert b"A" not in names.plain
    assert b"y" * 65 not in names.plain


def test_spellings_of_ruled_names_are_remembered_in_bounds():
    names = fields.Names([{"a" * 11: {"once": True}}], [], str, str)
    for number in range(BOUND):
        spelled = "".join("aA"[number >> place & 1] for place in range(11))
        assert names.learn(spelled) == 1
    assert 0 < len(names.ruled) < BOUND


def test_keys_of_environs_are_remembered_in_bounds():
    keys = memory.TextKeys(
        frozenset({"FIRST"}), frozenset({"FIRST", "no"}), lambda key: key != "bad", [("^H", False)]
    )
    assert keys.learn({f"HTTP_{number}": "a" for number in range(BOUND)})
    assert len(keys.texts) < BOUND
    assert "FIRST" in keys.texts
    rest = {f"own.{number}": number for number in range(BOUND)}
    assert keys.learn(rest)
    assert rest == {}
    assert len(keys.free) < BOUND
    assert not keys.learn({"bad": "a"})
    assert not keys.learn({"no": "a"})
    assert not keys.learn({5: "a"})


def environ(**more):
    class Stream:
        read = readline = readlines = __iter__ = write = writelines = flush = None

    return {
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": Stream(),
        "wsgi.errors": Stream(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }


@pytest.mark.parametrize("level", ["fail", "weak", "observed"])
def test_an_environ_of_a_real_server_stays_on_the_quick_way(level):
    """What servers add of their own is learned, so that only its first sight is slow."""
    accept = schema.compiled("wsgi/environ", frozenset(), level)
    proven = next(check for name, check in accept.__globals__.items() if name.startswith("proof_"))
    usual = environ(**{"HTTP_A": "a", "own.socket": object(), "wsgi.file_wrapper": open})
    assert proven(usual)
    assert proven(usual)
    assert not proven({**usual, "HTTP_A": "\xe4"})
    assert accept({**usual, "HTTP_A": "\xe4"})
    assert not accept({**usual, "HTTP_A": "\u20ac"})
    assert not accept({**usual, "HTTP_CONTENT_LENGTH": "5"})
