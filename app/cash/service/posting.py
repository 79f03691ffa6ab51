"""Booking a document's cash, in the document's transaction: into a drawer beside everybody, out of it alone."""

import datetime as dt
from uuid import UUID

from app.cash.models import CashEntry, EntryKind
from app.cash.service.days import BookDay, day_of
from app.cash.service.entries import entry_row
from app.cash.service.holding import check_there, hold
from app.kit.clock import ist, utc_now
from shard_router import ShopSession


def post(
    db: ShopSession,
    *,
    till_id: UUID | None,
    kind: EntryKind,
    paise: int,
    document_id: UUID | None = None,
    note: str | None = None,
    at: dt.datetime | None = None,
    field: str = "paise",
) -> BookDay:
    """Book cash into a till's drawer (above zero) or out of it (below), in the caller's transaction and shift.

    Where it was booked comes back; a document writes that day into its own `book_on`. The drawer is held until the
    commit, shared where cash comes, alone where it goes: what leaves must be there by the book, as with what is moved
    by hand. Call it after pieces and before the series. `field` is where the caller's body has the cash. Audit is the
    caller's. Raises DrawerUnknown, CashShort.
    """
    moment = at or utc_now()
    day = day_of(db, till_id, ist(moment).date()) if paise > 0 else _taken_from(db, till_id, paise, moment, field)
    db.add(CashEntry(**entry_row(
        db, till_id=till_id, day=day, kind=kind, paise=paise, document_id=document_id, note=note, at=moment
    )))  # fmt: skip
    db.flush()
    return day


def _taken_from(db: ShopSession, till_id: UUID | None, paise: int, moment: dt.datetime, field: str) -> BookDay:
    (held,) = hold(db, [till_id], moment)
    check_there(db, held, paise, field=field)
    return held.day
