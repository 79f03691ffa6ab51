"""Owns a scheme's days: when each instalment is due, when it is full, when it must have ended. Dates of India only.

All days are counted from the first one, so a scheme that began on the 31st is due on the 30th of June and on the 31st
of July: a month that is too short clamps the day and does not move the ones behind it.
"""

import calendar
import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.kit.dated import read_table, remembered

DATA = Path(__file__).parent / "data" / "scheme_terms.json"
FOUR_YEARS = 1461
"""Days after which the calendar's months repeat (no century without a leap day lies ahead of anybody's scheme)."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long a scheme may run, in days from its first instalment on."""

    longest_days: int
    warn_days: int
    valid_from: dt.date = dt.date.min
    valid_to: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """The days of one scheme. `stops_on` is the hard stop: on it nothing more is taken, and it is ended."""

    begun_on: dt.date
    matures_on: dt.date
    warns_on: dt.date
    stops_on: dt.date


@dataclass(frozen=True, slots=True)
class Standing:
    """How a scheme stands with its instalments on a day; `next_due_on` is None once all are paid."""

    due: int
    missed: int
    next_due_on: dt.date | None


def term_on(day: dt.date) -> Term:
    """The rule that holds on a day; raises LookupError where the table has none."""
    for term in _terms():
        if term.valid_from <= day and (term.valid_to is None or day <= term.valid_to):
            return term
    raise LookupError(f"no rule for the length of schemes holds on {day}")


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day of the month so many months on, or the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def due_on(begun_on: dt.date, number: int) -> dt.date:
    """When instalment `number` is due, counted from 1: the first on the day on which the scheme begins."""
    return months_later(begun_on, number - 1)


def days_of(begun_on: dt.date, months: int) -> Days:
    """A scheme of so many instalments matures a month after the last of them was due."""
    term = term_on(begun_on)
    return Days(
        begun_on=begun_on,
        matures_on=months_later(begun_on, months),
        warns_on=begun_on + dt.timedelta(days=term.warn_days),
        stops_on=begun_on + dt.timedelta(days=term.longest_days),
    )


@cache
def longest_in_days(months: int) -> int:
    """What so many months come to at most, whatever day they begin on: 337 for eleven, 366 for twelve."""
    first = dt.date(2024, 1, 1)
    begins = (first + dt.timedelta(days=n) for n in range(FOUR_YEARS))
    return max((months_later(day, months) - day).days for day in begins)


def is_late(begun_on: dt.date, number: int, paid_on: dt.date, *, grace_days: int) -> bool:
    """Whether an instalment came after its day and the days of grace."""
    return paid_on > due_on(begun_on, number) + dt.timedelta(days=grace_days)


def standing_on(begun_on: dt.date, months: int, *, paid: int, on: dt.date) -> Standing:
    """What is due by a day, what of it is missing, and when the next one is due."""
    due = sum(due_on(begun_on, number) <= on for number in range(1, months + 1))
    return Standing(
        due=due,
        missed=max(due - paid, 0),
        next_due_on=due_on(begun_on, paid + 1) if paid < months else None,
    )


@remembered
def _terms() -> tuple[Term, ...]:
    return tuple(
        Term(
            int(record["longest_days"]), int(record["warn_days"]), dt.date.fromisoformat(record["valid_from"]),
            dt.date.fromisoformat(record["valid_to"]) if record["valid_to"] else None,
        )
        for record in read_table(DATA)["records"]
    )  # fmt: skip
