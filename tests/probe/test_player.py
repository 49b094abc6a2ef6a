"""The player does what a script says, says what it cannot play, and plays nothing else."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
import sys
import threading
import time

import pytest
import trio
from corpus.play_asgi import LIFESPAN, WEBSOCKET, Server, serve
from corpus.play_wsgi import Served, environ, play

from gateproof.targets import probe, script
from gateproof.targets.probe_folder import ProbeFolder, encoded, new_token
from gateproof.targets.script import (
    ANSWER,
    ECHO,
    RESULTS,
    New,
    Script,
    alter,
    answer,
    catching,
    drain,
    echo,
    errors,
    filled,
    flush,
    gone,
    iterate,
    join,
    note,
    raise_,
    read,
    readline,
    readlines,
    receive,
    repeat,
    respond,
    result,
    return_,
    send,
    spawn,
    start,
    state,
    use,
    wait,
    wrap,
    write,
    yield_,
)

DEADLINE = 10


@pytest.fixture
def wsgi(recorded, folder):
    """Plays a script under a small WSGI server: what it saw, and the call."""

    def run(made, text=None, **changes):
        token = folder.lay(made)
        if text is not None:
            (folder.path / "scripts" / token).write_bytes(text)
        served = Served(environ=environ(PATH_INFO=f"/{token}", **changes))
        play(recorded.wsgi(), served)
        served.result = None
        (call,) = folder.calls(token)
        return served, call

    return run


@pytest.fixture
def asgi(recorded, folder):
    """Plays a script under a small ASGI server, in asyncio."""

    def run(made, text=None, **how):
        token = folder.lay(made)
        if text is not None:
            (folder.path / "scripts" / token).write_bytes(text)
        server = Server(path=f"/{token}", **how)
        server.complete = asyncio.Event()

        async def main():
            await asyncio.wait_for(
                recorded.asgi()(server.scope, server.receive, server.send), DEADLINE
            )

        try:
            asyncio.run(main())
        except Exception as error:
            server.raised = error
        (call,) = folder.calls(token)
        return server, call

    return run


# What cannot be played -------------------------------------------------------------

BAD = {
    "unknown step": (lambda laid: laid["wsgi"].append({"do": "exec"}), "unknown step 'exec'"),
    "no step": (lambda laid: laid["wsgi"].append(7), "unknown step 7"),
    "version": (lambda laid: laid.update(version="0"), "version '0', and this probe plays"),
    "none": (lambda laid: laid.update(wsgi=[]), "no steps for wsgi"),
    "yield": (lambda laid: laid["wsgi"].insert(0, yield_(b"x")), "outside of a result"),
    "inside": (
        lambda laid: laid["wsgi"].insert(0, repeat(2, catching({"do": "import"}))),
        "unknown step 'import'",
    ),
    "closing": (
        lambda laid: laid["wsgi"].append(result("list", close=[yield_(b"x")])),
        "outside of a result",
    ),
    "other interface": (lambda laid: laid["wsgi"].append(receive()), "unknown step 'receive'"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_played_is_answered_and_noted(name, wsgi):
    laid = ANSWER.data()
    change, sentence = BAD[name]
    change(laid)

    served, call = wsgi(ANSWER, json.dumps(probe.encode(laid)).encode())

    assert served.status == "500 Internal Server Error"
    assert sentence in b"".join(served.body).decode()
    assert sentence in call.broken
    assert call.ended
    assert [v for v in call.violations() if v.verdict == "fail"] == []


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff\xfe", b'{"d":[]}', b'{"x":1}', b"null"])
def test_what_is_no_script_is_answered_and_noted(text, asgi):
    server, call = asgi(ANSWER, text)

    assert server.sent[0]["status"] == 500
    assert "cannot be read" in call.broken
    assert call.broken in server.sent[1]["body"].decode()


def test_every_step_is_known_to_the_probe():
    """Each builder's step is one that the probe plays, on the interface that it is for."""
    wsgi = [
        *(raise_(), wait("a"), note("a"), catching(), repeat(1), spawn(), join(), alter("a", 1)),
        *(drain(), echo(), start(), write(b""), use("input", "read"), read(), readline(1)),
        *(readlines(1), iterate(), errors("a"), flush(), wrap(b"a")),
        *(result(kind) for kind in RESULTS),
    ]
    asgi = [receive(), gone(), send({}), respond(), state("a"), return_(), drain(), echo()]

    both = (
        probe._steps(encoded(Script(wsgi=tuple(wsgi))), "wsgi"),
        probe._steps(encoded(Script(asgi=tuple(asgi))), "asgi"),
    )

    assert [len(one) for one in both] == [len(wsgi), len(asgi)]
    used = {step["do"] for step in wsgi} | {"yield"}
    assert used == set(probe.STEPS["wsgi"])
    for name in probe.STEPS["wsgi"]:
        assert name in ("yield", "repeat", "catching") or hasattr(probe.WSGIPlayer, f"_{name}")
    for name in probe.STEPS["asgi"]:
        assert name in ("return", "repeat", "catching") or hasattr(probe.ASGIPlayer, f"_{name}")
    assert {"receive", "gone", "send", "respond", "state", "return"} <= set(probe.STEPS["asgi"])
    assert set(script.__all__) >= {"answer", "ECHO", "ANSWER", "Script"}


def test_a_result_of_no_kind_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="no result 'dict'"):
        result("dict")


# WSGI ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "type_", "len_", "close"),
    [
        ("list", "list", 2, False),
        ("tuple", "tuple", 2, False),
        ("generator", "generator", None, True),
        ("iterator", "Iterator", None, True),
        ("iterable", "Iterable", None, True),
        ("sized", "Sized", 2, True),
        ("indexed", "Indexed", None, True),
        ("file_wrapper", "Wrapper", None, True),
        ("file", "File", None, True),
    ],
)
def test_results_are_of_their_kind(kind, type_, len_, close, wsgi):
    served, call = wsgi(Script(wsgi=(start(), result(kind, b"a", b"b"))))

    assert b"".join(served.body) == b"ab"
    (facts,) = call.steps("result")
    assert facts["type"].split(".")[-1] == type_
    assert facts["len"] == len_
    assert facts["has_close"] is close
    assert facts["is_file_wrapper"] is (kind == "file_wrapper")
    assert facts["indexed"] is (kind == "indexed")
    assert call.ended
    assert [v for v in call.violations() if v.verdict == "fail"] == []


@pytest.mark.parametrize("kind", ["iterator", "iterable", "sized", "indexed"])
def test_a_result_may_have_no_close(kind, wsgi):
    served, call = wsgi(Script(wsgi=(start(), result(kind, b"a", close=None))))

    assert served.body == [b"a"]
    assert call.steps("result")[0]["has_close"] is False


@pytest.mark.parametrize("kind", ["generator", "iterator", "iterable", "file_wrapper"])
def test_closing_plays_steps(kind, wsgi):
    _, call = wsgi(Script(wsgi=(start(), result(kind, b"a", close=[note("closing")]))))

    assert call.notes.count({"text": "closing"}) == 1


@pytest.mark.parametrize(("kind", "type_"), [("none", "NoneType"), ("number", "int")])
def test_results_that_are_none(kind, type_, wsgi):
    _, call = wsgi(Script(wsgi=(start(), result(kind)), legal=False))

    assert call.steps("result")[0]["type"] == type_
    assert "wsgi.app.returns-iterable" in {v.requirement for v in call.violations()}


def test_reading_in_every_way(wsgi):
    _, call = wsgi(
        Script(wsgi=(readline(), readline(2), read(3), iterate(1), readlines(), read(), start())),
        body=b"one\ntwo\nthree\nfour\nfive",
    )

    assert [outcome for method, _, outcome in call.steps("input") if method != "__iter__"] == [
        b"one\n",
        b"tw",
        b"o\nt",
        b"hree\n",
        [b"four\n", b"five"],
        b"",
    ]
    assert call.body == b"one\ntwo\nthree\nfour\nfive"


@pytest.mark.parametrize("terminated", [True, False])
def test_draining_reads_as_much_as_there_is(terminated, wsgi):
    changes = {"wsgi.input_terminated": True} if terminated else {}
    body = b"x" * 200_000

    served, call = wsgi(ECHO, body=body, omit=("CONTENT_LENGTH",) if terminated else (), **changes)

    assert b"".join(served.body) == body
    assert call.body == body


@pytest.mark.parametrize("length", ["", "abc", "-1", "1.5", "\u0665"])
def test_a_length_that_is_none_reads_nothing(length, wsgi):
    served, _ = wsgi(ECHO, body=b"hello", CONTENT_LENGTH=length)

    assert served.status == "200 OK"
    assert b"".join(served.body) in (b"", b"hello"[:5] if length == "\u0665" else b"")


def test_exc_info_is_a_caught_exception(wsgi):
    served, call = wsgi(
        Script(
            wsgi=(
                start(),
                catching(raise_("KeyError", "mine")),
                start("500 Oops", exc_info="caught"),
                start("501 Oops", exc_info="raised"),
                result("list", b"oops"),
            )
        )
    )

    assert served.status == "501 Oops"
    given = [arguments[2] for arguments, _ in call.steps("start_response")[1:]]
    assert [one.name for one in given] == ["KeyError", "RuntimeError"]
    assert [note["caught"].name for note in call.notes if "caught" in note] == ["KeyError"]


def test_any_arguments_can_be_given(wsgi):
    _, call = wsgi(
        Script(
            wsgi=(
                catching(start(arguments=["200 OK"])),
                catching(start("200 OK", [], exc_info=[1])),
                catching(start(b"200 OK", {"a": "b"}, exc_info="raised")),
                write(New("subclass", b"x")),
                write("text"),
                result("list", bytearray(b"x"), 7, None, filled(5, b"ab")),
            ),
            legal=False,
        )
    )

    first, second, third = call.steps("start_response")
    assert first == (("200 OK",), {})
    assert second == (("200 OK", [], [1]), {})
    assert third[0][:2] == (b"200 OK", {"a": "b"})
    assert [type(args[0]).__name__ for args, _ in call.steps("write")] == ["OwnBytes", "str"]
    assert call.steps("item") == [bytearray(b"x"), 7, None, b"ababa"]


@pytest.mark.parametrize("kind", ["ValueError", "KeyboardInterrupt", "OSError", "UserMadeError"])
def test_exceptions_of_any_kind_are_raised(kind, wsgi):
    if kind == "KeyboardInterrupt":
        with pytest.raises(KeyboardInterrupt):
            wsgi(Script(wsgi=(raise_(kind, "text"),)))
        return
    served, call = wsgi(Script(wsgi=(raise_(kind, "text"),)))

    assert type(served.error).__name__ == call.raised.name == kind
    assert call.raised.text == "text"


def test_steps_beside_the_call(wsgi):
    _, call = wsgi(
        Script(wsgi=(spawn(note("beside"), raise_()), join(), start(), result("list", b"x")))
    )

    assert {"text": "beside"} in call.notes
    assert {"joined": True} in call.notes
    assert [note["spawned"].name for note in call.notes if "spawned" in note] == ["RuntimeError"]


def test_waiting_for_the_client(recorded, folder):
    token = folder.lay(
        Script(wsgi=(wait("go", DEADLINE), start(), result("generator", wait("no", 0.05), b"x")))
    )
    served = Served(environ=environ(PATH_INFO=f"/{token}"))
    thread = threading.Thread(target=play, args=(recorded.wsgi(), served))
    thread.start()
    deadline = time.monotonic() + DEADLINE
    while not any({"wait": "go"} in call.notes for call in folder.calls(token)):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert not served.status
    folder.let(token, "go")
    thread.join(DEADLINE)

    (call,) = folder.calls(token)
    assert served.status == "200 OK"
    waits = [note for note in call.notes if "waited" in note]
    assert waits == [{"waited": "go", "let": True}, {"waited": "no", "let": False}]


def test_altering_the_environ(wsgi):
    served, _ = wsgi(Script(wsgi=(alter("x.y", (1, "a")), start(), result("list"))))

    assert served.environ["x.y"] == (1, "a")


# ASGI ------------------------------------------------------------------------------


def test_events_are_sent_as_they_are_written(asgi):
    event = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"a", b"b"), [b"c", b"d"]],
        "odd": (1.5, None, "\udc80", bytearray(b"x")),
    }

    server, call = asgi(Script(asgi=(drain(), send(event), send(New("object")), return_(7))))

    assert server.sent[0] == event
    assert type(server.sent[0]["odd"]) is tuple
    assert call.steps("send")[0] == event
    assert call.steps("return") == [7]


def test_a_file_can_be_sent(asgi):
    event = {"type": "http.response.zerocopysend", "file": New("file", b"content")}

    server, call = asgi(
        Script(asgi=(drain(), send({"type": "http.response.start", "status": 200}), send(event))),
        offers=["http.response.zerocopysend"],
    )

    sent = server.sent[1]["file"]
    assert sent.read() == b"content"
    sent.close()
    assert {"file": "open"} in call.notes
    (start_, sending) = call.steps("send")
    assert type(sending["file"].fileno()) is int
    assert start_["status"] == 200
    assert "asgi.ext.zerocopy.app-closes-file" in {v.requirement for v in call.violations()}


def test_the_body_of_a_request_is_put_together(asgi):
    events = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": b"b"},
    ]

    server, call = asgi(ECHO, events=events)

    assert server.sent[1]["body"] == call.body == b"ab"


def test_a_client_that_leaves_early_is_not_answered(asgi):
    events = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.disconnect"},
    ]

    server, call = asgi(ECHO, events=events)

    assert server.sent == []
    assert call.ended
    assert call.raised is None


def test_a_receive_that_takes_too_long_is_given_up(asgi, recorded, folder):
    token = folder.lay(Script(asgi=(drain(), receive(within=0.05), gone(within=0.05), respond())))
    events = [{"type": "http.request"}]
    sent = []

    async def receive_():
        if events:
            return events.pop()
        return await asyncio.get_running_loop().create_future()

    async def send_(event):
        sent.append(event)

    scope = Server(path=f"/{token}").scope
    asyncio.run(asyncio.wait_for(recorded.asgi()(scope, receive_, send_), DEADLINE))

    (call,) = folder.calls(token)
    assert len(sent) == 2
    assert len(call.steps("receive-cancelled")) == 2
    assert {"silent": 0.05} in call.notes
    assert {"gone": False} in call.notes
    assert [v for v in call.violations() if v.verdict == "fail"] == []


def test_a_disconnect_is_waited_for(asgi):
    _, call = asgi(Script(asgi=(drain(), respond(), gone())))

    assert {"gone": True} in call.notes


def test_work_goes_on_after_the_call(recorded, folder):
    token = folder.lay(
        Script(asgi=(drain(), respond(), spawn(wait("end", DEADLINE), note("late"))))
    )

    async def main():
        server = Server(path=f"/{token}")
        await recorded.asgi()(server.scope, server.receive, server.send)
        assert folder.calls(token)[0].ended
        folder.let(token, "end")
        async with asyncio.timeout(DEADLINE):
            while {"text": "late"} not in folder.calls(token)[0].notes:  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.005)

    asyncio.run(main())


def test_under_trio(recorded, folder):
    token = folder.lay(
        Script(
            asgi=(
                drain(),
                spawn(note("beside")),
                join(),
                receive(within=0.05),
                wait("go", DEADLINE),
                respond(),
            )
        )
    )
    folder.let(token, "go")
    events = [{"type": "http.request"}]
    sent = []

    async def receive_():
        if events:
            return events.pop()
        return await trio.sleep_forever()

    async def send_(event):
        sent.append(event)

    async def main():
        with trio.fail_after(DEADLINE):
            await recorded.asgi()(Server(path=f"/{token}").scope, receive_, send_)

    trio.run(main)

    (call,) = folder.calls(token)
    assert len(sent) == 2
    assert {"silent": 0.05} in call.notes
    assert {"text": "beside"} in call.notes
    assert {"waited": "go", "let": True} in call.notes


def test_under_uvloop(recorded, folder):
    uvloop = pytest.importorskip("uvloop")
    token = folder.lay(Script(asgi=(drain(), spawn(note("beside")), join(), respond())))

    async def main():
        server = Server(path=f"/{token}")
        await recorded.asgi()(server.scope, server.receive, server.send)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())

    assert {"joined": True} in folder.calls(token)[0].notes


# Without a script --------------------------------------------------------------------


def test_a_plain_answer_tells_whose_probe_it_is(recorded, folder):
    served = play(recorded.wsgi(), Served(environ=environ(PATH_INFO="/")))

    assert served.status == "200 OK"
    assert f"run {folder.run}\n" in b"".join(served.body).decode()


def test_what_is_armed_is_played_for_strangers(recorded, folder):
    folder.arm(answer(202, body=b"armed"))

    for path in ("/", f"/{new_token()}"):
        assert play(recorded.wsgi(), Served(environ=environ(PATH_INFO=path))).body == [b"armed"]
    folder.arm(None)
    assert play(recorded.wsgi(), Served(environ=environ())).body != [b"armed"]


def test_a_lifespan_completes_both_phases_and_leaves_its_mark(recorded, folder):
    server = Server("lifespan")

    asyncio.run(recorded.asgi()(server.scope, server.receive, server.send))

    assert [event["type"] for event in server.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert "gateproof" in server.scope["state"]
    (call,) = folder.lifespans()
    assert [fact["what"] for fact in call.steps("loop")] == [
        "lifespan",
        "startup",
        "complete",
        "shutdown",
        "answered",
        "returned",
    ]


def test_a_lifespan_plays_what_is_armed_for_it(recorded, folder):
    folder.arm_lifespan(
        Script(asgi=(receive(), send({"type": "lifespan.startup.failed", "message": "no"})))
    )
    server = Server("lifespan")

    asyncio.run(recorded.asgi()(server.scope, server.receive, server.send))

    assert server.sent == [{"type": "lifespan.startup.failed", "message": "no"}]


def test_a_lifespan_without_state_is_noted(recorded, folder):
    server = Server("lifespan", omit=["state"])

    asyncio.run(recorded.asgi()(server.scope, server.receive, server.send))

    assert {"state": False} in folder.lifespans()[0].notes


def test_a_websocket_is_accepted_and_kept_until_it_ends(recorded, folder):
    server = Server("websocket")

    asyncio.run(recorded.asgi()(server.scope, server.receive, server.send))

    assert server.sent == [{"type": "websocket.accept"}]
    assert folder.strays()[0].ended
    assert LIFESPAN
    assert WEBSOCKET


# Tokens ------------------------------------------------------------------------------

ONE, TWO = "gpaaaaaaaaaaaa", "gpbbbbbbbbbbbb"


@pytest.mark.parametrize(
    ("changes", "token"),
    [
        ({"PATH_INFO": f"/a/{ONE}/b"}, ONE),
        ({"PATH_INFO": f"/a{ONE}"}, ""),
        ({"PATH_INFO": f"/{ONE}a"}, ""),
        ({"SCRIPT_NAME": f"/{ONE}", "QUERY_STRING": TWO}, ONE),
        ({"QUERY_STRING": f"a=b&c={ONE}"}, ONE),
        ({"QUERY_STRING": ONE, "HTTP_X": TWO}, ONE),
        ({"HTTP_X_TOKEN": f"a, {ONE}"}, ONE),
        ({f"HTTP_X_{ONE.upper()}": "x"}, ONE),
        ({"OTHER": ONE}, ""),
        ({"PATH_INFO": 7, "QUERY_STRING": ONE.encode(), "HTTP_HOST": None}, ONE),
        ({"RAW_URI": f"http://x/{ONE}"}, ONE),
    ],
)
def test_the_token_of_an_environ(changes, token):
    assert probe._environ_token(environ(**changes)) == token


@pytest.mark.parametrize(
    ("changes", "token"),
    [
        ({"path": f"/{ONE}"}, ONE),
        ({"path": "/", "raw_path": f"/{ONE}".encode()}, ONE),
        ({"query_string": ONE.encode(), "headers": [(b"x", TWO.encode())]}, ONE),
        ({"headers": [(b"a", b"b"), [b"x", ONE.encode()]]}, ONE),
        ({"headers": [(ONE.encode(), b"x")]}, ONE),
        ({"headers": iter([(b"x", ONE.encode())])}, ""),
        ({"headers": [7, None, (), (b"x",), (ONE,)]}, ONE),
        ({"path": None, "headers": None}, ""),
    ],
)
def test_the_token_of_a_scope(changes, token):
    assert probe._scope_token(Server(**changes).scope) == token


def test_no_environ_has_no_token():
    assert probe._environ_token(None) == probe._scope_token([]) == ""
    assert isinstance(io.BytesIO(), io.IOBase)


# An application of the user's ----------------------------------------------------------


@pytest.fixture
def deployed(monkeypatch, tmp_path, folder):
    """The probe imported as a server imports it, with environment variables."""

    def load(**variables):
        monkeypatch.setenv("GATEPROOF_PROBE", str(folder.path))
        for name, value in variables.items():
            monkeypatch.setenv(f"GATEPROOF_PROBE_{name}", value)
        monkeypatch.syspath_prepend(tmp_path)
        spec = importlib.util.spec_from_file_location("deployed_probe", probe.__file__)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    sys.modules.pop("theirs", None)


THEIRS = """
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"theirs"]

def create():
    return application

class Held:
    app = staticmethod(application)

held = Held()
"""


@pytest.mark.parametrize(
    "path", ["theirs:application", "theirs", "theirs:create()", "theirs:held.app"]
)
def test_a_users_application_is_recorded(path, deployed, tmp_path, folder):
    (tmp_path / "theirs.py").write_text(THEIRS)
    made = deployed(APP=path, INTERFACE="wsgi")

    served = play(made.wsgi, Served(environ=environ()))

    assert served.body == [b"theirs"]
    (call,) = folder.strays()
    assert call.steps("item") == [b"theirs"]
    assert call.ended
    server = Server()
    asyncio.run(made.asgi(server.scope, server.receive, server.send))
    assert b"gateproof probe" in server.sent[1]["body"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("nowhere_at_all:application", ModuleNotFoundError),
        ("theirs:missing", AttributeError),
        ("raises:application", ZeroDivisionError),
    ],
)
def test_an_import_that_fails_fails_the_start(path, error, deployed, tmp_path):
    (tmp_path / "theirs.py").write_text(THEIRS)
    (tmp_path / "raises.py").write_text("1 / 0")

    with pytest.raises(error):
        deployed(APP=path)


def test_the_token_of_a_users_call_is_kept(deployed, tmp_path, folder):
    (tmp_path / "theirs.py").write_text(THEIRS)
    made = deployed(APP="theirs:application", INTERFACE="wsgi")

    play(made.wsgi, Served(environ=environ(QUERY_STRING=ONE)))

    assert [call.token for call in folder.calls(ONE)] == [ONE]


def test_folders_do_not_mix(tmp_path):
    one, two = ProbeFolder(tmp_path), ProbeFolder(tmp_path)
    token = one.lay(answer(body=b"one"))

    for folder, body in ((one, b"one"), (two, None)):
        app = probe.wsgi_application(probe.Run(str(folder.path)))
        served = play(app, Served(environ=environ(PATH_INFO=f"/{token}")))
        assert body is None or served.body == [body]
        assert [call.token for call in folder.calls(token)] == [token]
    assert serve
