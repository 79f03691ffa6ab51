"""Keys and names of stored objects."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.objects import NEVER_SERVED, PUBLIC, checked_key, content_type_of, safe_filename, unguessable


@pytest.mark.parametrize("key", ["a", "7/0192.pdf", "7/ab-c_d/400.webp", "x.tar.gz"])
def test_keys_of_the_grammar(key: str) -> None:
    assert checked_key(key) == key


@given(st.text(max_size=220))
def test_whatever_passes_stays_below_its_bucket(text: str) -> None:
    try:
        key = checked_key(text)
    except ValueError:
        return
    assert 0 < len(key) <= 200
    assert set(key) <= set(string.ascii_lowercase + string.digits + "._-/")
    assert all(part and not part.startswith(".") and ".." not in part for part in key.split("/"))


@given(st.text(max_size=300))
def test_a_file_name_can_break_no_header(text: str) -> None:
    name = safe_filename(text)
    assert 1 <= len(name) <= 100
    assert set(name) <= set(string.ascii_letters + string.digits + "._- ")


def test_nobody_guesses_a_key() -> None:
    keys = {unguessable() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(checked_key(key) and len(key) == 40 for key in keys)


def test_what_we_did_not_write_is_only_bytes() -> None:
    assert content_type_of("1/x.html") == "application/octet-stream"
    assert content_type_of("1/x.svg") == "application/octet-stream"
    assert content_type_of("1/x.webp") == "image/webp"


def test_no_bucket_is_public_and_never_served() -> None:
    assert not PUBLIC & NEVER_SERVED
