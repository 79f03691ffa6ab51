"""Owns asking somebody to belong to a shop: nobody is a member, or a person at all, until they said yes themselves.

An owner learns nothing of an address by inviting it: who is known and who is not gets the same reply, and the lists
show what the owner typed. The code goes from the owner's hand to the person's; whoever accepts shows it, also when
signed in, since no address here is proved by a letter sent to it. What breaks the promise: an owner who keeps the code
may join as a stranger whose address nobody used yet. That leads nowhere: another shop's invitation needs another code,
and the vendor opens a shop only for who proves themselves anew (`find_or_invite_person`).
"""

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID

from app.kit.audit import record_platform
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.tenants.errors import AlreadyMember, InvitationRefused, InvitationUnknown, ShopUnknown
from app.tenants.models import Invitation, Role
from app.tenants.repository import invitations as repository
from app.tenants.repository import people, shops
from app.tenants.service.passwords import NewPassword, readable_secret
from app.tenants.service.people import add_member, create_person, normal_email, normal_name, normal_phone
from app.tenants.service.views import PersonView
from shard_router import ControlSession

LASTS = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class InvitationView:
    """As its shop sees it: what was typed, and nothing of who it is for."""

    id: UUID
    email: str
    name: str
    phone: str | None
    role: Role
    invited_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Invited:
    """A fresh invitation; the code is there this once."""

    invitation: InvitationView
    code: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnInvitation:
    """As the person sees it for whom it was made."""

    id: UUID
    shop_name: str
    role: Role
    expires_at: dt.datetime


def invite(
    control: ControlSession, *, shop_id: int, email: str, name: str, role: Role, phone: str | None, actor_id: UUID
) -> Invited:
    """Anew for the same address: the earlier code counts no more. Raises AlreadyMember, ShopUnknown, MalformedEmail."""
    address, code, now = normal_email(email), readable_secret(), utc_now()
    if shops.find_shop(control, shop_id, lock=True) is None:
        raise ShopUnknown()
    _refuse_member(control, shop_id, address)
    row = repository.find_of_shop(control, shop_id, address)
    if row is None:
        row = Invitation(id=new_id(), shop_id=shop_id, email=address)
        control.add(row)
    row.name, row.phone, row.role = normal_name(name), normal_phone(phone), role.value
    row.code_hash, row.invited_by, row.invited_at, row.expires_at = _hash(code), actor_id, now, now + LASTS
    control.flush()
    _record(control, row, "member.invited", actor_id)
    return Invited(_view(row), code)


def list_invitations(control: ControlSession, shop_id: int) -> tuple[InvitationView, ...]:
    """Those that nobody answered yet, by name."""
    return tuple(_view(row) for row in repository.list_in_shop(control, shop_id, utc_now()))


def withdraw_invitation(control: ControlSession, *, shop_id: int, invitation_id: UUID, actor_id: UUID) -> None:
    """Raises InvitationUnknown."""
    row = repository.find_in_shop(control, shop_id, invitation_id)
    if row is None:
        raise InvitationUnknown()
    _end(control, row, "member.invitation_withdrawn", actor_id)


def list_own_invitations(control: ControlSession, person_id: UUID) -> tuple[OwnInvitation, ...]:
    found = repository.list_for_person(control, person_id, utc_now())
    return tuple(OwnInvitation(row.id, shop_name, Role(row.role), row.expires_at) for row, shop_name in found)


def accept_invitation(control: ControlSession, *, person_id: UUID, invitation_id: UUID, code: str) -> None:
    """The person joins the shop; raises InvitationUnknown, InvitationRefused."""
    row = _own(control, person_id, invitation_id)
    if not _opens(row, code):
        raise InvitationRefused(fields={"code": str(InvitationRefused.default_message)})
    _end(control, row, "member.invitation_accepted", person_id)
    add_member(control, shop_id=row.shop_id, person_id=person_id, role=Role(row.role), actor_id=row.invited_by)


def decline_invitation(control: ControlSession, *, person_id: UUID, invitation_id: UUID) -> None:
    """Raises InvitationUnknown."""
    _end(control, _own(control, person_id, invitation_id), "member.invitation_declined", person_id)


def join(control: ControlSession, *, email: str, code: str, password: NewPassword) -> PersonView:
    """A person nobody knew comes to be, with a password of their own, and belongs to the shop.

    Raises InvitationRefused, also for who has a sign-in already: they accept it there.
    """
    address = normal_email(email)
    row = next((one for one in repository.list_for_address(control, address, utc_now()) if _opens(one, code)), None)
    if row is None or people.find_by_email(control, address) is not None:
        raise InvitationRefused()
    person = create_person(
        control, email=address, name=row.name, phone=row.phone, password=password, address_proved=False
    )
    _end(control, row, "member.invitation_accepted", person.id)
    add_member(control, shop_id=row.shop_id, person_id=person.id, role=Role(row.role), actor_id=row.invited_by)
    return person


def purge_invitations(control: ControlSession) -> int:
    """Those whose time is over; how many."""
    return repository.delete_expired(control, utc_now())


def _refuse_member(control: ControlSession, shop_id: int, address: str) -> None:
    """Who belongs to the shop already stands in its list: that tells nothing new."""
    known = people.find_by_email(control, address)
    member = people.find_membership(control, known.id, shop_id) if known is not None else None
    if member is not None and member.ended_at is None:
        raise AlreadyMember()


def _own(control: ControlSession, person_id: UUID, invitation_id: UUID) -> Invitation:
    if (row := repository.find_for_person(control, person_id, invitation_id, utc_now())) is None:
        raise InvitationUnknown()
    return row


def _end(control: ControlSession, row: Invitation, action: str, actor_id: UUID) -> None:
    control.delete(row)
    control.flush()
    _record(control, row, action, actor_id)


def _record(control: ControlSession, row: Invitation, action: str, actor_id: UUID) -> None:
    facts = {"invitation": str(row.id), "role": row.role}
    record_platform(control, action, facts, actor_id=actor_id, shop_id=row.shop_id)


def _opens(row: Invitation, code: str) -> bool:
    return hmac.compare_digest(row.code_hash, _hash(code))


def _hash(code: str) -> bytes:
    """79 random bits need no slow hash."""
    return hashlib.sha256("".join(code.split()).lower().encode()).digest()


def _view(row: Invitation) -> InvitationView:
    return InvitationView(
        id=row.id, email=row.email, name=row.name, phone=row.phone, role=Role(row.role), invited_at=row.invited_at,
        expires_at=row.expires_at,
    )  # fmt: skip
