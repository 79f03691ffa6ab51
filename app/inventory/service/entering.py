"""Entering pieces, correcting them, taking them out: each with its entry in the metal book, in the same transaction."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.inventory.errors import (
    CostNotYours,
    ExemptionNotYours,
    HuidTaken,
    ItemNotInStock,
    ItemUnknown,
    LowerPriceNotAllowed,
    MarksNotYours,
    TagTaken,
)  # fmt: skip
from app.inventory.hallmarking import is_freed, list_exemptions
from app.inventory.metals import OtherMetal
from app.inventory.models import Item as ItemRow
from app.inventory.models import ItemMetal, ItemStatus, ItemStone
from app.inventory.pieces import Item, ItemDraft, Stone, cheaper, settled
from app.inventory.repository import pieces as repository
from app.inventory.service import booking
from app.inventory.service.booking import BEFORE_THE_BOOK, OPENING, WITHDRAWALS, Spot
from app.inventory.service.reading import item_of, parts_of
from app.inventory.service.shelves import place_or_home
from app.kit import audit
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.texts import _
from app.metal import service as metal
from app.metal.service import Account
from shard_router import ShopSession

DISCOUNT_RIGHT = "bill.discount"
BUY_RIGHT = "stock.buy"
ADJUST_RIGHT = "stock.adjust"
_PARTS = ("stones", "others")
_FIELDS = tuple(field.name for field in dataclasses.fields(ItemDraft) if field.name not in _PARTS)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a new piece comes from: was there before the book, unless a purchase, a lot or another room says so.

    movement_id  the document that brings it; left out: the piece's own entry is the act
    """

    spot: Spot = BEFORE_THE_BOOK
    kind: str = OPENING
    movement_id: UUID | None = None
    supplier_id: UUID | None = None
    lot_id: UUID | None = None
    book_on: dt.date | None = None


FOUND_HERE = Origin()


def register_item(
    db: ShopSession,
    *,
    draft: ItemDraft,
    place_id: UUID | None = None,
    origin: Origin = FOUND_HERE,
    at: dt.datetime | None = None,
    costed: Callable[[ItemDraft], int] | None = None,
) -> Item:
    """Enter a piece; raises TagTaken, HuidTaken, LowerPriceNotAllowed and what else is wrong with the draft.

    place_id  the outlet or tray where it lies; left out: the outlet of the actor's till, else the oldest
    at        when it came, where that is not now: demo data and tests go back in time
    costed    says what the settled draft costs, where its origin knows better than the draft
    """
    now, today = at or utc_now(), today_ist()
    piece = settled(draft, today)
    check_withdrawn(db, piece, today)
    if costed is not None:
        piece = dataclasses.replace(piece, cost_paise=costed(piece))
    row = new_row(piece, at=now, place_id=place_or_home(db, place_id), origin=origin)
    db.add(row)
    _flush(db, piece)
    put_parts(db, [(row, piece)])
    item = item_of(row, piece.stones, piece.others)
    metal.post(
        db, movement_id=origin.movement_id or row.id, kind=origin.kind, at=at, book_on=origin.book_on,
        entries=booking.entries_of(item, origin.spot, booking.shelf(item), lot_id=origin.lot_id),
    )  # fmt: skip
    audit.record(db, "item.registered", row.id, {
        "tag": row.tag, "huid": row.huid, "grossMg": row.gross_mg, "netMg": row.net_mg, "fineness": row.fineness,
    })  # fmt: skip
    return item


def new_row(piece: ItemDraft, *, at: dt.datetime, place_id: UUID | None, origin: Origin = FOUND_HERE) -> ItemRow:
    """A settled draft as a row in stock."""
    return ItemRow(
        id=new_id(), status=ItemStatus.IN_STOCK.value, live_tag=piece.tag, live_huid=piece.huid, version=1,
        created_at=at, updated_at=at, place_id=place_id, supplier_id=origin.supplier_id, lot_id=origin.lot_id,
        **{name: getattr(piece, name) for name in _FIELDS},
    )  # fmt: skip


def edit_item(db: ShopSession, *, item_id: UUID, expected_version: int, changes: Mapping[str, Any]) -> Item:
    """Correct a piece that is in stock; `changes` are fields of ItemDraft.

    Raises ItemUnknown, PreconditionFailed, ItemNotInStock, what register_item raises, and CostNotYours,
    LowerPriceNotAllowed, MarksNotYours, ExemptionNotYours: a piece made cheaper here and then billed is a discount,
    whichever of its facts was taken down, and one that gives up its tag or HUID lets another be entered for less.
    """
    row, was = _locked(db, item_id, expected_version)
    before, today = _draft(was), today_ist()
    piece = settled(dataclasses.replace(before, **_reconsidered(before, changes)), today)
    changed = [name for name in (*_FIELDS, *_PARTS) if getattr(before, name) != getattr(piece, name)]
    if not changed:
        return was
    _check_rights(db, before, piece, today)
    if (before.tag, before.huid) != (piece.tag, piece.huid):
        check_withdrawn(db, piece, today)
    for name in _FIELDS:
        setattr(row, name, getattr(piece, name))
    row.live_tag, row.live_huid = piece.tag, piece.huid
    row.version, row.updated_at = row.version + 1, utc_now()
    _flush(db, piece)
    if (piece.stones, piece.others) != (was.stones, was.others):
        repository.delete_stones(db, row.id)
        repository.delete_metals(db, row.id)
        put_parts(db, [(row, piece)])
    now = item_of(row, piece.stones, piece.others)
    if booking.differs(before, piece):
        booking.open_pieces(db, [was])
        metal.post(db, movement_id=new_id(), kind="correction", entries=booking.correction(was, now))
    told = [name for name in changed if name != "name"]
    audit.record(db, "item.edited", row.id, {
        "changed": changed, "version": row.version, "before": _told(before, told), "after": _told(piece, told),
    })  # fmt: skip
    return now


def _check_rights(db: ShopSession, before: ItemDraft, piece: ItemDraft, today: dt.date) -> None:
    """Whether these changes are the actor's to make."""
    if before.cost_paise != piece.cost_paise and not db.actor.may(BUY_RIGHT):
        raise CostNotYours(fields={"costPaise": "not yours to change"})
    if not db.actor.may(DISCOUNT_RIGHT) and (lowered := cheaper(before, piece, today)):
        raise LowerPriceNotAllowed(fields=dict.fromkeys(lowered, "lower"))
    if db.actor.may(ADJUST_RIGHT):
        return
    if marks := [name for name in ("tag", "huid") if getattr(before, name) not in (None, getattr(piece, name))]:
        raise MarksNotYours(fields=dict.fromkeys(marks, "not yours to change"))
    if is_freed(before.hallmark(today), piece.hallmark(today)):
        raise ExemptionNotYours(fields={"huidExempt": "not yours to say"})


def withdraw_item(db: ShopSession, *, item_id: UUID, expected_version: int, reason: str, kind: str = "other") -> Item:
    """Take a piece out of stock that was not sold; `kind` is one of WITHDRAWALS. Its tag and HUID are free again, for
    whatever is entered next: who may not adjust the stock has no route to here."""
    row, item = _locked(db, item_id, expected_version)
    account = WITHDRAWALS[kind]
    booking.open_pieces(db, [item])
    row.status, row.live_tag, row.live_huid = ItemStatus.WITHDRAWN.value, None, None
    row.version, row.updated_at = row.version + 1, utc_now()
    db.flush()
    target = Spot(account, row.supplier_id if account is Account.SUPPLIER else None)
    gone = booking.entries_of(item, booking.shelf(item), target)
    metal.post(db, movement_id=new_id(), kind="withdrawal", entries=gone)
    audit.record(db, "item.withdrawn", row.id, {"tag": row.tag, "huid": row.huid, "reason": reason, "kind": kind})
    return item_of(row, item.stones, item.others)


def set_picture(db: ShopSession, *, item_id: UUID, picture_id: UUID) -> None:
    """Show this picture with the piece from now on, whatever its state; raises ItemUnknown. Twice is harmless."""
    row = repository.find_item(db, item_id, lock=True)
    if row is None:
        raise ItemUnknown()
    if row.picture_id != picture_id:
        row.picture_id, row.version, row.updated_at = picture_id, row.version + 1, utc_now()
        db.flush()
        audit.record(db, "item.pictured", row.id, {"picture": str(picture_id)})


def _locked(db: ShopSession, item_id: UUID, expected_version: int) -> tuple[ItemRow, Item]:
    """The row, held, and the piece as it is."""
    row = repository.find_item(db, item_id, lock=True)
    if row is None:
        raise ItemUnknown()
    if row.version != expected_version:
        raise PreconditionFailed(_("This piece was changed since you opened it."), action=_("Look at it again."))
    if row.status != ItemStatus.IN_STOCK.value:
        raise ItemNotInStock(_("%(tag)s is %(status)s and no longer changes.", tag=row.tag, status=row.status))
    return row, parts_of(db, [row.id]).item(row)


def _reconsidered(before: ItemDraft, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes, with what was reckoned before left to be reckoned again where its causes change."""
    reckoned: dict[str, Any] = {"net_mg": None}
    if "stones" in changes:
        reckoned["stone_mg"] = None
    automatic = {exemption.reason for exemption in list_exemptions(today_ist()) if exemption.automatic}
    if before.huid_exempt in automatic or changes.get("huid"):
        reckoned["huid_exempt"] = None
    if changes.get("making_kind", before.making_kind) != before.making_kind:
        reckoned |= {"making_paise": 0, "making_bp": 0}
    if changes.get("wastage_kind", before.wastage_kind) != before.wastage_kind:
        reckoned["wastage_bp"] = 0
    return {**reckoned, **changes}


def check_withdrawn(db: ShopSession, piece: ItemDraft, today: dt.date) -> None:
    """A piece that somebody withdrew and that is entered again, or whose HUID another one gets, is no way around
    edit_item's rule. Its last tag and HUID are those it always had, but where somebody who may adjust changed them."""
    if db.actor.may(DISCOUNT_RIGHT) or (row := repository.find_withdrawn(db, tag=piece.tag, huid=piece.huid)) is None:
        return
    if lowered := cheaper(_draft(parts_of(db, [row.id]).item(row)), piece, today):
        message = _("A dearer piece of this tag or HUID was withdrawn, and your role does not include lowering prices.")
        raise LowerPriceNotAllowed(message, fields=dict.fromkeys(lowered, "lower"))


def _told(piece: ItemDraft, names: Sequence[str]) -> dict[str, Any]:
    """These facts as the audit keeps them."""
    facts = {name: getattr(piece, name) for name in names}
    return facts | {name: [dataclasses.asdict(part) for part in facts[name]] for name in _PARTS if name in facts}


def _draft(item: Item) -> ItemDraft:
    return ItemDraft(**{name: getattr(item, name) for name in (*_FIELDS, *_PARTS)})


def _flush(db: ShopSession, piece: ItemDraft) -> None:
    try:
        db.flush()
    except IntegrityError as taken:
        raise taken_by_another(taken, tag=piece.tag, huid=piece.huid or "") from taken


def taken_by_another(error: IntegrityError, *, tag: str, huid: str) -> Exception:
    """Which of the two unique keys was hit; the key's name stands in the server's message."""
    if "live_tag" in str(error.orig):
        return TagTaken(_("Another piece in stock wears the tag %(tag)s.", tag=tag), fields={"tag": "taken"})
    if "live_huid" in str(error.orig):
        return HuidTaken(_("Another piece in stock carries the HUID %(huid)s.", huid=huid), fields={"huid": "taken"})
    return error


def put_parts(db: ShopSession, entered: Iterable[tuple[ItemRow, ItemDraft]]) -> None:
    """The stones and other metals of pieces that stand in the table."""
    for row, piece in entered:
        for kind, parts in ((ItemStone, piece.stones), (ItemMetal, piece.others)):
            numbered: Iterable[tuple[int, Stone | OtherMetal]] = enumerate(parts, start=1)
            db.add_all(kind(item_id=row.id, pos=pos, **dataclasses.asdict(part)) for pos, part in numbered)
    db.flush()
