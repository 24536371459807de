"""The guarded client against addresses, names and servers that mean harm."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib

import pytest

from fediverse.platforms.addresses import is_public, parse_networks
from fediverse.platforms.errors import Refused, Transient
from fediverse.platforms.http import HttpClient, HttpPolicy
from fediverse.platforms.http.policy import parse_target

POLICY = HttpPolicy(local=frozenset({("127.0.0.1", 3999)}))
MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"],
)
def test_addresses_of_the_public_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.255.255.255", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",  # noqa: S104
     "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
     "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "203.0.113.7", "::1", "::",
     "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1",
     "2002:7f00:1::", "2001:0:7f00:1::", "::7f00:1", "::ffff:0:7f00:1", "fe80::1", "fec0::1",
     "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1",
     "fe80::1%eth0", "localhost", "", "1.1.1.1.1"],
)  # fmt: skip
def test_all_other_addresses_are_not(address):
    assert not is_public(address)


def test_an_operators_own_networks_can_be_denied_besides():
    denied = parse_networks(["1.1.0.0/16", "2606:4700::/32"])
    assert not is_public("1.1.1.1", denied)
    assert not is_public("::ffff:1.1.1.1", denied)
    assert not is_public("2606:4700:4700::1111", denied)
    assert is_public("8.8.8.8", denied)


@pytest.mark.parametrize(
    "url",
    ["http://social.example/", "https://social.example:444/", "https://127.0.0.1/",
     "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
     "https://0x7f.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://localhost/",
     "https://localhost./", "https://redis/", "https://db.internal/", "https://printer.local/",
     "https://a.onion/", "https://user@social.example/", "https://social.example@127.0.0.1/",
     "ftp://social.example/", "file:///etc/passwd", "gopher://social.example/", "//social.example",
     "https://", "https:///path", "https://so cial.example/", "https://social.example/\r\nX: y",
     "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://a..example/", "https://[broken/",
     "https://social.example:99999/", "https://social.example:x/", "",
     "https://social.example/" + "x" * 5000],
)  # fmt: skip
def test_an_address_that_could_lead_astray_is_refused(url):
    with pytest.raises(Refused):
        parse_target(url, POLICY)


def test_local_hosts_are_allowed_as_host_and_port_only():
    assert parse_target("http://127.0.0.1:3999/x?y", POLICY).path == "/x?y"
    for url in ("http://127.0.0.1:3998/", "http://127.0.0.1/", "http://127.0.0.2:3999/"):
        with pytest.raises(Refused):
            parse_target(url, POLICY)


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["10.0.0.1", "93.184.216.34"], ["::1"]],
)
def test_a_name_with_one_bad_address_is_refused_before_anything_is_sent(answers):
    client = HttpClient(POLICY, resolver=lambda _host, _port: answers)
    with pytest.raises(Refused, match="public internet"):
        client.get("https://rebinding.example/", headers={})


def test_a_name_is_looked_up_once():
    asked = []

    def resolver(host, port):
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) > 1 else ["10.0.0.1"]

    with pytest.raises(Refused):
        HttpClient(POLICY, resolver=resolver).get("https://rebinding.example/", headers={})
    assert asked == [("rebinding.example", 443)]


def test_a_name_that_does_not_exist_or_has_no_address_may_pass():
    def fail(_host, _port):
        raise socket.gaierror

    for resolver in (fail, lambda _host, _port: []):
        with pytest.raises(Transient):
            HttpClient(POLICY, resolver=resolver).get("https://gone.example/", headers={})


def test_a_slow_look_up_ends_in_time():
    client = HttpClient(HttpPolicy(deadline=0.3), resolver=lambda _h, _p: time.sleep(1) or [])
    started = time.monotonic()
    with pytest.raises(Transient):
        client.get("https://slow.example/", headers={})
    assert time.monotonic() - started < 0.9


def test_a_proxy_in_the_environment_is_not_used(client_for, scripted, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert client_for(scripted).get(scripted.base_url, headers={}).status == 200


def test_a_redirect_is_not_followed_and_the_token_goes_nowhere(client_for, scripted):
    scripted.says(302, Location=f"{scripted.base_url}/secret")
    with pytest.raises(Refused, match="redirects"):
        client_for(scripted).get(scripted.base_url, headers={"Authorization": "Bearer x"})
    assert scripted.requests == ["/"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x" * (2 * MEBIBYTE + 1), {}),
        (gzip.compress(bytes(100 * MEBIBYTE)), {"Content_Encoding": "gzip"}),
        (b"x", {"Content_Encoding": "br"}),
        (b"x", {"Content_Encoding": "gzip, gzip"}),
    ],
)
def test_a_giant_or_a_bomb_is_refused(client_for, scripted, body, headers):
    scripted.says(200, body, **headers)
    with pytest.raises(Refused):
        client_for(scripted).get(scripted.base_url, headers={})


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"x" * 1000, mtime=0)[:-5]])
def test_a_broken_package_may_pass(client_for, scripted, body):
    scripted.says(200, body, Content_Encoding="gzip")
    with pytest.raises(Transient):
        client_for(scripted).get(scripted.base_url, headers={})


def test_a_packed_answer_is_unpacked(client_for, scripted):
    scripted.says(200, gzip.compress(b"hello", mtime=0), Content_Encoding="gzip")
    assert client_for(scripted).get(scripted.base_url, headers={}).body == b"hello"
    scripted.says(200, zlib.compress(b"hello"), Content_Encoding="deflate")
    with pytest.raises(Refused):
        client_for(scripted).get(scripted.base_url, headers={})


@pytest.mark.parametrize("body", [b"", b"status=hello"])
def test_a_post_carries_its_body_and_length(client_for, scripted, body):
    headers = {"Authorization": "Bearer x", "Content-Type": "text/plain"}
    assert client_for(scripted).post(scripted.base_url, headers=headers, body=body).status == 200
    (posted,) = scripted.posts
    assert (posted.path, posted.body) == ("/", body.decode())
    assert posted.headers["Content-Length"] == str(len(body))
    assert posted.headers["Authorization"] == "Bearer x"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_is_not_redirected(client_for, scripted, status):
    scripted.says(status, Location=f"{scripted.base_url}/secret")
    with pytest.raises(Refused, match="redirects"):
        client_for(scripted).post(scripted.base_url, headers={}, body=b"x")
    assert scripted.requests == ["/"]


@pytest.mark.parametrize(
    "url", ["http://social.example/", "https://localhost/", "https://127.0.0.1/"]
)
def test_a_post_goes_nowhere_that_a_get_would_not(url):
    with pytest.raises(Refused):
        HttpClient(POLICY).post(url, headers={}, body=b"x")
    client = HttpClient(POLICY, resolver=lambda _host, _port: ["10.0.0.1"])
    with pytest.raises(Refused, match="public internet"):
        client.post("https://rebinding.example/", headers={}, body=b"x")


def answering(pieces, pause):
    """A raw server that sends pieces with pauses, and stops when nobody reads any more."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            for piece in pieces:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                time.sleep(pause)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return server, thread


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [[HEAD, *[b"x"] * 99], [bytes([byte]) for byte in HEAD], [b""] * 10],
    ids=["slow body", "slow head", "silence"],
)
def test_a_server_that_drips_ends_at_the_deadline(pieces):
    server, thread = answering(pieces, 0.1)
    port = server.getsockname()[1]
    client = HttpClient(HttpPolicy(local=frozenset({("127.0.0.1", port)}), deadline=0.6))
    started = time.monotonic()
    with pytest.raises(Transient):
        client.get(f"http://127.0.0.1:{port}/", headers={})
    assert 0.4 < time.monotonic() - started < 1.5
    server.close()
    thread.join(10)


@pytest.mark.parametrize(
    "reply", [b"", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_what_is_no_http_may_pass(reply):
    server, thread = answering([reply], 0)
    port = server.getsockname()[1]
    client = HttpClient(HttpPolicy(local=frozenset({("127.0.0.1", port)})))
    with pytest.raises(Transient):
        client.get(f"http://127.0.0.1:{port}/", headers={})
    server.close()
    thread.join(10)


def test_nobody_there_may_pass():
    client = HttpClient(HttpPolicy(local=frozenset({("127.0.0.1", 1)})))
    with pytest.raises(Transient):
        client.get("http://127.0.0.1:1/", headers={})
