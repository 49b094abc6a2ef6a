"""The ladder of an exchange: recorded rungs turned into the stream's evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateproof.reports.compact import compact, pairs
from gateproof.reports.text import counted, shorten
from gateproof.validators.exchange import HEAD, TAIL
from gateproof.validators.violation import Rung

SUITE_HEAD = 400
"""Rungs that the suite keeps from the beginning of an exchange."""


@dataclass(frozen=True, slots=True)
class Step:
    """How one kind of rung is shown: who to whom, its name, and the rest of it."""

    source: str
    to: str
    what: Callable[[Any], str]
    text: Callable[[Any], str]


def ladder(
    rungs: Sequence[Rung], interface: str, *, dropped: int = 0, head: int | None = None
) -> list[dict[str, Any]]:
    """The rungs as the stream has them.

    An acknowledgement that carries nothing and stands directly beside the rung
    that it belongs to is folded into it.

    Args:
        rungs: the rungs kept of an exchange, oldest first.
        interface: ``"wsgi"``, ``"asgi"`` or one of its families (``"asgi.http"``).
        dropped: how many were not kept, between the first ``head`` and the rest.
        head: how many of ``rungs`` are from before the gap; by default as many
            as the validators' or the suite's exchanges keep.

    Returns:
        Objects as in the schema's ``rung``, each also with ``event`` (its index
        in the whole exchange) and, where rungs were folded into it, ``also``
        (their indexes).
    """
    if head is None:
        head = HEAD if len(rungs) <= HEAD + TAIL else SUITE_HEAD
    steps = WSGI if interface == "wsgi" else ASGI
    start = rungs[0].at if rungs else 0
    shown: list[dict[str, Any]] = []
    waiting: list[int] = []
    for position, rung in enumerate(rungs):
        event = position if position < head else position + dropped
        after = rungs[position + 1].step if position + 1 < len(rungs) else ""
        before = rungs[position - 1].step if position else ""
        if _folds(rung, _BEFORE.get(rung.step, ()), after):
            waiting.append(event)
            continue
        if shown and _folds(rung, _AFTER.get(rung.step, ()), before):
            shown[-1].setdefault("also", []).append(event)
            continue
        made = _rung(steps.get(rung.step), rung, start, event)
        if waiting:
            made["also"] = waiting
            waiting = []
        shown.append(made)
    return shown


def evidence(
    request: str,
    rungs: Sequence[Rung],
    dropped: int,
    interface: str,
    head: int | None = None,
) -> dict[str, Any]:
    """The evidence line of one exchange, without its ``kind``.

    Args:
        request: one line that names the exchange, such as ``"GET /?a=1"``.
        rungs: the rungs kept.
        dropped: how many were not kept.
        interface: ``"wsgi"``, ``"asgi"`` or one of its families.
        head: how many of ``rungs`` are from before the gap.
    """
    shown = ladder(rungs, interface, dropped=dropped, head=head)
    timeless = [{key: rung[key] for key in rung if key != "at"} for rung in shown]
    digest = hashlib.sha256(json.dumps(timeless, sort_keys=True).encode()).hexdigest()
    return {"id": digest, "request": request, "ladder": shown, "dropped": dropped}


def position(shown: Sequence[Mapping[str, Any]], event: int | None) -> int | None:
    """Where ``event`` stands in a ladder, ``None`` where it was not kept.

    A ladder whose rungs do not tell their event is taken to be whole.
    """
    if event is None:
        return None
    for place, rung in enumerate(shown):
        if event == rung.get("event", place) or event in rung.get("also", ()):
            return place
    return None


def _folds(rung: Rung, neighbours: Iterable[str], neighbour: str) -> bool:
    # What start_response returned is a callable, or told to be one.
    empty = rung.data is None or (
        rung.step == "started" and (rung.data is True or callable(rung.data))
    )
    return empty and neighbour in neighbours


def _rung(step: Step | None, rung: Rung, start: int, event: int) -> dict[str, Any]:
    if step is None:
        step = Step("server", "application", _named(rung.step), _whole)
    return {
        "from": step.source,
        "to": step.to,
        "what": _tried(step.what, rung.data),
        "text": _tried(step.text, rung.data),
        "at": max(rung.at - start, 0),
        "event": event,
    }


def _tried(show: Callable[[Any], str], data: object) -> str:
    """What ``show`` says of ``data``; of data in another form, its compact text."""
    try:
        return show(data)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the object's own code may raise anything
        return compact(data)


def _named(name: str) -> Callable[[Any], str]:
    return lambda _: name


def _whole(data: object) -> str:
    return "" if data is None else compact(data)


# --- ASGI ---------------------------------------------------------------------------------

_SCOPE_ORDER = ("method", "path", "query_string", "http_version", "headers")


def _event_type(event: Any) -> str:
    if not issubclass(type(event), dict):
        return str(type(event).__name__)
    kind = dict.get(event, "type", "event without a type")
    return str.__getitem__(kind, slice(120)) if issubclass(type(kind), str) else compact(kind)


def _event_rest(event: Any) -> str:
    if not issubclass(type(event), dict):
        return compact(event)
    return pairs((key, value) for key, value in dict.items(event) if key != "type")


def _scope_type(scope: object) -> str:
    return f"scope {_event_type(scope)}"


def _scope_rest(scope: Any) -> str:
    if not issubclass(type(scope), dict):
        return compact(scope)
    first = [key for key in _SCOPE_ORDER if dict.__contains__(scope, key)]
    rest = [key for key in dict.keys(scope) if key != "type" and key not in _SCOPE_ORDER]
    return pairs((key, dict.__getitem__(scope, key)) for key in (*first, *rest))


def _octets(data: Any) -> str:
    return shorten(repr(bytes(data))[2:-1], 1200)


WIRE: dict[str, Step] = {
    "octets-sent": Step("client", "server", lambda data: counted(len(data), "octet"), _octets),
    "octets-received": Step("server", "client", lambda data: counted(len(data), "octet"), _octets),
    "octets-ended": Step("server", "client", lambda how: f"connection {how}", lambda _: ""),
}
"""How what crosses between client and server is shown."""

ASGI: dict[str, Step] = WIRE | {
    "call": Step("server", "application", _scope_type, _scope_rest),
    "receive": Step("application", "server", _named("receive()"), _whole),
    "received": Step("server", "application", _event_type, _event_rest),
    "receive-raised": Step("server", "application", _named("receive() raises"), _whole),
    "receive-cancelled": Step("server", "application", _named("receive() is cancelled"), _whole),
    "send": Step("application", "server", _event_type, _event_rest),
    "sent": Step("server", "application", _named("send() returns"), _whole),
    "send-raised": Step("server", "application", _named("send() raises"), _whole),
    "send-cancelled": Step("server", "application", _named("send() is cancelled"), _whole),
    "return": Step("application", "server", _named("returns"), _whole),
    "raise": Step("application", "server", _named("raises"), _whole),
    "cancel": Step("server", "application", _named("is cancelled"), _whole),
}
"""How the steps of an ASGI exchange are shown."""


# --- WSGI ---------------------------------------------------------------------------------

_CGI_ORDER = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
)
_OF_REQUEST = ("HTTP_", "wsgi.", "SERVER_", "REMOTE_", "REQUEST_")


def _environ(environ: Any) -> str:
    if not issubclass(type(environ), dict):
        return compact(environ)
    first = [key for key in _CGI_ORDER if dict.__contains__(environ, key)]
    rest = [key for key in dict.keys(environ) if key not in _CGI_ORDER]
    # Servers may copy their process's environment into environ: its secrets stay out.
    ours = [key for key in rest if type(key) is not str or key.startswith(_OF_REQUEST)]
    text = pairs((key, dict.__getitem__(environ, key)) for key in (*first, *ours))
    other = len(rest) - len(ours)
    return f"{text}, … {other} other {'key' if other == 1 else 'keys'}" if other else text


def _arguments(data: tuple[tuple[object, ...], dict[str, object]]) -> str:
    args, kwargs = data
    shown = [compact(value) for value in args]
    if kwargs:
        shown.append(pairs(kwargs.items()))
    return ", ".join(shown)


def _facts(data: Any) -> str:
    """A result iterable: its type, what is known of it in figures, what it can do."""
    if not issubclass(type(data), dict):
        return _whole(data)
    facts = dict(dict.items(data))
    kind = facts.pop("type", "")
    able = [shorten(str(name), 60) for name, value in facts.items() if value is True]
    known = pairs((name, value) for name, value in facts.items() if type(value) is not bool)
    told = shorten(kind, 120) if type(kind) is str else compact(kind)
    return ", ".join(filter(None, (told, known, *able[:8])))


def _stream_call(stream: str) -> Callable[[Any], str]:
    return lambda data: f"{stream}.{str(data[0])[:60]}"


def _stream_text(data: tuple[object, ...]) -> str:
    _, args, *result = data
    shown = compact(args) if issubclass(type(args), tuple) else f"({compact(args)})"
    return f"{shown} → {compact(result[0])}" if result else shown


WSGI: dict[str, Step] = WIRE | {
    "call": Step("server", "application", _named("environ"), _environ),
    "start_response": Step("application", "server", _named("start_response"), _arguments),
    "started": Step("server", "application", _named("start_response returns"), _whole),
    "start_response-raised": Step("server", "application", _named("start_response raises"), _whole),
    "write": Step("application", "server", _named("write"), _arguments),
    "written": Step("server", "application", _named("write returns"), _whole),
    "write-raised": Step("server", "application", _named("write raises"), _whole),
    "result": Step("application", "server", _named("returns"), _facts),
    "next": Step("server", "application", _named("next()"), _whole),
    "item": Step("application", "server", _named("yields"), _whole),
    "exhausted": Step("application", "server", _named("is exhausted"), _whole),
    "item-raised": Step("application", "server", _named("next() raises"), _whole),
    "close": Step("server", "application", _named("close()"), _whole),
    "closed": Step("application", "server", _named("close() returns"), _whole),
    "close-raised": Step("application", "server", _named("close() raises"), _whole),
    "input": Step("application", "server", _stream_call("input"), _stream_text),
    "errors": Step("application", "server", _stream_call("errors"), _stream_text),
    "raise": Step("application", "server", _named("raises"), _whole),
    "end": Step("server", "application", _named("request is over"), _whole),
}
"""How the steps of a WSGI exchange are shown."""

_BEFORE: dict[str, tuple[str, ...]] = {
    "receive": ("received", "receive-raised", "receive-cancelled"),
    "next": ("item", "exhausted", "item-raised"),
}
"""Calls that say nothing where their answer follows directly."""

_AFTER: dict[str, tuple[str, ...]] = {
    "sent": ("send",),
    "written": ("write",),
    "closed": ("close",),
    "started": ("start_response",),
}
"""Answers that say nothing directly behind their call."""
