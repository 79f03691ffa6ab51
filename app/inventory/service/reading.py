"""Reading the stock: one piece, many, by a scanned code, in pages, in short, and as a bill's packet gave them."""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson

from app.inventory.errors import ItemUnknown
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
    return item_of(row, stones_of(db, [row.id])[row.id])


def get_items(db: ShopSession, item_ids: Iterable[UUID]) -> dict[UUID, Item]:
    """Those of the pieces that there are, in two statements."""
    rows = repository.find_items(db, item_ids)
    stones = stones_of(db, [row.id for row in rows])
    return {row.id: item_of(row, stones[row.id]) for row in rows}


def find_by_code(db: ShopSession, code: str) -> Item | None:
    """The piece of a scanned or typed tag or HUID: one in stock first, else the one that wore it last."""
    bare = code.strip().upper()
    if not bare or not bare.isascii() or len(bare) > 24:
        return None
    live = sorted(repository.find_live(db, bare), key=lambda row: row.tag != bare)
    row = live[0] if live else repository.find_gone(db, bare)
    return None if row is None else item_of(row, stones_of(db, [row.id])[row.id])


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
    """A page of the stock, with stones, in two statements."""
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
    stones = stones_of(db, [row.id for row in page.items])
    return page.map(lambda row: item_of(row, stones[row.id]))


@dataclasses.dataclass(frozen=True, slots=True)
class Holding:
    """What the shop has in stock of one purity."""

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
    """The stock in short, the finest of each metal first."""
    return [Holding(row[0], row[1], *(int(figure) for figure in row[2:])) for row in repository.stock_by_purity(db)]


def items_of(rows: Iterable[Sequence[Any]]) -> dict[UUID, Item]:
    """The pieces of the rows that ITEMS gave, without picture, origin and moments, which no bill needs."""
    return {row[0]: _unpacked(*row) for row in rows}


_ORDERS = paging.Orders(
    tie=ItemRow.id, default="-createdAt",
    createdAt=ItemRow.created_at, tag=ItemRow.tag, name=ItemRow.name, netMg=ItemRow.net_mg,
)  # fmt: skip


def stones_of(db: ShopSession, item_ids: Sequence[UUID]) -> defaultdict[UUID, tuple[Stone, ...]]:
    """The stones of many pieces in one statement."""
    found: defaultdict[UUID, tuple[Stone, ...]] = defaultdict(tuple)
    if item_ids:
        for row in repository.list_stones(db, item_ids):
            stone = Stone(row.kind, row.pieces, row.weight_mct, row.basis, row.rate_paise)
            found[row.item_id] = (*found[row.item_id], stone)
    return found


def _unpacked(item_id: UUID, invoice_id: UUID | None, place_id: UUID | None, facts: str, stones: str | None) -> Item:
    known = dict(zip(_PACKED, orjson.loads(facts), strict=True))
    set_in = sorted(orjson.loads(stones)) if stones else ()
    return Item(
        id=item_id, invoice_id=invoice_id, place_id=place_id, picture_id=None, created_at=NEVER, updated_at=NEVER,
        stones=tuple(Stone(*stone) for _, *stone in set_in), **known,
    )  # fmt: skip


def item_of(row: ItemRow, stones: tuple[Stone, ...]) -> Item:
    """A row of the table, with its stones, as others see it."""
    return Item(stones=stones, **{column.key: getattr(row, column.key) for column in repository.ITEM_COLUMNS})
