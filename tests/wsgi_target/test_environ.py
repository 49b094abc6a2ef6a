"""The environ that the gateway gives, and its streams."""

from __future__ import annotations

import io

import pytest

from gateproof.targets.wsgi_environ import ABSENT, MANDATORY, Request, make_environ
from gateproof.targets.wsgi_input import INPUTS, SHORT, TableErrors


def environ(**fields):
    return make_environ(Request(**fields))


def test_it_is_a_dict_of_its_own_each_time():
    request = Request()

    assert type(make_environ(request)) is dict
    assert make_environ(request)["wsgi.input"] is not make_environ(request)["wsgi.input"]
    assert make_environ(request).keys() >= MANDATORY


@pytest.mark.parametrize(
    ("path", "info"),
    [
        ("/a%20b", "/a b"),
        ("/a%2Fb", "/a/b"),
        ("/a%252Fb", "/a%2Fb"),
        ("/caf%C3%A9", "/caf\xc3\xa9"),
        ("/%FF", "/\xff"),
        ("*", "*"),
        ("", ""),
    ],
)
def test_the_path_is_decoded_into_octets(path, info):
    assert environ(path=path)["PATH_INFO"] == info


def test_request_and_mount():
    made = environ(method="BREW", path="/x", query="a=%20", mount="/m", protocol="HTTP/1.0")

    assert made["REQUEST_METHOD"] == "BREW"
    assert made["SCRIPT_NAME"] + made["PATH_INFO"] == "/m/x"
    assert made["QUERY_STRING"] == "a=%20"
    assert made["SERVER_PROTOCOL"] == "HTTP/1.0"


def test_headers_become_variables():
    made = environ(
        headers=(
            ("X-A", "1"),
            ("x-a", "2"),
            ("Cookie", "a=1"),
            ("Cookie", "b=2"),
            ("Content-Type", "text/plain"),
        )
    )

    assert made["HTTP_X_A"] == "1,2"
    assert made["HTTP_COOKIE"] == "a=1; b=2"
    assert made["CONTENT_TYPE"] == "text/plain"
    assert "HTTP_CONTENT_TYPE" not in made


def test_a_body_has_its_length():
    assert "CONTENT_LENGTH" not in environ()
    assert environ(body=b"abc")["CONTENT_LENGTH"] == "3"


def test_overrides_come_last_and_leave_out():
    made = environ(environ={"QUERY_STRING": ABSENT, "CONTENT_LENGTH": "", "x.y": 1})

    assert "QUERY_STRING" not in made
    assert made["CONTENT_LENGTH"] == ""
    assert made["x.y"] == 1


def test_the_least_environ_holds_what_must_be_there_and_what_has_a_value():
    assert environ(minimal=True, file_wrapper=False).keys() == MANDATORY | {"PATH_INFO"}
    made = environ(minimal=True, file_wrapper=False, body=b"a", query="q")
    assert made.keys() - MANDATORY == {"PATH_INFO", "CONTENT_LENGTH", "QUERY_STRING"}


BODY = b"one\ntwo\n\nlast"
LINES = [b"one\n", b"two\n", b"\n", b"last"]
WHOLE = [name for name in INPUTS if name != "broken"]


@pytest.mark.parametrize("name", WHOLE)
def test_an_input_gives_the_body_and_then_nothing(name):
    stream = INPUTS[name](BODY)

    assert stream.read() == BODY
    assert (stream.read(), stream.read(1), stream.readline(), stream.readlines()) == (
        b"", b"", b"", [],
    )  # fmt: skip
    assert list(stream) == []


@pytest.mark.parametrize("name", WHOLE)
def test_an_input_gives_lines(name):
    assert list(INPUTS[name](BODY)) == LINES
    assert INPUTS[name](BODY).readlines() == LINES
    assert INPUTS[name](BODY).readline() == b"one\n"
    assert INPUTS[name](BODY).readline(2) == b"on"
    stream = INPUTS[name](BODY)
    assert list(iter(stream.readline, b"")) == LINES


@pytest.mark.parametrize("name", WHOLE)
def test_an_input_gives_as_much_as_is_asked_for_at_most(name):
    stream = INPUTS[name](BODY)
    pieces = list(iter(lambda: stream.read(9), b""))

    assert b"".join(pieces) == BODY
    assert max(map(len, pieces)) == (SHORT if name == "short" else 9)


def test_a_hint_is_kept_or_ignored():
    assert INPUTS["table"](BODY).readlines(1) == LINES[:1]
    assert INPUTS["hintless"](BODY).readlines(1) == LINES


def test_the_table_has_no_other_methods():
    public = {name for name in dir(INPUTS["table"](b"")) if not name.startswith("_")}

    assert public == {"read", "readline", "readlines"}
    assert not hasattr(INPUTS["table"](b""), "__next__")
    assert {name for name in dir(TableErrors()) if not name.startswith("_")} == {
        "write", "writelines", "flush",
    }  # fmt: skip


@pytest.mark.parametrize(
    "use",
    [
        lambda stream: stream.read(),
        lambda stream: stream.readlines(),
        list,
        lambda stream: list(iter(stream.readline, b"")),
    ],
    ids=["read", "readlines", "iteration", "readline"],
)
def test_a_broken_input_raises_in_the_middle(use):
    with pytest.raises(ConnectionResetError):
        use(INPUTS["broken"](BODY))


def test_a_broken_input_gives_its_first_half():
    stream = INPUTS["broken"](b"abcd")

    assert stream.read(2) == b"ab"
    with pytest.raises(ConnectionResetError):
        stream.read(1)


def test_errors_take_text():
    errors = TableErrors()
    errors.write("a\n")
    errors.writelines(["b\n"])
    errors.flush()

    with pytest.raises(TypeError):
        errors.write(b"bytes")
    assert isinstance(environ()["wsgi.errors"], io.StringIO)
