"""Owns the console's second factor: a TOTP secret sealed under the master key, each code good once."""

import hmac
from uuid import UUID

import pyotp

from app.kit.clock import utc_now
from app.kit.sealing import Keyring
from app.tenants.models import Person
from shard_router import ControlSession

STEP_S = 30
ISSUER = "BoolaGold console"


def ensure_secret(person: Person, keyring: Keyring) -> str:
    """The person's secret in base32, made where there is none; not in force until a code of it was given."""
    if person.second_factor is None:
        secret = pyotp.random_base32()
        person.second_factor = keyring.wrap(secret.encode("ascii"), _context(person.id))
        return secret
    return _secret(person, keyring)


def is_enrolled(person: Person) -> bool:
    return person.second_factor is not None and person.second_factor_step is not None


def accept_code(person: Person, code: str, keyring: Keyring) -> bool:
    """Whether the code is this step's or a neighbour's (clocks differ) and newer than the last used; remembers it."""
    if person.second_factor is None or not (code.isascii() and code.isdigit() and len(code) == 6):
        return False
    totp = pyotp.TOTP(_secret(person, keyring))
    now = int(utc_now().timestamp()) // STEP_S
    for step in (now - 1, now, now + 1):
        if step > (person.second_factor_step or 0) and hmac.compare_digest(totp.generate_otp(step), code):
            person.second_factor_step = step
            return True
    return False


def enrolment_uri(email: str, secret: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def current_code(person: Person, keyring: Keyring) -> str:
    """The code of this moment, for the demo's command only."""
    return pyotp.TOTP(_secret(person, keyring)).generate_otp(int(utc_now().timestamp()) // STEP_S)


def forget_secret(control: ControlSession, person: Person) -> None:
    """The device is lost: the next sign-in enrols anew."""
    person.second_factor = person.second_factor_step = None
    control.flush()


def _secret(person: Person, keyring: Keyring) -> str:
    if person.second_factor is None:
        raise LookupError("no second factor")
    return keyring.unwrap(person.second_factor, _context(person.id)).decode("ascii")


def _context(person_id: UUID) -> bytes:
    return b"second-factor:" + person_id.bytes
