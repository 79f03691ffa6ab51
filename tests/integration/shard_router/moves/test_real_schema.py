"""A shop of the product moves with all its tables, by the accounts of the product, while bills are made over HTTP."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.console.moves import all_sums, shop_tables
from app.invoices import service as invoices
from shard_router import Mode, Router
from shard_router.moves import Limits, Mover, MoveState
from tests.support.cast import make_cast
from tests.support.counter import Counter, made
from tests.support.waiting import until


@pytest.fixture
def router(runtime: Any) -> Router:
    """The product's own."""
    found: Router = runtime.router
    return found


@pytest.fixture
def mover(router: Router) -> Mover:
    return Mover(router, tables=shop_tables(), sums=all_sums(), limits=Limits(accept_degraded=True))


def rows_of(cluster: Any, shard: str, shop_id: int) -> dict[str, list[tuple[Any, ...]]]:
    target = next(one for one in cluster.fleet.targets if one.name == shard)
    found = {}
    link = cluster.raw_connection(target, "admin")
    with link, link.cursor() as cursor:
        for table in shop_tables():
            cursor.execute(f"SELECT * FROM `{table.name}` WHERE shop_id = %s", (shop_id,))
            found[table.name] = sorted(cursor.fetchall(), key=repr)
    return found


@pytest.mark.long  # the month of two shops moves one of them through this schema too
def test_a_shop_bills_on_while_it_moves_there_and_back(
    cluster: Any, flask_app: Any, runtime: Any, router: Router, mover: Mover
) -> None:
    asha = make_cast(runtime).asha
    counter = Counter(flask_app, runtime, asha)
    counter.set_board()
    bills = [made(counter.bill([counter.piece(grossMg=2390)])) for _ in range(3)]
    ending, wrong = threading.Event(), list[str]()

    def sell() -> None:
        while not ending.is_set():
            try:
                bills.append(made(counter.bill([counter.piece(grossMg=2390)])))
            except AssertionError as refused:
                if "shop_moving" not in str(refused):  # on a busy machine the pause may be longer than a request waits
                    wrong.append(str(refused))

    thread = threading.Thread(target=sell)
    thread.start()
    try:
        until(lambda: len(bills) > 4, what="a till that sells")
        done = mover.run(mover.ask(asha.shop_id, "shard-b", asked_by="a test", max_pause_ms=1000))
        assert done.state is MoveState.SWITCHED, done.reason
        sold = len(bills)
        until(lambda: len(bills) > sold + 2, within=60, what="bills at the new home")
        assert router.directory.lookup(asha.shop_id).shard == "shard-b"
        assert mover.roll_back(done.move_id).state is MoveState.ROLLED_BACK
        back = len(bills)
        until(lambda: len(bills) > back + 2, within=60, what="bills at the old home")
    finally:
        ending.set()
        thread.join(60)
    assert not wrong
    assert len({bill["number"] for bill in bills}) == len(bills)
    home, left = rows_of(cluster, "shard-a", asha.shop_id), rows_of(cluster, "shard-b", asha.shop_id)
    assert len(home["invoices"]) == len(bills)
    assert 3 < len(left["invoices"]) < len(bills)  # as they were when it left there
    assert set(left["invoices"]) < set(home["invoices"])
    with runtime.router.shop(asha.shop_id, asha.shop.actor, mode=Mode.READ) as db:
        assert db.shard == "shard-a"
        report = invoices.verify_books(db)
    assert report.sound, report
    assert report.documents == len(bills)
