"""Owns time: UTC is stored, IST is shown, and the law's days and years are IST days and years."""

import datetime as dt
from dataclasses import dataclass

IST = dt.timezone(dt.timedelta(hours=5, minutes=30), "IST")  # India has had no other offset since 1945

CLOCKS_APART = dt.timedelta(minutes=10)
"""By so much may our hosts' clocks differ; docs/decisions/0011 says what stops holding beyond."""


def utc_now() -> dt.datetime:
    """Now, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def ist(moment: dt.datetime) -> dt.datetime:
    """The same moment as a clock in India shows it; a naive moment is refused."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(IST)


def rfc3339(moment: dt.datetime) -> str:
    """UTC with Z, to the microsecond where there are any."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def today_ist() -> dt.date:
    """Today's date in India: the date that a bill carries."""
    return ist(utc_now()).date()


@dataclass(frozen=True, order=True)
class FinancialYear:
    """April to March; number series restart with it (Rule 46(b))."""

    start_year: int

    @property
    def label(self) -> str:
        """As bills write it: 26-27."""
        return f"{self.start_year % 100:02d}-{(self.start_year + 1) % 100:02d}"

    @property
    def starts_on(self) -> dt.date:
        return dt.date(self.start_year, 4, 1)

    @property
    def ends_on(self) -> dt.date:
        return dt.date(self.start_year + 1, 3, 31)


def financial_year(day: dt.date) -> FinancialYear:
    """The financial year that an IST date falls in."""
    return FinancialYear(day.year if day.month >= 4 else day.year - 1)


def books_end_on(day: dt.date) -> dt.date:
    """Last day that books of this date must be kept: the later of 7 years and 31 December after FY end + 72 months."""
    end = financial_year(day).ends_on
    lawful = dt.date(end.year + 6, 12, 31)
    seven = dt.date(day.year + 7, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 7)
    return max(lawful, seven)
