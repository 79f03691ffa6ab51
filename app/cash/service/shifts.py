"""Shifts: counted when one begins and when it ends, and what is missing or too much is booked with a reason.

The book is never corrected to fit: the difference is an entry of its own, after which expected and counted are equal.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.cash import repository
from app.cash.denominations import counted
from app.cash.errors import CountUnexplained, DrawerChanged, DrawerUnknown, HandoverWaits, ShiftOpen
from app.cash.models import CashCount, CashEntry, CountPurpose, Drawer, DrawerState, EntryKind
from app.cash.service.days import BookDay, placed, without_drawer
from app.cash.service.entries import entry_row
from app.kit import audit
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.money import rupees
from app.kit.texts import _
from app.tenants.service.places import hold_places
from shard_router import ShopSession

BLIND_RIGHT = "day.close"
"""Who has it is told what to expect even where counts are blind."""


@dataclass(frozen=True, slots=True)
class Count:
    """A drawer as it was counted: pairs of a note's or coin's paise and how many there are."""

    pieces: Sequence[tuple[int, int]]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CountedDrawer:
    """A drawer after a count, and what the count said; `id` is the count's."""

    id: UUID
    till_id: UUID
    business_on: dt.date
    shift_no: int
    state: str
    counted_paise: int
    expected_paise: int
    difference_paise: int
    version: int


def open_shift(
    db: ShopSession, *, till_id: UUID, expected_version: int, count: Count, at: dt.datetime | None = None
) -> CountedDrawer:
    """Begin a till's shift with what its drawer was counted to hold. Version 0 is a till that never had a drawer: what
    it holds then beyond its entries is its float, and needs no reason; what is missing of them does.

    Raises DrawerUnknown, DrawerChanged, ShiftOpen, HandoverWaits, CountMalformed, CountUnexplained.
    """
    moment = at or utc_now()
    row, first = held_drawer(db, till_id, expected_version, moment)
    _check_may_open(db, row)
    return begin(db, row, count, moment, first=first)


def begin(db: ShopSession, row: Drawer, count: Count, moment: dt.datetime, *, first: bool) -> CountedDrawer:
    """Opens a held drawer; whether it may be opened was looked at."""
    day = where(row, moment)
    row.business_on, row.shift_no, row.state = day.business_on, day.shift_no, DrawerState.OPEN.value
    row.opened_at, row.opened_by = moment, db.actor.person_id
    made = _book_count(db, row, count, CountPurpose.OPENING, moment, as_float=first)
    return _settled(db, row, made, "cash.shift_opened", count.note)


def close_shift(
    db: ShopSession, *, till_id: UUID, expected_version: int, count: Count, at: dt.datetime | None = None
) -> CountedDrawer:
    """End a till's shift by counting. A drawer that was not opened is counted just so: all since its last count is the
    shift. What comes afterwards is of the next.

    Raises DrawerUnknown, DrawerChanged, HandoverWaits, CountMalformed, CountUnexplained.
    """
    moment = at or utc_now()
    row, first = held_drawer(db, till_id, expected_version, moment)
    _check_not_given(db, row)
    return end(db, row, count, moment, first=first)


def end(db: ShopSession, row: Drawer, count: Count, moment: dt.datetime, *, first: bool = False) -> CountedDrawer:
    """Counts and closes a held drawer."""
    day = where(row, moment)
    row.business_on, row.shift_no, row.state = day.business_on, day.shift_no, DrawerState.CLOSED.value
    row.opened_at = row.opened_by = None
    made = _book_count(db, row, count, CountPurpose.CLOSING, moment, as_float=first)
    row.opening_paise = made.counted_paise
    row.counted_on, row.counted_shift = day.business_on, day.shift_no
    return _settled(db, row, made, "cash.shift_closed", count.note)


def held_drawer(db: ShopSession, till_id: UUID, expected_version: int, moment: dt.datetime) -> tuple[Drawer, bool]:
    """The till's drawer until the commit, made where it has none; and whether it was made now.

    Raises DrawerUnknown, DrawerChanged.
    """
    row = repository.find_drawer(db, till_id, lock=True)
    if row is None and expected_version == 0:
        places = hold_places(db, shared=False)  # no bill of the till is on its way then
        row = repository.find_drawer(db, till_id, lock=True)
        if row is None:
            return _make(db, till_id, {place.till_id for place in places}, ist(moment).date()), True
    if row is None:
        raise DrawerUnknown()
    if row.version != expected_version:
        raise DrawerChanged()
    return row, False


def expected_paise(db: ShopSession, row: Drawer) -> int:
    """What a drawer holds by the book."""
    return row.opening_paise + repository.sum_behind(db, row)[1]


def where(row: Drawer, moment: dt.datetime) -> BookDay:
    """Where what is booked in this drawer at this moment belongs."""
    on = ist(moment).date()
    return placed(state=row.state, business_on=row.business_on, shift_no=row.shift_no, on=on)


def _make(db: ShopSession, till_id: UUID, tills: set[UUID], on: dt.date) -> Drawer:
    """A closed drawer that was counted before all that the till ever took."""
    if till_id not in tills:
        raise DrawerUnknown()
    day = without_drawer(repository.latest_day(db), on)
    row = Drawer(
        till_id=till_id, business_on=day.business_on, shift_no=0, state=DrawerState.CLOSED.value, opening_paise=0,
        counted_on=BEFORE_ALL, counted_shift=0, opened_at=None, opened_by=None, blind=False,
        version=0,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row


BEFORE_ALL = dt.date(1970, 1, 1)


def _check_may_open(db: ShopSession, row: Drawer) -> None:
    if row.state == DrawerState.OPEN.value:
        raise ShiftOpen(_("The shift %(no)s of this till is open already.", no=row.shift_no))
    _check_not_given(db, row)


def _check_not_given(db: ShopSession, row: Drawer) -> None:
    if repository.find_waiting(db, row.till_id) is not None:
        raise HandoverWaits(_("This drawer was handed over and is still to be taken."))


def _book_count(
    db: ShopSession, row: Drawer, count: Count, purpose: CountPurpose, moment: dt.datetime, *, as_float: bool
) -> CashCount:
    """The count, and an entry for what it differs from the book; raises CountUnexplained."""
    total, expected = counted(count.pieces, ist(moment).date()), expected_paise(db, row)
    difference = total - expected
    floated = as_float and difference > 0
    if difference and not floated and not count.note:
        raise unexplained(difference, blind=row.blind and not db.actor.may(BLIND_RIGHT))
    made = CashCount(
        id=new_id(), till_id=row.till_id, book_on=row.business_on, shift_no=row.shift_no, purpose=purpose.value,
        pieces={str(paise): many for paise, many in sorted(count.pieces) if many}, counted_paise=total,
        expected_paise=expected, blind=row.blind, note=count.note, actor_id=db.actor.person_id, at=moment,
    )  # fmt: skip
    db.add(made)
    if difference:
        kind = EntryKind.FLOAT if floated else _difference_kind(difference)
        db.add(CashEntry(**entry_row(
            db, till_id=row.till_id, day=BookDay(row.business_on, row.shift_no), kind=kind, paise=difference,
            document_id=made.id, note=count.note, at=moment,
        )))  # fmt: skip
    return made


def unexplained(difference_paise: int, *, blind: bool) -> CountUnexplained:
    """The refusal of a count without a reason; a blind one does not tell by how much."""
    if blind:
        message = _("The count is not what the book expects.")
    elif difference_paise < 0:
        message = _("%(amount)s are missing.", amount=rupees(-difference_paise))
    else:
        message = _("%(amount)s are too much.", amount=rupees(difference_paise))
    return CountUnexplained(message, fields={"note": "say why"})


def _difference_kind(paise: int) -> EntryKind:
    return EntryKind.SHORTAGE if paise < 0 else EntryKind.EXCESS


def _settled(db: ShopSession, row: Drawer, made: CashCount, action: str, note: str | None) -> CountedDrawer:
    row.version += 1
    db.flush()
    done = CountedDrawer(
        id=made.id, till_id=row.till_id, business_on=row.business_on, shift_no=row.shift_no, state=row.state,
        counted_paise=made.counted_paise, expected_paise=made.expected_paise,
        difference_paise=made.counted_paise - made.expected_paise, version=row.version,
    )  # fmt: skip
    told = {name: value for name, value in dataclasses.asdict(done).items() if name not in ("id", "till_id")}
    audit.record(db, action, row.till_id, {**told, "count": made.id, "pieces": made.pieces, "note": note})
    return done
