"""Files that scripts wrap: with a descriptor, without one, with one that raises."""

from __future__ import annotations

import os
from typing import Any

import pytest

from gateproof.targets.script import Script, result, start, wrap


class Wrapper:
    """A file wrapper that keeps what it was called with."""

    calls: list[tuple[Any, ...]] = []

    def __init__(self, *arguments: Any) -> None:
        self.calls.append(arguments)
        self.filelike = arguments[0]
        self.close = self.filelike.close

    def __iter__(self) -> Any:
        return iter(lambda: self.filelike.read(4), b"")


@pytest.fixture
def play(recorded: Any) -> Any:
    def play(*steps: Any) -> tuple[Any, Any]:
        Wrapper.calls = []
        token = recorded.folder.lay(Script(wsgi=steps))
        environ = {"PATH_INFO": f"/{token}", "wsgi.file_wrapper": Wrapper}
        returned = recorded.wsgi()(environ, lambda *_: None)
        return returned, recorded.folder.calls(token)

    return play


@pytest.mark.parametrize("kind", ["memory", "descriptor", "unfit"])
def test_a_file_stands_where_it_is_put_and_tells_of_its_closing(play: Any, kind: str) -> None:
    made, _ = play(start(), result("file_wrapper", b"01234", b"56789", file=kind, position=3))

    assert b"".join(made) == b"3456789"
    made.close()
    made.close()
    assert made.filelike.__class__.__name__ in ("File", "Unfit", "Stored")


def test_only_a_file_with_a_descriptor_has_one(play: Any) -> None:
    memory, _ = play(start(), result("file_wrapper", b"abc", file="memory"))
    stored, _ = play(start(), result("file_wrapper", b"abc", file="descriptor", position=1))
    unfit, _ = play(start(), result("file_wrapper", b"abc", file="unfit"))

    assert not hasattr(memory.filelike, "fileno")
    assert os.pread(stored.filelike.fileno(), 9, 0) == b"abc"
    assert os.lseek(stored.filelike.fileno(), 0, os.SEEK_CUR) == 1
    with pytest.raises(OSError, match="fileno"):
        unfit.filelike.fileno()


def test_a_block_size_is_handed_on(play: Any) -> None:
    play(start(), result("file_wrapper", b"abc", block=7))

    assert [call[1:] for call in Wrapper.calls] == [(7,)]


def test_closing_is_noted_once_and_not_when_the_file_is_merely_dropped(
    play: Any, recorded: Any
) -> None:
    made, (call,) = play(start(), result("file_wrapper", b"abc", file="descriptor"))
    made.close()
    made.close()
    _, (dropped,) = play(start(), result("file_wrapper", b"abc", file="descriptor"))
    Wrapper.calls = []
    del _

    notes = [one.notes for one in (*recorded.folder.calls(call.token),)]
    assert notes == [[{"closed": "file"}]]
    assert [one.notes for one in recorded.folder.calls(dropped.token)] == [[]]


def test_a_dropped_wrapper_is_made_and_something_else_returned(play: Any) -> None:
    returned, _ = play(start(), wrap(b"abc", file="descriptor"), result("list", b"else"))

    assert [len(call) for call in Wrapper.calls] == [1]
    assert list(returned) == [b"else"]
