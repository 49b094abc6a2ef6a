"""Witnesses of the TLS extension that need a certificate."""

from __future__ import annotations

from witnesses.certificates import CLIENT, ISSUER
from witnesses.kit import Order
from witnesses.order_asgi_steps import HTTP, RETURN, body, call, request, start, steps

ALICE = r"CN=alice,OU=A\+B,O=M\C3\BCller\, S\C3\B6hne,C=DE"
ROOT = "CN=Root,O=Example Trust,C=DE"


def served(name, *chain):
    tls = {"server_cert": None, "tls_version": 0x0304, "cipher_suite": None}
    tls |= {"client_cert_chain": list(chain), "client_cert_name": name}
    opened = call(HTTP, scheme="https", extensions={"tls": tls})
    return steps(opened, request(), start(), body(), RETURN)


def named(breaks, keeps):
    return Order("asgi.ext.tls.client-cert-name-consistent", "http", breaks, keeps)


WITNESSES = [
    named(served(ROOT, CLIENT, ISSUER), served(ALICE, CLIENT, ISSUER)),
    named(served("CN=bob,O=Example Trust", ISSUER), served("O=example  trust, CN=root", ISSUER)),
    named(served("CN=alice", ISSUER), served("CN=alice", "-----BEGIN CERTIFICATE-----\nnone")),
    named(served("CN=alice+OU=A", CLIENT), served(r"CN=#0c05616c696365+OU=A\2BB", CLIENT)),
    named(served("CN=alice,O=Müller", CLIENT), served("CN=alice,O=Müller\\, Söhne", CLIENT)),
]
