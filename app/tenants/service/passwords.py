"""Owns passwords: what may be one, how it is kept (bcrypt), and how many are checked at a time."""

import datetime as dt
import itertools
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import bcrypt

from app.kit.clock import utc_now
from app.kit.texts import _
from app.tenants.errors import PasswordTooWeak, SignInBusy

ROUNDS = 12
LEAST = 10
LEAST_OF_ADMIN = 12
MOST_BYTES = 72  # bcrypt reads no further, so more is refused and never cut
LEAST_DISTINCT = 5
ONE_TIME_LASTS = dt.timedelta(days=7)
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A checked and hashed password on its way into the database; hashing is slow, so it is done before a transaction.

    `one_time` holds the plain text of one that was drawn for somebody else, to be shown once.
    """

    hash: str = field(repr=False)
    one_time: str | None = field(default=None, repr=False)
    one_time_until: dt.datetime | None = None


def readable_secret() -> str:
    """79 random bits, in groups that can be read out on the telephone."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(4))


def check_password(plain: str, *, email: str, least: int = LEAST, field: str = "password") -> None:
    """Raises PasswordTooWeak with words that say what is wrong with a new password, at the body's `field`."""
    if wrong := _what_is_wrong(_normal(plain), email, least):
        raise PasswordTooWeak(wrong, fields={field: wrong})


def check_length(plain: str, *, field: str = "password") -> None:
    """Raises PasswordTooWeak for what bcrypt cannot read whole; also at sign-in, since it can be nobody's password."""
    if wrong := _unreadable(_normal(plain)):
        raise PasswordTooWeak(wrong, fields={field: wrong})


class Passwords:
    """Makes and checks hashes; a few at a time, for each costs a quarter of a second of one core."""

    def __init__(self, *, rounds: int = ROUNDS, at_once: int = 2, wait_s: float = 3.0) -> None:
        self._rounds = rounds
        self._slots = threading.BoundedSemaphore(at_once)
        self._wait_s = wait_s
        self._nobody = bcrypt.gensalt(rounds) + b"." * 31  # of the right shape and cost, and no password's hash

    def accept(self, plain: str, *, email: str, least: int = LEAST, field: str = "password") -> NewPassword:
        """Raises PasswordTooWeak (at `field`), SignInBusy."""
        check_password(plain, email=email, least=least, field=field)
        return NewPassword(self._hash(plain))

    def one_time(self) -> NewPassword:
        """For a person made by another; for 7 days."""
        plain = readable_secret()
        return NewPassword(self._hash(plain), plain, utc_now() + ONE_TIME_LASTS)

    def fits(self, plain: str, stored: str | None) -> bool:
        """Whether it is the password; with None (no such person) as slow as any other and False. Raises SignInBusy."""
        with self._slot():
            fits = bcrypt.checkpw(_bytes(plain), stored.encode("ascii") if stored else self._nobody)
        return fits and stored is not None

    def renew(self, plain: str) -> NewPassword:
        """The same password under today's number of rounds."""
        return NewPassword(self._hash(plain))

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with fewer rounds than are used now."""
        return int(stored.split("$")[2]) < self._rounds

    def _hash(self, plain: str) -> str:
        with self._slot():
            return bcrypt.hashpw(_bytes(plain), bcrypt.gensalt(self._rounds)).decode("ascii")

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=self._wait_s):
            raise SignInBusy(headers={"Retry-After": "2"})
        try:
            yield
        finally:
            self._slots.release()


def _what_is_wrong(plain: str, email: str, least: int) -> str:
    if unreadable := _unreadable(plain):
        return unreadable
    if len(plain) < least:
        return str(_("A password has at least %(least)s characters.", least=least))
    if email and plain.casefold() in (email.casefold(), email.casefold().partition("@")[0]):
        return str(_("The e-mail address is no password."))
    if len(set(plain)) < LEAST_DISTINCT or _is_run(plain):
        return str(_("This password is too easy to guess."))
    return ""


def _unreadable(plain: str) -> str:
    if len(plain.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        most = _("A password has at most %(most)s bytes (72 plain letters, fewer in other scripts).", most=MOST_BYTES)
        return str(most)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in plain):
        return str(_("A password has no control characters."))
    return ""


def _is_run(plain: str) -> bool:
    """1234567890, abcdefghijkl and their like backwards."""
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(plain)}
    return len(steps) == 1 or steps <= {1, -9} or steps <= {-1, 9}


def _normal(plain: str) -> str:
    """One form of the same letters, so that ñ of one keyboard is ñ of another."""
    return unicodedata.normalize("NFC", plain)


def _bytes(plain: str) -> bytes:
    return _normal(plain).encode("utf-8")
