from __future__ import annotations

import base64
import hashlib
import os
import random
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.checks import token_keys
from accounts.secrets import KeysError, Place, UnsealError, parse_keys, seal, unseal

ROW = UUID(int=1)
HERE = Place(table="table", column="column", row=ROW)


def entry(name, key):
    return f"{name}:{base64.b64encode(key).decode()}"


KEYS = {name: entry(name, hashlib.sha256(name.encode()).digest()) for name in "ab"}


@given(st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_here_opens_here(text):
    assert unseal(seal(text, context=HERE), context=HERE) == text


def test_a_sealed_text_is_different_each_time_and_does_not_show_the_secret():
    first, second = seal("mock_token", context=HERE), seal("mock_token", context=HERE)
    assert first != second
    assert "mock_token" not in first


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place(table="other", column="column", row=ROW),
        Place(table="table", column="other", row=ROW),
        Place(table="table", column="column", row=uuid4()),
    ],
    ids=["table", "column", "row"],
)
def test_a_text_that_was_moved_does_not_open(elsewhere):
    with pytest.raises(UnsealError):
        unseal(seal("secret", context=HERE), context=elsewhere)


@given(st.data())
def test_a_text_that_was_changed_does_not_open(data):
    key_id, _, body = seal("secret", context=HERE).partition(":")
    raw = bytearray(base64.b64decode(body))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UnsealError):
        unseal(f"{key_id}:{base64.b64encode(raw).decode()}", context=HERE)


@pytest.mark.parametrize("planted", ["", "secret", "test:", "test:c2VjcmV0", "test:*", "no:AAAA"])
def test_a_text_that_was_never_sealed_does_not_open(planted):
    with pytest.raises(UnsealError):
        unseal(planted, context=HERE)


def test_the_first_key_writes_and_all_keys_read(settings):
    settings.TOKEN_KEYS = [KEYS["a"]]
    old = seal("secret", context=HERE)
    settings.TOKEN_KEYS = [KEYS["b"], KEYS["a"]]
    assert seal("secret", context=HERE).startswith("b:")
    assert unseal(old, context=HERE) == "secret"


def test_a_text_whose_key_is_gone_does_not_open(settings):
    settings.TOKEN_KEYS = [KEYS["a"]]
    sealed = seal("secret", context=HERE)
    settings.TOKEN_KEYS = [KEYS["b"]]
    with pytest.raises(UnsealError):
        unseal(sealed, context=HERE)


BAD_KEYS = {
    "none": [],
    "no id": [KEYS["a"].removeprefix("a")],
    "no colon": ["a"],
    "not base64": ["a:SECRET-but-not*base64"],
    "too short": ["a:U0VDUkVU"],
    "the same id twice": [KEYS["a"], KEYS["a"]],
    "the same key twice": [KEYS["a"], KEYS["a"].replace("a:", "b:", 1)],
    "zeros": [entry("k", bytes(32))],
    "one byte": [entry("k", b"\xa7" * 32)],
    "two bytes": [entry("k", b"\xa7\x10" * 16)],
    "half a key twice": [entry("k", hashlib.sha256(b"x").digest()[:16] * 2)],
    "counting": [entry("k", bytes(range(200, 232)))],
    "counting down by threes": [entry("k", bytes(200 - 3 * n for n in range(32)))],
    "a number": [entry("k", (2**60 + 12_345).to_bytes(32, "big"))],
    "letters": [entry("k", b"a" * 32)],
    "words": [entry("k", b"correct horse battery staple 42!")],
    "hexadecimal": [entry("k", hashlib.sha256(b"x").hexdigest()[:32].encode())],
    "base64 within base64": [entry("k", base64.b64encode(hashlib.sha256(b"x").digest())[:32])],
}


@pytest.mark.parametrize("entries", BAD_KEYS.values(), ids=BAD_KEYS)
def test_keys_that_cannot_be_used_are_an_error_that_shows_no_key(settings, entries):
    with pytest.raises(KeysError):
        parse_keys(entries)
    settings.TOKEN_KEYS = entries
    (error,) = token_keys()
    assert error.id == "accounts.E001"
    assert error.hint
    secrets = [entry.partition(":")[2] for entry in entries if entry.partition(":")[2]]
    assert not any(secret in f"{error.msg} {error.hint}" for secret in secrets)


def test_a_weak_key_writes_nothing():
    with pytest.raises(KeysError, match="Entry 1 of TOKEN_KEYS is not random"):
        parse_keys([entry("k", bytes(32)), KEYS["a"]])


def test_a_weak_key_reads_what_it_sealed_so_that_it_can_be_replaced(settings):
    settings.TOKEN_KEYS = [KEYS["a"], entry("k", bytes(32))]
    assert list(parse_keys(settings.TOKEN_KEYS)) == ["a", "k"]
    (warning,) = token_keys()
    assert (warning.id, warning.msg) == (
        "accounts.W002", "The key k in TOKEN_KEYS is not random.",
    )  # fmt: skip


def test_random_keys_are_not_weak():
    seeded = random.Random(7)  # noqa: S311  (the same ones each time)
    for number in range(20_000):
        assert parse_keys([entry("k", seeded.randbytes(32))]), number
    assert parse_keys([entry("k", os.urandom(32))])


def test_good_keys_pass_the_check(settings):
    settings.TOKEN_KEYS = list(KEYS.values())
    assert token_keys() == []
