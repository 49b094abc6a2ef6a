"""A journal keeps what the judges need, whatever crossed."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from witnesses import kit
from witnesses.load import modules

from gateproof.targets import journal, probe
from gateproof.validators import schema
from gateproof.validators.asgi import values
from gateproof.validators.asgi.replay import replay as replay_asgi
from gateproof.validators.violation import Rung
from gateproof.validators.wsgi import facts
from gateproof.validators.wsgi.replay import replay as replay_wsgi

WSGI = [one for module in modules("order_wsgi_") for one in module.WITNESSES]
ASGI = [
    one
    for module in modules("order_asgi_")
    for listed in vars(module).values()
    if isinstance(listed, list)
    for one in listed
    if isinstance(one, kit.Order)
]
SHAPES = [one for module in modules("shapes_") for one in module.WITNESSES]


def held(value):
    """A value of a witness as the recorder has it: with the probe's own stand-ins."""
    if isinstance(value, facts.Raised):
        made = probe.Raised(Exception(value.text), value.outside)
        made.facts |= {"type": value.name, "id": value.identity, "causes": list(value.causes)}
        return made
    if isinstance(value, values.Misuse):
        return probe.Misuse(value.arguments, value.named)
    if type(value) is tuple:
        return tuple(map(held, value))
    if type(value) is dict:
        return {key: held(one) for key, one in value.items()}
    return value


def written(steps, interface, tmp_path):
    """Steps as they are read back from a journal."""
    (tmp_path / "calls").mkdir(exist_ok=True)
    made = probe.Run(str(tmp_path)).journal(interface, "")
    for step, data in steps:
        sent = step == "send" and interface == "asgi"
        made.add(step, probe._with_descriptor(held(data)) if sent else held(data))
    made.end()
    call = journal.read(Path(made.path))
    return [rung for rung in call.rungs if rung.step != "end"]


def there_and_back(value):
    return probe.decode(json.loads(probe._dumps(probe.encode(value))), journal._Reader()._stand_in)


@pytest.mark.parametrize("side", ["breaks", "keeps"])
@pytest.mark.parametrize("witness", WSGI, ids=[f"{n}-{w.requirement}" for n, w in enumerate(WSGI)])
def test_wsgi_ladders_are_judged_the_same(witness, side, tmp_path, told):
    steps = list(getattr(witness, side))

    again = written(steps, "wsgi", tmp_path)
    # The recorder keeps "end" for itself as well.
    ends = [Rung("end", None, 0) for step, _ in steps if step == "end"]

    bare = [Rung(step, data, 0) for step, data in steps]
    assert told(replay_wsgi([*again, *ends], host="server")) == told(
        replay_wsgi(bare, host="server")
    )


@pytest.mark.parametrize("side", ["breaks", "keeps"])
@pytest.mark.parametrize("witness", ASGI, ids=[f"{n}-{w.requirement}" for n, w in enumerate(ASGI)])
def test_asgi_ladders_are_judged_the_same(witness, side, tmp_path, told):
    steps = list(getattr(witness, side))
    before = told(replay_asgi(steps))

    again = written(steps, "asgi", tmp_path)

    assert told(replay_asgi(again)) == before


@pytest.mark.parametrize("side", ["breaks", "keeps"])
@pytest.mark.parametrize(
    "witness", SHAPES, ids=[f"{n}-{w.requirement}" for n, w in enumerate(SHAPES)]
)
def test_shapes_are_rejected_the_same(witness, side):
    value = getattr(witness, side)

    def rejections(one):
        return sorted({r.requirement for r in schema.explain(witness.schema, one)})

    before = rejections(value)
    if side == "breaks":
        assert witness.requirement in before
    assert rejections(there_and_back(value)) == before


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary()
    | st.binary().map(bytearray),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.binary(), inner)
    ),
    max_leaves=20,
)


def typed(value):
    """A value with the types of all it holds, for True equals 1."""
    kind = type(value)
    if kind in (list, tuple):
        return kind, [typed(one) for one in value]
    if kind is dict:
        return kind, [(typed(key), typed(one)) for key, one in value.items()]
    return kind, value


@settings(deadline=None, database=None, derandomize=True, max_examples=100)
@given(PLAIN)
def test_plain_data_comes_back_with_its_types(value):
    assert typed(there_and_back(value)) == typed(value)


@pytest.mark.parametrize(
    "value",
    [
        "\ud83d\ude00",  # two surrogates, which JSON would join
        "\udc80",
        "a\x00b\u2028",
        10**5000,
        -(10**5000),
        math.inf,
        -math.inf,
        b"x" * 10_000_000,
        os.urandom(1000) + b"y" * 100_000,
        bytearray(b"x" * 100_000),
        {(1, "a"): b"", 1.5: [()]},
    ],
    ids=range(11),
)
def test_odd_values_come_back(value):
    assert typed(there_and_back(value)) == typed(value)


def test_not_a_number_comes_back():
    assert math.isnan(there_and_back([math.nan])[0])


def test_octets_too_many_to_keep_come_back_as_long_as_they_were():
    value = os.urandom(200_000)

    again = there_and_back(value)

    assert type(again) is bytes
    assert len(again) == 200_000
    assert again[:1024] == value[:1024]
    assert again[-1024:] == value[-1024:]


def test_a_long_list_comes_back_whole():
    lines = [b"%d\n" % number for number in range(300_000)]

    assert there_and_back(lines) == lines


def test_reading_long_lines_is_judged_by_their_ends(tmp_path):
    lines = [os.urandom(100_000).replace(b"\n", b"") + b"\n" for _ in range(3)]
    steps = [("call", {}), *(("input", ("readline", (), line)) for line in lines)]

    found = replay_wsgi(written(steps, "wsgi", tmp_path), host="server")

    assert [v for v in found if v.requirement.startswith("wsgi.streams")] == []


class Text(str):
    pass


class Named(dict):
    def items(self):
        raise RuntimeError("not to be asked")


def test_instances_of_subclasses_come_back_as_such():
    text, mapping = there_and_back([Text("abc"), Named(a=1)])

    assert type(text) is not str
    assert isinstance(text, str)
    assert str.__str__(text) == "abc"
    assert type(text).__name__ == "Text"
    assert type(mapping) is not dict
    assert dict(dict.items(mapping)) == {"a": 1}


class ServerGoneError(ConnectionResetError):
    pass


def test_exceptions_come_back_as_kin():
    error = there_and_back(ServerGoneError(104, "gone"))

    assert isinstance(error, ConnectionResetError)
    assert type(error).__name__ == "ServerGoneError"
    assert error.args == (104, "gone")
    assert str(error) == "[Errno 104] gone"
    assert isinstance(there_and_back(KeyError("more_body")), KeyError)
    assert there_and_back(KeyError("more_body")).args == ("more_body",)


@pytest.mark.parametrize("kind", [ExceptionGroup, BaseExceptionGroup])
def test_groups_of_exceptions_come_back(kind):
    assert isinstance(there_and_back(kind("several", [ValueError("one")])), Exception)


def test_one_object_is_one_stand_in(tmp_path):
    thing = object()

    first, second = written([("return", [thing, thing]), ("return", thing)], "asgi", tmp_path)

    assert first.data[0] is first.data[1] is second.data


class Hostile:
    def __repr__(self):
        raise RuntimeError("no")

    def __getattr__(self, name):
        raise RuntimeError("no")

    __len__ = __iter__ = __bool__ = __eq__ = __hash__ = None


class Lying(dict):
    def __iter__(self):
        raise RuntimeError("no")

    keys = values = items = copy = __len__ = __getitem__ = __iter__


def test_hostile_objects_are_written_down():
    endless = []
    endless.append(endless)

    again = there_and_back([Hostile(), Lying(a=1), endless, Hostile, type, lambda: None])

    assert len(again) == 6
    assert dict.__getitem__(again[1], "a") == 1
    assert callable(again[5])
    assert "whose repr raises" in repr(again[0])


def test_a_journal_of_another_version_is_refused():
    with pytest.raises(journal.JournalError, match=r"version '0'.*copy the probe anew"):
        journal.parse(b'{"probe":"0","interface":"wsgi"}\n')


@pytest.mark.parametrize("text", [b"GIF89a\n", b"[]\n", b'{"probe":"1"}\n', b"{}\n"])
def test_what_is_no_journal_is_refused(text):
    with pytest.raises(journal.JournalError, match="not a journal"):
        journal.parse(text)


def test_a_line_that_is_not_whole_is_not_there_yet(tmp_path):
    run = probe.Run(str(tmp_path))
    (tmp_path / "calls").mkdir()
    made = run.journal("wsgi", "")
    made.add("call", {})
    text = Path(made.path).read_bytes()

    for length in range(len(text)):
        call = journal.parse(text[:length])
        assert call is None or len(call.rungs) == 0
    assert [rung.step for rung in journal.parse(text).rungs] == ["call"]
