from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.origins import OriginError, parse_origin

LOCAL = {("127.0.0.1", 4000)}

GOOD = {
    "https://social.example": ("https://social.example", "social.example"),
    "https://social.example/": ("https://social.example", "social.example"),
    "HTTPS://Social.Example:443": ("https://social.example", "social.example"),
    "https://social.example.": ("https://social.example", "social.example"),
    "https://bücher.example": ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
    "http://127.0.0.1:4000": ("http://127.0.0.1:4000", "127.0.0.1:4000"),
}
BAD = [
    "",
    "social.example",
    "ftp://social.example",
    "http://social.example",
    "https://social.example:8443",
    "https://localhost",
    "https://127.0.0.1",
    "https://2130706433",
    "https://[::1]",
    "https://[::1",
    "http://127.0.0.1:4001",
    "https://social.example/path",
    "https://social.example?query",
    "https://social.example#part",
    "https://user:password@social.example",
    "https://social..example",
    "https://social.example:port",
    "https://social.example:99999",
    "https://so cial.example",
    "https://social.example\n",
    "javascript:alert(1)",
]


@pytest.mark.parametrize(("text", "expected"), GOOD.items())
def test_an_origin_has_one_spelling(text, expected):
    origin = parse_origin(text, local=LOCAL)
    assert (origin.base_url, origin.host) == expected
    assert parse_origin(origin.base_url, local=LOCAL) == origin


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(OriginError):
        parse_origin(text, local=LOCAL)


@given(st.text() | st.text().map("https://{}".format))
def test_nothing_else_is_raised(text):
    try:
        origin = parse_origin(text)
    except OriginError:
        return
    assert origin.base_url == f"https://{origin.host}"
