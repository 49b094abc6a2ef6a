from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from gateproof.reports import stream
from gateproof.reports.compact import compact
from gateproof.reports.ladder import ASGI, WSGI, evidence, ladder, position
from gateproof.validators.exchange import HEAD, TAIL
from gateproof.validators.violation import Rung


def rungs(*steps: tuple[str, object], start: int = 5_000) -> list[Rung]:
    return [Rung(step, data, start + n * 100) for n, (step, data) in enumerate(steps)]


def valid(line: dict[str, Any]) -> None:
    jsonschema.validate(json.loads(stream.encode({"kind": "evidence", **line})), stream.schema())


class Raising:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Leaving:
    def __repr__(self) -> str:
        raise SystemExit(3)


class Lying:
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise ValueError("no class")


class HostileDict(dict):  # type: ignore[type-arg]
    def items(self) -> Any:
        raise RuntimeError("no items")

    def get(self, *_: object) -> Any:
        raise RuntimeError("no get")

    def __iter__(self) -> Any:
        raise RuntimeError("no iter")

    def __len__(self) -> int:
        raise RuntimeError("no len")


class HostileStr(str):
    def __str__(self) -> str:
        raise RuntimeError("no str")

    __repr__ = __str__


class Wrong(type):
    def __repr__(cls) -> str:
        raise RuntimeError("no repr of the class")


class Odd(metaclass=Wrong):
    pass


def cycle() -> list[object]:
    made: list[object] = []
    made.append(made)
    return made


HOSTILE = [
    Raising(),
    Leaving(),
    Lying(),
    Odd,
    Odd(),
    HostileDict(type="http.request", body=b"x"),
    HostileDict(type=Raising()),
    {Raising(): Raising()},
    {"type": HostileStr("http.request"), "a": HostileStr("b")},
    {"type": "\ud800\x00\u202e" * 400, "body": b"\x00" * 1_000_000},
    "\udfff" * 1_000_000,
    cycle(),
    10**5000,
    None,
    (),
    ((1,),),
    ((), None),
    (lambda: None, 3, Raising()),
    memoryview(b"a" * 300),
    bytearray(b"b" * 300),
    float("nan"),
    {"type": 3},
    {},
]


@pytest.mark.parametrize("interface", ["asgi", "wsgi", "asgi.http"])
def test_any_data_in_any_step_gives_valid_evidence(interface: str) -> None:
    steps = [*(WSGI if interface == "wsgi" else ASGI), "a-step-of-a-later-version"]
    for data in HOSTILE:
        line = evidence("GET /", rungs(*((step, data) for step in steps)), 0, interface)
        valid(line)
        assert all(len(rung["text"]) <= 1300 for rung in line["ladder"])


def test_a_body_is_cut_in_the_middle_with_its_true_length() -> None:
    body = b"abc" + b"-" * 65530 + b"xyz"
    shown = ladder(rungs(("send", {"type": "http.response.body", "body": body})), "asgi")
    assert shown[0]["what"] == "http.response.body"
    assert shown[0]["text"].startswith("body=b'abc---")
    assert shown[0]["text"].endswith("---xyz' (65536 bytes)")
    assert len(shown[0]["text"]) < 150


def test_quotes_in_a_cut_text_stay_balanced() -> None:
    shown = compact(b"it's " + b"x" * 500 + b' "so"')
    assert shown.startswith("b'it\\'s x")
    assert shown.endswith('"so"\' (510 bytes)')


def test_addresses_are_left_out() -> None:
    def run() -> str:
        return evidence("GET /", rungs(("send", {"type": "x", "key": object()})), 0, "asgi")["id"]

    assert run() == run()
    assert " at 0x" not in compact(object())


def test_an_id_depends_on_everything_but_times() -> None:
    one = evidence("GET /", rungs(("call", {"type": "http"})), 0, "asgi")
    later = evidence("GET /", rungs(("call", {"type": "http"}), start=9), 0, "asgi")
    other = evidence("GET /", rungs(("call", {"type": "websocket"})), 0, "asgi")
    assert one["id"] == later["id"] != other["id"]


def test_acknowledgements_are_folded_and_still_found() -> None:
    shown = ladder(
        rungs(
            ("call", {"type": "http"}),  # 0
            ("receive", None),  # 1
            ("received", {"type": "http.request"}),  # 2
            ("receive", None),  # 3: still waiting while it sends
            ("send", {"type": "http.response.start"}),  # 4
            ("sent", None),  # 5
            ("received", {"type": "http.disconnect"}),  # 6
            ("send", {"type": "http.response.body"}),  # 7
            ("send-raised", OSError("gone")),  # 8
            ("return", None),  # 9
        ),
        "asgi",
    )
    assert [(rung["what"], rung["event"]) for rung in shown] == [
        ("scope http", 0),
        ("http.request", 2),
        ("receive()", 3),
        ("http.response.start", 4),
        ("http.disconnect", 6),
        ("http.response.body", 7),
        ("send() raises", 8),
        ("returns", 9),
    ]
    assert [position(shown, event) for event in range(10)] == [0, 1, 1, 2, 3, 3, 4, 5, 6, 7]
    assert position(shown, None) is None
    assert position(shown, 40) is None
    assert [rung["at"] for rung in shown][:3] == [0, 200, 300]


def test_an_acknowledgement_that_carries_something_is_kept() -> None:
    shown = ladder(rungs(("send", {"type": "a"}), ("sent", "surprise")), "asgi")
    assert [rung["what"] for rung in shown] == ["a", "send() returns"]


def test_events_after_dropped_rungs_keep_their_index() -> None:
    kept = rungs(*(("send", {"type": str(n)}) for n in range(500)))
    line = evidence("GET /", kept, 1000, "asgi.http")
    assert line["dropped"] == 1000
    assert position(line["ladder"], 399) == 399
    assert position(line["ladder"], 400) is None
    assert position(line["ladder"], 1400) == 400
    assert position(line["ladder"], 1499) == 499
    few = evidence("GET /", kept[: HEAD + TAIL], 10, "asgi.http")
    assert position(few["ladder"], HEAD - 1) == HEAD - 1
    assert position(few["ladder"], HEAD + 10) == HEAD


def test_a_ladder_without_indexes_is_taken_to_be_whole() -> None:
    assert position([{"what": "a"}, {"what": "b"}], 1) == 1


def test_wsgi_reads_as_its_application_is_written() -> None:
    shown = ladder(
        rungs(
            (
                "call",
                {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.version": (1, 0), "HTTP_A": "b"},
            ),
            ("input", ("read", (10,), b"abc")),
            ("errors", ("write", ("note",))),
            ("start_response", (("200 OK", [("A", "b")]), {"exc_info": None})),
            ("started", True),
            ("write", ((b"first",), {})),
            ("written", None),
            ("result", {"type": "list", "iterable": True, "len": 1, "has_close": False}),
            ("next", None),
            ("item", b"body"),
            ("next", None),
            ("exhausted", None),
            ("close", None),
            ("closed", None),
            ("end", None),
        ),
        "wsgi",
    )
    assert [(rung["from"][0], rung["what"], rung["text"]) for rung in shown] == [
        ("s", "environ", "REQUEST_METHOD='GET', PATH_INFO='/', wsgi.version=(1, 0), HTTP_A='b'"),
        ("a", "input.read", "(10,) → b'abc'"),
        ("a", "errors.write", "('note',)"),
        ("a", "start_response", "'200 OK', [('A', 'b')], exc_info=None"),
        ("a", "write", "b'first'"),
        ("a", "returns", "list, len=1, iterable"),
        ("a", "yields", "b'body'"),
        ("a", "is exhausted", ""),
        ("s", "close()", ""),
        ("s", "request is over", ""),
    ]


def test_the_process_environment_stays_out_of_reports() -> None:
    environ = {"REQUEST_METHOD": "GET", "AWS_SECRET_ACCESS_KEY": "hunter2", "HOME": "/root"}
    shown = ladder(rungs(("call", environ)), "wsgi")
    assert "hunter2" not in str(shown)
    assert "AWS" not in str(shown)
    assert shown[0]["text"].endswith("… 2 other keys")


def test_an_empty_exchange_has_an_empty_ladder() -> None:
    line = evidence("GET /", [], 0, "asgi")
    valid(line)
    assert line["ladder"] == []
