"""Owns sealing: personal fields of chained rows under a key per customer, each wrapped by the master key.

Destroying a customer's wrapped key leaves ciphertext that nobody can open and a chain that still holds. The promise
ends where an old backup of the keys survives: keys are backed up apart, with their deletions replayed on restore.
"""

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
KEY = 32


class Unsealable(Exception):
    """The ciphertext does not open under this key and context: wrong key, moved from another row, or changed."""


@dataclass(frozen=True)
class DataKey:
    """An opened data key; `wrapped` is the form that is stored. Its bytes never show in a repr."""

    wrapped: bytes
    _cipher: AESGCM = field(repr=False)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Nonce and AES-256-GCM ciphertext; opens only under the same context (the row it belongs to)."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, context)

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        """The plain bytes; raises Unsealable."""
        return _decrypt(self._cipher, sealed, context)


class Keyring:
    """Makes and opens data keys; holds the master key, which comes from a file and is never stored in a database."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY:
            raise ValueError("the master key has 32 bytes")
        self._master = AESGCM(master_key)

    def new_key(self) -> DataKey:
        """A fresh data key, wrapped for storing."""
        plain = AESGCM.generate_key(bit_length=256)
        return DataKey(self.wrap(plain, b"data-key"), AESGCM(plain))

    def open(self, wrapped: bytes) -> DataKey:
        """The data key of its stored form; raises Unsealable."""
        return DataKey(wrapped, AESGCM(self.unwrap(wrapped, b"data-key")))

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """A short secret of the platform itself (a signing key, a second factor) under the master key."""
        nonce = os.urandom(NONCE)
        return nonce + self._master.encrypt(nonce, secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The secret of its wrapped form; raises Unsealable."""
        return _decrypt(self._master, wrapped, context)


def _decrypt(cipher: AESGCM, sealed: bytes, context: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], context)
    except (InvalidTag, ValueError):
        raise Unsealable from None
