"""One failed assertion in words: what was seen, and what was allowed instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateproof.validators.schema import forms, kinds, texts

Said = tuple[str, str, str]
"""Message, observed and expected."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed assertion.

    Attributes:
        keyword: the keyword that failed, empty for a schema that is ``false``.
        limit: what the schema gives for the keyword.
        value: the value that failed.
        detail: what the keyword's own check said.
        title: what the schema calls a right value; it ends the sentence "is not...".
        of_a_key: whether ``value`` is a key of a dict, not a value in it.
    """

    keyword: str
    limit: Any
    value: Any
    detail: str = ""
    title: str = ""
    of_a_key: bool = False


def say(failure: Failure, name: str) -> Said:
    """Say of the value called ``name`` what is wrong with it."""
    saying = _key if failure.of_a_key else _SAYINGS.get(failure.keyword, _other)
    try:
        return saying(failure, name)
    except Exception:  # noqa: BLE001 - a hostile object may raise whatever is asked of it
        return f"{name} cannot be read", texts.short(failure.value), "an object that can be read"


def _key(failure: Failure, name: str) -> Said:
    shown = texts.seen(failure.value)
    expected = failure.title or "keys of type str"
    if failure.keyword == "pythonType":
        return f"{name} has the key {shown}", shown, expected
    return f"{name} has the key {shown}, not {expected}", shown, expected


def _type(failure: Failure, name: str) -> Said:
    expected = failure.title or texts.type_names(failure.limit)
    verb = "are" if name == "the headers" else "is"
    return f"{name} {verb} {texts.seen(failure.value)}", texts.seen(failure.value), expected


def _required(failure: Failure, name: str) -> Said:
    held: Any = kinds.plain(failure.value)
    missing = [key for key in failure.limit if key not in held]
    listed = ", ".join(map(repr, missing))
    word = "key" if len(missing) == 1 else "keys"
    shown = texts.short(list(held))
    expected = failure.title or f"the {word} {listed}"
    return f"{name} lacks the {word} {listed}", f"keys {shown}", expected


def _exactly_one(failure: Failure, name: str) -> Said:
    held: Any = kinds.plain(failure.value)
    listed = texts.choice(repr(key) for key in failure.limit)
    count = sum(held.get(key) is not None for key in failure.limit)
    message = f"{name} holds {'more than one' if count else 'none'} of {listed}"
    return message, texts.short(failure.value), f"exactly one of {listed} that is not None"


def _field(failure: Failure, name: str) -> Said:
    field, _, rule = failure.detail.rpartition(" ")
    shown = texts.short(failure.value)
    if rule == "present":
        return f"no {field} stands in {name}", "no such field", f"{texts.article(field)} field"
    if rule == "absent":
        return f"{field}: {shown} stands in {name}", f"{field}: {shown}", f"no {field} field"
    if rule == "once":
        message = f"{field} stands more than once in {name}"
        return message, f"again {field}: {shown}", f"one {field} field"
    expected = failure.title or f"text like {failure.limit[field].get('pattern', '')}"
    return f"{field} is {shown}, not {expected}", shown, expected


def _attributes(failure: Failure, name: str) -> Said:
    missing = [key for key in failure.limit if not forms.has_attributes(failure.value, (key,))]
    expected = f"an object with {', '.join(failure.limit)}"
    shown = texts.seen(failure.value)
    return f"{name} is {shown}, without {texts.choice(missing)}", shown, expected


def _size(failure: Failure, name: str) -> Said:
    held: Any = kinds.plain(failure.value)
    size = len(held)
    shown = texts.short(failure.value)
    bound = "at least" if failure.keyword.startswith("min") else "at most"
    if failure.keyword.endswith("Length"):
        return f"{name} is {shown}", shown, failure.title or f"{bound} {failure.limit} characters"
    expected = failure.title or f"{bound} {failure.limit} items"
    return f"{name} has {size} item{'' if size == 1 else 's'}: {shown}", shown, expected


def _not(failure: Failure, name: str) -> Said:
    if failure.limit != {}:
        return _other(failure, name)
    return f"{name} is present", texts.seen(failure.value), failure.title or "no such key"


def _other(failure: Failure, name: str) -> Said:
    shown = texts.seen(failure.value)
    if failure.title:
        short = texts.short(failure.value)
        return f"{name} is {short}, not {failure.title}", shown, failure.title
    return f"{name} is {shown}", shown, _expected(failure)


def _expected(failure: Failure) -> str:
    match failure.keyword:
        case "const":
            return texts.short(failure.limit)
        case "enum":
            return texts.choice(texts.short(value) for value in failure.limit)
        case "minimum":
            return f"at least {failure.limit}"
        case "maximum":
            return f"at most {failure.limit}"
        case "textPattern" | "bytesPattern":
            return f"text like {failure.limit}"
        case _:
            return "another value"


_SAYINGS: dict[str, Callable[[Failure, str], Said]] = {
    "pythonType": _type,
    "required": _required,
    "exactlyOne": _exactly_one,
    "fields": _field,
    "attributes": _attributes,
    "minItems": _size,
    "maxItems": _size,
    "minProperties": _size,
    "maxProperties": _size,
    "minLength": _size,
    "maxLength": _size,
    "not": _not,
}
