"""Reading the cash book: what each drawer holds, and its entries and counts."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.cash import repository
from app.cash.errors import DrawerChanged, DrawerUnknown
from app.cash.models import CashEntry, Drawer, DrawerState
from app.cash.service.days import BookDay, without_drawer
from app.cash.service.shifts import BLIND_RIGHT, where
from app.kit import audit, paging
from app.kit.clock import ist, utc_now
from app.tenants.service.places import Place, list_places
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class DrawerView:
    """A till's drawer. `held_paise` is what it holds by the book; None where who asks counts blind.

    `business_on` and `shift_no` are where what is booked now would belong; version 0 is a drawer never counted.
    """

    till_id: UUID
    till_code: str
    outlet_name: str
    business_on: dt.date
    shift_no: int
    state: str
    held_paise: int | None
    counted_paise: int
    opened_at: dt.datetime | None
    opened_by: UUID | None
    blind: bool
    version: int


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the cash book."""

    id: UUID
    till_id: UUID | None
    book_on: dt.date
    shift_no: int
    kind: str
    paise: int
    document_id: UUID | None
    note: str | None
    actor_id: UUID | None
    at: dt.datetime


def list_drawers(db: ShopSession, *, at: dt.datetime | None = None) -> list[DrawerView]:
    """Every till's drawer, in three statements; a till without one is shown too."""
    moment = at or utc_now()
    places, rows = list_places(db), {row.till_id: row for row in repository.list_drawers(db)}
    others = [place.till_id for place in places if place.till_id not in rows]
    behind = repository.behind_by_till(db, rows.values(), others)
    latest = max((row.business_on for row in rows.values()), default=None)
    return [
        _counted_drawer(db, place, rows[place.till_id], behind, moment)
        if place.till_id in rows
        else _no_drawer(place, behind, without_drawer(latest, ist(moment).date()))
        for place in places
    ]


def get_drawer(db: ShopSession, till_id: UUID) -> DrawerView:
    """Raises DrawerUnknown."""
    for one in list_drawers(db):
        if one.till_id == till_id:
            return one
    raise DrawerUnknown()


def safe_paise(db: ShopSession) -> int:
    """What the shop's safe holds by the book."""
    return repository.sum_of_till(db, None)


def set_blind(db: ShopSession, *, till_id: UUID, expected_version: int, blind: bool) -> DrawerView:
    """Whether whoever counts this drawer is told what to expect; raises DrawerUnknown, DrawerChanged."""
    row = repository.find_drawer(db, till_id, lock=True)
    if row is None:
        raise DrawerUnknown()
    if row.version != expected_version:
        raise DrawerChanged()
    if row.blind != blind:
        before, row.blind, row.version = row.blind, blind, row.version + 1
        db.flush()
        audit.record(db, "cash.blind_changed", till_id, {"before": before, "after": blind, "version": row.version})
    return get_drawer(db, till_id)


def list_entries(
    db: ShopSession,
    *,
    till_id: UUID | None = None,
    safe: bool = False,
    book_on: dt.date | None = None,
    kind: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Line]:
    """A page of entries, the newest first."""
    statement = repository.entries(till_id=till_id, safe=safe, book_on=book_on, kind=kind)
    return paging.page(db, statement, orders=repository.ENTRY_ORDERS, sort=sort, after=after, limit=limit).map(_line)


def sums_of_day(db: ShopSession, on: dt.date) -> list[tuple[UUID | None, str, int, int]]:
    """Till (None: the safe), kind, entries and paise of a business day."""
    return [(till_id, kind, int(many), int(paise)) for till_id, kind, many, paise in repository.sums_of_day(db, on)]


def counts_of_day(db: ShopSession, on: dt.date) -> Sequence[Any]:
    """The counts of a business day in their order: till, shift, purpose, counted, expected, note, who, when."""
    return repository.counts_of_day(db, on)


def list_day(db: ShopSession, on: dt.date, *, after: tuple[dt.datetime, UUID] | None, limit: int) -> list[Line]:
    """The entries of a business day that no bill or voucher stands for, in their order, behind a moment and an id."""
    return [_line(row) for row in repository.chunk_of_day(db, on, after, limit)]


def held_before(db: ShopSession, on: dt.date) -> dict[UUID | None, int]:
    """What each drawer and the safe (None) held when this business day began."""
    return {one.till_id: one.opening_paise for one in day_cash(db, on)}


def list_period(
    db: ShopSession, *, till_id: UUID | None, first: dt.date, last: dt.date, after: Line | None, limit: int
) -> list[Line]:
    """A drawer's entries of a period, or the safe's (None), day by day in the order of their making."""
    behind = (after.book_on, after.at, after.id) if after else None
    rows = repository.chunk_of_period(db, till_id=till_id, first=first, last=last, after=behind, limit=limit)
    return [_line(row) for row in rows]


def first_unclosed(db: ShopSession, before: dt.date) -> dt.date | None:
    """The first day before this one on which cash was booked and that was not closed."""
    last = repository.closed_days(db, 1)
    return repository.first_day_between(db, last[0] if last else None, before)


def _no_drawer(place: Place, behind: dict[UUID, int], day: BookDay) -> DrawerView:
    return DrawerView(
        till_id=place.till_id, till_code=place.till_code, outlet_name=place.outlet_name, business_on=day.business_on,
        shift_no=day.shift_no, state=DrawerState.CLOSED.value, held_paise=behind.get(place.till_id, 0),
        counted_paise=0, opened_at=None, opened_by=None, blind=False, version=0,
    )  # fmt: skip


def _counted_drawer(
    db: ShopSession, place: Place, row: Drawer, behind: dict[UUID, int], moment: dt.datetime
) -> DrawerView:
    day, told = where(row, moment), not row.blind or db.actor.may(BLIND_RIGHT)
    return DrawerView(
        till_id=place.till_id, till_code=place.till_code, outlet_name=place.outlet_name, business_on=day.business_on,
        shift_no=day.shift_no, state=row.state,
        held_paise=row.opening_paise + behind.get(row.till_id, 0) if told else None,
        counted_paise=row.opening_paise, opened_at=row.opened_at, opened_by=row.opened_by, blind=row.blind,
        version=row.version,
    )  # fmt: skip


def _line(row: CashEntry) -> Line:
    return Line(*(getattr(row, field.name) for field in dataclasses.fields(Line)))


@dataclass(frozen=True, slots=True)
class TillDay:
    """One drawer's business day, or the safe's (None): what it began with, what came and went by kind, what is left."""

    till_id: UUID | None
    opening_paise: int
    by_kind: dict[str, int]

    @property
    def closing_paise(self) -> int:
        return self.opening_paise + sum(self.by_kind.values())


def day_cash(db: ShopSession, on: dt.date) -> list[TillDay]:
    """Every drawer's business day and the safe's, in three statements. What was there before is reckoned from the last
    closing before it, so that no day needs all days."""
    last = repository.closing_before(db, on)
    before: dict[UUID | None, int] = dict(_left(last.figures) if last is not None else {})
    for till_id, paise in repository.sums_between(db, last.business_on if last is not None else None, on):
        before[till_id] = before.get(till_id, 0) + int(paise)
    kinds: dict[UUID | None, dict[str, int]] = {None: {}, **{place.till_id: {} for place in list_places(db)}}
    for till_id, kind, _many, paise in sums_of_day(db, on):
        kinds.setdefault(till_id, {})[kind] = paise
    return [TillDay(till_id, before.get(till_id, 0), found) for till_id, found in kinds.items()]


def _left(figures: bytes) -> dict[UUID | None, int]:
    """What each drawer held when a day was closed, as its closing says."""
    return {
        UUID(one["till"]) if one["till"] else None: one["closingPaise"] for one in orjson.loads(figures).get("cash", [])
    }
