"""Owns the statements that read where documents are issued: a till with its outlet, registration and shop."""

from typing import Any

from sqlalchemy import Select, String, and_, bindparam, func, select

from app.tenants.models import Entitlement, Outlet, Registration, ShopProfile, Till
from shard_router import Prepared, ShopSession

IDS = (Till.id, Outlet.id, Registration.id)
PACKED = (
    Till.code, Outlet.name, Outlet.address, Outlet.city, Outlet.pin, Outlet.bis_registration, Registration.gstin,
    Registration.state_code, Registration.composition, Registration.legal_name, ShopProfile.name,
    ShopProfile.name_local, ShopProfile.phone, ShopProfile.rate_basis, ShopProfile.logo,
)  # fmt: skip

PLAN = (
    Entitlement.state, Entitlement.plan, Entitlement.paid_until, Entitlement.grace_days, Entitlement.read_only_days,
    Entitlement.version,
)  # fmt: skip


def places() -> Select[*tuple[Any, ...]]:
    """Every till of the shop: IDS, then PACKED and the shop's PLAN as one JSON array each.

    The driver takes longer to read a column's description than all of a row's values, and every bill reads this.
    """
    return (
        select(*IDS, func.json_array(*PACKED, type_=String()).label("facts"), _plan())
        .select_from(Till)
        .join(Outlet, and_(Outlet.shop_id == Till.shop_id, Outlet.id == Till.outlet_id))
        .join(Registration, and_(Registration.shop_id == Outlet.shop_id, Registration.id == Outlet.registration_id))
        .join(ShopProfile, ShopProfile.shop_id == Till.shop_id)
    )


def _plan() -> Any:
    return (
        select(func.json_array(*PLAN, type_=String()))
        .where(Entitlement.shop_id == Till.shop_id)
        .correlate(Till)
        .scalar_subquery()
        .label("plan")
    )


def lock_profile(db: ShopSession, *, shared: bool) -> None:
    """The row that stands for all settings of the shop: who adds a till holds it, and every bill reads it shared."""
    db.execute(select(ShopProfile.version).with_for_update(read=shared)).one()


# Part of a bill's first packet. Shared locks: what a bill prints does not change under it, and its foreign keys to till
# and registration never wait for a settings page while the shop's hot rows are held.
PLACES = Prepared(lambda: places().where(Till.shop_id == bindparam("shop_id")).with_for_update(read=True))
