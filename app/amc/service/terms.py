"""Owns what dates mean: how a contract stands on a day, where its years end, and what all of them earn a month."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from app.amc.models import ContractState
from app.kit.money import round_paise
from app.kit.ports import EntitlementState, EntitlementView
from app.tenants.service import EntitlementDates

MONTHS = 12


def standing(dates: EntitlementDates, on: dt.date) -> EntitlementView:
    """How the plan stands on an IST date. Only dates decide, so a sweep that stood still cuts nobody off.

    Day 0 is the first one not paid for. With the usual 15 and 30 days: grace 0–15, read-only 16–45, then suspended.
    """
    overdue = (on - dates.paid_until).days - 1
    if overdue < 0:
        state = EntitlementState.TRIAL if dates.state == ContractState.TRIAL else EntitlementState.ACTIVE
    elif overdue <= dates.grace_days:
        state = EntitlementState.GRACE
    elif overdue <= dates.grace_days + dates.read_only_days:
        state = EntitlementState.READ_ONLY
    else:
        state = EntitlementState.SUSPENDED
    return EntitlementView(state, dates.plan, dates.paid_until)


def last_day_of_trial(starts_on: dt.date, days: int) -> dt.date:
    """The first day counts."""
    return starts_on + dt.timedelta(days=days - 1)


def anniversary(start: dt.date, years: int) -> dt.date:
    """The same day so many years on, clamped to its month's end; counted from the first day, so 29 February returns."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return dt.date(start.year + years, 2, 28)


def last_day_of_year(start: dt.date, years: int = 1) -> dt.date:
    """The last day that so many years from `start` pay for."""
    return anniversary(start, years) - dt.timedelta(days=1)


def mrr_paise(prices: Iterable[tuple[int, int]]) -> int:
    """Monthly recurring revenue of (annual price, contracts): summed first, divided and rounded last."""
    return round_paise(Decimal(arr_paise(prices)) / MONTHS)


def arr_paise(prices: Iterable[tuple[int, int]]) -> int:
    return sum(price * count for price, count in prices)
