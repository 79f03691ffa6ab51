"""Days of the year that customers are thought of: birthdays and anniversaries, and which come next."""

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.customers import repository
from app.customers.errors import CustomerUnknown, DateUnknown
from app.customers.models import CustomerDate
from app.customers.service.book import refuse_merged
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.errors import PreconditionFailed
from app.kit.texts import _
from shard_router import ShopSession

DATES = ("birthday", "anniversary")
MOST = 200
LEAP = 2000  # a day without a year may be the 29th of February


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """`year` None: it was not told."""

    kind: str
    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class UpcomingDay:
    """The next time that a customer's day comes; `years` is how many it will then be, where the year is known."""

    kind: str
    on: dt.date
    years: int | None
    customer_id: UUID
    name: str
    phone: str | None


def set_dates(
    db: ShopSession, *, customer_id: UUID, expected_version: int, days: Mapping[str, SpecialDay | None]
) -> tuple[SpecialDay, ...]:
    """Note or drop (None) the customer's days; what is not named stays. Raises DateUnknown, CustomerUnknown,
    CustomerMerged, PreconditionFailed."""
    for kind, day in days.items():
        if kind not in DATES or (day is not None and not _is_day(day)):
            raise DateUnknown(_("This is no day of the year."), fields={kind: "no such day"})
    row = repository.find_customer(db, customer_id, lock=True)
    if row is None or row.erased_at is not None:
        raise CustomerUnknown()
    refuse_merged(row.merged_into)
    if row.version != expected_version:
        raise PreconditionFailed(_("This customer was changed since you opened it."), action=_("Look at it again."))
    there = {one.kind: one for one in repository.dates_of(db, [customer_id])}
    for kind, day in days.items():
        _set(db, customer_id, kind, day, there.get(kind))
    row.version, row.updated_at = row.version + 1, utc_now()
    db.flush()
    audit.record(db, "customer.edited", customer_id, {"changed": sorted(days), "version": row.version})
    return dates_of(db, customer_id)


def dates_of(db: ShopSession, customer_id: UUID) -> tuple[SpecialDay, ...]:
    return tuple(
        SpecialDay(row.kind, *divmod(row.month_day, 100), row.year) for row in repository.dates_of(db, [customer_id])
    )


def upcoming(db: ShopSession, *, on: dt.date, days: int = 14) -> list[UpcomingDay]:
    """Whose days come from today on, so many days ahead, the next first; in one statement."""
    rows = repository.dates_between(db, spans_of(on, days), MOST)
    found = [
        UpcomingDay(
            row.kind, next_on, None if row.year is None else next_on.year - row.year, row.id, row.name, row.phone
        )
        for row in rows
        for next_on in [next_time(row.month_day, on)]
    ]
    return sorted(found, key=lambda one: (one.on, one.name))


def spans_of(on: dt.date, days: int) -> list[tuple[int, int]]:
    """The days from `on` on as spans of month × 100 + day, both ends included: two where the year ends between."""
    last = on + dt.timedelta(days=days)
    first_md, last_md = on.month * 100 + on.day, last.month * 100 + last.day
    if (last.month, last.day) == (2, 28) and not calendar.isleap(last.year):
        last_md = 229  # who was born on the 29th of February is thought of a day before
    if on.year == last.year:
        return [(first_md, last_md)]
    return [(first_md, 1231), (101, last_md)]


def next_time(month_day: int, on: dt.date) -> dt.date:
    """The next date of a day of the year, today included; the 29th of February is the 28th in other years."""
    month, day = divmod(month_day, 100)
    this_year = _in_year(on.year, month, day)
    return this_year if this_year >= on else _in_year(on.year + 1, month, day)


def _upcoming(row: Any, next_on: dt.date) -> UpcomingDay:
    years = None if row.year is None else next_on.year - row.year
    return UpcomingDay(row.kind, next_on, years, row.id, row.name, row.phone)


def _in_year(year: int, month: int, day: int) -> dt.date:
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _is_day(day: SpecialDay) -> bool:
    try:
        dt.date(day.year or LEAP, day.month, day.day)
    except ValueError:
        return False
    return day.year is None or 1900 <= day.year <= utc_now().year


def _set(db: ShopSession, customer_id: UUID, kind: str, day: SpecialDay | None, row: CustomerDate | None) -> None:
    if day is None:
        if row is not None:
            db.delete(row)
        return
    if row is None:
        row = CustomerDate(customer_id=customer_id, kind=kind)
        db.add(row)
    row.month_day, row.year = day.month * 100 + day.day, day.year
