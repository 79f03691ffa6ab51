"""Owns the statements on shops in the control plane, and on the rows that make one on its shard."""

from uuid import UUID

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from app.tenants.models import Entitlement, MemberRights, Outlet, Registration, Shop, ShopProfile, Till
from shard_router import ControlSession, ShopSession


def find_shop(control: ControlSession, shop_id: int, *, lock: bool = False) -> Shop | None:
    wanted = select(Shop).where(Shop.shop_id == shop_id)
    return control.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def find_by_slug(control: ControlSession, slug: str) -> int | None:
    return control.scalars(select(Shop.shop_id).where(Shop.slug == slug, Shop.closed_at.is_(None))).one_or_none()


def list_slugs_like(control: ControlSession, base: str) -> set[str]:
    wanted = select(Shop.slug).where((Shop.slug == base) | Shop.slug.like(f"{base}-%"))
    return set(control.scalars(wanted))


def list_shops(control: ControlSession, *, after: int, limit: int) -> list[Shop]:
    return list(control.scalars(select(Shop).where(Shop.shop_id > after).order_by(Shop.shop_id).limit(limit)))


def shops_of(*, text: str | None) -> Select[Shop]:
    """For the console's list; `text` is looked for in name, slug and GSTIN, and a number is a shop's."""
    wanted = select(Shop)
    if not text:
        return wanted
    found = [
        Shop.name.contains(text, autoescape=True),
        Shop.slug.contains(text.lower(), autoescape=True) if text.isascii() else false(),
        Shop.gstin == text.upper() if text.isascii() else false(),
    ]
    if text.isascii() and text.isdigit() and len(text) < 19:
        found.append(Shop.shop_id == int(text))
    return wanted.where(or_(*found))


def list_slugs(control: Session) -> dict[str, int]:
    """Every open shop's address in the browser, for the snapshot on disk."""
    open_shops = select(Shop.slug, Shop.shop_id).where(Shop.closed_at.is_(None))
    return {row.slug: row.shop_id for row in control.execute(open_shops)}


# ---------------------------------------------------------------- shard


def find_profile(db: ShopSession, *, lock: bool = False) -> ShopProfile | None:
    wanted = select(ShopProfile)
    return db.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def list_registrations(db: ShopSession) -> list[Registration]:
    return list(db.scalars(select(Registration).order_by(Registration.id)))


def list_outlets(db: ShopSession) -> list[Outlet]:
    return list(db.scalars(select(Outlet).order_by(Outlet.id)))


def list_tills(db: ShopSession) -> list[Till]:
    return list(db.scalars(select(Till).order_by(Till.code)))


def find_member_rights(db: ShopSession, person_id: UUID, *, lock: bool = False) -> MemberRights | None:
    wanted = select(MemberRights).where(MemberRights.person_id == person_id)
    return db.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def list_member_rights(db: ShopSession) -> list[MemberRights]:
    return list(db.scalars(select(MemberRights).order_by(MemberRights.person_id)))


def find_entitlement(db: ShopSession, *, lock: bool = False) -> Entitlement | None:
    wanted = select(Entitlement)
    return db.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
