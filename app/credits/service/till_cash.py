"""Owns where a voucher's cash is booked: in the drawer of its till, in the shift that is open there."""

import datetime as dt
from uuid import UUID

from app.cash import service as cash
from app.kit.clock import ist
from shard_router import ShopSession


def book_cash(db: ShopSession, *, till_id: UUID, paise: int, document_id: UUID, at: dt.datetime) -> dt.date:
    """The business day of the voucher, also where no cash moved; paise into the drawer, below nothing out of it. Raises
    CashShort where less is in it."""
    if not paise:
        return cash.day_of(db, till_id, ist(at).date()).business_on
    kind = cash.EntryKind.RECEIPT if paise > 0 else cash.EntryKind.REFUND
    day = cash.post(db, till_id=till_id, kind=kind, paise=paise, document_id=document_id, at=at, field="payments")
    return day.business_on
