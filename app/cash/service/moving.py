"""Cash that is moved by hand: in and out with a reason, to another till or the safe, to the bank and back.

The drawer is held alone here, not shared: what leaves must be there, and two who take at once must not both find it.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.cash import repository
from app.cash.errors import CashShort, DrawerUnknown, SameDrawer
from app.cash.models import CashEntry, Drawer, EntryKind
from app.cash.service.days import SAFE_SHIFT, BookDay, without_drawer
from app.cash.service.entries import entry_row
from app.cash.service.shifts import expected_paise, where
from app.kit import audit
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.money import rupees
from app.kit.texts import _
from app.tenants.service.places import hold_places
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
    (held,) = _held(db, [till_id], moment)
    _check_there(held, paise)
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
    giving, taking = _held(db, [from_till_id, to_till_id], moment)
    _check_there(giving, -paise)
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


@dataclass(frozen=True, slots=True)
class _Held:
    """A drawer, or the safe, that is ours until the commit."""

    till_id: UUID | None
    day: BookDay
    paise: int


def _held(db: ShopSession, till_ids: list[UUID | None], moment: dt.datetime) -> list[_Held]:
    """In the order asked for; locked in the order of their keys, the safe and tills without a drawer first."""
    drawers = {row.till_id: row for row in repository.list_drawers(db)}
    if any(till_id not in drawers for till_id in till_ids):
        known = {place.till_id for place in hold_places(db, shared=False)}
        if any(till_id is not None and till_id not in known for till_id in till_ids):
            raise DrawerUnknown(fields={"tillId": "unknown"})
    locked: dict[UUID, Drawer] = {}
    for till_id in sorted(one for one in till_ids if one is not None):
        row = repository.find_drawer(db, till_id, lock=True)
        if row is not None:
            locked[till_id] = row
    return [_at(db, till_id, locked.get(till_id) if till_id else None, moment) for till_id in till_ids]


def _at(db: ShopSession, till_id: UUID | None, row: Drawer | None, moment: dt.datetime) -> _Held:
    if row is not None:
        return _Held(till_id, where(row, moment), expected_paise(db, row))
    day = without_drawer(repository.latest_day(db), ist(moment).date())
    if till_id is None:
        day = BookDay(day.business_on, SAFE_SHIFT)
    return _Held(till_id, day, repository.sum_of_till(db, till_id))


def _check_there(held: _Held, paise: int) -> None:
    if held.paise + paise < 0 and paise < 0:
        message = _(
            "Only %(there)s are there by the book, %(wanted)s would leave.",
            there=rupees(max(held.paise, 0)), wanted=rupees(-paise),
        )  # fmt: skip
        raise CashShort(message, fields={"paise": "more than is there"})


def _told(db: ShopSession, action: str, moved: Moved, held: _Held) -> None:
    facts = {
        "till": moved.till_id, "to": moved.to_till_id, "bookOn": moved.business_on, "shift": moved.shift_no,
        "kind": moved.kind, "paise": moved.paise, "note": moved.note, "before": held.paise,
    }  # fmt: skip
    audit.record(db, action, moved.id, facts)
