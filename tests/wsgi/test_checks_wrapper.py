"""wsgi.file_wrapper: what it is given, what it gives, and that it is left alone."""

from __future__ import annotations

import io

import pytest

F = "wsgi.file-wrapper."


class Plain:
    """A file-like object that has only what it must have."""

    def __init__(self, data=b"abc"):
        self.source = io.BytesIO(data)

    def read(self, size=-1):
        return self.source.read(size)


class Described(Plain):
    def fileno(self):
        return 0


class Closable(Plain):
    closed = False

    def close(self):
        self.closed = True


class Blocks:
    """A wrapper as the specification's own example has it."""

    def __init__(self, filelike, blksize=8):
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self):
        while piece := self.filelike.read(self.blksize):
            yield piece


class Leaking(Blocks):
    close = property()

    def __init__(self, filelike, blksize=8):
        self.filelike = filelike
        self.blksize = blksize


def blocks(filelike, blksize=8):
    return Blocks(filelike, blksize)


def one_argument(filelike):
    return Blocks(filelike)


def returns_nothing(filelike, blksize=8):
    return 5


def leaks(filelike, blksize=8):
    return map(filelike.read, [blksize, blksize])


def needs_fileno(filelike, blksize=8):
    filelike.fileno()
    return Blocks(filelike)


def fails(filelike, blksize=8):
    raise OSError("no more descriptors")


def sending(make, *size):
    """An application that sends what ``make`` makes."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](make(), *size)

    return app


SOUND = [
    (wrapper, make)
    for wrapper in (Blocks, blocks)
    for make in (Plain, Described, Closable, lambda: io.BytesIO(b"abc"))
]


@pytest.mark.parametrize(("wrapper", "make"), SOUND)
@pytest.mark.parametrize("size", [(), (2,)], ids=["default", "sized"])
def test_a_sound_wrapper_is_spared(wrapper, make, size, serve):
    served = serve(sending(make, *size), host="server", **{"wsgi.file_wrapper": wrapper})

    assert b"".join(served.body) == b"abc"
    assert [str(v) for v in served.violations] == []
    assert served.kind is Blocks


BROKEN = {
    "signature": (one_argument, Described, (4096,), "callable-signature", "fail"),
    "refusal": (fails, Described, (), "callable-signature", "weak"),
    "no iterable": (returns_nothing, Plain, (), "returns-iterable", "fail"),
    "no close": (leaks, Closable, (), "close-propagated", "fail"),
    "no close of a class": (Leaking, Closable, (), "close-propagated", "fail"),
    "no descriptor": (needs_fileno, Plain, (), "works-with-unsuitable-object", "fail"),
    "no descriptor either": (
        needs_fileno,
        lambda: io.BytesIO(b"abc"),
        (),
        "inspects-suitability",
        "fail",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_wrapper_is_the_servers(name, serve):
    wrapper, make, size, requirement, verdict = BROKEN[name]

    served = serve(sending(make, *size), level="should", **{"wsgi.file_wrapper": wrapper})

    found = [(v.requirement, v.verdict, v.party) for v in served.violations]
    assert (F + requirement, verdict, "server") in found
    assert len({requirement for requirement, _, _ in found if requirement.startswith(F)}) == 1


UNFIT = {"no read": object, "text": lambda: io.StringIO("abc"), "a name": lambda: "/etc/hosts"}


@pytest.mark.parametrize("wrapper", [Blocks, blocks])
@pytest.mark.parametrize("name", UNFIT)
def test_what_is_no_binary_file_is_the_applications(name, wrapper, serve):
    served = serve(sending(UNFIT[name]), level="should", **{"wsgi.file_wrapper": wrapper})

    found = [(v.requirement, v.party) for v in served.violations]
    assert found[0] == (F + "filelike-read", "application")
    assert not [requirement for requirement, party in found if party == "server"]


def test_a_closed_file_is_nobodys_fault_at_the_wrapper(serve):
    class Closed(Plain):
        def fileno(self):
            raise ValueError("I/O operation on closed file")

    served = serve(sending(Closed), level="should", **{"wsgi.file_wrapper": needs_fileno})

    assert type(served.error) is ValueError
    assert [v.requirement for v in served.violations if v.requirement.startswith(F)] == []


def test_another_way_to_call_it_is_not_judged(serve):
    def app(environ, start_response):
        with pytest.raises(TypeError):
            environ["wsgi.file_wrapper"](Plain(), 1, 2)
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](filelike=Plain(), blksize=2)

    served = serve(app, level="should", **{"wsgi.file_wrapper": blocks})

    assert b"".join(served.body) == b"abc"
    assert served.violations == []


def test_a_file_whose_attributes_raise(serve):
    class Hostile:
        def __getattr__(self, name):
            raise RuntimeError(name)

        def read(self, size=-1):
            return b""

    served = serve(sending(Hostile), level="should", **{"wsgi.file_wrapper": leaks})

    assert served.error is None
    assert served.violations == []
