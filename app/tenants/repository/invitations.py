"""Owns the statements on invitations."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, delete, select

from app.tenants.models import Invitation, Person, Shop
from shard_router import ControlSession


def find_of_shop(control: ControlSession, shop_id: int, email: str) -> Invitation | None:
    """Locked: two owners who invite the same person write one after the other."""
    wanted = select(Invitation).where(Invitation.shop_id == shop_id, Invitation.email == email)
    return control.scalars(wanted.with_for_update()).one_or_none()


def find_in_shop(control: ControlSession, shop_id: int, invitation_id: UUID) -> Invitation | None:
    wanted = select(Invitation).where(Invitation.id == invitation_id, Invitation.shop_id == shop_id)
    return control.scalars(wanted.with_for_update()).one_or_none()


def find_for_person(
    control: ControlSession, person_id: UUID, invitation_id: UUID, now: dt.datetime
) -> Invitation | None:
    """One that was made for this person's own address, locked."""
    wanted = (
        select(Invitation)
        .join(Person, Person.email == Invitation.email)
        .where(Invitation.id == invitation_id, Person.id == person_id, Invitation.expires_at > now)
    )
    return control.scalars(wanted.with_for_update(of=Invitation)).one_or_none()


def list_for_address(control: ControlSession, email: str, now: dt.datetime) -> list[Invitation]:
    """Locked: a code is used once."""
    wanted = select(Invitation).where(Invitation.email == email, Invitation.expires_at > now)
    return list(control.scalars(wanted.order_by(Invitation.id).with_for_update()))


def list_in_shop(control: ControlSession, shop_id: int, now: dt.datetime) -> list[Invitation]:
    wanted = select(Invitation).where(Invitation.shop_id == shop_id, Invitation.expires_at > now)
    return list(control.scalars(wanted.order_by(Invitation.name, Invitation.id)))


def list_for_person(control: ControlSession, person_id: UUID, now: dt.datetime) -> Sequence[Row[Invitation, str]]:
    """With the shops' names."""
    return control.execute(
        select(Invitation, Shop.name)
        .join(Person, Person.email == Invitation.email)
        .join(Shop, Shop.shop_id == Invitation.shop_id)
        .where(Person.id == person_id, Invitation.expires_at > now, Shop.closed_at.is_(None))
        .order_by(Shop.name, Invitation.id)
    ).all()


def delete_expired(control: ControlSession, now: dt.datetime) -> int:
    return control.execute(delete(Invitation).where(Invitation.expires_at <= now)).rowcount  # type: ignore[attr-defined, no-any-return]
