"""Probes that are deployed on this machine, with and without TLS, and a CA of the tests' own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateproof.targets import probe

HERE = Path(__file__).resolve().parent
SECRET = "the-secret-of-these-tests"
DEADLINE = 30
"""Seconds that anything may take before the test is over."""

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = gateproof tests
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


@dataclass(frozen=True)
class Certificate:
    """Files of a certificate and its key."""

    chain: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """A CA that exists for one run of the tests."""

    folder: Path

    @property
    def trusted(self) -> Path:
        """What ``--target-ca`` is to name."""
        return self.folder / "ca.pem"

    def make(self) -> None:
        """Make the CA itself."""
        self._config("")
        self._openssl("req", "-new", "-x509", "-days", "2", "-extensions", "authority", *_KEY,
                      "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip

    def certificate(
        self, name: str, names: str = "DNS:localhost,IP:127.0.0.1", *, days: int = 2, own=False
    ) -> Certificate:
        """A certificate for ``names``; ``own`` for one that is signed by nobody but itself."""
        self._config(names)
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        if own:
            self._openssl("req", "-new", "-x509", "-days", str(days), "-extensions", "server",
                          *_KEY, "-keyout", made.key.name, "-out", made.chain.name)  # fmt: skip
            return made
        self._openssl("req", "-new", *_KEY, "-keyout", made.key.name, "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-days", str(days), "-CA", "ca.pem",
                      "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "config",
                      "-extensions", "server", "-out", made.chain.name)  # fmt: skip
        return made

    def _config(self, names: str) -> None:
        text = CONFIG.format(names=names)
        if not names:
            text = text.partition("[server]")[0]
        (self.folder / "config").write_text(text)

    def _openssl(self, command: str, *words: str) -> None:
        config = ["-config", "config"] if command == "req" else []
        done = subprocess.run(
            ["openssl", command, *config, *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        if done.returncode:
            pytest.skip(
                f"openssl {command} does not do what these tests need: {done.stderr[-300:]}"
            )


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made with the command openssl, which is not here")
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.make()
    return made


@dataclass
class Deployed:
    """A server process that serves the probe, as somebody else's machine would."""

    folder: Path
    kind: str
    certificate: Certificate | None = None
    secret: str = SECRET
    host: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{self.host}:{self.port}"

    def start(self) -> Deployed:
        """Start it; a second time on the same port."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with listening:
            listening.bind(("127.0.0.1", self.port))
            listening.listen(100)
            self.port = listening.getsockname()[1]
            self._start(listening.fileno())
        return self

    def _start(self, number: int) -> None:
        files = [str(self.certificate.chain), str(self.certificate.key)] if self.certificate else []
        commands = {
            "threads": ["serve.py", str(number), "threads", *files],
            "single": ["serve.py", str(number), *files],
            "uvicorn": ["-m", "uvicorn", "--fd", str(number), "--log-level", "error", "probe:asgi"],
            "hypercorn": ["-m", "hypercorn", "--bind", f"fd://{number}", "probe:asgi"],
        }
        options = {
            "uvicorn": ("--ssl-certfile", "--ssl-keyfile"),
            "hypercorn": ("--certfile", "--keyfile"),
        }.get(self.kind, ())
        paired = [word for pair in zip(options, files, strict=False) for word in pair]
        shutil.copy(probe.__file__, self.folder / "probe.py")
        shutil.copy(HERE / "serve.py", self.folder / "serve.py")
        (self.folder / "run").mkdir(exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GATEPROOF")}
        env = {**clean, "GATEPROOF_PROBE": str(self.folder / "run"), "PYTHONPATH": "."}
        env["GATEPROOF_PROBE_SECRET"] = self.secret
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *commands[self.kind], *paired],
                cwd=self.folder,
                env=env,
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Kill it and what it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(DEADLINE)


@pytest.fixture
def secret(monkeypatch) -> str:
    """The secret of deployed probes, which is in the environment too."""
    monkeypatch.setenv("GATEPROOF_PROBE_SECRET", SECRET)
    return SECRET


@pytest.fixture
def deploy(tmp_path, secret):
    """Deploys probes for a test."""
    made = []

    def deployed(kind: str, **how) -> Deployed:
        if kind in ("uvicorn", "hypercorn") and importlib.util.find_spec(kind) is None:
            pytest.skip(f"{kind} is not installed here")
        folder = tmp_path / f"deployed-{len(made)}"
        folder.mkdir()
        made.append(Deployed(folder, kind, **how))
        return made[-1].start()

    yield deployed
    for one in made:
        one.stop()
