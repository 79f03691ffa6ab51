"""Owns the rows of day books and cash books for files: read in short stretches, with the names that people read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.cash import service as cash
from app.customers import service as customers
from app.kit.clock import ist
from app.kit.jobs import ShopJob
from app.reports import daybook
from app.reports.service import Export
from app.tenants.service.places import list_places

CHUNK = 1000
SAFE = "safe"


@dataclass(frozen=True, slots=True)
class DayBookRow:
    """One line of a day book's file."""

    business_on: dt.date
    made_at: str
    kind: str
    what: str
    till: str
    customer_name: str | None
    paise: int
    document: bool


@dataclass(frozen=True, slots=True)
class CashBookRow:
    """One line of a cash book's file; `held_paise` is what its drawer held after it."""

    business_on: dt.date
    shift_no: int
    made_at: str
    till: str
    kind: str
    note: str | None
    paise: int
    held_paise: int


def of_day_book(job: ShopJob, export: Export) -> Iterator[DayBookRow]:
    """Day after day, each in the order of its making."""
    codes = _codes(job)
    for on in _days(export):
        after: tuple[dt.datetime, UUID] | None = None
        while True:
            page, names = _page(job, on, after)
            for row in page.items:
                yield DayBookRow(
                    on, _moment(row.at), row.kind, row.what, codes.get(row.till_id, SAFE),
                    names.get(row.customer_id) if row.customer_id else None, row.paise, row.document,
                )  # fmt: skip
            if page.next_after is None:
                break
            after = page.next_after


def of_cash_book(job: ShopJob, export: Export) -> Iterator[CashBookRow]:
    """Drawer after drawer, each with what it held before the period and after each entry."""
    codes = _codes(job)
    for till_id, before in job.read(lambda db: cash.held_before(db, export.issued_from)).items():
        held, after = before, None
        while chunk := _entries(job, export, till_id, after):
            for line in chunk:
                held += line.paise
                yield CashBookRow(
                    line.book_on, line.shift_no, _moment(line.at), codes.get(till_id, SAFE), line.kind, line.note,
                    line.paise, held,
                )  # fmt: skip
            after = chunk[-1]


def _page(job: ShopJob, on: dt.date, after: Any) -> tuple[daybook.BookPage, dict[UUID, str]]:
    def work(db: Any) -> tuple[daybook.BookPage, dict[UUID, str]]:
        page = daybook.list_rows(db, on, after=after, limit=CHUNK)
        return page, customers.names_of(db, [row.customer_id for row in page.items if row.customer_id])

    return job.read(work)


def _entries(job: ShopJob, export: Export, till_id: UUID | None, after: cash.Line | None) -> list[cash.Line]:
    return job.read(lambda db: cash.list_period(
        db, till_id=till_id, first=export.issued_from, last=export.issued_to, after=after, limit=CHUNK
    ))  # fmt: skip


def _codes(job: ShopJob) -> dict[UUID | None, str]:
    return {place.till_id: place.till_code for place in job.read(list_places)}


def _days(export: Export) -> Iterator[dt.date]:
    for number in range((export.issued_to - export.issued_from).days + 1):
        yield export.issued_from + dt.timedelta(days=number)


def _moment(at: dt.datetime) -> str:
    return ist(at).strftime("%d-%m-%Y %H:%M")
