"""Takings: what was sold by day and paid by mode, less credit and with debit notes; for home and the day book's chart.

A day is the drawer's, as in the day book: the same day says the same figures wherever it is looked at."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from app.invoices import by_day
from app.invoices.service.priced_from import others_of
from app.numbering.service import DocumentKind
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class DayTakings:
    """One business day's bills less its credit notes, with its debit notes. `net_mg` is by metal."""

    day: dt.date
    bills: int
    notes: int
    paise: int
    net_mg: dict[str, int]


def takings_by_day(db: ShopSession, *, first: dt.date, last: dt.date) -> list[DayTakings]:
    """Every business day of the span, the quiet ones too, in two statements, three where a piece of several metals was
    sold."""
    sums, weights = by_day.sums_by_day(db, first, last), by_day.weights_by_metal(db, first, last)
    bills, notes, paise = defaultdict[dt.date, int](int), defaultdict[dt.date, int](int), defaultdict[dt.date, int](int)
    for day, kind, count, total in sums:
        (notes if kind in _NOTES else bills)[day] += count
        paise[day] += _sign(kind) * int(total)
    net: defaultdict[dt.date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    others = others_of(db, [row[4] for row in weights])
    for day, kind, metal, mg, mixed in weights:
        net[day][metal] += _sign(kind) * int(mg)
        for part in others.get(mixed, ()):
            net[day][metal] -= _sign(kind) * part.net_mg
            net[day][part.metal] += _sign(kind) * part.net_mg
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return [DayTakings(day, bills[day], notes[day], paise[day], dict(net[day])) for day in days]


def paid_by_mode(db: ShopSession, *, on: dt.date) -> dict[str, int]:
    """Paise taken less paise given back on a business day, by way of paying."""
    paid: defaultdict[str, int] = defaultdict(int)
    for kind, mode, paise in by_day.modes_of_day(db, on):
        paid[mode] += _sign(kind) * int(paise)
    return dict(paid)


_NOTES = (DocumentKind.CREDIT_NOTE.value, DocumentKind.DEBIT_NOTE.value)


def _sign(kind: str) -> int:
    return -1 if kind == DocumentKind.CREDIT_NOTE.value else 1
