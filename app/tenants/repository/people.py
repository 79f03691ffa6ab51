"""Owns the statements on people, memberships and rights in the control plane."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Row, Select, exists, func, select, update
from sqlalchemy.orm import aliased

from app.tenants.models import Membership, Person, Role, RoleRight, Shop
from shard_router import ControlSession

Row_ = TypeVar("Row_", Person, Membership)


def find_person(control: ControlSession, person_id: UUID, *, lock: bool = False) -> Person | None:
    return control.scalars(_locked(select(Person).where(Person.id == person_id), lock)).one_or_none()


def find_by_email(control: ControlSession, email: str, *, lock: bool = False) -> Person | None:
    return control.scalars(_locked(select(Person).where(Person.email == email), lock)).one_or_none()


def find_names(control: ControlSession, person_ids: set[UUID]) -> dict[UUID, str]:
    found = select(Person.id, Person.name).where(Person.id.in_(sorted(person_ids)))
    return {row.id: row.name for row in control.execute(found)} if person_ids else {}


def find_vendor_admin(control: ControlSession, email: str) -> Person | None:
    return control.scalars(select(Person).where(Person.email == email, Person.is_vendor_admin)).one_or_none()


def count_vendor_admins(control: ControlSession) -> int:
    return control.scalars(select(func.count()).select_from(Person).where(Person.is_vendor_admin)).one()


def find_membership(control: ControlSession, person_id: UUID, shop_id: int, *, lock: bool = False) -> Membership | None:
    """Also one that has ended: coming back revives the row."""
    wanted = select(Membership).where(Membership.person_id == person_id, Membership.shop_id == shop_id)
    return control.scalars(_locked(wanted, lock)).one_or_none()


def list_memberships(control: ControlSession, person_id: UUID) -> Sequence[Row[Membership, Shop]]:
    """The shops that a person belongs to now, by name."""
    return control.execute(
        select(Membership, Shop)
        .join(Shop, Shop.shop_id == Membership.shop_id)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None), Shop.closed_at.is_(None))
        .order_by(Shop.name, Shop.shop_id)
    ).all()


def list_members(control: ControlSession, shop_id: int) -> Sequence[Row[Membership, Person]]:
    """Who belongs to the shop now, by name."""
    return control.execute(
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.shop_id == shop_id, Membership.ended_at.is_(None))
        .order_by(Person.name, Person.id)
    ).all()


def list_staff(
    control: ControlSession, shop_id: int, *, person_id: UUID | None = None
) -> Sequence[Row[Membership, Person, bool]]:
    """Who belongs to the shop now, by name, and whether they belong to another one too; or that one person."""
    other = aliased(Membership)
    elsewhere = exists().where(
        other.person_id == Membership.person_id, other.shop_id != shop_id, other.ended_at.is_(None)
    )
    wanted = (
        select(Membership, Person, elsewhere)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.shop_id == shop_id, Membership.ended_at.is_(None))
        .order_by(Person.name, Person.id)
    )
    return control.execute(wanted if person_id is None else wanted.where(Membership.person_id == person_id)).all()


def list_all_memberships(control: ControlSession, shop_id: int) -> Sequence[Row[Membership, Person]]:
    """With those that have ended: the shard must know that they did."""
    return control.execute(
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.shop_id == shop_id)
        .order_by(Membership.person_id)
    ).all()


def lock_owners(control: ControlSession, shop_id: int) -> list[UUID]:
    """The shop's owners, locked, so that two of them cannot remove each other at the same moment."""
    owners = (
        select(Membership.person_id)
        .where(Membership.shop_id == shop_id, Membership.role == Role.OWNER.value, Membership.ended_at.is_(None))
        .order_by(Membership.person_id)
    )
    return list(control.scalars(owners.with_for_update()))


def raise_membership_versions(control: ControlSession, person_id: UUID) -> list[tuple[int, int]]:
    """All of a person's memberships get a new version, since what the shards hold of them is old: (shop, version)."""
    control.execute(update(Membership).where(Membership.person_id == person_id).values(version=Membership.version + 1))
    found = select(Membership.shop_id, Membership.version).where(Membership.person_id == person_id)
    return [(shop_id, version) for shop_id, version in control.execute(found.order_by(Membership.shop_id)).all()]


def list_rights(control: ControlSession, role: str, on: dt.date) -> list[str]:
    held = select(RoleRight.right).where(
        RoleRight.role == role,
        RoleRight.valid_from <= on,
        (RoleRight.valid_to.is_(None)) | (RoleRight.valid_to >= on),
    )
    return sorted(set(control.scalars(held)))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is in a shop, with what decides whether that counts."""

    role: str
    name: str
    session_version: int
    disabled: bool
    ready: bool
    rights: list[str]


def find_standing(control: ControlSession, person_id: UUID, shop_id: int, on: dt.date) -> Standing | None:
    """In one statement, since it stands on the way of a request: membership, person, shop and the role's rights."""
    rows = control.execute(
        select(
            Membership.role, Person.name, Person.session_version, Person.disabled_at, Shop.ready_at, RoleRight.right
        )
        .join(Person, Person.id == Membership.person_id)
        .join(Shop, Shop.shop_id == Membership.shop_id)
        .outerjoin(
            RoleRight,
            (RoleRight.role == Membership.role)
            & (RoleRight.valid_from <= on)
            & ((RoleRight.valid_to.is_(None)) | (RoleRight.valid_to >= on)),
        )
        .where(
            Membership.person_id == person_id, Membership.shop_id == shop_id,
            Membership.ended_at.is_(None), Shop.closed_at.is_(None),
        )
    ).all()  # fmt: skip
    if not rows:
        return None
    role, name, version, disabled_at, ready_at, _ = rows[0]
    rights = sorted({row.right for row in rows if row.right is not None})
    return Standing(role, name, version, disabled_at is not None, ready_at is not None, rights)


def _locked(wanted: Select[Row_], lock: bool) -> Select[Row_]:
    return wanted.with_for_update() if lock else wanted
