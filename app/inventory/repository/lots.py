"""Owns the statements on lots and on the places of stock."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, update

from app.inventory.models import LotState, MetalLot, Tray
from app.kit import paging
from app.kit.db import Id, Utc
from app.kit.sums import added_up
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

FINE = MetalLot.left_net_mg * MetalLot.fineness
GROSS = MetalLot.left_net_mg + MetalLot.left_stone_mg
COLUMNS = (
    MetalLot.id, MetalLot.code, MetalLot.name, MetalLot.kind, MetalLot.metal, MetalLot.fineness, MetalLot.place_id,
    MetalLot.supplier_id, MetalLot.state, MetalLot.left_pieces, MetalLot.left_stone_mg, MetalLot.left_net_mg,
    MetalLot.left_stone_mct, MetalLot.left_cost_paise, MetalLot.version, MetalLot.created_at, MetalLot.updated_at,
    MetalLot.hsn,
)  # fmt: skip
"""What `Lot` says of one, in its order."""


def find_lot(db: ShopSession, lot_id: UUID) -> MetalLot | None:
    return db.scalars(select(MetalLot).where(MetalLot.id == lot_id)).one_or_none()


def find_lots(db: ShopSession, lot_ids: Iterable[UUID]) -> Sequence[MetalLot]:
    return db.scalars(select(MetalLot).where(MetalLot.id.in_(sorted(lot_ids)))).all()


def find_coded(db: ShopSession, codes: Sequence[str]) -> Sequence[MetalLot]:
    return db.scalars(select(MetalLot).where(MetalLot.code.in_(codes), MetalLot.state == LotState.OPEN.value)).all()


def lock_lots(db: ShopSession, lot_ids: Iterable[UUID]) -> Sequence[MetalLot]:
    """In the order of their keys, as every transaction locks lots, behind its pieces."""
    wanted = sorted(lot_ids)
    return db.scalars(select(MetalLot).where(MetalLot.id.in_(wanted)).order_by(MetalLot.id).with_for_update()).all()


def list_lots(
    *, state: str | None, kind: str | None, metal: str | None, place_ids: Sequence[UUID], text: str | None
) -> Select[Any]:
    statement = paging.only(select(MetalLot), [(MetalLot.state, state), (MetalLot.kind, kind), (MetalLot.metal, metal)])
    if place_ids:
        statement = statement.where(MetalLot.place_id.in_(list(place_ids)))
    if text:
        named = MetalLot.name.contains(text, autoescape=True)
        statement = statement.where(named | MetalLot.code.startswith(text.upper(), autoescape=True))
    return statement


def held_lots(db: ShopSession) -> Sequence[Any]:
    """Place, metal, fineness, then pieces, gross, stone, net, fine, mct and cost, of open lots."""
    keys = (MetalLot.place_id, MetalLot.metal, MetalLot.fineness)
    figures = (
        MetalLot.left_pieces, GROSS, MetalLot.left_stone_mg, MetalLot.left_net_mg, FINE, MetalLot.left_stone_mct,
        MetalLot.left_cost_paise,
    )  # fmt: skip
    held = select(*keys, *(func.sum(one) for one in figures)).where(MetalLot.state == LotState.OPEN.value)
    return db.execute(held.group_by(*keys)).all()


def list_trays(db: ShopSession) -> Sequence[Tray]:
    return db.scalars(select(Tray).order_by(Tray.code)).all()


def lock_tray(db: ShopSession, tray_id: UUID) -> Tray | None:
    return db.scalars(select(Tray).where(Tray.id == tray_id).with_for_update()).one_or_none()


# Parts of a bill: its lots are held and read in the first packet, behind its pieces; lowered in the last. Nobody else
# can have taken of them meanwhile: the version is compared all the same.
HOLD = Prepared(
    lambda: (
        select(*COLUMNS)
        .where(MetalLot.shop_id == bindparam("shop_id"), MetalLot.id.in_(bindparam("ids", type_=Id, expanding=True)))
        .order_by(MetalLot.id)
        .with_for_update()
    )
)
_LEFT = ("state", "left_pieces", "left_stone_mg", "left_net_mg", "left_stone_mct", "left_cost_paise")
LOWER = Prepared(
    lambda: (
        update(MetalLot)
        .where(
            MetalLot.shop_id == bindparam("b_shop_id"), MetalLot.id == bindparam("b_id", type_=Id),
            MetalLot.version == bindparam("b_version", type_=MetalLot.version.type),
        )
        .values(
            **{name: bindparam(f"b_{name}", type_=getattr(MetalLot, name).type) for name in _LEFT},
            version=MetalLot.version + 1, updated_at=bindparam("b_now", type_=Utc),
        )
    )
)  # fmt: skip


def shop_sums() -> tuple[Sum, ...]:
    """What is left of lots, by purity; how many trays."""
    left = (
        MetalLot.left_pieces, MetalLot.left_stone_mg, MetalLot.left_net_mg, MetalLot.left_stone_mct,
        MetalLot.left_cost_paise,
    )  # fmt: skip
    return (
        added_up("lots", MetalLot, by=(MetalLot.state, MetalLot.metal, MetalLot.fineness), of=left),
        added_up("trays", Tray, of=(Tray.version,)),
    )
