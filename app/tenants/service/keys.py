"""Owns the keys of access tokens: which one signs, which still verify, and their change every 90 days.

With the control plane and Redis gone, tokens verify by the public halves in the router's snapshot on disk; the promise
ends for a key that was made after the snapshot was last written, and then its holders are asked to sign in again.
"""

import base64
import datetime as dt
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.orm import Session

from app.kit.clock import CLOCKS_APART, utc_now
from app.kit.sealing import Keyring, Unsealable
from app.kit.transactions import write_control
from app.tenants.errors import NoSigningKey
from app.tenants.models import SigningKey
from app.tenants.repository import keys as repository
from app.tenants.service.reaching import ControlGone, ControlLine
from shard_router import ControlSession, Router, RouterError

log = structlog.get_logger(__name__)
SIGNS = dt.timedelta(days=90)
VERIFIES_ON = dt.timedelta(days=7)
MADE_AHEAD = dt.timedelta(days=3)
KEPT_AFTER = dt.timedelta(days=30)
BELIEVED_S = 50.0  # a new key is known everywhere within a minute
ASKED_AGAIN_S = 5.0  # at most this often for a key that nobody knows
SNAPSHOT = "signing_keys"


@dataclass(frozen=True, slots=True)
class Key:
    """One key as a process holds it; `private` is None where only the snapshot is left."""

    kid: str
    public: Ed25519PublicKey = field(repr=False)
    private: Ed25519PrivateKey | None = field(repr=False)
    signs_from: dt.datetime
    signs_until: dt.datetime
    verifies_until: dt.datetime


def rotate_keys(
    control: ControlSession, keyring: Keyring, *, now: dt.datetime | None = None, at_once: bool = False
) -> list[str]:
    """Makes the next key when the present one ends within three days; returns the kids made, mostly none.

    `at_once` (a key may be known to others): a new one signs from now and the old ones only verify, 7 days more.
    """
    now = now or utc_now()
    rows = repository.lock_keys(control)
    repository.delete_keys_before(control, now - KEPT_AFTER)
    live = [row for row in rows if row.signs_until > now]
    if at_once:
        for row in live:
            row.signs_from = min(row.signs_from, now)
            row.signs_until, row.verifies_until = now, now + VERIFIES_ON
        live = []
    last = max((row.signs_until for row in live), default=now)
    if last > now + MADE_AHEAD:
        return []
    return [_make_key(control, keyring, signs_from=last).kid]


class SigningKeys:
    """A process's view of the keys, at most 50 s old."""

    def __init__(
        self, router: Router, line: ControlLine, keyring: Keyring, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._router = router
        self._line = line
        self._keyring = keyring
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._believed_until = 0.0
        self._asked_unknown = 0.0
        router.directory.register(SNAPSHOT, public_keys)

    def signer(self) -> Key:
        """The key that signs now; made on the spot where there is none. Raises NoSigningKey."""
        self._refresh()
        if (key := self._signing()) is None:
            self._make()
            key = self._signing()
        if key is None:
            raise NoSigningKey(headers={"Retry-After": "10"})
        return key

    def verifier(self, kid: str) -> Ed25519PublicKey | None:
        """The public half of a kid that still verifies; an unknown one is looked for once more, now and then."""
        self._refresh()
        if kid not in self._keys and self._elapsed() >= self._asked_unknown:
            self._asked_unknown = self._elapsed() + ASKED_AGAIN_S
            self.forget()
            self._refresh()
        key = self._keys.get(kid)
        return key.public if key is not None and utc_now() < key.verifies_until else None

    def forget(self) -> None:
        """The next question reads the control plane: after a rotation in this process, and in tests."""
        self._believed_until = 0.0

    def _signing(self) -> Key | None:
        now, soon = utc_now(), utc_now() + CLOCKS_APART  # a key made where the clock runs ahead signs here at once
        able = [key for key in self._keys.values() if key.private and key.signs_from <= soon and now < key.signs_until]
        return max(able, key=lambda key: (key.signs_from, key.kid), default=None)

    def _make(self) -> None:
        try:
            write_control(self._router, lambda control: rotate_keys(control, self._keyring))
        except RouterError:
            raise NoSigningKey(headers={"Retry-After": "10"}) from None
        self.forget()
        self._refresh()

    def _refresh(self) -> None:
        if self._elapsed() < self._believed_until:
            return
        if not self._lock.acquire(blocking=not self._keys):
            return  # somebody is asking just now; what is known here does until they are done
        try:
            if self._elapsed() >= self._believed_until:
                self._keys = {key.kid: key for key in self._line.read(self._read)}
                self._believed_until = self._elapsed() + BELIEVED_S
        except ControlGone:
            self._take_from_snapshot()
        finally:
            self._lock.release()

    def _read(self, control: ControlSession) -> list[Key]:
        return [self._opened(row) for row in repository.list_keys(control, utc_now())]

    def _opened(self, row: SigningKey) -> Key:
        try:
            plain = self._keyring.unwrap(row.private_sealed, _context(row.kid))
            private = Ed25519PrivateKey.from_private_bytes(plain)
        except Unsealable:  # sealed by another master key: it cannot sign here, and still verifies
            log.error("a signing key was sealed by another master key", kid=row.kid)
            private = None
        return Key(row.kid, _public(row.public_pem), private, row.signs_from, row.signs_until, row.verifies_until)

    def _take_from_snapshot(self) -> None:
        """Only what is not known in memory: a process that has read the keys itself knows better."""
        for entry in self._router.directory.section(SNAPSHOT) or []:
            if entry["kid"] not in self._keys:
                self._keys[entry["kid"]] = _read(entry)


def public_keys(control: Session) -> list[dict[str, str]]:
    """The router's snapshot keeps these on disk: only what verifies, nothing that signs."""
    return [_written(row) for row in repository.list_keys(control, utc_now())]


def _make_key(control: ControlSession, keyring: Keyring, *, signs_from: dt.datetime) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    kid = base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()
    row = SigningKey(
        kid=kid, public_pem=_pem(private.public_key()),
        private_sealed=keyring.wrap(private.private_bytes_raw(), _context(kid)),
        signs_from=signs_from, signs_until=signs_from + SIGNS, verifies_until=signs_from + SIGNS + VERIFIES_ON,
    )  # fmt: skip
    control.add(row)
    control.flush()
    return row


def _context(kid: str) -> bytes:
    return b"signing-key:" + kid.encode("ascii")


def _pem(public: Ed25519PublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode("ascii")


def _public(pem: str) -> Ed25519PublicKey:
    key = serialization.load_pem_public_key(pem.encode("ascii"))
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("a signing key of another kind than Ed25519")
    return key


def _written(row: SigningKey) -> dict[str, str]:
    times = {name: getattr(row, name).isoformat() for name in ("signs_from", "signs_until", "verifies_until")}
    return {"kid": row.kid, "public": row.public_pem, **times}


def _read(entry: dict[str, str]) -> Key:
    signs_from, signs_until, verifies_until = (
        dt.datetime.fromisoformat(entry[name]) for name in ("signs_from", "signs_until", "verifies_until")
    )
    return Key(entry["kid"], _public(entry["public"]), None, signs_from, signs_until, verifies_until)
