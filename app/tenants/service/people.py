"""Owns people and who belongs to which shop: making, inviting, changing roles, leaving; never without an owner."""

import re
import unicodedata
from typing import Any
from uuid import UUID

import phonenumbers
from sqlalchemy.exc import IntegrityError

from app.kit.audit import record_platform
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import _
from app.tenants.errors import (
    AlreadyMember,
    ChangedMeanwhile,
    EmailTaken,
    LastOwner,
    MalformedEmail,
    MalformedPhone,
    NameUnusable,
    PersonUnknown,
    ShopUnknown,
)  # fmt: skip
from app.tenants.models import Membership, Person, Role
from app.tenants.repository import people as repository
from app.tenants.repository import shops
from app.tenants.service.changes import note_person, note_standing
from app.tenants.service.passwords import NewPassword
from app.tenants.service.projections import ask_to_push_member, ask_to_push_person
from app.tenants.service.views import MembershipView, MemberView, PersonView
from shard_router import ControlSession

LONGEST_EMAIL = 254
_PHONE = re.compile(r"\+?[0-9 ().-]{4,24}")  # the library would read letters as keys
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")


def create_person(
    control: ControlSession, *, email: str, name: str, password: NewPassword,
    phone: str | None = None, locale: str = "en", is_vendor_admin: bool = False, address_proved: bool = True,
) -> PersonView:  # fmt: skip
    """A new person; raises MalformedEmail, EmailTaken. `Passwords.accept` or `.one_time` makes the password first.

    `address_proved`: the vendor knows whose address it is; a shop's invitation proves it to nobody but that shop.
    """
    address = normal_email(email)
    if repository.find_by_email(control, address) is not None:
        raise EmailTaken(fields={"email": str(EmailTaken.default_message)})
    now = utc_now()
    row = Person(
        id=new_id(), email=address, name=normal_name(name), phone=normal_phone(phone), locale=locale,
        address_proved_at=now if address_proved else None, password_hash=password.hash,
        one_time_until=password.one_time_until, session_version=1,
        is_vendor_admin=is_vendor_admin, version=1, created_at=now, updated_at=now,
    )  # fmt: skip
    try:
        with control.begin_nested():
            control.add(row)
    except IntegrityError:  # somebody made the same person a moment ago
        raise EmailTaken(fields={"email": str(EmailTaken.default_message)}) from None
    return view_of(row)


def get_person(control: ControlSession, person_id: UUID) -> PersonView:
    """Raises PersonUnknown."""
    return view_of(_person(control, person_id))


def find_person(control: ControlSession, email: str) -> PersonView | None:
    row = repository.find_by_email(control, normal_email(email))
    return view_of(row) if row is not None else None


def find_or_invite_person(
    control: ControlSession, *, email: str, name: str, one_time: NewPassword, phone: str | None = None,
    locale: str = "en",
) -> tuple[PersonView, str | None]:  # fmt: skip
    """The person of this e-mail, or a new one; then the one-time password is given back, this once.

    For the vendor, who knows whose address it is. Whoever has no password of their own yet gets this new one. So does
    who only joined by a shop's code, and every sign-in of theirs ends: an owner who invited a stranger's address may
    have kept that code. A shop's people use `invitations.invite`.
    """
    known = repository.find_by_email(control, normal_email(email), lock=True)
    if known is None:
        made = create_person(control, email=email, name=name, password=one_time, phone=phone, locale=locale)
        return made, one_time.one_time
    if known.is_vendor_admin or (known.one_time_until is None and known.address_proved_at is not None):
        return view_of(known), None
    if known.address_proved_at is None:
        sign_out_everywhere(control, person_id=known.id, actor_id=None)
        known.address_proved_at = utc_now()
    _give_one_time(known, one_time)
    return view_of(known), one_time.one_time


def change_profile(
    control: ControlSession, *, person_id: UUID, expected_version: int, changes: dict[str, Any]
) -> PersonView:
    """A person's own name, phone and locale; raises ChangedMeanwhile. The shops' shards learn of a new name."""
    row = _person(control, person_id, lock=True)
    if row.version != expected_version:
        raise ChangedMeanwhile()
    before = row.name
    if "phone" in changes:
        changes = {**changes, "phone": normal_phone(changes["phone"])}
    if "name" in changes:
        changes = {**changes, "name": normal_name(changes["name"])}
    for field in ("name", "phone", "locale"):
        if field in changes:
            setattr(row, field, changes[field])
    _touch(row)
    if row.name != before:
        ask_to_push_person(control, person_id)
    note_person(control, person_id)
    facts = {"person": str(person_id), "fields": sorted(changes)}
    record_platform(control, "person.changed", facts, actor_id=person_id)
    control.flush()
    return view_of(row)


def sign_out_everywhere(control: ControlSession, *, person_id: UUID, actor_id: UUID | None) -> int:
    """Every token of this person stops counting, everywhere within a minute; the new session version."""
    row = _person(control, person_id, lock=True)
    row.session_version += 1
    _touch(row)
    ask_to_push_person(control, person_id)
    note_person(control, person_id)
    record_platform(control, "person.signed_out_everywhere", {"person": str(person_id)}, actor_id=actor_id)
    control.flush()
    return row.session_version


# ---------------------------------------------------------------- who belongs to a shop


def list_memberships(control: ControlSession, person_id: UUID) -> tuple[MembershipView, ...]:
    return tuple(
        MembershipView(shop.shop_id, shop.slug, shop.name, Role(member.role), shop.ready_at is not None)
        for member, shop in repository.list_memberships(control, person_id)
    )


def list_people(control: ControlSession, shop_id: int) -> tuple[MemberView, ...]:
    return tuple(member_view(member, person) for member, person in repository.list_members(control, shop_id))


def add_member(
    control: ControlSession, *, shop_id: int, person_id: UUID, role: Role, actor_id: UUID | None = None,
    push: bool = True,
) -> MemberView:  # fmt: skip
    """A person joins a shop, or comes back to it; raises AlreadyMember, PersonUnknown, ShopUnknown.

    `push=False` at opening only: the job that prepares the shard brings its first members along.
    """
    person = _person(control, person_id)
    if shops.find_shop(control, shop_id) is None:
        raise ShopUnknown()
    row = repository.find_membership(control, person_id, shop_id, lock=True)
    if row is not None and row.ended_at is None:
        raise AlreadyMember()
    if row is None:
        row = Membership(person_id=person_id, shop_id=shop_id, role=role.value, version=1, created_at=utc_now())
        control.add(row)
    else:
        row.role, row.ended_at, row.version = role.value, None, row.version + 1
    _tell(control, row, "member.added", actor_id, push=push)
    return member_view(row, person)


def change_role(
    control: ControlSession, *, shop_id: int, person_id: UUID, role: Role, expected_version: int, actor_id: UUID
) -> MemberView:
    """Raises ChangedMeanwhile, LastOwner, PersonUnknown."""
    row, person = _member(control, shop_id, person_id)
    if row.version != expected_version:
        raise ChangedMeanwhile()
    if row.role == Role.OWNER and role is not Role.OWNER:
        _keep_an_owner(control, shop_id, person_id)
    if row.role != role.value:
        row.role, row.version = role.value, row.version + 1
        _tell(control, row, "member.role_changed", actor_id)
    return member_view(row, person)


def remove_member(control: ControlSession, *, shop_id: int, person_id: UUID, actor_id: UUID) -> None:
    """The person no longer belongs to the shop; what they did stays. Raises LastOwner, PersonUnknown."""
    row, _ = _member(control, shop_id, person_id)
    if row.role == Role.OWNER:
        _keep_an_owner(control, shop_id, person_id)
    row.ended_at, row.version = utc_now(), row.version + 1
    _tell(control, row, "member.removed", actor_id)


# ---------------------------------------------------------------- forms of names and addresses


def normal_email(text: str) -> str:
    """The one form of an e-mail address: lower-case ASCII. Raises MalformedEmail.

    Plain ASCII only: the column takes á for a, and one person must not have two throttles at sign-in.
    """
    bare = text.strip().lower() if isinstance(text, str) else ""
    if len(bare) > LONGEST_EMAIL or not _EMAIL.fullmatch(bare):
        raise MalformedEmail(fields={"email": str(MalformedEmail.default_message)})
    return bare


def normal_phone(text: str | None) -> str | None:
    """+919820012345; Indian where no country is said. Raises MalformedPhone."""
    if text is None or not text.strip():
        return None
    try:
        number = phonenumbers.parse(text, "IN") if _PHONE.fullmatch(text.strip()) else None
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise MalformedPhone(fields={"phone": str(MalformedPhone.default_message)})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_name(text: str) -> str:
    """One form of the same letters, single spaces; raises NameUnusable where it holds what nobody sees."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not is_readable(name):
        raise NameUnusable(_(UNREADABLE))
    return name


def view_of(row: Person) -> PersonView:
    return PersonView(
        id=row.id, email=row.email, name=row.name, phone=row.phone, locale=row.locale,
        session_version=row.session_version, is_vendor_admin=row.is_vendor_admin, version=row.version,
    )  # fmt: skip


def member_view(member: Membership, person: Person) -> MemberView:
    return MemberView(
        person_id=person.id, name=person.name, email=person.email, phone=person.phone, role=Role(member.role),
        since=member.created_at, version=member.version,
    )  # fmt: skip


def _person(control: ControlSession, person_id: UUID, *, lock: bool = False) -> Person:
    if (row := repository.find_person(control, person_id, lock=lock)) is None:
        raise PersonUnknown()
    return row


def _member(control: ControlSession, shop_id: int, person_id: UUID) -> tuple[Membership, Person]:
    row = repository.find_membership(control, person_id, shop_id, lock=True)
    if row is None or row.ended_at is not None:
        raise PersonUnknown()
    return row, _person(control, person_id)


def _give_one_time(person: Person, one_time: NewPassword) -> None:
    person.password_hash, person.one_time_until = one_time.hash, one_time.one_time_until
    _touch(person)


def _keep_an_owner(control: ControlSession, shop_id: int, leaving: UUID) -> None:
    if not set(repository.lock_owners(control, shop_id)) - {leaving}:
        raise LastOwner()


def _tell(control: ControlSession, row: Membership, action: str, actor_id: UUID | None, *, push: bool = True) -> None:
    control.flush()
    if push:
        ask_to_push_member(control, shop_id=row.shop_id, person_id=row.person_id, version=row.version)
    note_standing(control, row.person_id, row.shop_id)
    facts = {"person": str(row.person_id), "role": row.role}
    record_platform(control, action, facts, actor_id=actor_id, shop_id=row.shop_id)


def _touch(row: Person) -> None:
    row.version, row.updated_at = row.version + 1, utc_now()
