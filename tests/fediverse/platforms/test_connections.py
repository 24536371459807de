"""Where connections really go: to the address that was checked, and to nobody unvouched for."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fediverse.platforms.errors import Transient
from fediverse.platforms.http import HttpClient, HttpPolicy
from tests.fediverse.platforms.raw import answer

NAME = "social.example"


@pytest.fixture
def self_signed(tmp_path):
    """A server's TLS context for NAME, with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    both = tmp_path / "both.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


def named_client(port, answers):
    """A client for NAME on a port, whose look-ups give these answers one after the other."""
    left = iter(answers)
    policy = HttpPolicy(local=frozenset({(NAME, port)}))
    return HttpClient(policy, resolver=lambda _host, _port: [next(left)])


def test_the_connection_goes_to_the_address_of_the_one_look_up(raw_server):
    server = raw_server(answer(b"hello"))
    # Were the name looked up again to connect, it would lead to a port where nobody is.
    client = named_client(server.port, ["127.0.0.1", "127.0.0.99"])
    assert client.get(f"http://{NAME}:{server.port}/x", headers={}).body == b"hello"
    request = server.requests[0]
    assert request.startswith(b"GET /x HTTP/1.1\r\n")
    assert f"Host: {NAME}:{server.port}\r\n".encode() in request


def test_every_exchange_looks_the_name_up_anew(raw_server):
    server = raw_server(answer(b"hello"))
    client = named_client(server.port, ["127.0.0.1", "127.0.0.99"])
    url = f"http://{NAME}:{server.port}/"
    assert client.get(url, headers={}).status == 200
    with pytest.raises(Transient):
        client.get(url, headers={})
    assert len(server.requests) == 1


def test_an_address_that_does_not_answer_gives_way_to_the_next(raw_server):
    server = raw_server(answer(b"hello"))
    policy = HttpPolicy(local=frozenset({(NAME, server.port)}))
    client = HttpClient(policy, resolver=lambda _host, _port: ["127.0.0.99", "127.0.0.1"])
    assert client.get(f"http://{NAME}:{server.port}/", headers={}).body == b"hello"


def test_a_certificate_that_nobody_vouches_for_gets_no_token(raw_server, self_signed):
    server = raw_server(answer(b"[]"), self_signed)
    client = named_client(server.port, ["127.0.0.1"])
    with pytest.raises(Transient):
        client.get(f"https://{NAME}:{server.port}/", headers={"Authorization": "Bearer canary"})
    assert b"canary" not in b"".join(server.requests)


def test_one_client_serves_many_threads_at_once(raw_server):
    server = raw_server(answer(b"hello"))
    client = HttpClient(HttpPolicy(local=frozenset({("127.0.0.1", server.port)})))

    def ask(number):
        return client.get(f"{server.base_url}/{number}", headers={"X-Number": str(number)}).body

    with ThreadPoolExecutor(16) as threads:
        bodies = list(threads.map(ask, range(200)))
    assert bodies == [b"hello"] * 200
    for request in server.requests:
        number = request.split(b" ")[1].lstrip(b"/")
        assert b"X-Number: " + number + b"\r\n" in request
