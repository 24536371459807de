"""Sealing secrets for the database: AES-256-GCM, bound to the row that they lie in.

A sealed text is `<key id>:<base64 of nonce and ciphertext>`. The first of TOKEN_KEYS writes, all
of them read. Fails closed: what cannot be opened is an error, never a text. The errors name key
ids and places, never a key or a secret.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
# Of 32 random bytes, 30 differ; that 18 or fewer do happens once in 10^11 keys.
MIN_DISTINCT: Final = 19
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SecretsError(Exception):
    """A secret cannot be sealed or opened."""


class KeysError(SecretsError):
    """TOKEN_KEYS cannot be used; the message names the position of the entry."""


class UnsealError(SecretsError):
    """A sealed text that no key opens at this place: changed, moved, or its key is gone."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The table, column and row that a secret belongs to. It can be opened nowhere else."""

    table: str
    column: str
    row: UUID

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.row}"

    def bound_to(self, key_id: str) -> bytes:
        """Return what is authenticated beside the ciphertext."""
        return "\x1f".join((key_id, self.table, self.column, str(self.row))).encode()


def seal(plaintext: str, *, context: Place) -> str:
    """Return the text sealed with the first key, different at each call. Raises KeysError."""
    keys = parse_keys(settings.TOKEN_KEYS)
    key_id = next(iter(keys))
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(keys[key_id]).encrypt(nonce, plaintext.encode(), context.bound_to(key_id))
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, context: Place) -> str:
    """Return the text that was sealed at this place. Raises UnsealError, or KeysError."""
    keys = parse_keys(settings.TOKEN_KEYS)
    key_id, _, body = sealed.partition(":")
    if key_id not in keys:
        raise UnsealError(f"{context}: its key is not in TOKEN_KEYS.")
    try:
        raw = base64.b64decode(body, validate=True)
        nonce, ciphertext = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        opened = AESGCM(keys[key_id]).decrypt(nonce, ciphertext, context.bound_to(key_id))
    except (binascii.Error, ValueError, InvalidTag):
        raise UnsealError(f"{context}: it was changed, or sealed elsewhere.") from None
    return opened.decode()


def parse_keys(entries: Iterable[str]) -> dict[str, bytes]:
    """Return the keys by id, in their order: at least one, the first of them strong.

    A weak key may read what it sealed before, so that it can be replaced. Raises KeysError.
    """
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(entries, start=1):
        key_id, _, encoded = entry.strip().partition(":")
        if not _KEY_ID.fullmatch(key_id):
            raise KeysError(
                f"Entry {position} of TOKEN_KEYS does not start with an id and a colon."
            )
        if key_id in keys:
            raise KeysError(f"Entry {position} of TOKEN_KEYS repeats an id.")
        key = _decode(encoded, position)
        if not keys and is_weak(key):
            raise KeysError(f"Entry {position} of TOKEN_KEYS is not random; make a new key.")
        if key in keys.values():
            raise KeysError(f"Entry {position} of TOKEN_KEYS repeats the key of an earlier entry.")
        keys[key_id] = key
    if not keys:
        raise KeysError("TOKEN_KEYS is not set.")
    return keys


def _decode(encoded: str, position: int) -> bytes:
    try:
        key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise KeysError(f"Entry {position} of TOKEN_KEYS is not base64.") from None
    if len(key) != KEY_BYTES:
        raise KeysError(f"Entry {position} of TOKEN_KEYS is not a key of {KEY_BYTES} bytes.")
    return key


def is_weak(key: bytes) -> bool:
    """Whether a key is text, or has a pattern that random bytes do not have.

    Bytes that repeat show in the values, and bytes that count up in the steps between them.
    """
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    is_text = key.isascii() and key.decode().isprintable()
    return is_text or min(len(set(key)), len(steps)) < MIN_DISTINCT
