"""What may be a password, and how few are checked at a time."""

import threading

import pytest

from app.tenants.errors import PasswordTooWeak, SignInBusy
from app.tenants.service.passwords import Passwords, check_length, check_password

EMAIL = "asha@example.test"


@pytest.fixture(scope="module")
def passwords():
    return Passwords(rounds=4)


@pytest.mark.parametrize(
    "good", ["monsoon over", "a" * 66 + "bcdefg", "बारिश की रात में", "correct horse battery", "p@ss w0rd!!"]
)
def test_a_sentence_of_ones_own_is_taken(good):
    assert check_password(good, email=EMAIL) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    "bad",
    [
        "ninechars", "x" * 73, "अ" * 25, EMAIL, EMAIL.upper(), "aaaaaaaaaaaa", "abababababab", "1234567890",
        "0987654321", "abcdefghijkl", "with\nline break", "nul\x00nul\x00nul", "",
    ],
)  # fmt: skip
def test_what_is_weak_is_refused_with_words(bad):
    with pytest.raises(PasswordTooWeak) as refusal:
        check_password(bad, email=EMAIL)
    assert refusal.value.status == 422
    assert refusal.value.fields["password"] == refusal.value.message != ""


def test_seventy_two_bytes_are_the_limit():
    check_length("x" * 72)
    check_length("अ" * 24)  # 3 bytes each
    for long in ("x" * 73, "अ" * 24 + "x"):
        with pytest.raises(PasswordTooWeak, match="72"):
            check_length(long)


def test_ten_characters_are_the_least_of_people_and_twelve_of_admins():
    check_password("abcde12xyz", email=EMAIL)
    with pytest.raises(PasswordTooWeak, match="12"):
        check_password("abcde12xyzA", email=EMAIL, least=12)


def test_the_same_letters_of_two_keyboards_are_one_password(passwords):
    composed, apart = "caf\u00e9 and garden", "cafe\u0301 and garden"
    stored = passwords.accept(composed, email=EMAIL).hash
    assert passwords.fits(apart, stored)


def test_a_hash_fits_its_password_and_no_other(passwords):
    stored = passwords.accept("monsoon over", email=EMAIL).hash
    assert stored.startswith("$2b$04$")
    assert passwords.fits("monsoon over", stored)
    assert not passwords.fits("monsoon Over", stored)
    assert not passwords.fits("monsoon over", None)


def test_twelve_rounds_where_nothing_else_is_said():
    assert Passwords()._nobody.startswith(b"$2b$12$")


def test_a_hash_of_fewer_rounds_is_outdated():
    assert Passwords(rounds=5).outdated("$2b$04$" + "." * 53)
    assert not Passwords(rounds=5).outdated("$2b$05$" + "." * 53)


def test_one_time_passwords_are_long_and_differ(passwords):
    drawn = {passwords.one_time().one_time for _ in range(20)}
    assert len(drawn) == 20
    for plain in drawn:
        check_password(plain, email=EMAIL)


def test_no_secret_shows_in_a_repr(passwords):
    one = passwords.one_time()
    assert one.one_time not in repr(one)
    assert one.hash not in repr(one)


def test_only_so_many_are_checked_at_a_time():
    narrow = Passwords(rounds=4, at_once=1, wait_s=0.05)
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with narrow._slot():
            held.set()
            go_on.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(5)
    try:
        with pytest.raises(SignInBusy) as refusal:
            narrow.fits("monsoon over", None)
        assert refusal.value.status == 429
        assert refusal.value.headers["Retry-After"]
    finally:
        go_on.set()
        thread.join()
    assert not narrow.fits("monsoon over", None)
