"""What a rule of another checker is, and what we make of it."""

from __future__ import annotations

from dataclasses import dataclass

from peers.lints import Exchange


@dataclass(frozen=True)
class Rule:
    """A rule of a peer, with a mutant that triggers it.

    Exactly one of ``ours`` and ``silent`` is set.

    Attributes:
        name: what the rule demands, or the peer's id of it.
        breaks: plays the mutant.
        ours: the spec backs the rule: the requirement by which we report it.
        silent: the spec does not back it: the position, or the requirement
            whose entry says so; we report nothing, at most remark.
        why: one sentence for the table, where we are silent.
    """

    name: str
    breaks: Exchange
    ours: str = ""
    silent: str = ""
    why: str = ""
