"""Where a bill belongs, by how its drawer stands; days of November 2026."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from app.cash.service.days import BookDay, drawer_of, placed, without_drawer

MONDAY, TUESDAY, WEDNESDAY = (dt.date(2026, 11, day) for day in (23, 24, 25))
DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31))


def test_in_an_open_shift_the_clock_has_no_say():
    """Ten minutes past midnight of a wedding day, the shift of Monday is still open."""
    assert placed(state="open", business_on=MONDAY, shift_no=2, on=TUESDAY) == BookDay(MONDAY, 2)


def test_after_a_count_it_is_the_next_shift():
    assert placed(state="closed", business_on=MONDAY, shift_no=2, on=MONDAY) == BookDay(MONDAY, 3)


def test_after_the_days_closing_it_is_the_next_day_whatever_the_clock_says():
    """The closing of Monday left the drawer at Tuesday, shift 0; it is still Monday evening."""
    assert placed(state="closed", business_on=TUESDAY, shift_no=0, on=MONDAY) == BookDay(TUESDAY, 1)


def test_on_a_later_day_a_counted_drawer_begins_that_day():
    """The shop was shut on Tuesday."""
    assert placed(state="closed", business_on=TUESDAY, shift_no=0, on=WEDNESDAY) == BookDay(WEDNESDAY, 1)


def test_a_till_without_a_drawer_follows_the_clock_but_no_other_drawer_is_ahead_of_it():
    assert drawer_of([(None, None, None, None)], MONDAY) == BookDay(MONDAY, 1)
    assert drawer_of([(None, None, None, TUESDAY)], MONDAY) == BookDay(TUESDAY, 1)
    assert without_drawer(MONDAY, TUESDAY) == BookDay(TUESDAY, 1)


@given(state=st.sampled_from(["open", "closed"]), business_on=DAYS, shift_no=st.integers(0, 9), on=DAYS)
def test_nothing_is_ever_booked_before_where_the_drawer_stands(state, business_on, shift_no, on):
    day = placed(state=state, business_on=business_on, shift_no=shift_no, on=on)
    here, there = (business_on, shift_no), (day.business_on, day.shift_no)
    assert there == here if state == "open" else there > here
