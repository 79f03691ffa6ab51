"""Cash that is moved by hand: in and out with a reason, to another till or the safe, to the bank and back.

The drawer is held alone here, not shared: what leaves must be there, and two who take at once must not both find it.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.cash.errors import SameDrawer
from app.cash.models import CashEntry, EntryKind
from app.cash.service.entries import entry_row
from app.cash.service.holding import Held, check_there, hold
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.ids import new_id
from shard_router import ShopSession

BY_HAND = {
    EntryKind.EXPENSE: -1, EntryKind.INCOME: 1, EntryKind.DEPOSIT: -1, EntryKind.WITHDRAW: 1,
}  # fmt: skip
"""What a person books by hand, and which way it goes; the owner's own money goes either way."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was booked; `id` is the entry's, or that of both entries of a transfer."""

    id: UUID
    till_id: UUID | None
    to_till_id: UUID | None
    business_on: dt.date
    shift_no: int
    kind: str
    paise: int
    note: str
    at: dt.datetime


def move_by_hand(
    db: ShopSession, *, till_id: UUID | None, kind: EntryKind, paise: int, note: str, at: dt.datetime | None = None
) -> Moved:
    """Book cash that came or went with a reason and no document: an expense, the bank, the owner. `paise` has its sign;
    till None is the safe. Raises DrawerUnknown, CashShort."""
    moment = at or utc_now()
    (held,) = hold(db, [till_id], moment)
    check_there(db, held, paise)
    row = CashEntry(**entry_row(db, till_id=till_id, day=held.day, kind=kind, paise=paise, note=note, at=moment))
    db.add(row)
    db.flush()
    moved = Moved(row.id, till_id, None, held.day.business_on, held.day.shift_no, kind.value, paise, note, row.at)
    _told(db, "cash.moved", moved, held)
    return moved


def transfer(
    db: ShopSession, *, from_till_id: UUID | None, to_till_id: UUID | None, paise: int, note: str,
    at: dt.datetime | None = None,
) -> Moved:  # fmt: skip
    """Cash from one drawer to another, or to and from the safe (None): two entries of one transfer, in one transaction.

    Each is of its own drawer's day and shift. Raises DrawerUnknown, SameDrawer, CashShort.
    """
    if from_till_id == to_till_id:
        raise SameDrawer(fields={"toTillId": "the same"})
    moment, transfer_id = at or utc_now(), new_id()
    giving, taking = hold(db, [from_till_id, to_till_id], moment)
    check_there(db, giving, -paise)
    for held, signed in ((giving, -paise), (taking, paise)):
        db.add(CashEntry(**entry_row(
            db, till_id=held.till_id, day=held.day, kind=EntryKind.TRANSFER, paise=signed, document_id=transfer_id,
            note=note, at=moment,
        )))  # fmt: skip
    db.flush()
    day = giving.day if from_till_id is not None else taking.day
    moved = Moved(
        transfer_id, from_till_id, to_till_id, day.business_on, day.shift_no, EntryKind.TRANSFER.value, paise, note,
        moment,
    )  # fmt: skip
    _told(db, "cash.transferred", moved, giving)
    return moved


def _told(db: ShopSession, action: str, moved: Moved, held: Held) -> None:
    facts = {
        "till": moved.till_id, "to": moved.to_till_id, "bookOn": moved.business_on, "shift": moved.shift_no,
        "kind": moved.kind, "paise": moved.paise, "note": moved.note, "before": held.paise,
    }  # fmt: skip
    audit.record(db, action, moved.id, facts)
