"""Sealed fields open only under their own key and row."""

import pytest

from app.kit.sealing import Keyring, Unsealable

KEYRING = Keyring(bytes(range(32)))


def test_what_was_sealed_opens_again_through_the_stored_form() -> None:
    key = KEYRING.new_key()
    sealed = key.seal("श्री अमित शाह".encode(), b"invoice-1")
    assert KEYRING.open(key.wrapped).unseal(sealed, b"invoice-1").decode() == "श्री अमित शाह"


def test_the_same_text_sealed_twice_looks_different() -> None:
    key = KEYRING.new_key()
    assert key.seal(b"Amit", b"c") != key.seal(b"Amit", b"c")


@pytest.mark.parametrize("spoil", ["row", "byte", "key", "short"])
def test_moved_changed_or_foreign_ciphertext_is_refused(spoil: str) -> None:
    key = KEYRING.new_key()
    sealed = key.seal(b"Amit Shah", b"invoice-1")
    context = b"invoice-2" if spoil == "row" else b"invoice-1"
    if spoil == "byte":
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    if spoil == "short":
        sealed = sealed[:5]
    opener = KEYRING.new_key() if spoil == "key" else key
    with pytest.raises(Unsealable):
        opener.unseal(sealed, context)


def test_another_master_key_opens_nothing() -> None:
    with pytest.raises(Unsealable):
        Keyring(bytes(32)).open(KEYRING.new_key().wrapped)


def test_a_master_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(b"short")


def test_a_key_never_shows_itself() -> None:
    assert "AESGCM" not in repr(KEYRING.new_key())
