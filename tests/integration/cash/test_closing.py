"""A business day closes once, with all its drawers counted; what comes late is of the next day."""

import datetime as dt
from threading import Event, Thread

import pytest

from app.cash import service as cash
from app.cash.errors import DayClosed, DayNotDue, DrawerUncounted, ShiftOpen
from app.cash.models import DayClosing
from app.kit import audit
from app.kit.audit_checking import first_broken
from app.kit.clock import today_ist
from app.tenants.service.places import PLACES, hold_places
from tests.support.counter import all_at_once


def close(book, on=None, **more):
    return book.write(lambda db: cash.close_day(db, business_on=on or today_ist(), figures=_cash_of, **more))


def test_a_day_closes_once_and_what_comes_late_is_of_the_next(book):
    opened = book.count("open", 0, n500=4)
    book.post("sale", 500_00)
    with pytest.raises(ShiftOpen):
        close(book)
    book.count("close", opened.version, n500=5)
    closed = close(book)
    assert closed.figures == {"cash": 2_500_00}
    late = book.post("sale", 300_00)
    assert (late.business_on, late.shift_no) == (closed.business_on + dt.timedelta(days=1), 1)
    with pytest.raises(DayClosed):
        close(book)
    assert book.write(cash.day_to_close) == late.business_on


def test_a_till_that_took_cash_since_its_last_count_is_counted_first(book):
    book.post("sale", 500_00)  # of a till that never had a drawer
    with pytest.raises(DrawerUncounted):
        close(book)
    counted = book.count("close", 0, n500=1)
    book.post("sale", 100_00)
    with pytest.raises(DrawerUncounted):
        close(book)
    book.count("close", counted.version, n500=1, n100=1)
    close(book)


def test_days_are_closed_in_their_order_and_not_before_they_begin(book):
    with pytest.raises(DayNotDue):
        close(book, today_ist() + dt.timedelta(days=1))
    with pytest.raises(DayNotDue) as refused:
        close(book, earlier=lambda _db, on: on - dt.timedelta(days=1))
    assert f"{today_ist() - dt.timedelta(days=1):%d-%m-%Y}" in refused.value.message


def test_yesterday_is_closed_while_today_is_traded(book):
    """The till was counted into today; the closing of yesterday leaves it there."""
    yesterday = today_ist() - dt.timedelta(days=1)
    evening = dt.datetime.combine(yesterday, dt.time(14, 30), dt.UTC)
    opened = book.count("open", 0, n100=1, at=evening)
    counted = book.count("close", opened.version, n100=1, at=evening)
    book.count("open", counted.version, n100=1)
    close(book, yesterday)
    assert book.post("sale", 100_00) == cash.BookDay(today_ist(), 1)


def test_the_closing_keeps_the_head_of_the_audit_chain_of_just_before(book):
    closed = close(book)
    chained = book.write(lambda db: (audit.lock_head(db), first_broken(db)))
    assert chained[0].seq == closed.chain_seq + 1  # the closing's own entry
    assert chained[1] is None
    row = book.write(lambda db: db.get_one(DayClosing, (db.shop_id, closed.business_on)))
    assert (row.chain_hash, row.content_hash) == (closed.chain_hash, closed.content_hash)


def test_of_many_who_close_at_once_one_closes(book):
    def try_to(_):
        try:
            close(book)
        except DayClosed:
            return False
        return True

    assert sum(all_at_once(6, try_to)) == 1


def test_bills_while_a_day_is_closed_are_of_it_or_of_the_next_and_the_sum_knows(book):
    """Four tills' worth of bills at a till without a drawer, which is counted and closed again and again until the
    closing gets between two of them."""
    done = Event()
    days: list[dt.date] = []

    def bills():
        while not done.is_set() and len(days) < 400:
            with book.hot() as db:
                db.run_packet([PLACES.bind()])  # as every bill's first packet does
                days.append(book.bill(db, 1_00)().business_on)

    threads = [Thread(target=bills) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        closed = _close_between(book)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    entries = book.entries()
    assert closed.figures == {"cash": sum(paise for day, *_, paise in entries if day == closed.business_on)}
    assert set(days) <= {closed.business_on, closed.business_on + dt.timedelta(days=1)}
    assert len(days) == sum(kind == "sale" for *_, kind, _ in entries)


def _close_between(book):
    """Counts and closes in one transaction: a bill that waits meanwhile comes behind both."""

    def work(db):
        hold_places(db, shared=False)
        version = cash.get_drawer(db, book.till_id).version
        empty = cash.Count([], "to the safe")
        cash.close_shift(db, till_id=book.till_id, expected_version=version, count=empty)
        return cash.close_day(db, business_on=today_ist(), figures=_cash_of)

    book.count("open", 0, note="to the safe")
    return book.write(work)


def _cash_of(db, day):
    return {"cash": sum(paise for *_, paise in cash.sums_of_day(db, day))}
