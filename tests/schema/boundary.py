"""Schemas with values at their boundaries, among them whatever was once judged wrongly."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_SPEC = importlib.util.spec_from_file_location("drawing", Path(__file__).parent / "drawing.py")
draw = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(draw)

NATIVE = {"pythonType": "str", "textPattern": r"[\x00-\xff]*"}
OTHERS = {"patternProperties": {"^HTTP_": NATIVE}}
PAIR = {"pythonType": ["list", "tuple"], "minItems": 2, "maxItems": 2}
EXACT = {"allOf": [NATIVE, {"pythonType": "exact str"}]}
HEADERS = {"pythonType": ["list", "tuple"]}
TUPLE = {"pythonType": "tuple", "minItems": 2, "maxItems": 2}
LOWER = {"pythonType": "str", "textPattern": "[^A-Z]*"}
ENDS = r"(?s:(?![ \t]).*(?<![ \t]))"
CONTROL = r"[^\x01-\x08\x0b\x0c\x0e-\x1f\x7f]*"
CLEAN = r"[^\r\n\x00]*"
SHOWN = {
    "pythonType": "str",
    "textPattern": CLEAN,
    "allOf": [{"textPattern": CONTROL}, {"textPattern": "(?s:(?! ).*(?<! ))"}, NATIVE],
}
WIRE = {
    "pythonType": "bytes",
    "bytesPattern": CLEAN,
    "allOf": [{"bytesPattern": CONTROL}, {"bytesPattern": ENDS}],
}
SINGLE_LINE = {"pythonType": "str", "textPattern": CLEAN, "allOf": [NATIVE]}
OCTETS = {"pythonType": "bytes"}
RULES = {
    "a": {"present": True, "once": True, "pattern": "[0-9]+"},
    "b": {"pattern": "(?s:b.*)"},
    "c": {"once": True},
    "d": {"absent": True},
}
PAIRS = [
    ({"pythonType": "int"}, [True, 1, 1.0, draw.Code.OK, draw.Number(3), "1"]),
    ({"const": 1}, [True, 1, 1.0, "1", draw.Number(1)]),
    ({"const": True}, [1, True, 1.0]),
    ({"enum": [0, None]}, [False, 0, None, 0.0, ""]),
    ({"const": ""}, ["", b"", [], (), draw.Text("")]),
    ({"enum": ["ab"]}, ["ab", b"ab", ["a", "b"], draw.Text("ab")]),
    ({"textPattern": "GET"}, ["GET", "GET\n", b"GET", draw.Text("GET")]),
    ({"textPattern": "[A-Z]+"}, ["GET", "GET\n", "\udc80"]),
    ({"bytesPattern": "[a-z]+"}, [b"a", b"a\n", bytearray(b"A"), memoryview(b"A")]),
    ({"minimum": 1}, [float("nan"), 10**5000, 0.5, True, False, "0"]),
    ({"maximum": 5}, [float("inf"), -(10**5000), 6, draw.Number(6)]),
    ({"items": {"pythonType": "bytes", "bytesPattern": "a*"}}, [[b"a", memoryview(b"a")], "b"]),
    ({"items": {"textPattern": "a*"}}, [["a", "a", b"b", 5], [draw.Text("b")], draw.Items("a")]),
    ({"additionalProperties": False}, [{}, {"a": 1}, {b"a": 1}, draw.Map(a=1)]),
    ({"properties": {"a": False}}, [{"a": 1}, {"b": 1}, draw.Map(a=1), draw.Map(b=1)]),
    (
        {"propertyNames": {"pythonType": "str"}},
        [{"a": 1}, {1: 2}, {draw.Word("a"): 1}, {draw.Clash("a"): 1}],
    ),
    ({"patternProperties": {"^a": False}}, [{"a": 1}, {"ba": 1}, {b"a": 1}, {1: 1}]),
    ({"anyOf": [{"properties": {"a": False}}]}, [{"a": 1}, {}, 5]),
    ({"not": {}}, [None, {}]),
    ({"oneOf": [{"pythonType": "int"}, {"minimum": 1}]}, [0, 1, 0.5, "a"]),
    ({"exactlyOne": ["a", "b"]}, [{}, {"a": None}, {"a": 1, "b": 1}, {"b": ""}, []]),
    ({**PAIR, "prefixItems": [{"const": "a"}, {}]}, [("a", 1), ["b", 1], ("a",), "ab"]),
    ({"prefixItems": [{"const": 1}], "items": {"const": 2}}, [[1, 2, 2], [1, 1], [], (2,)]),
    ({"fields": {"a": {"once": True}}}, [[("A", 1), (b"a", 2)], [(memoryview(b"a"), 1)] * 2]),
    ({"fields": {"a": {"pattern": "[0-9]+"}}}, [[("a", "1\n")], [["a", b"1"]], [("a", 5)]]),
    ({"pythonType": "str", "minLength": 1}, [draw.Liar(), draw.Hostile(), ""]),
    ({"pythonType": "exact dict", "required": ["a"]}, [{"a": 1}, draw.Map(a=1), {}]),
    ({"pythonType": ["None", "exact list"]}, [None, [], draw.Items(), ()]),
    ({"pythonType": "iterable"}, [[], "a", b"", {}, range(2), iter(()), 5, draw.Hostile()]),
    ({"properties": {"a": {}}, "required": ["a"], **OTHERS}, [{}, {"a": 1}, {"HTTP_A": 5, "a": 1}]),
    (
        {"properties": {"HTTP_A": {"pythonType": "int"}}, **OTHERS},
        [{"HTTP_A": 5}, {"HTTP_A": "a"}, {"HTTP_B": "a"}],
    ),
    (
        {"properties": {"a": NATIVE}, "propertyNames": {"textPattern": "[b-z]*"}, **OTHERS},
        [{"a": "a"}, {"b": "a"}, {"b": 5}, {"b": []}, {"A": 5}, {draw.Word("b"): 1}],
    ),
    (
        {"properties": {"a": {**NATIVE, "minLength": 1}, "b": False}, **OTHERS},
        [{"a": ""}, {"a": "a"}, {"a": draw.Text("")}, {"a": "\u20ac"}, {"b": 1}, {"c": 1}],
    ),
    ({"if": {"pythonType": "str"}, "then": {"minLength": 2}, "else": False}, ["a", "ab", 5]),
    (
        {**HEADERS, "items": {**TUPLE, "prefixItems": [LOWER, SHOWN]}},
        [
            [("a", "a"), ("b", "b")],
            [("a", "a "), ("b", "b")],
            [("a", "a"), ("b", " b")],
            [("a", " a"), ("b", "b")],
            [("a", "a"), ("b", "b ")],
            [("a", ""), ("b", " ")],
            [("a", "}{"), ("b", "}{ ")],
            [("a", "a\x01"), ("b", "b")],
            [("a", "\x7f"), ("b", "b")],
            [("a", "\xe4"), ("b", "b")],
            [("a", "\u20ac"), ("b", "b")],
            [("a", "\t"), ("b", "a\tb")],
            [("A", "a"), ("b", "b")],
            [("a", "a"), ("A", "b")],
            [("a", "a", "a")],
            [["a", "a"]],
            [draw.Pair(("a", "a"))],
            [(draw.Text("a"), "a"), (draw.Text("A"), "a")],
            [("a", draw.Text("a ")), (b"a", "b")],
            [("a", b"a")],
            ["ab"],
            [{"a": 1, "b": 2}],
            [iter(("a", "a"))],
            [],
            (),
        ],
    ),
    (
        {**HEADERS, "items": {**TUPLE, "prefixItems": [OCTETS, WIRE]}, "fields": RULES},
        [
            [(b"a", b"1"), (b"b", b"b")],
            [(b"a", b"1"), (b"b", b"b "), (b"b", b"b")],
            [(b"a", b"1"), (b"b", b" b")],
            [(b"a", b" 1"), (b"b", b"b")],
            [(b"a", b"1"), (b"b", b"b ")],
            [(b"a", b"1"), (b"x", b"a\x00")],
            [(b"a", b"1"), (b"x", b"a\x1f")],
            [(b"a", b"1"), (b"x", b"\xe4")],
            [(b"a", b"1"), (b"x", b"\t1")],
            [(b"a", b"1"), (b"A", b"2")],
            [(b"a", b"1"), (b"c", b"2"), (b"a", b"3")],
            [(b"a", b"1"), (b"d", b"1")],
            [(b"A", b"1"), (b"D", b"1")],
            [(b"a", b"\xb2")],
            [(b"a", b"1\n")],
            [(b"b", b"b")],
            [(b"a", bytearray(b"1"))],
            [(bytearray(b"a"), b"1")],
            [(memoryview(b"a"), b"1")],
            [(draw.Octets(b"a"), draw.Octets(b"1")), (b"a", b"1")],
            [],
        ],
    ),
    (
        {**HEADERS, "items": {**TUPLE, "prefixItems": [LOWER, SINGLE_LINE]}},
        [[("a", "a"), ("a", text)] for text in ["a\n", "\r", "\x00", "\u20ac", "\t", "", " }{ "]],
    ),
    (
        {**HEADERS, "items": {**TUPLE, "prefixItems": [NATIVE, EXACT]}},
        [[("a", "a")], [("a", draw.Text("a"))], [(draw.Text("a"), "a")]],
    ),
    (
        {"properties": {"a": NATIVE}, "patternProperties": {"^HTTP_": EXACT}},
        [{"HTTP_A": "a"}, {"HTTP_A": draw.Text("a")}, {"HTTP_A": "\u20ac"}, {"HTTP_A": b"a"}],
    ),
    (
        {"properties": {"a": NATIVE, "c": {"maximum": 5}}, "required": ["a", "b"], **OTHERS},
        [{"a": "a", "b": 1}, {"a": "a"}, {"b": 1}, {"a": "a", "b": 1, "c": 6}, {"a": 1, "b": 1}],
    ),
    ({"minimum": 0, "allOf": [{"minimum": 2}, {"maximum": 3}]}, [1, 2, 3, 4]),
]
