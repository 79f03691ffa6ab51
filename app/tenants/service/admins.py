"""Owns the vendor's own people: the super-admin is made once by a command and never has a default password."""

from dataclasses import dataclass

from app.kit.audit import record_platform
from app.kit.sealing import Keyring
from app.tenants.errors import EmailTaken, PersonUnknown
from app.tenants.models import Person
from app.tenants.repository import people as repository
from app.tenants.service import second_factor
from app.tenants.service.passwords import LEAST_OF_ADMIN, NewPassword, Passwords
from app.tenants.service.people import create_person, normal_email, normal_name, view_of
from app.tenants.service.views import PersonView
from shard_router import ControlSession


@dataclass(frozen=True, slots=True)
class MadeAdmin:
    """The super-admin, and whether this call made them."""

    person: PersonView
    made: bool


def accept_admin_password(passwords: Passwords, plain: str, *, email: str) -> NewPassword:
    """Raises PasswordTooWeak: a super-admin's has at least 12 characters."""
    return passwords.accept(plain, email=normal_email(email), least=LEAST_OF_ADMIN)


def find_admin(control: ControlSession, email: str) -> PersonView | None:
    row = repository.find_vendor_admin(control, normal_email(email))
    return view_of(row) if row is not None else None


def create_admin(control: ControlSession, *, email: str, name: str, password: NewPassword) -> MadeAdmin:
    """Twice for the same address is harmless: nothing changes, not even the password. Raises EmailTaken for a shop's
    person, who does not become the vendor's by the way."""
    if (known := find_admin(control, email)) is not None:
        return MadeAdmin(known, made=False)
    if repository.find_by_email(control, normal_email(email)) is not None:
        raise EmailTaken()
    made = create_person(control, email=email, name=normal_name(name), password=password, is_vendor_admin=True)
    record_platform(control, "admin.made", {"person": str(made.id)}, actor_id=None)
    return MadeAdmin(made, made=True)


def reset_second_factor(control: ControlSession, *, email: str) -> None:
    """The device is lost: the next sign-in to the console sets up a new one. Raises PersonUnknown."""
    person = _admin(control, email)
    second_factor.forget_secret(control, person)
    record_platform(control, "admin.second_factor_reset", {"person": str(person.id)}, actor_id=None)


def current_code(control: ControlSession, *, email: str, keyring: Keyring) -> str:
    """The code that the console asks for at this moment; only the demo's command shows it. Raises PersonUnknown."""
    person = _admin(control, email)
    second_factor.ensure_secret(person, keyring)
    control.flush()
    return second_factor.current_code(person, keyring)


def _admin(control: ControlSession, email: str) -> Person:
    person = repository.find_by_email(control, normal_email(email), lock=True)
    if person is None or not person.is_vendor_admin:
        raise PersonUnknown()
    return person
