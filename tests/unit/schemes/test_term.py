"""A scheme's days over years: clamped to short months without drifting, ended within 365 days, leap years included."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schemes.term import days_of, due_on, is_late, longest_in_days, months_later, standing_on, term_on

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2060, 12, 31))
MONTHS = st.integers(1, 11)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("first", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),  # February has no 31st
        ("2028-01-31", 1, "2028-02-29"),  # a leap year
        ("2026-01-31", 2, "2026-03-31"),  # and the short month moved nothing behind it
        ("2026-01-30", 13, "2027-02-28"),
        ("2026-08-31", 3, "2026-11-30"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-05-05", 0, "2026-05-05"),
    ],
)
def test_a_month_too_short_clamps_the_day(first, months, then):
    assert months_later(day(first), months) == day(then)


@given(DAYS, MONTHS)
def test_instalments_fall_into_months_that_follow_each_other(first, number):
    one, next_one = due_on(first, number), due_on(first, number + 1)
    assert (next_one.year * 12 + next_one.month) - (one.year * 12 + one.month) == 1
    assert one.day <= first.day, "clamped, never beyond"
    assert one.day == first.day or (one + dt.timedelta(days=1)).month != one.month, "only a month's last day is earlier"


def test_eleven_months_end_within_the_term_and_twelve_need_not():
    """From 1 March 2027 to 1 February 2028: 365 days less February's 28. Twelve with 29 February in them: 366."""
    assert longest_in_days(11) == 337
    assert longest_in_days(12) == 366
    assert (day("2028-02-01") - day("2027-03-01")).days == 337


@given(DAYS, MONTHS)
def test_a_scheme_matures_before_it_must_have_ended(first, months):
    days = days_of(first, months)
    assert days.begun_on < days.matures_on < days.stops_on
    assert (days.stops_on - first).days == 365
    assert (days.warns_on - first).days == 330


def test_the_days_of_one_scheme_across_a_leap_day():
    """Begun on 31-03-2027: the eleventh is due on 31-01-2028, and it matures on 29-02-2028; day 365 is 30-03-2028."""
    days = days_of(day("2027-03-31"), 11)
    assert due_on(day("2027-03-31"), 11) == day("2028-01-31")
    assert days.matures_on == day("2028-02-29")
    assert days.warns_on == day("2028-02-24")  # 334 days to 28-02 less 4
    assert days.stops_on == day("2028-03-30")  # the leap day takes one


@pytest.mark.parametrize(
    ("paid_on", "late"), [("2026-05-10", False), ("2026-05-15", False), ("2026-05-16", True), ("2026-04-01", False)]
)
def test_late_is_after_the_days_of_grace(paid_on, late):
    """The second instalment of a scheme begun on 10-04-2026, with five days of grace."""
    assert is_late(day("2026-04-10"), 2, day(paid_on), grace_days=5) is late


def test_what_is_missed_counts_from_the_day_it_was_due():
    first = day("2026-04-10")
    on_day = standing_on(first, 11, paid=1, on=day("2026-06-10"))
    assert (on_day.due, on_day.missed, on_day.next_due_on) == (3, 2, day("2026-05-10"))
    ahead = standing_on(first, 11, paid=5, on=day("2026-06-09"))
    assert (ahead.due, ahead.missed, ahead.next_due_on) == (2, 0, day("2026-09-10"))
    full = standing_on(first, 11, paid=11, on=day("2027-03-10"))
    assert (full.due, full.missed, full.next_due_on) == (11, 0, None)


def test_no_rule_is_said_and_not_guessed():
    with pytest.raises(LookupError):
        term_on(day("2014-03-31"))
