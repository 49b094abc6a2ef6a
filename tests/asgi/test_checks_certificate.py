from __future__ import annotations

import pytest
from witnesses.certificates import CLIENT, ISSUER

from gateproof.validators.asgi import certificate

FAULTS = (ValueError, IndexError, StopIteration)


@pytest.mark.parametrize(
    ("pem", "values"),
    [
        (CLIENT, ["DE", "Müller, Söhne", "A+B", "alice"]),
        (ISSUER, ["DE", "Example Trust", "Root"]),
    ],
    ids=["version 1", "version 3"],
)
def test_the_subject_is_read(pem: str, values: list[str]) -> None:
    assert certificate.subject(pem) == values


@pytest.mark.parametrize("length", range(0, len(CLIENT), 7))
def test_what_is_cut_off_is_never_taken_for_another_subject(length: int) -> None:
    torso = CLIENT[:length] + "\n-----END CERTIFICATE-----"
    try:
        read = certificate.subject(torso)
    except FAULTS:
        read = None

    assert read in (None, ["DE", "Müller, Söhne", "A+B", "alice"])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("CN=Steve Kille,O=Isode Limited,C=GB", ["Steve Kille", "Isode Limited", "GB"]),
        ("UID=jsmith,DC=example,DC=net", ["jsmith", "example", "net"]),
        ("OU=Sales+CN=J.  Smith,DC=example", ["Sales", "J.  Smith", "example"]),
        (r"CN=James \"Jim\" Smith\, III,DC=net", ['James "Jim" Smith, III', "net"]),
        (r"CN=Before\0dAfter,DC=net", ["Before\rAfter", "net"]),
        ("1.3.6.1.4.1.1466.0=#04024869", ["Hi"]),
        (r"CN=Lu\C4\8Di\C4\87", ["Lučić"]),
    ],
)
def test_names_are_read_as_in_the_examples_of_rfc_4514(name: str, values: list[str]) -> None:
    assert certificate.values(name) == values


@pytest.mark.parametrize("name", ["/C=DE/CN=alice", "alice", "CN=#zz", 'CN="alice"', "=alice"])
def test_what_is_no_such_name_is_not_judged(name: str) -> None:
    tls = {"client_cert_name": name, "client_cert_chain": [ISSUER]}

    assert certificate.consistent(tls) == ()


def test_only_the_latest_result_is_remembered() -> None:
    wrong = {"client_cert_name": "CN=bob", "client_cert_chain": (CLIENT,)}
    right = {"client_cert_name": "CN=alice", "client_cert_chain": (CLIENT,)}

    found = [len(certificate.consistent(tls)) for tls in (wrong, wrong, right, right, wrong)]

    assert found == [1, 1, 0, 0, 1]


@pytest.mark.parametrize(
    "tls",
    [
        None,
        {},
        {"client_cert_name": "CN=bob"},
        {"client_cert_name": "CN=bob", "client_cert_chain": []},
        {"client_cert_name": "CN=bob", "client_cert_chain": [b"DER"]},
        {"client_cert_name": None, "client_cert_chain": [CLIENT]},
    ],
)
def test_without_both_there_is_nothing_to_compare(tls: object) -> None:
    assert certificate.consistent(tls) == ()


def test_a_chain_that_can_be_read_once_reaches_the_application_whole(watched, server) -> None:
    seen = []

    async def app(scope, receive, send):
        await receive()
        seen.append((scope["extensions"] is extensions, scope["extensions"]["tls"] is tls))
        seen.extend(scope["extensions"]["tls"]["client_cert_chain"])
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    served = server(scheme="https")
    tls = {"server_cert": None, "tls_version": None, "cipher_suite": None}
    tls |= {"client_cert_chain": iter([CLIENT, ISSUER]), "client_cert_name": "CN=alice"}
    extensions = served.scope["extensions"] = {"tls": tls}
    violations, _, _ = watched(app, served, level="should")

    assert seen == [(True, True), CLIENT, ISSUER]
    assert violations == []


def test_a_chain_that_can_be_read_once_is_judged(watched, server) -> None:
    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    served = server(scheme="https")
    tls = {"server_cert": None, "tls_version": None, "cipher_suite": None}
    tls |= {"client_cert_chain": iter([CLIENT]), "client_cert_name": "CN=Root"}
    served.scope["extensions"] = {"tls": tls}
    violations, _, _ = watched(app, served, level="should")

    assert [v.requirement for v in violations] == ["asgi.ext.tls.client-cert-name-consistent"]
