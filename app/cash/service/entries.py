"""Entries of the cash book: inserted in the transaction of what moved the cash, and never changed."""

import datetime as dt
from typing import Any
from uuid import UUID

from app.cash.models import CashEntry, EntryKind
from app.cash.service.days import BookDay, day_of
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.money import whole
from shard_router import ShopSession

COMES = frozenset((
    EntryKind.SALE, EntryKind.RECEIPT, EntryKind.INCOME, EntryKind.WITHDRAW, EntryKind.FLOAT, EntryKind.EXCESS,
))  # fmt: skip
GOES = frozenset((
    EntryKind.REFUND, EntryKind.OLD_GOLD, EntryKind.EXPENSE, EntryKind.DEPOSIT, EntryKind.SHORTAGE,
))  # fmt: skip
"""Of what is in neither, cash comes and goes: a karigar gives change back, a supplier returns an advance."""

MOST_PAISE = 10**15
"""Of one entry. More than one document's, since a count books at once by how much many slips have put the book out."""


def post(
    db: ShopSession,
    *,
    till_id: UUID | None,
    kind: EntryKind,
    paise: int,
    document_id: UUID | None = None,
    note: str | None = None,
    at: dt.datetime | None = None,
) -> BookDay:
    """Book cash into a till's drawer (above zero) or out of it (below), in the caller's transaction and shift.

    Where it was booked comes back; a document writes that day into its own `book_on`. The drawer is held shared until
    the commit: call it after pieces and before the series. Audit is the caller's. Raises DrawerUnknown.
    """
    moment = at or utc_now()
    day = day_of(db, till_id, ist(moment).date())
    db.add(CashEntry(**entry_row(
        db, till_id=till_id, day=day, kind=kind, paise=paise, document_id=document_id, note=note, at=moment
    )))  # fmt: skip
    db.flush()
    return day


def entry_row(
    db: ShopSession,
    *,
    till_id: UUID | None,
    day: BookDay,
    kind: EntryKind,
    paise: int,
    document_id: UUID | None = None,
    note: str | None = None,
    at: dt.datetime,
) -> dict[str, Any]:
    """The columns of one entry, for ENTER in a packet too: `ENTER.bind(**entry_row(…))` or `bind_rows([…])`."""
    whole(abs(paise), "An amount in paise", least=1, most=MOST_PAISE)
    if (kind in COMES and paise < 0) or (kind in GOES and paise > 0):
        raise ValueError(f"{kind.value} of {paise} paise goes the wrong way")
    return {
        "shop_id": db.shop_id, "id": new_id(), "till_id": till_id, "book_on": day.business_on,
        "shift_no": day.shift_no, "kind": kind.value, "paise": paise, "document_id": document_id, "note": note,
        "actor_id": db.actor.person_id, "at": at.astimezone(dt.UTC),
    }  # fmt: skip
