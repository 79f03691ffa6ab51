"""Entries of the cash book: inserted in the transaction of what moved the cash, and never changed."""

import datetime as dt
from typing import Any
from uuid import UUID

from app.cash.models import EntryKind
from app.cash.service.days import BookDay
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
