"""Bills and a closing at once: each bill is of exactly one shift, and the sums agree."""

from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from threading import Event

import pytest

from app.tenants.service.places import PLACES
from tests.support.counter import all_at_once
from tests.support.waiting import until

SOMEBODY_WAITS = "SELECT COUNT(*) FROM performance_schema.data_lock_waits"


@pytest.fixture
def waits(cluster):
    """Whether anybody waits for a lock on shard A."""
    home = next(one for one in cluster.fleet.shards if one.name == "shard-a")

    def look() -> bool:
        with cluster.raw_connection(home, "admin") as connection, connection.cursor() as cursor:
            cursor.execute(SOMEBODY_WAITS)
            return bool(cursor.fetchone()[0])

    return look


def test_a_bill_on_its_way_is_counted_by_the_closing_that_waits_for_it(book, waits):
    """The bill has read its drawer and is not committed; the closing begins and must wait."""
    opened = book.count("open", 0, n500=4)
    with ThreadPoolExecutor(1) as pool, book.hot() as db:
        commit = book.bill(db, 500_00)
        closing = pool.submit(book.count, "close", opened.version, n500=5)
        until(waits, what="the closing waits for the bill")
        day = commit()
        closed = closing.result(timeout=20)
    assert (day.business_on, day.shift_no) == (closed.business_on, closed.shift_no)
    assert (closed.expected_paise, closed.difference_paise) == (2_500_00, 0)  # 4 × 500 + 500


def test_a_bill_that_comes_while_a_closing_counts_is_of_the_next_shift(book, waits):
    opened = book.count("open", 0, n500=4)
    counted, go_on = Event(), Event()

    def close_slowly():
        from app.cash import service as cash

        def work(db):
            done = cash.close_shift(
                db, till_id=book.till_id, expected_version=opened.version, count=cash.Count([(500_00, 4)])
            )
            counted.set()
            go_on.wait(20)
            return done

        return book.write(work)

    def bill():
        with book.hot() as db:
            return book.bill(db, 500_00)()

    with ThreadPoolExecutor(2) as pool:
        closing = pool.submit(close_slowly)
        counted.wait(20)
        late = pool.submit(bill)
        until(waits, what="the bill waits for the closing")
        go_on.set()
        closed, day = closing.result(timeout=20), late.result(timeout=20)
    assert closed.difference_paise == 0
    assert (day.business_on, day.shift_no) == (closed.business_on, closed.shift_no + 1)
    again = book.count("open", closed.version, n500=5)
    assert (again.shift_no, again.expected_paise) == (day.shift_no, 2_500_00)


def test_a_tills_first_count_waits_for_the_bill_that_found_no_drawer(book, waits):
    """No row is there to lock; the bill holds the shop's places, and who makes the drawer wants them alone."""
    with ThreadPoolExecutor(1) as pool, book.hot() as db:
        db.run_packet([PLACES.bind()])  # as every bill's first packet does
        commit = book.bill(db, 500_00)
        opening = pool.submit(book.count, "open", 0, n500=3)
        until(waits, what="the opening waits for the bill")
        day = commit()
        opened = opening.result(timeout=20)
    assert (day.business_on, day.shift_no) == (opened.business_on, opened.shift_no)
    assert (opened.expected_paise, opened.difference_paise) == (500_00, 1_000_00)  # the rest is the float


def test_many_bills_and_many_closings_leave_no_bill_out_and_none_twice(book):
    """Every closing finds nothing in the drawer and books all of its shift as missing: so each shift that was closed
    comes to zero exactly, unless a bill slipped into it behind the count."""
    first = book.count("open", 0)

    def work(n):
        if n == 0:
            version = first.version
            for _ in range(6):
                version = book.count("close", version, note="carried to the safe").version
            return []
        return [_bill(book, 100 * n) for _ in range(8)]

    days = [day for some in all_at_once(7, work) for day in some]
    entries = book.entries()
    sales = [paise for *_, kind, paise in entries if kind == "sale"]
    assert len(days) == 48
    assert sum(sales) == 8 * 100 * (1 + 2 + 3 + 4 + 5 + 6)
    shifts = {
        shift: sum(paise for *_, paise in some)
        for shift, some in groupby(sorted(entries, key=lambda row: row[:2]), key=lambda row: row[:2])
    }
    last = max(shifts)
    counted = {(day, shift) for day, shift, kind, _ in entries if kind == "shortage"}
    assert all(paise == 0 for shift, paise in shifts.items() if shift in counted)
    assert set(shifts) - counted <= {last}


def _bill(book, paise):
    with book.hot() as db:
        return book.bill(db, paise)()
