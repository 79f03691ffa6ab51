"""Owns what a shop's owner is shown of its people beyond their role, and may do to their sign-ins.

What a person does elsewhere is not this shop's business: whoever belongs to another shop too, or to the vendor, shows
no sign-in here and is signed out by themselves only. Taking their membership away ends their access all the same.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.kit.audit import record_platform
from app.tenants.errors import BelongsElsewhere, PersonUnknown
from app.tenants.models import Membership, Person
from app.tenants.repository import people as repository
from app.tenants.service.people import member_view, sign_out_everywhere
from app.tenants.service.views import MemberView
from shard_router import ControlSession


@dataclass(frozen=True, slots=True)
class StaffView:
    """A member, with what this shop may know of their sign-in."""

    member: MemberView
    only_here: bool
    last_sign_in_at: dt.datetime | None
    one_time: bool  # has no password of their own yet
    disabled: bool  # by the vendor


def list_staff(control: ControlSession, shop_id: int) -> tuple[StaffView, ...]:
    """By name."""
    return tuple(_staff(*row) for row in repository.list_staff(control, shop_id))


def get_staff(control: ControlSession, shop_id: int, person_id: UUID) -> StaffView:
    """Raises PersonUnknown."""
    for row in repository.list_staff(control, shop_id, person_id=person_id):
        return _staff(*row)
    raise PersonUnknown()


def sign_out_member(control: ControlSession, *, shop_id: int, person_id: UUID, actor_id: UUID) -> None:
    """Every token of this member stops counting; raises PersonUnknown, BelongsElsewhere."""
    staff = get_staff(control, shop_id, person_id)
    if not staff.only_here:
        raise BelongsElsewhere()
    sign_out_everywhere(control, person_id=person_id, actor_id=actor_id)
    record_platform(control, "member.signed_out", {"person": str(person_id)}, actor_id=actor_id, shop_id=shop_id)


def _staff(member: Membership, person: Person, elsewhere: bool) -> StaffView:
    only_here = not (elsewhere or person.is_vendor_admin)
    return StaffView(
        member=member_view(member, person), only_here=only_here,
        last_sign_in_at=person.last_sign_in_at if only_here else None, one_time=person.one_time_until is not None,
        disabled=person.disabled_at is not None,
    )  # fmt: skip
