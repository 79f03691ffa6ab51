"""What dates mean: vectors at each boundary of a contract's ageing, anniversaries, and what contracts earn."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.amc.service.terms import anniversary, arr_paise, last_day_of_trial, last_day_of_year, mrr_paise, standing
from app.kit.ports import EntitlementState
from app.tenants.service import EntitlementDates

LAST_PAID = dt.date(2026, 11, 20)


def state_on(day, state="active", grace=15, read_only=30):
    dates = EntitlementDates(state, "annual", LAST_PAID, grace, read_only, 1)
    return standing(dates, day).state


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (dt.date(2025, 11, 21), "active"),
        (dt.date(2026, 11, 20), "active"),  # the last day paid for
        (dt.date(2026, 11, 21), "grace"),  # day 0
        (dt.date(2026, 12, 6), "grace"),  # day 15
        (dt.date(2026, 12, 7), "read_only"),  # day 16
        (dt.date(2027, 1, 5), "read_only"),  # day 45
        (dt.date(2027, 1, 6), "suspended"),  # day 46
        (dt.date(2031, 1, 1), "suspended"),
    ],
)
def test_a_contract_ages_by_its_dates_alone(day, state):
    assert state_on(day) == state
    # a trial ages the same; what the sweep has or has not noted changes nothing
    assert state_on(day, "trial") == ("trial" if state == "active" else state)
    assert state_on(day, "expired") == state


def test_bills_are_issued_until_grace_ends():
    may = {state: state.may_trade for state in EntitlementState}
    assert may == {"trial": True, "active": True, "grace": True, "read_only": False, "suspended": False}


def test_a_plan_without_grace_stops_the_day_after():
    assert state_on(dt.date(2026, 11, 21), grace=-1, read_only=0) == "suspended"
    assert state_on(dt.date(2026, 11, 21), grace=0, read_only=0) == "grace"
    assert state_on(dt.date(2026, 11, 22), grace=0, read_only=0) == "suspended"


@given(st.dates(dt.date(2026, 1, 1), dt.date(2028, 12, 31)), st.integers(0, 60), st.integers(0, 90))
def test_a_contract_never_grows_younger(day, grace, read_only):
    order = list(EntitlementState)
    today, tomorrow = (state_on(day + dt.timedelta(days=n), grace=grace, read_only=read_only) for n in (0, 1))
    assert order.index(tomorrow) >= order.index(today)


def test_the_first_day_of_a_trial_counts():
    assert last_day_of_trial(dt.date(2026, 11, 1), 14) == dt.date(2026, 11, 14)


@pytest.mark.parametrize(
    ("start", "years", "day"),
    [
        (dt.date(2026, 11, 20), 1, dt.date(2027, 11, 20)),
        (dt.date(2024, 2, 29), 1, dt.date(2025, 2, 28)),  # clamped
        (dt.date(2024, 2, 29), 3, dt.date(2027, 2, 28)),
        (dt.date(2024, 2, 29), 4, dt.date(2028, 2, 29)),  # and back: no drift
    ],
)
def test_anniversaries_clamp_to_the_months_end_and_do_not_drift(start, years, day):
    assert anniversary(start, years) == day


def test_a_year_ends_the_day_before_its_anniversary():
    assert last_day_of_year(dt.date(2026, 4, 1)) == dt.date(2027, 3, 31)
    assert last_day_of_year(dt.date(2024, 2, 29)) == dt.date(2025, 2, 27)


def test_three_hundred_shops_at_ten_thousand_rupees():
    """domain.md: MRR ₹2,50,000, ARR ₹30,00,000."""
    assert mrr_paise([(10_000_00, 300)]) == 2_50_000_00
    assert arr_paise([(10_000_00, 300)]) == 30_00_000_00


def test_summed_first_rounded_last():
    """One contract of ₹10,000 is ₹833.33⅓ a month; three of them are ₹2,500.00 and not 3 × ₹833.33."""
    assert mrr_paise([(10_000_00, 1)]) == 833_33
    assert mrr_paise([(10_000_00, 3)]) == 2_500_00
    assert mrr_paise([]) == 0
