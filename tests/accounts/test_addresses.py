"""Whose address counts, and what a caller can make of it: nothing."""

from __future__ import annotations

import ipaddress

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from accounts.addresses import UNKNOWN, client_address
from accounts.checks import proxies


def seen(remote, forwarded=None):
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **extra))


CASES = [
    # how many proxies, who connects, what they say, whose address it is
    (0, "192.0.2.1", None, "192.0.2.1"),
    (0, "192.0.2.1", "198.51.100.7", "192.0.2.1"),
    (1, "192.0.2.1", "198.51.100.7", "198.51.100.7"),
    (1, "192.0.2.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
    (1, "192.0.2.1", "6.6.6.6,,198.51.100.7", "198.51.100.7"),
    (2, "192.0.2.1", "6.6.6.6, 198.51.100.7, 203.0.113.9", "198.51.100.7"),
    (2, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
    (1, "192.0.2.1", None, "192.0.2.1"),
    (1, "192.0.2.1", "", "192.0.2.1"),
    (1, "192.0.2.1", "198.51.100.7, unknown", UNKNOWN),
    (0, "", None, UNKNOWN),
    (0, "unix:", None, UNKNOWN),
    (0, "1.2.3", None, UNKNOWN),
    (0, "٣.٣.٣.٣", None, UNKNOWN),
    (0, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::"),
    (0, "2001:db8:1:2:ffff::1", None, "2001:db8:1:2::"),
    (0, "fe80::1%eth0", None, "fe80::"),
    (0, "::ffff:192.0.2.1", None, "192.0.2.1"),
    (1, "192.0.2.1", "198.51.100.7:5555", "198.51.100.7"),
    (1, "192.0.2.1", "6.6.6.6, 198.51.100.7:1", "198.51.100.7"),
    (1, "192.0.2.1", "[2001:db8::1]:443", "2001:db8::"),
    (1, "192.0.2.1", "[2001:db8::1]", "2001:db8::"),
    (1, "192.0.2.1", "[::ffff:198.51.100.7]:80", "198.51.100.7"),
    (1, "192.0.2.1", "198.51.100.7:", UNKNOWN),
    (1, "192.0.2.1", "198.51.100.7:x", UNKNOWN),
    (1, "192.0.2.1", "198.51.100.7:1:2", UNKNOWN),
    (1, "192.0.2.1", "[198.51.100.7", UNKNOWN),
    (1, "192.0.2.1", "[]:80", UNKNOWN),
]


@pytest.mark.parametrize(("number", "remote", "forwarded", "expected"), CASES)
def test_an_address_is_what_the_outermost_proxy_saw(settings, number, remote, forwarded, expected):
    settings.NUM_PROXIES = number
    assert seen(remote, forwarded) == expected


@given(st.text(), st.text(), st.integers(0, 3))
def test_whatever_is_said_it_is_an_address(remote, forwarded, number):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.NUM_PROXIES", number)
        ipaddress.ip_address(seen(remote, forwarded))


HTTPS = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize(
    ("header", "number", "warned"), [(None, 0, []), (HTTPS, 1, []), (HTTPS, 0, ["accounts.W001"])]
)
def test_a_proxy_whose_number_is_not_said_is_warned_of(settings, header, number, warned):
    settings.SECURE_PROXY_SSL_HEADER, settings.NUM_PROXIES = header, number
    assert [message.id for message in proxies()] == warned
