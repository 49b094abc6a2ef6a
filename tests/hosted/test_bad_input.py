"""What leads to no hosted probe that can be used is said in one sentence."""

from __future__ import annotations

import json
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateproof.targets.hosted import open_hosted
from gateproof.targets.load import EnvironmentFaultError, TargetError


@pytest.fixture
def answering(secret):
    """Serves one and the same answer to everybody: status, header fields, body."""
    servers = []

    def serving(status, fields, body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for name, value in (*fields, ("Content-Length", str(len(body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serving
    for server in servers:
        server.shutdown()
        server.server_close()


def refused(url, kind=TargetError, **how):
    """The sentence with which a URL is refused; it is one line and does not tell the secret."""
    with pytest.raises(TargetError) as caught:
        open_hosted(url, **how)
    assert type(caught.value) is kind
    sentence = str(caught.value)
    assert "\n" not in sentence
    secret = os.environ.get("GATEPROOF_PROBE_SECRET", "")
    assert not secret or secret not in sentence
    return sentence


def told(held):
    return json.dumps(held).encode()


HTML = [("Content-Type", "text/html; charset=utf-8")]
OURS = [("Content-Type", "application/json"), ("X-Gateproof-Probe", "1")]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((200, HTML, b"<html>"), TargetError, ("no probe", "status 200, text/html", "deploy")),
        ((404, HTML, b"<html>"), TargetError, ("no probe", "status 404")),
        ((502, HTML, b"<html>"), EnvironmentFaultError, ("no probe", "status 502", "behind")),
        (
            (301, [("Location", "https://other.example/x")], b""),
            TargetError,
            ("redirects to 'https://other.example/x'", "status 301"),
        ),
        ((200, [], b"gateproof probe 1\n"), TargetError, ("without GATEPROOF_PROBE_SECRET",)),
        (
            (200, [("X-Gateproof-Probe", "0")], b"{}"),
            TargetError,
            ("version '0'", "version '1'", "deploy"),
        ),
        ((200, OURS, b"[]"), TargetError, ("answers b'[]'",)),
        (
            (403, OURS, told({"error": "the secret is wrong"})),
            TargetError,
            ("another secret than GATEPROOF_PROBE_SECRET here",),
        ),
    ],
    ids=["html", "absent", "gateway", "redirect", "no secret", "version", "list", "other secret"],
)
def test_an_answer_that_is_no_probes_of_ours(answering, answer, kind, words):
    url = answering(*answer)

    sentence = refused(url, kind)

    assert url in sentence
    for word in words:
        assert word in sentence


def test_a_path_below_the_root(secret):
    assert "at the root of its host" in refused("https://host.example/below")


def test_a_secret_that_is_missing(monkeypatch):
    monkeypatch.delenv("GATEPROOF_PROBE_SECRET", raising=False)

    assert "GATEPROOF_PROBE_SECRET" in refused("http://127.0.0.1:1")


def test_a_secret_that_is_wrong(deploy):
    sentence = refused(deploy("threads", secret="another").url)

    assert "another secret than GATEPROOF_PROBE_SECRET here" in sentence


def test_another_interface_than_was_meant(deploy):
    sentence = refused(deploy("threads").url, interface="asgi")

    assert "served as WSGI, not as --target-interface=asgi says" in sentence


def test_nobody_who_listens(secret):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"

        assert f"{url} cannot be reached: connection refused" in refused(url, EnvironmentFaultError)


def test_a_name_that_nobody_has(secret):
    assert "its name is not known" in refused("http://gateproof.invalid", EnvironmentFaultError)


def test_somebody_who_says_nothing(secret, monkeypatch):
    monkeypatch.setattr("gateproof.targets.hosted.FIRST", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"

        assert "does not answer: no answer in time" in refused(url, EnvironmentFaultError)


@pytest.mark.parametrize(
    "url",
    ["https://", "https://me:word@host.example", "https://host.example/?q=1", "https://h:99999"],
)
def test_what_is_no_url_of_a_probe(secret, url):
    sentence = refused(url)

    assert "URL" in sentence or "port" in sentence
    assert "word" not in sentence


# TLS


def test_a_certificate_that_only_its_owner_signed(deploy, authority):
    deployed = deploy("threads", certificate=authority.certificate("own", own=True))

    sentence = refused(deployed.url, EnvironmentFaultError)

    assert "certificate is not trusted" in sentence
    assert "self-signed certificate" in sentence
    assert "--target-ca=FILE" in sentence


def test_a_certificate_of_a_ca_that_is_not_known(deploy, authority):
    deployed = deploy("threads", certificate=authority.certificate("good"))

    assert "certificate is not trusted" in refused(deployed.url, EnvironmentFaultError)


def test_a_certificate_that_is_over(deploy, authority):
    deployed = deploy("threads", certificate=authority.certificate("over", days=-1))

    sentence = refused(deployed.url, EnvironmentFaultError, authority=authority.trusted)

    assert "certificate has expired" in sentence


def test_a_certificate_of_another_host(deploy, authority):
    certificate = authority.certificate("other", "DNS:other.example")
    deployed = deploy("threads", certificate=certificate)

    sentence = refused(deployed.url, EnvironmentFaultError, authority=authority.trusted)

    assert "certificate is not valid for '127.0.0.1'" in sentence


def test_a_server_without_tls(deploy):
    deployed = deploy("threads")

    sentence = refused(deployed.url.replace("http:", "https:"), EnvironmentFaultError)

    assert sentence.startswith("TLS with https://127.0.0.1")


def test_a_server_that_wants_tls(deploy, authority):
    deployed = deploy("threads", certificate=authority.certificate("good"))

    sentence = refused(deployed.url.replace("https:", "http:"), EnvironmentFaultError)

    assert "does not answer" in sentence


@pytest.mark.parametrize(("text", "why"), [(None, "no such file"), ("text", "no certificates")])
def test_a_file_that_holds_no_certificates(deploy, tmp_path, text, why):
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)

    sentence = refused(deploy("threads").url.replace("http:", "https:"), authority=file)

    assert f"--target-ca={file} cannot be used: " in sentence
    assert why in sentence
