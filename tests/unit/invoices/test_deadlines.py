"""The last day for a credit note: section 34(2), before and after its change."""

import datetime as dt

import pytest

from app.invoices.errors import NoteTooLate
from app.invoices.service.deadlines import check_in_time, last_day_for_note


@pytest.mark.parametrize(
    ("supplied", "today", "last"),
    [
        # a supply of FY 2025-26 (to 31 March 2026): 30 November 2026
        (dt.date(2025, 4, 1), dt.date(2026, 11, 20), dt.date(2026, 11, 30)),
        (dt.date(2026, 3, 31), dt.date(2026, 11, 20), dt.date(2026, 11, 30)),
        (dt.date(2026, 4, 1), dt.date(2026, 11, 20), dt.date(2027, 11, 30)),
        # the old rule until 30 September 2022: September after the year's end
        (dt.date(2021, 6, 1), dt.date(2022, 9, 30), dt.date(2022, 9, 30)),
        (dt.date(2021, 6, 1), dt.date(2022, 10, 1), dt.date(2022, 11, 30)),
    ],
)
def test_the_last_day_follows_the_rule_of_the_day(supplied, today, last):
    assert last_day_for_note(supplied, today) == last


def test_the_last_day_itself_is_in_time_and_the_next_is_not():
    supplied = dt.date(2026, 3, 31)
    check_in_time(supplied, dt.date(2026, 11, 30))
    with pytest.raises(NoteTooLate, match="30-11-2026"):
        check_in_time(supplied, dt.date(2026, 12, 1))
