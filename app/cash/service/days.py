"""Which business day and shift something belongs to: the drawer's, whatever the clock says.

While a drawer is open, it is the drawer's. Once it was counted, what is booked is of what comes next: the next shift,
on the day that the clock says, and never on a day that is over. The race between a bill and a closing is decided by
the drawer's row: who books holds it shared until the commit, who counts holds it alone.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.cash import repository
from app.cash.errors import DrawerUnknown
from app.cash.models import Drawer, DrawerState
from app.tenants.service.places import hold_places
from shard_router import ShopSession

FIRST_SHIFT = 1
SAFE_SHIFT = 0
"""The safe has no shifts."""


@dataclass(frozen=True, slots=True)
class BookDay:
    """Where in the cash book something stands."""

    business_on: dt.date
    shift_no: int


def placed(*, state: str, business_on: dt.date, shift_no: int, on: dt.date) -> BookDay:
    """Where something is booked in a drawer that stands so, on a day of the clock."""
    if state == DrawerState.OPEN.value:
        return BookDay(business_on, shift_no)
    if on > business_on:
        return BookDay(on, FIRST_SHIFT)
    return BookDay(business_on, shift_no + 1)


def without_drawer(latest: dt.date | None, on: dt.date) -> BookDay:
    """Of a till that has no drawer yet: the clock's day, and none that another drawer has behind it."""
    return BookDay(on if latest is None else max(on, latest), FIRST_SHIFT)


def drawer_of(rows: Sequence[Any], on: dt.date) -> BookDay:
    """Day and shift from the row that DRAWER gave; `on` is the IST date of the bill."""
    state, business_on, shift_no, latest = rows[0]
    if state is None:
        return without_drawer(latest, on)
    return placed(state=state, business_on=business_on, shift_no=shift_no, on=on)


def day_of(db: ShopSession, till_id: UUID | None, on: dt.date) -> BookDay:
    """The same where no packets are used; None is the safe. Holds the drawer shared; raises DrawerUnknown."""
    if till_id is not None and (row := repository.find_drawer(db, till_id, share=True)) is not None:
        return _day(row, on)
    places = hold_places(db, shared=True)  # nobody makes a drawer, or closes a day, while we hold this
    latest = repository.latest_day(db)
    if till_id is None:
        return BookDay(without_drawer(latest, on).business_on, SAFE_SHIFT)
    row = repository.find_drawer(db, till_id, share=True)
    if row is not None:
        return _day(row, on)
    if till_id not in {place.till_id for place in places}:
        raise DrawerUnknown(fields={"tillId": "unknown"})
    return without_drawer(latest, on)


def _day(row: Drawer, on: dt.date) -> BookDay:
    return placed(state=row.state, business_on=row.business_on, shift_no=row.shift_no, on=on)
