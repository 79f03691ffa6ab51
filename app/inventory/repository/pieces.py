"""Owns the statements on pieces and their stones."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, String, bindparam, delete, func, null, or_, select, update

from app.inventory.models import Item, ItemMetal, ItemStatus, ItemStone
from app.kit.db import Id, Utc
from app.kit.sums import added_up
from shard_router import FleetSession, Prepared, ShopSession
from shard_router.moves import Sum

ITEM_COLUMNS = (
    Item.id, Item.tag, Item.name, Item.category, Item.metal, Item.fineness, Item.hsn, Item.huid, Item.huid_exempt,
    Item.gross_mg, Item.stone_mg, Item.net_mg, Item.wastage_kind, Item.wastage_bp, Item.making_kind, Item.making_paise,
    Item.making_bp, Item.hallmark_paise, Item.status, Item.invoice_id, Item.picture_id, Item.version, Item.created_at,
    Item.updated_at, Item.cost_paise, Item.place_id, Item.supplier_id, Item.lot_id,
)  # fmt: skip
STONE_COLUMNS = (
    ItemStone.kind, ItemStone.pieces, ItemStone.weight_mct, ItemStone.basis, ItemStone.rate_paise,
)  # fmt: skip
METAL_COLUMNS = (ItemMetal.metal, ItemMetal.fineness, ItemMetal.net_mg)


def find_item(db: ShopSession, item_id: UUID, *, lock: bool = False) -> Item | None:
    statement = select(Item).where(Item.id == item_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def find_items(db: ShopSession, item_ids: Iterable[UUID]) -> Sequence[Item]:
    return db.scalars(select(Item).where(Item.id.in_(sorted(item_ids)))).all()


def lock_items(db: ShopSession, item_ids: Iterable[UUID]) -> Sequence[Item]:
    """In the order of their keys, as every transaction locks pieces."""
    wanted = sorted(item_ids)
    return db.scalars(select(Item).where(Item.id.in_(wanted)).order_by(Item.id).with_for_update()).all()


def lock_next_items(db: ShopSession, after: UUID | None, limit: int) -> Sequence[Item]:
    """The next ones by key, held until the commit."""
    statement = select(Item).order_by(Item.id).limit(limit).with_for_update()
    return db.scalars(statement if after is None else statement.where(Item.id > after)).all()


def held_pieces(db: ShopSession) -> list[tuple[Any, ...]]:
    """Place, metal, fineness, then pieces, gross, stone, net, fine, mct and cost, of what is in stock; as if each piece
    were of its main metal alone, which `held_others` puts right."""
    keys = (Item.place_id, Item.metal, Item.fineness)
    mine = Item.status == ItemStatus.IN_STOCK.value
    cost = func.sum(func.coalesce(Item.cost_paise, 0))
    weights = [func.sum(one) for one in (Item.gross_mg, Item.stone_mg, Item.net_mg, Item.net_mg * Item.fineness)]
    rows = db.execute(select(*keys, func.count(), *weights, cost).where(mine).group_by(*keys)).all()
    stones = db.execute(
        select(*keys, func.sum(ItemStone.weight_mct))
        .join(ItemStone, (ItemStone.shop_id == Item.shop_id) & (ItemStone.item_id == Item.id))
        .where(mine)
        .group_by(*keys)
    ).all()
    carats = {tuple(row[:3]): row[3] for row in stones}
    return [(*row[:-1], carats.get(tuple(row[:3]), 0), row[-1]) for row in rows]


def held_others(db: ShopSession) -> Sequence[Any]:
    """Place, main metal and fineness, other metal and fineness, mg: what of the pieces in stock is not of their main
    metal."""
    keys = (Item.place_id, Item.metal, Item.fineness, ItemMetal.metal, ItemMetal.fineness)
    return db.execute(
        select(*keys, func.sum(ItemMetal.net_mg))
        .join(ItemMetal, (ItemMetal.shop_id == Item.shop_id) & (ItemMetal.item_id == Item.id))
        .where(Item.status == ItemStatus.IN_STOCK.value)
        .group_by(*keys)
    ).all()


def find_live(db: ShopSession, code: str) -> Sequence[Item]:
    """Pieces in stock that wear this tag or carry this HUID: at most one of each."""
    return db.scalars(select(Item).where(or_(Item.live_tag == code, Item.live_huid == code))).all()


def find_worn(db: ShopSession, codes: Sequence[str]) -> Sequence[Item]:
    """Pieces that wear one of these tags or carry one of these HUIDs now."""
    return db.scalars(select(Item).where(or_(Item.live_tag.in_(codes), Item.live_huid.in_(codes)))).all()


def find_gone(db: ShopSession, code: str) -> Item | None:
    """The piece that wore this tag or HUID last and is no longer in stock."""
    return db.scalars(
        select(Item)
        .where(or_(Item.tag == code, Item.huid == code), Item.status != ItemStatus.IN_STOCK.value)
        .order_by(Item.updated_at.desc())
        .limit(1)
    ).first()


def find_withdrawn(db: ShopSession, *, tag: str, huid: str | None) -> Item | None:
    """The piece withdrawn by the shop that carried this HUID, else that wore this tag; the one entered last."""
    codes = [Item.tag == tag] if huid is None else [Item.huid == huid, Item.tag == tag]
    found = (
        select(Item).where(code, Item.status == ItemStatus.WITHDRAWN.value).order_by(Item.id.desc()).limit(1)
        for code in codes
    )  # fmt: skip
    return next((row for statement in found if (row := db.scalars(statement).first()) is not None), None)


def list_stones(db: ShopSession, item_ids: Iterable[UUID]) -> Sequence[ItemStone]:
    """The stones of many pieces in one statement."""
    return db.scalars(
        select(ItemStone).where(ItemStone.item_id.in_(sorted(item_ids))).order_by(ItemStone.item_id, ItemStone.pos)
    ).all()


def list_metals(db: ShopSession, item_ids: Iterable[UUID]) -> Sequence[ItemMetal]:
    """The other metals of many pieces in one statement."""
    return db.scalars(
        select(ItemMetal).where(ItemMetal.item_id.in_(sorted(item_ids))).order_by(ItemMetal.item_id, ItemMetal.pos)
    ).all()


def delete_stones(db: ShopSession, item_id: UUID) -> None:
    db.execute(delete(ItemStone).where(ItemStone.item_id == item_id).execution_options(synchronize_session="fetch"))


def delete_metals(db: ShopSession, item_id: UUID) -> None:
    db.execute(delete(ItemMetal).where(ItemMetal.item_id == item_id).execution_options(synchronize_session="fetch"))


def list_items(
    *,
    status: str | None,
    category: str | None,
    metal: str | None,
    fineness: int | None,
    place_ids: Sequence[UUID],
    supplier_id: UUID | None,
    tag: str | None,
    text: str | None,
) -> Select[Any]:
    """The filters of the stock list; `tag` is a beginning, `text` is looked for in name, tag and HUID."""
    wanted: list[ColumnElement[bool]] = []
    for column, value in (
        (Item.status, status), (Item.category, category), (Item.metal, metal), (Item.fineness, fineness),
        (Item.supplier_id, supplier_id),
    ):  # fmt: skip
        if value is not None:
            wanted.append(column == value)
    if place_ids:
        wanted.append(Item.place_id.in_(list(place_ids)))
    if tag:
        wanted.append(Item.tag.startswith(tag.upper(), autoescape=True))
    if text:
        code = text.upper()
        wanted.append(or_(
            Item.name.contains(text, autoescape=True),
            Item.tag.startswith(code, autoescape=True),
            Item.huid.startswith(code, autoescape=True),
        ))  # fmt: skip
    return select(Item).where(*wanted)


def count_in_stock(session: FleetSession, shop_ids: Iterable[int]) -> Sequence[Any]:
    return session.execute(
        select(Item.shop_id, func.count())
        .where(Item.shop_id.in_(list(shop_ids)), Item.status == ItemStatus.IN_STOCK.value)
        .group_by(Item.shop_id)
    ).all()


def stock_by_purity(db: ShopSession) -> Sequence[Any]:
    """Metal, fineness, how many pieces, gross and net weight in mg of what is in stock."""
    return db.execute(
        select(Item.metal, Item.fineness, func.count(Item.id), func.sum(Item.gross_mg), func.sum(Item.net_mg))
        .where(Item.status == ItemStatus.IN_STOCK.value)
        .group_by(Item.metal, Item.fineness)
        .order_by(Item.metal, Item.fineness.desc())
    ).all()


def return_to_stock(db: ShopSession, item_ids: Iterable[UUID], invoice_id: UUID, now: dt.datetime) -> int:
    """Brings pieces that this bill holds back; how many it did hold. Tag and HUID are live again with them."""
    changed = db.execute(
        update(Item)
        .where(Item.id.in_(sorted(item_ids)), Item.status == ItemStatus.SOLD.value, Item.invoice_id == invoice_id)
        .values(
            status=ItemStatus.IN_STOCK.value, live_tag=Item.tag, live_huid=Item.huid, invoice_id=null(),
            version=Item.version + 1, updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return int(getattr(changed, "rowcount", 0))


def lay(db: ShopSession, item_ids: Sequence[UUID], place_id: UUID, now: dt.datetime) -> None:
    """Locked pieces lie there from now on."""
    if item_ids:
        db.execute(
            update(Item)
            .where(Item.id.in_(sorted(item_ids)))
            .values(place_id=place_id, version=Item.version + 1, updated_at=now)
            .execution_options(synchronize_session="fetch")
        )


def set_status(
    db: ShopSession, item_ids: Sequence[UUID], status: ItemStatus, now: dt.datetime, *, place_id: UUID | None = None
) -> None:
    """Locked pieces stand so from now on, and lie there where a place is given. A withdrawn one's tag is free again."""
    if not item_ids:
        return
    values: dict[str, Any] = {"status": status.value, "version": Item.version + 1, "updated_at": now}
    if status is ItemStatus.WITHDRAWN:
        values |= {"live_tag": null(), "live_huid": null()}
    if place_id is not None:
        values["place_id"] = place_id
    db.execute(
        update(Item)
        .where(Item.id.in_(sorted(item_ids)))
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def weigh(db: ShopSession, item_id: UUID, *, gross_mg: int, net_mg: int) -> None:
    """A locked piece weighs so; its version goes up with its status."""
    db.execute(
        update(Item)
        .where(Item.id == item_id)
        .values(gross_mg=gross_mg, net_mg=net_mg)
        .execution_options(synchronize_session="fetch")
    )


def _ids() -> BindParameter[Any]:
    return bindparam("ids", type_=Id, expanding=True)


# Parts of a bill's first packet. The pieces are taken first and read afterwards, so that what is priced is what was
# locked, and a piece that another bill holds shows that bill's id.
SELL = Prepared(
    lambda: (
        update(Item)
        .where(Item.shop_id == bindparam("b_shop_id"), Item.id.in_(_ids()), Item.status == ItemStatus.IN_STOCK.value)
        .values(
            status=ItemStatus.SOLD.value, live_tag=null(), live_huid=null(),
            invoice_id=bindparam("b_invoice_id", type_=Id), version=Item.version + 1,
            updated_at=bindparam("b_now", type_=Utc),
        )
    )
)  # fmt: skip
PACKED = tuple(column for column in ITEM_COLUMNS if not isinstance(column.type, Utc | Id))
ITEMS = Prepared(
    lambda: select(
        Item.id,
        Item.invoice_id,
        Item.place_id,
        func.json_array(*PACKED, type_=String()).label("facts"),
        select(func.json_arrayagg(func.json_array(ItemStone.pos, *STONE_COLUMNS), type_=String()))
        .where(ItemStone.shop_id == Item.shop_id, ItemStone.item_id == Item.id)
        .correlate(Item)
        .scalar_subquery()
        .label("stones"),
        select(func.json_arrayagg(func.json_array(ItemMetal.pos, *METAL_COLUMNS), type_=String()))
        .where(ItemMetal.shop_id == Item.shop_id, ItemMetal.item_id == Item.id)
        .correlate(Item)
        .scalar_subquery()
        .label("metals"),
    ).where(Item.shop_id == bindparam("shop_id"), Item.id.in_(_ids()))
)
"""Id, bill, place, PACKED as one JSON array, stones as one, other metals as one: the driver takes longer to read a
column's description than all of a row's values, so a bill of three lines is read 0.3 ms faster so."""


def shop_sums() -> tuple[Sum, ...]:
    """Milligrams gross, of stones, net and fine by status and main purity; stones in thousandths of a carat; other
    metals in milligrams by purity."""
    weights = (Item.gross_mg, Item.stone_mg, Item.net_mg, Item.net_mg * Item.fineness)
    stones = (ItemStone.pieces, ItemStone.weight_mct, ItemStone.rate_paise)
    return (
        added_up("stock", Item, by=(Item.status, Item.metal, Item.fineness), of=weights),
        added_up("stones", ItemStone, by=(ItemStone.basis,), of=stones),
        added_up("other metals", ItemMetal, by=(ItemMetal.metal, ItemMetal.fineness), of=(ItemMetal.net_mg,)),
    )
