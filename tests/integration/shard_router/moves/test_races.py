"""Moments in which two hands are at one move, or somebody else stands in its way: each must leave one open fence."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from shard_router import DirectoryEntry, Mode, Router, ShopMoved, Times
from shard_router.moves import MoveBusy, MoveInterrupted, Mover, MoveState
from shard_router.moves.errors import MoveError
from shard_router.moves.fences import Fences, NotFenced
from shard_router.moves.lines import Line, Lines
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.conftest import fence_of
from tests.integration.shard_router.moves.stock import Bill, Buyer
from tests.integration.shard_router.moves.trade import TILL, audit, contents, sell
from tests.support.waiting import until

TOMORROW = dt.datetime.now(dt.UTC) + dt.timedelta(hours=25)


@pytest.fixture
def lines(router: Router) -> Iterator[Lines]:
    with Lines(router) as opened:
        yield opened


def moved(mover: Mover, shop: DirectoryEntry, target: str = "shard-b") -> Any:
    status = mover.run(mover.ask(shop.shop_id, target, asked_by="a test", max_pause_ms=3000))
    assert status.state is MoveState.SWITCHED, status.reason
    return status


# -- an end, and a fence at the same moment -------------------------------------------------------------------------
class Interrupted(Line):
    """A line behind whose first word to the fence somebody else gets a turn."""

    def __init__(self, line: Line, turn: Callable[[], None]) -> None:
        super().__init__(line.raw, line.server)
        self._turn: Callable[[], None] | None = turn

    def ask(self, sql: str | bytes, binds: object = None) -> tuple[tuple[Any, ...], ...]:
        return self._then(super().ask(sql, binds), sql)

    def tell(self, sql: str, binds: object = None) -> int:
        return self._then(super().tell(sql, binds), sql)

    def _then(self, found: Any, sql: str | bytes) -> Any:
        if "shop_fence" in str(sql) and self._turn is not None:
            turn, self._turn = self._turn, None
            turn()
        return found


def test_a_fence_that_comes_between_the_halves_of_an_end_does_not_stay(
    yard: Toy, shop: DirectoryEntry, mover: Mover, lines: Lines
) -> None:
    """The runner waited for the lock while another hand ended the move: it gets it at the worst moment."""
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=3000)
    fences = Fences(shop.shop_id, move_id, "shard-a", "shard-b", shop.epoch + 1)
    fenced: list[object] = []

    def late_runner() -> None:
        try:
            fenced.append(fences.fence(lines.primary("shard-a"), 0.2))
        except MoveError as why:
            fenced.append(why)

    fences.end(lines.primary("shard-b"))
    fences.reopen(Interrupted(lines.primary("shard-a"), late_runner))
    assert isinstance(fenced[0], NotFenced), fenced
    assert fence_of(yard, "a-1", shop.shop_id) == ("open", shop.epoch + 1, None)


# -- a run that was replaced while it had no servers ----------------------------------------------------------------
def test_a_run_that_lost_a_server_does_not_take_the_move_back_from_its_successor(
    yard: Toy, shop: DirectoryEntry, mover: Mover, make_mover: Callable[..., Mover]
) -> None:
    """Cut off from everything for longer than its lease: another process has the move, and is in the middle of it."""
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=3000)
    replaced: list[str] = []

    def replace(step: str) -> None:
        if step == "copied" and not replaced:
            replaced.append(step)
            yard.sql(
                "ctl-1", "UPDATE moves SET runner = 'another', runner_until = UTC_TIMESTAMP(6) + INTERVAL 1 HOUR"
                " WHERE id = %s", move_id.bytes,
            )  # fmt: skip
            yard.sql(
                "b-1", "UPDATE move_progress SET last_key = 'another' WHERE shop_id = %s AND part = 'runner'",
                shop.shop_id,
            )  # fmt: skip
            cut_off(yard, "b-1")

    with pytest.raises(MoveBusy):
        make_mover(step=replace).run(move_id)
    runner = yard.sql("b-1", "SELECT last_key FROM move_progress WHERE shop_id = %s AND part = 'runner'", shop.shop_id)
    assert runner == ((b"another",),)


def cut_off(yard: Toy, server: str) -> None:
    """Ends all connections of others to this test's shard database."""
    found = yard.sql(
        server, "SELECT id FROM performance_schema.processlist WHERE db = %s AND id <> CONNECTION_ID()",
        yard.shard_database,
    )  # fmt: skip
    for (number,) in found:
        yard.sql(server, f"KILL {number:d}")


# -- who holds the fence --------------------------------------------------------------------------------------------
def test_a_transaction_that_works_is_not_taken_for_one_that_stands_still(
    yard: Toy, shop: DirectoryEntry, lines: Lines
) -> None:
    """A stock-taking of many small statements: old, and between two of them each time somebody looks."""
    fences = Fences(shop.shop_id, uuid4(), "shard-a", "shard-b", shop.epoch + 1)
    line = lines.primary("shard-a")
    with yard.admin("a-1", yard.shard_database) as worker, worker.cursor() as cursor:
        worker.begin()
        cursor.execute("SELECT epoch FROM shop_fence WHERE shop_id = %s FOR SHARE", (shop.shop_id,))
        ends = time.monotonic() + 3
        while time.monotonic() < ends:
            cursor.execute("UPDATE mv_series SET last_no = last_no + 1 WHERE shop_id = %s", (shop.shop_id,))
            fences.clear_holders(line, old=0.1, frozen=1.0)
        assert fences.clear_holders(line, old=0.1, frozen=1.0) >= 1.0
        worker.commit()


def test_a_transaction_that_stands_still_is_ended(yard: Toy, shop: DirectoryEntry, lines: Lines) -> None:
    fences = Fences(shop.shop_id, uuid4(), "shard-a", "shard-b", shop.epoch + 1)
    line = lines.primary("shard-a")
    with yard.admin("a-1", yard.shard_database) as worker, worker.cursor() as cursor:
        worker.begin()
        cursor.execute("SELECT epoch FROM shop_fence WHERE shop_id = %s FOR SHARE", (shop.shop_id,))
        assert fences.clear_holders(line, old=0.0, frozen=1.0) > 0
        gone = lambda: not fences.clear_holders(line, old=0.0, frozen=1.0)  # noqa: E731
        until(gone, within=10, what="its end")


def test_an_end_waits_for_no_long_transaction_of_the_shop_and_holds_nobody_up(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover
) -> None:
    """Somebody takes stock for minutes; others bill on meanwhile. The end says so, and is asked for again."""
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=3000)
    outcome: list[object] = []

    def end() -> None:
        try:
            outcome.append(mover.abort(move_id, "enough"))
        except Exception as failed:  # noqa: BLE001 (whatever it is, the test must see it)
            outcome.append(failed)

    with router.shop(shop.shop_id, TILL, mode=Mode.READ) as db:
        buyer = db.scalars(select(Buyer.id)).first()
    with yard.admin("a-1", yard.shard_database) as worker, worker.cursor() as cursor:
        worker.begin()
        cursor.execute("SELECT epoch FROM shop_fence WHERE shop_id = %s FOR SHARE", (shop.shop_id,))
        ending = threading.Thread(target=end)
        ending.start()
        waits = []
        while ending.is_alive():
            began = time.monotonic()
            sell(router, shop.shop_id, buyer)
            waits.append(time.monotonic() - began)
        ending.join()
        worker.rollback()
    assert isinstance(outcome[0], MoveInterrupted), outcome
    assert len(waits) > 5
    assert mover.abort(move_id, "enough").state is MoveState.ABORTED
    assert fence_of(yard, "a-1", shop.shop_id) == ("open", shop.epoch + 1, None)


# -- a target that stands still in the fenced moment ----------------------------------------------------------------
def test_a_target_that_stalls_in_the_fenced_moment_does_not_hold_the_shop_up(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover, make_mover: Callable[..., Mover]
) -> None:
    """Somebody locks its tables there for a backup, just then."""
    with router.shop(shop.shop_id, TILL, mode=Mode.READ) as db:
        buyer = db.scalars(select(Buyer.id)).first()
    locker = yard.admin("b-1", yard.shard_database)
    locked = threading.Event()

    def lock(step: str) -> None:
        if step == "before the fence":
            sell(router, shop.shop_id, buyer)  # so that there is something left to carry over
        if step == "fenced":
            locker.cursor().execute("LOCK TABLES mv_bills READ")
            locked.set()

    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=1000)
    run = threading.Thread(target=lambda: make_mover(step=lock).run(move_id))
    run.start()
    try:
        assert locked.wait(30)
        trades = lambda: (fence_of(yard, "a-1", shop.shop_id) or ("",))[0] == "open"  # noqa: E731
        until(trades, within=10, what="the shop's trade")
    finally:
        locker.close()
        run.join()
    assert mover.status(move_id).state is MoveState.ABORTED


# -- rows that somebody still needs -------------------------------------------------------------------------
def test_an_old_moves_purge_leaves_the_rows_of_a_later_one(
    yard: Toy, shop: DirectoryEntry, mover: Mover, make_mover: Callable[..., Mover]
) -> None:
    """The first move's purge was killed at its very end. Since then the shop came back, and left again."""
    first = moved(mover, shop)
    assert mover.purge(now=TOMORROW) > 0
    yard.sql("ctl-1", "UPDATE moves SET purge_after = switched_at WHERE id = %s", first.move_id.bytes)
    moved(mover, shop, "shard-a")
    mover.purge(now=TOMORROW)
    again = moved(mover, shop, "shard-b")
    mover.purge(now=dt.datetime.now(dt.UTC))
    assert all(contents(yard, "a-1", shop.shop_id).values())
    assert mover.roll_back(again.move_id).state is MoveState.ROLLED_BACK
    audit(yard, shop.shop_id, "shard-a")


def test_who_has_an_old_map_does_not_read_a_shop_that_is_purged_already(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover
) -> None:
    """`purge --early` right behind a move: other processes believe their map for some seconds more."""
    config = router.config
    elsewhere = yard.router(redis_prefix=config.redis_prefix, times=Times(directory=600.0), background=False)
    with router.shop(shop.shop_id, TILL) as db:
        db.scalars(select(Buyer).limit(1)).one().name = "written, so that Redis knows of it"
        db.commit()
        token = db.token
    assert bills(elsewhere, shop.shop_id) == 300
    assert router.newest.find(shop.shop_id) == token
    moved(mover, shop)
    assert mover.purge(now=TOMORROW) > 0
    assert bills(elsewhere, shop.shop_id) == 300


def bills(router: Router, shop_id: int) -> int | None:
    """As an edge asks it: once more where the shop has moved."""
    for last in (False, True):
        try:
            with router.shop(shop_id, TILL, mode=Mode.READ) as db:
                return db.scalar(select(func.count(Bill.id)))
        except ShopMoved:
            if last:
                raise
    return None
