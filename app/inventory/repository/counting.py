"""Owns the statements by which stock is counted: pieces of a scope, by many codes at once, and how those stand now."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from app.inventory.models import Item, ItemStatus
from shard_router import ShopSession

COLUMNS = (
    Item.id, Item.tag, Item.huid, Item.name, Item.category, Item.metal, Item.fineness, Item.gross_mg, Item.status,
    Item.place_id, Item.version,
)  # fmt: skip


def in_stock(
    db: ShopSession, *, place_ids: Sequence[UUID] | None, category: str | None, metal: str | None, most: int
) -> Sequence[Any]:
    """By key, at most so many."""
    wanted: list[ColumnElement[bool]] = [Item.status == ItemStatus.IN_STOCK.value]
    if place_ids is not None:
        wanted.append(Item.place_id.in_(sorted(place_ids)))
    wanted += [
        column == value for column, value in ((Item.category, category), (Item.metal, metal)) if value is not None
    ]
    return db.execute(select(*COLUMNS).where(*wanted).order_by(Item.id).limit(most)).all()


def live_by_codes(db: ShopSession, codes: Iterable[str]) -> Sequence[Any]:
    """Two reads of an index each: one OR over both would be a walk through the table."""
    wanted = sorted(codes)
    found = [*db.execute(select(*COLUMNS).where(Item.live_tag.in_(wanted))).all()]
    return [*found, *db.execute(select(*COLUMNS).where(Item.live_huid.in_(wanted))).all()]


def gone_by_codes(db: ShopSession, codes: Iterable[str]) -> Sequence[Any]:
    """The one that left last comes last."""
    wanted = sorted(codes)
    return db.execute(
        select(*COLUMNS).where(or_(Item.tag.in_(wanted), Item.huid.in_(wanted))).order_by(Item.updated_at)
    ).all()


def taken_codes(db: ShopSession, *, tags: Iterable[str], huids: Iterable[str]) -> tuple[set[str], set[str]]:
    """Those of the tags and HUIDs that a piece of the shop's stock has."""
    tag_rows = db.scalars(select(Item.live_tag).where(Item.live_tag.in_(sorted(tags)))).all()
    huid_rows = db.scalars(select(Item.live_huid).where(Item.live_huid.in_(sorted(huids)))).all()
    return {tag for tag in tag_rows if tag}, {huid for huid in huid_rows if huid}


def tally(db: ShopSession, wanted: Select[Any]) -> Sequence[Any]:
    """Status, place, and how many of the pieces whose ids `wanted` gives."""
    return db.execute(
        select(Item.status, Item.place_id, func.count()).where(Item.id.in_(wanted)).group_by(Item.status, Item.place_id)
    ).all()


def standing(db: ShopSession, item_ids: Iterable[UUID]) -> Sequence[Any]:
    return db.execute(select(*COLUMNS).where(Item.id.in_(sorted(item_ids)))).all()


def withdrawn_before(db: ShopSession, *, tags: Iterable[str], huids: Iterable[str]) -> Sequence[Item]:
    """Pieces that the shop withdrew and that wore one of these, the one entered last comes last."""
    wanted = Item.tag.in_(sorted(tags)), Item.huid.in_(sorted(huids))
    return db.scalars(
        select(Item).where(or_(*wanted), Item.status == ItemStatus.WITHDRAWN.value).order_by(Item.id)
    ).all()
