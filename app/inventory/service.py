"""The stock: pieces entered, corrected, found at the counter, withdrawn, sold once and brought back."""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError

from app.inventory import repository
from app.inventory.errors import (
    HuidMissing,
    HuidTaken,
    ItemAlreadySold,
    ItemNotInStock,
    ItemUnknown,
    LowerPriceNotAllowed,
    TagTaken,
)  # fmt: skip
from app.inventory.hallmarking import Exemption, Hallmark, list_exemptions, mandate_for
from app.inventory.models import Item as ItemRow
from app.inventory.models import ItemStatus, ItemStone
from app.inventory.pieces import CATEGORIES, Item, ItemDraft, Stone, cheaper, settled
from app.kit import audit, paging
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.texts import _
from app.kit.weights import purity_label
from shard_router import FleetSession, ShopSession

__all__ = [
    "CATEGORIES", "ITEMS", "SELL", "Exemption", "Hallmark", "Holding", "Item", "ItemDraft", "ItemStatus",
    "Stone", "check_sellable", "count_in_stock", "edit_item", "find_by_code", "get_item", "get_items", "items_of",
    "list_exemptions", "list_items", "lock_items", "mandate_name", "refuse_missing", "register_item", "return_items",
    "set_picture", "shop_sums", "stock_by_purity", "withdraw_item",
]  # fmt: skip

DISCOUNT_RIGHT = "bill.discount"
SELL, ITEMS = repository.SELL, repository.ITEMS
shop_sums = repository.shop_sums

NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
_PACKED = tuple(column.key for column in repository.PACKED)
_ITEM = tuple(name for name in Item.__struct_fields__ if name != "stones")
_FIELDS = tuple(field.name for field in dataclasses.fields(ItemDraft) if field.name != "stones")


def register_item(db: ShopSession, *, draft: ItemDraft) -> Item:
    """Enter a piece; raises TagTaken, HuidTaken, LowerPriceNotAllowed and what else is wrong with the draft."""
    now, today = utc_now(), today_ist()
    piece = settled(draft, today)
    _check_withdrawn(db, piece, today)
    row = ItemRow(
        id=new_id(), status=ItemStatus.IN_STOCK.value, live_tag=piece.tag, live_huid=piece.huid, version=1,
        created_at=now, updated_at=now, **{name: getattr(piece, name) for name in _FIELDS},
    )  # fmt: skip
    db.add(row)
    _flush(db, piece)
    _put_stones(db, row.id, piece.stones)
    audit.record(db, "item.registered", row.id, {
        "tag": row.tag, "huid": row.huid, "grossMg": row.gross_mg, "netMg": row.net_mg, "fineness": row.fineness,
    })  # fmt: skip
    return _item(row, piece.stones)


def edit_item(db: ShopSession, *, item_id: UUID, expected_version: int, changes: Mapping[str, Any]) -> Item:
    """Correct a piece that is in stock; `changes` are fields of ItemDraft.

    Raises ItemUnknown, PreconditionFailed, ItemNotInStock, LowerPriceNotAllowed and what register_item raises: a piece
    made cheaper here and then billed is a discount, whichever of its facts was taken down.
    """
    row, stones = _locked(db, item_id, expected_version)
    before, today = _draft(row, stones), today_ist()
    piece = settled(dataclasses.replace(before, **_reconsidered(before, changes)), today)
    changed = [name for name in (*_FIELDS, "stones") if getattr(before, name) != getattr(piece, name)]
    if not changed:
        return _item(row, stones)
    if not db.actor.may(DISCOUNT_RIGHT) and (lowered := cheaper(before, piece, today)):
        raise LowerPriceNotAllowed(fields=dict.fromkeys(lowered, "lower"))
    if (before.tag, before.huid) != (piece.tag, piece.huid):
        _check_withdrawn(db, piece, today)
    for name in _FIELDS:
        setattr(row, name, getattr(piece, name))
    row.live_tag, row.live_huid = piece.tag, piece.huid
    row.version, row.updated_at = row.version + 1, utc_now()
    _flush(db, piece)
    if piece.stones != stones:
        repository.delete_stones(db, row.id)
        _put_stones(db, row.id, piece.stones)
    told = [name for name in changed if name != "name"]
    audit.record(db, "item.edited", row.id, {
        "changed": changed, "version": row.version, "before": _told(before, told), "after": _told(piece, told),
    })  # fmt: skip
    return _item(row, piece.stones)


def withdraw_item(db: ShopSession, *, item_id: UUID, expected_version: int, reason: str) -> Item:
    """Take a piece out of stock that was not sold: melted, lost, sent back. Its tag and HUID are free again."""
    row, stones = _locked(db, item_id, expected_version)
    row.status, row.live_tag, row.live_huid = ItemStatus.WITHDRAWN.value, None, None
    row.version, row.updated_at = row.version + 1, utc_now()
    db.flush()
    audit.record(db, "item.withdrawn", row.id, {"tag": row.tag, "huid": row.huid, "reason": reason})
    return _item(row, stones)


def set_picture(db: ShopSession, *, item_id: UUID, picture_id: UUID) -> None:
    """Show this picture with the piece from now on, whatever its state; raises ItemUnknown. Twice is harmless."""
    row = repository.find_item(db, item_id, lock=True)
    if row is None:
        raise ItemUnknown()
    if row.picture_id != picture_id:
        row.picture_id, row.version, row.updated_at = picture_id, row.version + 1, utc_now()
        db.flush()
        audit.record(db, "item.pictured", row.id, {"picture": str(picture_id)})


def get_item(db: ShopSession, item_id: UUID) -> Item:
    """Raises ItemUnknown."""
    row = repository.find_item(db, item_id)
    if row is None:
        raise ItemUnknown()
    return _item(row, _stones_of(db, [row.id])[row.id])


def get_items(db: ShopSession, item_ids: Iterable[UUID]) -> dict[UUID, Item]:
    """Those of the pieces that there are, in two statements."""
    rows = repository.find_items(db, item_ids)
    stones = _stones_of(db, [row.id for row in rows])
    return {row.id: _item(row, stones[row.id]) for row in rows}


def find_by_code(db: ShopSession, code: str) -> Item | None:
    """The piece of a scanned or typed tag or HUID: one in stock first, else the one that wore it last."""
    bare = code.strip().upper()
    if not bare or not bare.isascii() or len(bare) > 24:
        return None
    live = sorted(repository.find_live(db, bare), key=lambda row: row.tag != bare)
    row = live[0] if live else repository.find_gone(db, bare)
    return None if row is None else _item(row, _stones_of(db, [row.id])[row.id])


def list_items(
    db: ShopSession,
    *,
    status: str | None = None,
    category: str | None = None,
    metal: str | None = None,
    fineness: int | None = None,
    tag: str | None = None,
    text: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Item]:
    """A page of the stock, with stones, in two statements."""
    statement = repository.list_items(
        status=status, category=category, metal=metal, fineness=fineness, tag=tag, text=text
    )
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    stones = _stones_of(db, [row.id for row in page.items])
    return page.map(lambda row: _item(row, stones[row.id]))


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
    """The pieces of the rows that ITEMS gave, without picture and moments, which no bill needs."""
    return {row[0]: _unpacked(*row) for row in rows}


def refuse_missing(items: Mapping[UUID, Item], item_ids: Sequence[UUID], *, taken_by: UUID | None = None) -> None:
    """Raises ItemUnknown or ItemAlreadySold, naming tags, for a piece that is not there to be sold.

    taken_by  the bill that has just taken the pieces: one that it did not get is gone. None: nothing was taken.
    """
    missing = {f"lines.{place}.itemId": "unknown" for place, wanted in enumerate(item_ids) if wanted not in items}
    if missing:
        raise ItemUnknown(fields=missing)
    pieces = [items[wanted] for wanted in item_ids]
    gone = {
        f"lines.{place}.itemId": piece
        for place, piece in enumerate(pieces)
        if (piece.status != ItemStatus.IN_STOCK.value if taken_by is None else piece.invoice_id != taken_by)
    }
    if gone:
        tags = ", ".join(piece.tag for piece in gone.values())
        message = _("No longer in stock: %(tags)s.", tags=tags)
        raise ItemAlreadySold(message, fields={path: piece.status for path, piece in gone.items()})


def check_sellable(item: Item, on: dt.date, *, field: str) -> None:
    """Raises HuidMissing, with the rule's name, for a piece that may not be sold as it is."""
    if item.hallmark(on) is Hallmark.PENDING:
        message = _(
            "%(tag)s (%(purity)s) has no HUID and must not be sold without one: %(rule)s.",
            tag=item.tag, purity=item.purity_label, rule=mandate_name(item.metal, on),
        )  # fmt: skip
        raise HuidMissing(message, fields={field: "no HUID"})


def mandate_name(metal: str, on: dt.date | None = None) -> str:
    """The order that asks for a HUID on this metal."""
    mandate = mandate_for(metal, on or today_ist())
    return mandate.name if mandate else ""


def lock_items(db: ShopSession, item_ids: Sequence[UUID]) -> None:
    """Holds pieces until the commit, in the order of their keys."""
    repository.lock_items(db, item_ids)


def return_items(db: ShopSession, *, item_ids: Sequence[UUID], invoice_id: UUID) -> int:
    """Bring pieces that a bill holds back into stock; how many it held. Raises TagTaken, HuidTaken."""
    try:
        return repository.return_to_stock(db, item_ids, invoice_id, utc_now())
    except IntegrityError as taken:
        raise _taken(taken, tag=_("of a returned piece"), huid=_("of a returned piece")) from taken


_ORDERS = paging.Orders(
    tie=ItemRow.id, default="-createdAt",
    createdAt=ItemRow.created_at, tag=ItemRow.tag, name=ItemRow.name, netMg=ItemRow.net_mg,
)  # fmt: skip


def _locked(db: ShopSession, item_id: UUID, expected_version: int) -> tuple[ItemRow, tuple[Stone, ...]]:
    row = repository.find_item(db, item_id, lock=True)
    if row is None:
        raise ItemUnknown()
    if row.version != expected_version:
        raise PreconditionFailed(_("This piece was changed since you opened it."), action=_("Look at it again."))
    if row.status != ItemStatus.IN_STOCK.value:
        raise ItemNotInStock(_("%(tag)s is %(status)s and no longer changes.", tag=row.tag, status=row.status))
    return row, _stones_of(db, [row.id])[row.id]


def _reconsidered(before: ItemDraft, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes, with what was reckoned before left to be reckoned again where its causes change."""
    reckoned: dict[str, Any] = {"net_mg": None}
    if "stones" in changes:
        reckoned["stone_mg"] = None
    if {"category", "gross_mg", "hsn", "huid", "metal"} & changes.keys():
        on = today_ist()
        automatic = {exemption.reason for exemption in list_exemptions(on) if exemption.automatic}
        if before.huid_exempt in automatic or changes.get("huid"):
            reckoned["huid_exempt"] = None
    if changes.get("making_kind", before.making_kind) != before.making_kind:
        reckoned |= {"making_paise": 0, "making_bp": 0}
    if changes.get("wastage_kind", before.wastage_kind) != before.wastage_kind:
        reckoned["wastage_bp"] = 0
    return {**reckoned, **changes}


def _check_withdrawn(db: ShopSession, piece: ItemDraft, today: dt.date) -> None:
    """Withdrawing a piece and entering it again is no way around edit_item's rule."""
    if db.actor.may(DISCOUNT_RIGHT) or (row := repository.find_withdrawn(db, tag=piece.tag, huid=piece.huid)) is None:
        return
    if lowered := cheaper(_draft(row, _stones_of(db, [row.id])[row.id]), piece, today):
        message = _("A dearer piece of this tag or HUID was withdrawn, and your role does not include lowering prices.")
        raise LowerPriceNotAllowed(message, fields=dict.fromkeys(lowered, "lower"))


def _told(piece: ItemDraft, names: Sequence[str]) -> dict[str, Any]:
    """These facts as the audit keeps them."""
    facts = {name: getattr(piece, name) for name in names}
    if "stones" in facts:
        facts["stones"] = [dataclasses.asdict(stone) for stone in piece.stones]
    return facts


def _draft(row: ItemRow, stones: tuple[Stone, ...]) -> ItemDraft:
    return ItemDraft(stones=stones, **{name: getattr(row, name) for name in _FIELDS})


def _flush(db: ShopSession, piece: ItemDraft) -> None:
    try:
        db.flush()
    except IntegrityError as taken:
        raise _taken(taken, tag=piece.tag, huid=piece.huid or "") from taken


def _taken(error: IntegrityError, *, tag: str, huid: str) -> Exception:
    """Which of the two unique keys was hit; the key's name stands in the server's message."""
    if "live_tag" in str(error.orig):
        return TagTaken(_("Another piece in stock wears the tag %(tag)s.", tag=tag), fields={"tag": "taken"})
    if "live_huid" in str(error.orig):
        return HuidTaken(_("Another piece in stock carries the HUID %(huid)s.", huid=huid), fields={"huid": "taken"})
    return error


def _put_stones(db: ShopSession, item_id: UUID, stones: Sequence[Stone]) -> None:
    db.add_all(ItemStone(item_id=item_id, pos=pos, **dataclasses.asdict(stone)) for pos, stone in enumerate(stones, 1))
    db.flush()


def _stones_of(db: ShopSession, item_ids: Sequence[UUID]) -> defaultdict[UUID, tuple[Stone, ...]]:
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


def _item(row: ItemRow, stones: tuple[Stone, ...]) -> Item:
    return Item(**{name: getattr(row, name) for name in _ITEM}, stones=stones)
