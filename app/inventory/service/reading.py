"""Reading the stock: one piece, many, by a scanned code, in pages, in short, and as a bill's packet gave them."""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson

from app.inventory.errors import ItemUnknown
from app.inventory.metals import OtherMetal
from app.inventory.models import Item as ItemRow
from app.inventory.pieces import Item, Stone
from app.inventory.repository import pieces as repository
from app.kit import paging
from app.kit.weights import purity_label
from shard_router import FleetSession, ShopSession

NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
_PACKED = tuple(column.key for column in repository.PACKED)


def get_item(db: ShopSession, item_id: UUID) -> Item:
    """Raises ItemUnknown."""
    row = repository.find_item(db, item_id)
    if row is None:
        raise ItemUnknown()
    return parts_of(db, [row.id]).item(row)


def get_items(db: ShopSession, item_ids: Iterable[UUID]) -> dict[UUID, Item]:
    """Those of the pieces that there are, in three statements."""
    rows = repository.find_items(db, item_ids)
    parts = parts_of(db, [row.id for row in rows])
    return {row.id: parts.item(row) for row in rows}


def costs_by_tag(db: ShopSession, tags: Sequence[str]) -> dict[str, int]:
    """What the pieces that wear these tags now cost, in paise; without those of which nobody knows."""
    rows = repository.find_worn(db, tags) if tags else ()
    return {row.tag: row.cost_paise for row in rows if row.live_tag in tags and row.cost_paise is not None}


def find_by_code(db: ShopSession, code: str) -> Item | None:
    """The piece of a scanned or typed tag or HUID: one in stock first, else the one that wore it last."""
    bare = code.strip().upper()
    if not bare or not bare.isascii() or len(bare) > 24:
        return None
    live = sorted(repository.find_live(db, bare), key=lambda row: row.tag != bare)
    row = live[0] if live else repository.find_gone(db, bare)
    return None if row is None else parts_of(db, [row.id]).item(row)


def list_items(
    db: ShopSession,
    *,
    status: str | None = None,
    category: str | None = None,
    metal: str | None = None,
    fineness: int | None = None,
    place_ids: Sequence[UUID] = (),
    supplier_id: UUID | None = None,
    tag: str | None = None,
    text: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Item]:
    """A page of the stock, with stones and other metals, in three statements."""
    statement = repository.list_items(
        status=status,
        category=category,
        metal=metal,
        fineness=fineness,
        place_ids=place_ids,
        supplier_id=supplier_id,
        tag=tag,
        text=text,
    )
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    return page.map(parts_of(db, [row.id for row in page.items]).item)


@dataclasses.dataclass(frozen=True, slots=True)
class Holding:
    """What the shop has in stock of one purity; `pieces` are those whose main metal it is."""

    metal: str
    fineness: int
    pieces: int
    gross_mg: int
    net_mg: int

    @property
    def label(self) -> str:
        return purity_label(self.metal, self.fineness)


def count_in_stock(session: FleetSession, shop_ids: Iterable[int]) -> dict[int, int]:
    """Pieces in stock of each of these shops; one that has none is not there."""
    return {row[0]: row[1] for row in repository.count_in_stock(session, shop_ids)}


def stock_by_purity(db: ShopSession) -> list[Holding]:
    """The stock in short, the finest of each metal first, in two statements; each metal of a piece under its own
    purity."""
    held: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in repository.stock_by_purity(db):
        held[row[0], row[1]] = [int(figure) for figure in row[2:]]
    for _place, metal, fineness, other, other_fineness, mg in repository.held_others(db):
        for key, sign in (((metal, fineness), -1), ((other, other_fineness), 1)):
            held[key][1] += sign * int(mg)
            held[key][2] += sign * int(mg)
    return [Holding(*key, *figures) for key, figures in sorted(held.items(), key=lambda one: (one[0][0], -one[0][1]))]


def items_of(rows: Iterable[Sequence[Any]]) -> dict[UUID, Item]:
    """The pieces of the rows that ITEMS gave, without picture, origin and moments, which no bill needs."""
    return {row[0]: _unpacked(*row) for row in rows}


_ORDERS = paging.Orders(
    tie=ItemRow.id, default="-createdAt",
    createdAt=ItemRow.created_at, tag=ItemRow.tag, name=ItemRow.name, netMg=ItemRow.net_mg,
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Parts:
    """What pieces are made of beside their main metal, by piece."""

    stones: defaultdict[UUID, tuple[Stone, ...]]
    others: defaultdict[UUID, tuple[OtherMetal, ...]]

    def item(self, row: ItemRow) -> Item:
        """A row of the table as others see it."""
        return item_of(row, self.stones[row.id], self.others[row.id])


def parts_of(db: ShopSession, item_ids: Sequence[UUID]) -> Parts:
    """Of many pieces in two statements."""
    found = Parts(defaultdict(tuple), defaultdict(tuple))
    if item_ids:
        for row in repository.list_stones(db, item_ids):
            stone = Stone(row.kind, row.pieces, row.weight_mct, row.basis, row.rate_paise)
            found.stones[row.item_id] = (*found.stones[row.item_id], stone)
        for part in repository.list_metals(db, item_ids):
            other = OtherMetal(part.metal, part.fineness, part.net_mg)
            found.others[part.item_id] = (*found.others[part.item_id], other)
    return found


def _unpacked(
    item_id: UUID, invoice_id: UUID | None, place_id: UUID | None, facts: str, *parts: str | None
) -> Item:  # fmt: skip
    """`parts`: stones and other metals, each as JSON, None where there are none."""
    stones, metals = parts
    known = dict(zip(_PACKED, orjson.loads(facts), strict=True))
    set_in = sorted(orjson.loads(stones)) if stones else ()
    others = sorted(orjson.loads(metals)) if metals else ()
    return Item(
        id=item_id, invoice_id=invoice_id, place_id=place_id, picture_id=None, created_at=NEVER, updated_at=NEVER,
        stones=tuple(Stone(*stone) for _, *stone in set_in), others=tuple(OtherMetal(*part) for _, *part in others),
        **known,
    )  # fmt: skip


def item_of(row: ItemRow, stones: tuple[Stone, ...], others: tuple[OtherMetal, ...]) -> Item:
    """A row of the table, with its stones and other metals, as others see it."""
    return Item(
        stones=stones, others=others,
        **{column.key: getattr(row, column.key) for column in repository.ITEM_COLUMNS},
    )  # fmt: skip
