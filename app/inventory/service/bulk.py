"""Entering many pieces at once, by the rules that one is entered by: a statement a table, one entry of the audit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.inventory.models import Item as ItemRow
from app.inventory.pieces import Item, ItemDraft, settled
from app.inventory.repository import counting as repository
from app.inventory.service import booking
from app.inventory.service.booking import BEFORE_THE_BOOK, OPENING
from app.inventory.service.entering import DISCOUNT_RIGHT, check_withdrawn, new_row, put_parts, taken_by_another
from app.inventory.service.reading import item_of
from app.kit import audit
from app.kit.clock import today_ist, utc_now
from app.metal import service as metal
from app.tenants.service.places import home_outlet
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class Arriving:
    """A piece to be entered; `place_id` None: where the actor sits."""

    draft: ItemDraft
    place_id: UUID | None = None


def register_items(db: ShopSession, *, arriving: Sequence[Arriving], movement_id: UUID) -> list[Item]:
    """Enter pieces that were there before the book, all or none; they share one movement of the metal book.

    Raises TagTaken or HuidTaken where any of them is taken (`taken_codes` says beforehand which are), and what
    register_item raises.
    """
    now, today, home = utc_now(), today_ist(), home_outlet(db)
    drafts = [settled(one.draft, today) for one in arriving]
    if not db.actor.may(DISCOUNT_RIGHT):
        for draft in drafts:
            check_withdrawn(db, draft, today)
    rows = [new_row(draft, at=now, place_id=one.place_id or home) for one, draft in zip(arriving, drafts, strict=True)]
    _write(db, rows, drafts)
    items = [item_of(row, draft.stones, draft.others) for row, draft in zip(rows, drafts, strict=True)]
    entries = [entry for item in items for entry in booking.entries_of(item, BEFORE_THE_BOOK, booking.shelf(item))]
    metal.post(db, movement_id=movement_id, kind=OPENING, entries=entries)
    audit.record(db, "items.registered", movement_id, {
        "pieces": len(rows), "grossMg": sum(row.gross_mg for row in rows), "netMg": sum(row.net_mg for row in rows),
        "tags": [row.tag for row in rows],
    })  # fmt: skip
    return items


def taken_codes(db: ShopSession, *, tags: Iterable[str], huids: Iterable[str]) -> tuple[set[str], set[str]]:
    """Those of these tags and HUIDs that a piece has by now, in two statements."""
    return repository.taken_codes(db, tags=tags, huids=huids)


def _write(db: ShopSession, rows: Sequence[ItemRow], drafts: Sequence[ItemDraft]) -> None:
    db.add_all(rows)
    try:
        db.flush()
    except IntegrityError as taken:
        raise taken_by_another(taken, tag="", huid="") from taken
    put_parts(db, zip(rows, drafts, strict=True))
