"""What the clean corpus is made of: a correct application, and a legal server that calls it.

A record is data: others run it bare, under a validator or under another checker
and compare. :mod:`corpus.play_wsgi` and :mod:`corpus.play_asgi` play records.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Record:
    """A correct but odd exchange.

    Attributes:
        name: unique within its interface.
        interface: ``"wsgi"`` or ``"asgi"``.
        why: one sentence: what is odd, and why it is legal.
        clause: the requirement that permits it, or that it keeps in an odd way.
        application: callable any number of times; keeps no state between calls.
        server: keywords of the player's server: the request and its behaviour.
        shows: permissions (``may``) that the exchange makes use of.
        expects: what is told although nothing fails, by id, with the reason.
    """

    name: str
    interface: str
    why: str
    clause: str
    application: Callable[..., Any]
    server: Mapping[str, Any] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    expects: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self.interface} {self.name}>"


class Corpus(list[Record]):
    """The records of one file.

    Used as a decorator, ``@corpus(clause, shows=..., **server)`` adds an
    application; its docstring says why it is legal.
    """

    def __init__(self, interface: str) -> None:
        super().__init__()
        self.interface = interface

    def __call__(
        self,
        clause: str,
        *,
        shows: tuple[str, ...] | str = (),
        expects: Mapping[str, str] | None = None,
        name: str = "",
        why: str = "",
        **server: Any,
    ) -> Callable[[Any], Any]:
        def add(application: Any) -> Any:
            text = why or inspect.getdoc(application) or ""
            if not text:
                raise ValueError(f"{application!r} does not say why it is legal")
            self.append(
                Record(
                    name or application.__name__,
                    self.interface,
                    text.splitlines()[0],
                    clause,
                    application,
                    server,
                    (shows,) if isinstance(shows, str) else tuple(shows),
                    dict(expects or {}),
                )
            )
            return application

        return add
