"""Days of the year: the next time that each comes, and which stand in the weeks ahead."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from app.customers.service.dates import next_time, spans_of

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31))
MONTH_DAYS = DAYS.map(lambda day: day.month * 100 + day.day)


@given(MONTH_DAYS, DAYS)
def test_the_next_time_is_within_a_year_and_on_that_day(month_day, on):
    found = next_time(month_day, on)
    assert on <= found <= on + dt.timedelta(days=366)
    assert (found.month, found.day) == divmod(month_day, 100) or (
        month_day == 229 and (found.month, found.day) == (2, 28)
    )


@given(MONTH_DAYS, DAYS, st.integers(0, 60))
def test_a_day_stands_in_the_spans_exactly_if_it_comes_in_time(month_day, on, days):
    listed = any(first <= month_day <= last for first, last in spans_of(on, days))
    comes = next_time(month_day, on) <= on + dt.timedelta(days=days)
    assert listed == comes


def test_who_was_born_on_the_29th_of_february_is_thought_of_a_day_before():
    assert next_time(229, dt.date(2027, 1, 1)) == dt.date(2027, 2, 28)
    assert next_time(229, dt.date(2028, 1, 1)) == dt.date(2028, 2, 29)
    assert next_time(229, dt.date(2027, 3, 1)) == dt.date(2028, 2, 29)
