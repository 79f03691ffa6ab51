"""Business days: found by an index, and the same figures wherever a day is looked at."""

import contextlib
import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import mysql

from app.invoices import by_day
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.kit.clock import today_ist
from app.reports.home import home_figures
from tests.support.counter import Counter, made

TODAY = today_ist()
TOMORROW = TODAY + dt.timedelta(days=1)
INDEX = "ix_invoices_shop_id_book_on_issued_on"


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


@pytest.fixture
def behind(cluster, cast):
    """One statement behind the application's back, on the shard of Asha's shop: its rows."""
    home = next(one for one in cluster.fleet.shards if one.name == cast.asha.shop.shard)

    def run(statement, *values):
        with contextlib.closing(cluster.raw_connection(home, "admin")) as connection:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                found = cursor.fetchall()
                names = [column[0] for column in cursor.description or ()]
            connection.commit()
            return [dict(zip(names, row, strict=True)) for row in found]

    return run


def paise_of(counter, on):
    return counter.get("/days/figures", on=on.isoformat()).json["figures"]["sales"]["totalPaise"]


def test_home_and_the_day_book_say_the_same_of_a_day(counter, behind, cast):
    """One bill of 51,845 today; after today's closing one more, which is of tomorrow whatever the clock says."""
    customer = counter.customer()
    made(counter.bill([counter.piece()], customerId=customer["id"]))
    made(counter.post("/days", {"on": TODAY.isoformat()}))
    late = made(counter.bill([counter.piece()], customerId=customer["id"]))
    assert late["bookOn"] == TOMORROW.isoformat() and late["issuedOn"] == TODAY.isoformat()
    home = counter.read(lambda db: home_figures(db, today=TODAY))
    assert home.today.paise == paise_of(counter, TODAY) == 51_845_00
    assert (home.today.bills, home.today.gold_mg, sum(home.paid_today.values())) == (1, 3390, 51_845_00)
    (next_day,) = counter.read(lambda db: invoices.takings_by_day(db, first=TOMORROW, last=TOMORROW))
    assert next_day.paise == paise_of(counter, TOMORROW) == 51_845_00

    behind("UPDATE invoices SET book_on = NULL WHERE shop_id = %s AND number = %s", cast.asha.shop_id, late["number"])
    home = counter.read(lambda db: home_figures(db, today=TODAY))
    assert home.today.bills == 2  # of before the cash book: by its own day


def test_the_first_day_with_documents_is_found_between_two_others(counter, behind, cast):
    """Two bills: one whose drawer says the 3rd, one from before the cash book, of the 2nd."""
    numbers = [made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))["number"] for _ in range(2)]
    for number, book_on, issued_on in zip(numbers, ("2026-06-03", None), ("2026-06-04", "2026-06-02"), strict=True):
        behind(
            "UPDATE invoices SET book_on = %s, issued_on = %s WHERE shop_id = %s AND number = %s",
            book_on, issued_on, cast.asha.shop_id, number,
        )  # fmt: skip

    def first(behind_day, before):
        return counter.read(lambda db: invoices.first_day_between(db, behind_day, before))

    june = [dt.date(2026, 6, day) for day in range(1, 6)]
    assert first(None, june[4]) == june[1]
    assert first(june[1], june[4]) == june[2]
    assert first(june[2], june[4]) is None


def test_a_business_day_is_a_range_of_its_index(counter, behind, cast):
    """Of 601 documents over 600 days, a fifth of them without a business day of their own, a week reads some ten."""
    bill = made(counter.bill([counter.piece()], customerId=counter.customer()["id"]))
    columns = [column.name for column in Invoice.__table__.columns]
    changed = {
        "id": "UNHEX(LEFT(SHA2(CONCAT(HEX(id), n), 256), 32))", "no": "no + n", "number": "CONCAT('X', n)",
        "issued_on": "issued_on - INTERVAL n DAY", "book_on": "IF(MOD(n, 5) = 0, NULL, issued_on - INTERVAL n DAY)",
    }  # fmt: skip
    behind(
        f"INSERT INTO invoices ({', '.join(f'`{name}`' for name in columns)}) "
        "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 600) "
        f"SELECT {', '.join(changed.get(name, f'`{name}`') for name in columns)} FROM invoices JOIN t "
        "WHERE shop_id = %s AND number = %s",
        cast.asha.shop_id, bill["number"],
    )  # fmt: skip
    first, last = TODAY - dt.timedelta(days=306), TODAY - dt.timedelta(days=300)
    wanted = select(Invoice.total_paise).where(Invoice.shop_id == cast.asha.shop_id, by_day.of_days(first, last))
    sql = str(wanted.compile(dialect=mysql.dialect(), compile_kwargs={"literal_binds": True}))
    (plan,) = behind(f"EXPLAIN FORMAT=TRADITIONAL {sql}")
    assert (plan["type"], plan["key"]) == ("range", INDEX)
    assert plan["rows"] <= 14
    taken = counter.read(lambda db: invoices.takings_by_day(db, first=first, last=last))
    assert [one.bills for one in taken] == [1] * 7  # those without a business day too
