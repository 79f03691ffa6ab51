"""A till's shifts: counted at both ends, the difference booked with a reason, late entries in what comes next."""

import datetime as dt

import pytest

from app.cash.errors import CountUnexplained, DrawerChanged, DrawerUnknown, ShiftOpen
from app.kit.clock import today_ist
from app.kit.ids import new_id


def test_a_till_without_a_drawer_books_on_the_clocks_day(book):
    day = book.post("sale", 1_000_00)
    assert (day.business_on, day.shift_no) == (today_ist(), 1)


def test_what_a_till_held_at_its_first_count_beyond_its_entries_is_its_float(book):
    """A sale of ₹1,000 came before; ₹3,000 are there, so ₹2,000 were there from the start."""
    book.post("sale", 1_000_00)
    opened = book.count("open", 0, n500=6)
    assert (opened.expected_paise, opened.difference_paise, opened.shift_no) == (1_000_00, 2_000_00, 1)
    assert [row[2:] for row in book.entries()] == [("sale", 1_000_00), ("float", 2_000_00)]


def test_what_is_missing_at_a_tills_first_count_wants_a_reason(book):
    """A float can only be beyond what the till took: of ₹1,000 that it took ₹500 are there."""
    book.post("sale", 1_000_00)
    for verb in ("open", "close"):
        with pytest.raises(CountUnexplained) as refused:
            book.count(verb, 0, n500=1)
        assert "₹500.00" in refused.value.message
    assert [row[2:] for row in book.entries()] == [("sale", 1_000_00)]
    book.count("open", 0, n500=1, note="it went to the bank before the book began")
    assert book.entries()[-1][2:] == ("shortage", -500_00)


def test_a_difference_wants_a_reason_and_is_booked(book):
    opened = book.count("open", 0, n500=4)
    book.post("sale", 1_500_00)
    with pytest.raises(CountUnexplained) as refused:
        book.count("close", opened.version, n500=6)
    assert "₹500.00" in refused.value.message and list(refused.value.fields) == ["note"]
    closed = book.count("close", opened.version, n500=6, note="a note was torn")
    assert (closed.expected_paise, closed.counted_paise, closed.difference_paise) == (3_500_00, 3_000_00, -500_00)
    assert book.entries()[-1] == (closed.business_on, 1, "shortage", -500_00)
    again = book.count("open", closed.version, n500=6)
    assert (again.shift_no, again.expected_paise) == (2, 3_000_00)


def test_a_shift_is_opened_once_and_only_by_who_saw_the_drawer(book):
    opened = book.count("open", 0, n100=1)
    with pytest.raises(ShiftOpen):
        book.count("open", opened.version, n100=1)
    with pytest.raises(DrawerChanged):
        book.count("close", 0, n100=1)
    book.till_id = new_id()
    with pytest.raises(DrawerUnknown):
        book.count("open", 0, n100=1)


def test_an_open_shift_keeps_its_day_past_midnight(book):
    """Opened yesterday at 20:00 IST, a bill of today is still yesterday's."""
    yesterday = today_ist() - dt.timedelta(days=1)
    opened = book.count("open", 0, n100=1, at=dt.datetime.combine(yesterday, dt.time(14, 30), dt.UTC))
    assert opened.business_on == yesterday
    assert book.post("sale", 100_00).business_on == yesterday
    closed = book.count("close", opened.version, n100=2)
    assert closed.business_on == yesterday
    assert book.post("sale", 100_00).business_on == today_ist()
