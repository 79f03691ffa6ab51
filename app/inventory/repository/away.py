"""Owns the statements on what is away: transfers, memos, melts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from app.inventory.models import Consignment, ConsignmentLine, ItemMetal
from app.kit import paging
from app.kit.sums import added_up
from shard_router import ShopSession
from shard_router.moves import Sum

GROSS = ConsignmentLine.net_mg + ConsignmentLine.stone_mg
FINE = ConsignmentLine.net_mg * ConsignmentLine.fineness


def find_consignment(db: ShopSession, consignment_id: UUID, *, lock: bool = False) -> Consignment | None:
    statement = select(Consignment).where(Consignment.id == consignment_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def lines_of(db: ShopSession, consignment_ids: Sequence[UUID]) -> Sequence[ConsignmentLine]:
    return db.scalars(
        select(ConsignmentLine)
        .where(ConsignmentLine.consignment_id.in_(sorted(consignment_ids)))
        .order_by(ConsignmentLine.consignment_id, ConsignmentLine.pos)
    ).all()


def list_consignments(*, kind: str, state: str | None, customer_id: UUID | None) -> Select[Any]:
    wanted = [(Consignment.kind, kind), (Consignment.state, state), (Consignment.customer_id, customer_id)]
    return paging.only(select(Consignment), wanted)


def held_lines(db: ShopSession) -> Sequence[Any]:
    """Kind, consignment, metal, fineness, then pieces, gross, stone, net, fine, mct and cost, of what is away; as if
    each piece were of its main metal alone, which `held_others` puts right."""
    keys = (Consignment.kind, ConsignmentLine.consignment_id, ConsignmentLine.metal, ConsignmentLine.fineness)
    figures = (
        ConsignmentLine.pieces, GROSS, ConsignmentLine.stone_mg, ConsignmentLine.net_mg, FINE,
        ConsignmentLine.stone_mct, ConsignmentLine.cost_paise,
    )  # fmt: skip
    ours = (Consignment.shop_id == ConsignmentLine.shop_id) & (Consignment.id == ConsignmentLine.consignment_id)
    held = select(*keys, *(func.sum(one) for one in figures)).join(Consignment, ours)
    return db.execute(held.where(ConsignmentLine.outcome.is_(None)).group_by(*keys)).all()


def held_others(db: ShopSession) -> Sequence[Any]:
    """Kind, consignment, main metal and fineness, other metal and fineness, mg: what of the pieces that are away is not
    of their main metal. What is away can't be corrected, so its metals are those that were sent."""
    keys = (
        Consignment.kind, ConsignmentLine.consignment_id, ConsignmentLine.metal, ConsignmentLine.fineness,
        ItemMetal.metal, ItemMetal.fineness,
    )  # fmt: skip
    ours = (Consignment.shop_id == ConsignmentLine.shop_id) & (Consignment.id == ConsignmentLine.consignment_id)
    part = (ItemMetal.shop_id == ConsignmentLine.shop_id) & (ItemMetal.item_id == ConsignmentLine.item_id)
    return db.execute(
        select(*keys, func.sum(ItemMetal.net_mg))
        .select_from(ConsignmentLine)
        .join(Consignment, ours)
        .join(ItemMetal, part)
        .where(ConsignmentLine.outcome.is_(None))
        .group_by(*keys)
    ).all()


def shop_sums() -> tuple[Sum, ...]:
    """What went away and how it ended, by kind and outcome, in mg and paise."""
    weights = (
        ConsignmentLine.pieces, ConsignmentLine.net_mg, ConsignmentLine.stone_mg, ConsignmentLine.stone_mct,
        ConsignmentLine.cost_paise,
    )  # fmt: skip
    by = (func.coalesce(ConsignmentLine.outcome, "away"), ConsignmentLine.metal, ConsignmentLine.fineness)
    return (
        added_up("consignments", Consignment, by=(Consignment.kind, Consignment.state), of=(Consignment.version,)),
        added_up("consigned", ConsignmentLine, by=by, of=weights),
    )
