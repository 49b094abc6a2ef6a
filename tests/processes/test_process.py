"""One process through its keeper: started, watched, stopped, and nothing of it left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from processes.kit import is_alive, marked, on_linux, until

from gateproof.targets.process import ProcessError, ServerProcess

STAYS = """
    import signal, sys
    print("ready")
    signal.pause()
"""
DEAF = """
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready")
    while True:
        signal.pause()
"""
WORKERS = """
    import os, signal
    for _ in range(2):
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.write(1, b"%d\\n" % os.getpid())
            while True:
                signal.pause()
    os.write(1, b"%d\\n" % os.getpid())
    signal.pause()
"""
DAEMON = """
    import os, signal
    os.write(1, b"%d\\n" % os.getpid())
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.write(1, b"%d\\n" % os.getpid())
            while True:
                signal.pause()
        os._exit(0)
    os.wait()
    signal.pause()
"""
FORGETFUL = """
    import os, signal
    os.write(1, b"%d\\n" % os.getpid())
    if os.fork() == 0:
        os.setsid()
        loop = "trap : TERM; echo $$; while :; do sleep 60; done"
        os.execve("/bin/sh", ["sh", "-c", loop], {"PATH": "/usr/bin:/bin"})
    signal.pause()
"""


def test_a_server_that_ends_by_sigterm_is_stopped_in_time(programs):
    process = programs.start(STAYS)
    programs.says(process)

    assert process.poll() is None
    ended = process.stop(10)

    assert (ended.code, ended.killed, ended.left) == (-signal.SIGTERM, False, 0)
    assert ended.seconds < 5
    assert process.poll() == ended == process.stop() == process.kill()


def test_its_own_exit_code_is_told(programs):
    process = programs.start("""
        import signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        print("ready")
        signal.pause()
    """)
    programs.says(process)

    assert process.stop(10).code == 7


def test_what_does_not_heed_sigterm_is_killed_after_the_grace(programs):
    process = programs.start(DEAF)
    programs.says(process)
    began = time.monotonic()
    ended = process.stop(0.3)

    assert (ended.code, ended.killed) == (-signal.SIGKILL, True)
    assert 0.3 <= ended.seconds <= time.monotonic() - began < 5


def test_sigterm_goes_to_the_leader_alone(programs):
    """Workers of a server that is stopped by its master get no signal of ours."""
    process = programs.start("""
        import os, signal, sys
        worker = os.fork()
        if worker == 0:
            signal.signal(signal.SIGTERM, lambda *_: (print("signalled"), os._exit(1)))
            signal.signal(signal.SIGUSR1, lambda *_: os._exit(0))
            print("worker")
            while True:
                signal.pause()
        def stop(*_):
            os.kill(worker, signal.SIGUSR1)
            sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
        signal.signal(signal.SIGTERM, stop)
        print("master")
        while True:
            signal.pause()
    """)
    programs.says(process, 2)

    ended = process.stop(10)

    assert (ended.code, ended.left) == (0, 0)
    assert "signalled" not in process.stdout.read_text()


def test_an_end_of_its_own_is_noticed_and_wakes_a_select(programs):
    import select

    process = programs.start("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")

    assert select.select([process], [], [], 10)[0]
    ended = process.poll(10)

    assert ended.code == 3
    assert not ended.killed
    assert process.gone
    assert process.stdout.read_text() == "out\n"
    assert process.stderr.read_text() == "err\n"


def test_workers_that_outlive_their_master_are_killed(programs, tmp_path):
    process = programs.start(WORKERS)
    pids = [int(word) for word in programs.says(process, 3)]
    ended = process.stop(10)

    assert ended.left == 2
    assert not any(Path(f"/proc/{pid}").exists() and is_alive(pid) for pid in pids)


def test_a_master_that_crashes_is_gone_before_its_workers_are(programs):
    process = programs.start(WORKERS)
    programs.says(process, 3)
    os.kill(process.pid, signal.SIGKILL)
    began = time.monotonic()
    while not process.gone:
        assert process.poll(0.01) is None  # its workers have a moment to go by themselves
        assert time.monotonic() - began < 5

    assert process.code == -signal.SIGKILL
    assert process.poll(10).left == 2


@on_linux
@pytest.mark.parametrize("code", [DAEMON, FORGETFUL], ids=["daemon", "other-environment"])
def test_a_daemon_that_left_the_session_is_found(programs, code):
    process = programs.start(code)
    pids = [int(word) for word in programs.says(process, 2)]

    assert set(pids) <= process.living()
    ended = process.stop(10)

    assert ended.left >= 1  # a shell's sleep is one more
    assert not any(map(is_alive, pids))


@on_linux
def test_a_server_that_becomes_a_daemon_and_ends_leaves_nothing(programs):
    process = programs.start("""
        import os, signal
        if os.fork() == 0:
            os.setsid()
            os.write(1, b"%d\\n" % os.getpid())
            signal.pause()
        signal.sigtimedwait([], 0.2)
    """)
    (pid,) = programs.says(process)
    ended = process.poll(10)

    assert (ended.code, ended.killed, ended.left) == (0, False, 1)
    assert not is_alive(int(pid))


def test_the_environment_is_the_given_one(programs, monkeypatch):
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    process = programs.start("import os; print(*sorted(os.environ), sep='\\n')", OWN="1")
    process.poll(10)
    names = set(process.stdout.read_text().split())

    assert names - {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"} == {
        "GATEPROOF_SERVER", "MARK", "OWN", "PATH",
    }  # fmt: skip


def test_it_has_a_session_and_group_of_its_own_and_no_input(programs):
    process = programs.start("""
        import os, sys
        print(os.getsid(0) == os.getpgrp() == os.getpid(), repr(sys.stdin.read()))
    """)
    process.poll(10)

    assert process.stdout.read_text().split() == ["True", "''"]
    assert process.pid != os.getpgrp()


def test_a_listening_socket_is_inherited_and_nothing_else(programs):
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as other:
        os.set_inheritable(other.fileno(), True)
        process = programs.start(
            f"""
            import os, socket
            print(sorted(set(map(int, os.listdir("/dev/fd"))) - {{0, 1, 2}}))
            listening = socket.socket(fileno={listening.fileno()})
            connection, _ = listening.accept()
            connection.sendall(b"hello")
            """,
            fds=(listening.fileno(),),
        )
        address, number = listening.getsockname(), listening.fileno()
    with socket.create_connection(address, 5) as connection:
        assert connection.recv(5) == b"hello"
    assert process.poll(10).code == 0
    fds = eval(process.stdout.read_text())

    assert number in fds
    assert len(fds) == 2  # the other is that by which it lists them


@on_linux
def test_a_socket_that_was_handed_over_is_the_servers_alone(programs):
    """Nobody else keeps the port open, so that a dead server is seen to be dead."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = programs.start(STAYS, fds=(listening.fileno(),))
        address = listening.getsockname()
        link = str(Path(f"/proc/self/fd/{listening.fileno()}").readlink())
    programs.says(process)
    kept = [str(path.readlink()) for path in Path(f"/proc/{process._keeper.pid}/fd").iterdir()]

    assert link.startswith("socket:")
    assert link not in kept
    socket.create_connection(address, 5).close()
    process.kill()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 5)


def test_signals_are_as_in_any_new_process(programs):
    """Its keeper ignores some, which would be inherited."""
    process = programs.start("""
        import signal
        print(signal.getsignal(signal.SIGHUP).name, signal.getsignal(signal.SIGTERM).name)
        print(signal.getsignal(signal.SIGCHLD).name, signal.getsignal(signal.SIGINT).__name__)
        print(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
    """)
    process.poll(10)

    assert process.stdout.read_text().split() == [
        "SIG_DFL", "SIG_DFL", "SIG_DFL", "default_int_handler", "0",
    ]  # fmt: skip


def test_a_command_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ProcessError, match=r"nowhere could not be started: No such file"):
        ServerProcess([str(tmp_path / "nowhere")], {}, tmp_path, tmp_path)


def test_a_command_that_may_not_be_run_is_an_error(tmp_path):
    (tmp_path / "text").write_text("no program")
    with pytest.raises(ProcessError, match=r"text could not be started: Permission denied"):
        ServerProcess([str(tmp_path / "text")], {}, tmp_path, tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ProcessError, match=r"could not be started: No such file"):
        ServerProcess([sys.executable], {}, tmp_path / "nowhere", tmp_path)


RUNNER = """
    import os, signal, sys, time
    from pathlib import Path
    from gateproof.targets.process import ServerProcess

    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored
    folder = Path(sys.argv[1])
    process = ServerProcess(
        [sys.executable, "-u", str(folder / "server.py")],
        {"MARK": str(folder)}, folder, folder, (), "log",
    )
    while len((folder / "log.stdout").read_text().split()) < 2:
        process.poll(0.01)
    print(process._keeper.pid, process.pid, flush=True)
    print(process.poll(60).code)
"""


class Runner:
    """Another process that has started a server with a worker, as a test run does."""

    def __init__(self, folder: Path, code: str) -> None:
        self.mark = f"MARK={folder}"
        (folder / "server.py").write_text(textwrap.dedent(code))
        (folder / "run.py").write_text(textwrap.dedent(RUNNER))
        self.process = subprocess.Popen(
            [sys.executable, str(folder / "run.py"), str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        words = self.process.stdout.readline().split()
        assert len(words) == 2, self.process.stderr.read()
        self.keeper, self.server = map(int, words)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


@pytest.fixture
def runner(tmp_path, request):
    folder = tmp_path / "run"
    folder.mkdir()
    made = Runner(folder, getattr(request, "param", DAEMON))
    yield made
    made.close()
    assert marked(made.mark) == set()


@on_linux
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_is_left_of_a_test_runner_that_dies(runner, how):
    assert len(marked(runner.mark)) == 2  # the server and its daemon
    os.kill(runner.process.pid, how)

    assert runner.process.wait(10) != 0
    assert until(lambda: not marked(runner.mark)), "the server lives"
    assert until(lambda: not is_alive(runner.keeper)), "the keeper lives"


@on_linux
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_to_the_whole_group_leaves_nothing(runner, how):
    """A terminal sends Ctrl-C to every process of the foreground group, and others kill so."""
    os.killpg(runner.process.pid, how)

    assert runner.process.wait(10) != 0
    assert until(lambda: not marked(runner.mark))
    assert until(lambda: not is_alive(runner.keeper))


@on_linux
def test_a_keeper_that_is_killed_takes_the_server_along(runner):
    os.kill(runner.keeper, signal.SIGKILL)

    assert until(lambda: not is_alive(runner.server)), "the kernel did not kill the server"
    assert until(lambda: not marked(runner.mark)), "its daemon lives"
    assert runner.process.wait(10) == 0


@on_linux
@pytest.mark.parametrize("runner", [STAYS.replace("ready", "ready ready")], indirect=True)
def test_a_server_does_not_outlive_runner_and_keeper(runner):
    """Both are killed before either can do anything: the kernel kills the server."""
    os.kill(runner.keeper, signal.SIGSTOP)
    runner.process.kill()
    runner.process.wait(10)
    assert is_alive(runner.server)
    os.kill(runner.keeper, signal.SIGKILL)

    assert until(lambda: not is_alive(runner.server))


@on_linux
def test_a_keeper_that_is_told_to_end_ends_the_server_and_tells(runner):
    os.kill(runner.keeper, signal.SIGTERM)

    assert until(lambda: not marked(runner.mark))
    assert runner.process.wait(10) == 0
    assert runner.process.stdout.read() == f"{-signal.SIGKILL}\n"


def test_the_end_is_known_even_when_the_keeper_was_killed(programs):
    process = programs.start(STAYS)
    programs.says(process)
    os.kill(process._keeper.pid, signal.SIGKILL)
    ended = process.poll(10)

    assert (ended.code, ended.killed) == (None, True)
    assert process.gone
    assert not is_alive(process.pid)


def test_a_runner_that_is_stopped_while_it_starts_a_server_leaves_nothing(tmp_path):
    """The order is sent, and nobody is there for the answer."""
    from gateproof.targets import keeper

    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", keeper.__file__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    ours.close()

    assert process.wait(10) == 1
