"""Owns what shops do while they move: they are filled, they bill through the router, and their books are audited."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from shard_router import Actor, DirectoryEntry, Mode, Router, ShopMoved
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.stock import (
    FULL,
    TABLES,
    Bill,
    Buyer,
    Line,
    Series,
    new_id,
)

TILL = Actor(None, name="a till")
PRIMARIES = {"shard-a": "a-1", "shard-b": "b-1"}
BUYERS = 20
NOON = dt.datetime(2026, 11, 20, 12)  # noqa: DTZ001 (as the column holds it)


def fill(yard: Toy, entry: DirectoryEntry, *, bills: int = 300, server: str | None = None) -> None:
    """By hand, so that every type of column is written as MySQL takes it."""
    shop_id, server = entry.shop_id, server or PRIMARIES[entry.shard]
    buyers = [new_id() for _ in range(BUYERS)]
    with yard.admin(server, yard.shard_database) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', foreign_key_checks = 0, time_zone = '+00:00'")
        connection.begin()
        cursor.executemany(
            "INSERT INTO mv_buyers VALUES (%s, %s, %s, %s, 0)",
            [(shop_id, one, f"Käufer ₹ {n}", f"+91{n:010d}") for n, one in enumerate(buyers)],
        )
        made = [(new_id(), no) for no in range(1, bills + 1)]
        cursor.executemany(
            "INSERT INTO mv_bills VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(shop_id, one, no, buyers[no % BUYERS], no * 100, '{"a": "ü"}', NOON) for one, no in made],
        )
        cursor.executemany(
            "INSERT INTO mv_lines VALUES (%s, %s, %s, %s, %s)",
            [(shop_id, one, pos, "1.0100", no * 50) for one, no in made for pos in (1, 2)],
        )
        cursor.execute("INSERT INTO mv_series VALUES (%s, 'bill', %s)", (shop_id, bills))
        cursor.executemany("INSERT INTO mv_pieces VALUES (%s, %s, %s)", [(shop_id, n, n + 1) for n in range(5)])
        cursor.executemany("INSERT INTO mv_pictures VALUES (%s, %s, %s)", [(shop_id, n + 1, n) for n in range(5)])
        names, values = ", ".join(FULL), ", ".join(["%s"] * len(FULL))
        sample = f"INSERT INTO mv_samples (shop_id, id, {names}) VALUES (%s, -1, {values})"
        cursor.execute(sample, (shop_id, *FULL.values()))
        cursor.execute("INSERT INTO mv_samples (shop_id, id) VALUES (%s, 0)", (shop_id,))
        cursor.execute(
            "INSERT INTO mv_samples (shop_id, id, c_varchar, c_varbinary, c_date, c_double, c_json)"
            " VALUES (%s, 1, '', '', '0000-00-00', -0.0, 'null')", (shop_id,),
        )  # fmt: skip
        connection.commit()


@dataclass
class History:
    """What the tills were told."""

    sold: dict[bytes, int] = field(default_factory=dict)  # acknowledged bills and their numbers
    waits: list[tuple[float, float]] = field(default_factory=list)  # when each began, and how long it took
    reads: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)


def sell(router: Router, shop_id: int, buyer: bytes) -> tuple[bytes, int]:
    """One bill: number, lines, the buyer's balance; as an edge does it, once more after ShopMoved."""
    bill_id = new_id()
    for last in (False, True):
        try:
            with router.shop(shop_id, TILL) as db:
                series = db.scalars(select(Series).where(Series.series == "bill").with_for_update()).one()
                series.last_no += 1
                db.add(Bill(
                    id=bill_id, no=series.last_no, buyer_id=buyer, total_paise=500, facts={"till": 1},
                    made_at=NOON,
                ))  # fmt: skip
                db.flush()
                db.add_all([Line(bill_id=bill_id, pos=pos, grams=Decimal("0.5"), paise=250) for pos in (1, 2)])
                db.get_one(Buyer, (shop_id, buyer), with_for_update=True).balance_paise += 500
                db.commit()
                return bill_id, series.last_no
        except ShopMoved:
            if last:
                raise
    raise AssertionError("unreachable")


@contextmanager
def trading(router: Router, shop_id: int, *, per_s: float = 50, tills: int = 4, readers: int = 1) -> Iterator[History]:
    """Tills that bill at a rate, and somebody who reads, until the block ends."""
    with router.shop(shop_id, TILL, mode=Mode.READ) as db:
        buyers = list(db.scalars(select(Buyer.id)))
    history, ending = History(), threading.Event()

    def till(n: int) -> None:
        due = time.monotonic() + n / per_s
        while not ending.wait(max(0.0, due - time.monotonic())):
            began = time.monotonic()
            try:
                bill_id, no = sell(router, shop_id, buyers[(n + len(history.sold)) % BUYERS])
            except Exception as failed:  # noqa: BLE001 (whatever it is, the test must see it)
                history.wrong.append(repr(failed))
            else:
                with history.lock:
                    history.sold[bill_id] = no
                    history.waits.append((began, time.monotonic() - began))
            due = max(due + tills / per_s, time.monotonic() - 1)

    def reader() -> None:
        while not ending.wait(0.05):
            began = time.monotonic()
            try:
                with router.shop(shop_id, TILL, mode=Mode.READ) as db:
                    db.scalars(select(Series.last_no)).all()
            except Exception as failed:  # noqa: BLE001
                history.wrong.append(f"read: {failed!r}")
            history.reads.append((began, time.monotonic() - began))

    threads = [threading.Thread(target=till, args=(n,)) for n in range(tills)]
    threads += [threading.Thread(target=reader) for _ in range(readers)]
    for thread in threads:
        thread.start()
    try:
        yield history
    finally:
        ending.set()
        for thread in threads:
            thread.join(60)


def audit(
    yard: Toy, shop_id: int, home: str, history: History | None = None, *, bills: int = 300, server: str | None = None
) -> None:
    """Every acknowledged bill once, at home alone; numbers without a gap; lines and balances as they were billed."""
    server = server or PRIMARIES[home]
    there = dict(yard.sql(server, "SELECT id, no FROM mv_bills WHERE shop_id = %s", shop_id))
    sold = history.sold if history else {}
    assert {bill: there.get(bill) for bill in sold} == sold
    assert len(there) == bills + len(sold)
    assert sorted(there.values()) == list(range(1, len(there) + 1))
    assert yard.sql(server, "SELECT last_no FROM mv_series WHERE shop_id = %s", shop_id) == ((len(there),),)
    lines = yard.sql(server, "SELECT COUNT(*), COUNT(DISTINCT bill_id) FROM mv_lines WHERE shop_id = %s", shop_id)
    assert lines == ((2 * len(there), len(there)),)
    balance = yard.sql(server, "SELECT SUM(balance_paise) FROM mv_buyers WHERE shop_id = %s", shop_id)
    assert balance == ((500 * len(sold),),)


def contents(yard: Toy, server: str, shop_id: int) -> dict[str, Any]:
    """Each table's rows as the driver gives them, by another way than the mover reads them."""
    return {
        table.name: sorted(yard.sql(server, f"SELECT * FROM {table.name} WHERE shop_id = %s", shop_id), key=repr)
        for table in TABLES
    }
