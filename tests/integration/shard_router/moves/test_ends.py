"""What comes behind a move: a way back with all that was written since, an end by somebody else's hand, a purge."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from shard_router import DirectoryEntry, Router
from shard_router.moves import MoveInterrupted, Mover, MoveRefused, MoveState, MoveStatus
from shard_router.moves.errors import MoveEnded, MoveError
from shard_router.moves.shapes import Shape
from shard_router.moves.verifying import Sides
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.conftest import LIMITS, fence_of
from tests.integration.shard_router.moves.stock import TABLES
from tests.integration.shard_router.moves.test_killed import one_owner
from tests.integration.shard_router.moves.trade import audit, contents, trading
from tests.support.waiting import until

NOW = dt.datetime.now(dt.UTC)
TOMORROW = NOW + dt.timedelta(hours=25)


def moved(mover: Mover, shop: DirectoryEntry) -> MoveStatus:
    status = mover.run(mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=3000))
    assert status.state is MoveState.SWITCHED, status.reason
    return status


# -- back ---------------------------------------------------------------------------------------------------------
def test_a_shop_goes_back_with_all_that_it_wrote_since(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover
) -> None:
    with trading(router, shop.shop_id, per_s=30, tills=2) as history:
        status = moved(mover, shop)
        until(lambda: len(history.sold) > 20, what="bills at the new home")
        back = mover.roll_back(status.move_id, asked_by="somebody")
        sold = len(history.sold)
        until(lambda: len(history.sold) > sold + 3, what="bills at the old home")
    assert back.state is MoveState.ROLLED_BACK
    assert back.purge_after is None
    assert not history.wrong
    audit(yard, shop.shop_id, "shard-a", history)
    assert fence_of(yard, "a-1", shop.shop_id) == ("open", 3, None)
    assert fence_of(yard, "b-1", shop.shop_id) == ("moved", 3, "shard-a")


def test_a_shop_that_went_back_may_move_again_once_the_rest_is_purged(
    yard: Toy, shop: DirectoryEntry, mover: Mover
) -> None:
    mover.roll_back(moved(mover, shop).move_id)
    with pytest.raises(MoveRefused, match="the target holds rows"):
        mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000)
    mover.purge(now=TOMORROW)
    moved(mover, shop)
    audit(yard, shop.shop_id, "shard-b")


def test_a_way_back_that_is_given_up_can_be_tried_again(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover, make_mover: Callable[..., Mover]
) -> None:
    status = moved(mover, shop)

    def break_it(step: str) -> None:
        if step == "verified":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_mover(step=break_it).roll_back(status.move_id)
    (back,) = mover.list_moves(shop_id=shop.shop_id, live_only=True)
    mover.abort(back.move_id, "it was broken")
    again = mover.status(status.move_id)
    assert (again.state, again.purge_after is not None) == (MoveState.SWITCHED, True)
    assert mover.roll_back(status.move_id).state is MoveState.ROLLED_BACK
    audit(yard, shop.shop_id, "shard-a")


def _differs(sides: Sides, shapes: Sequence[Shape]) -> None:
    raise MoveEnded("found wanting")


@pytest.mark.parametrize("hours", [1, 72])
def test_rows_are_kept_for_as_long_as_the_limits_say_also_behind_a_way_back_that_failed(
    shop: DirectoryEntry, make_mover: Callable[..., Mover], hours: int
) -> None:
    mover = make_mover(limits=replace(LIMITS, keep_source=hours * 3600.0))
    status = moved(mover, shop)
    assert status.switched_at is not None
    until_purge = dt.timedelta(hours=hours)
    assert status.purge_after == status.switched_at + until_purge
    broken = make_mover(limits=replace(LIMITS, keep_source=hours * 3600.0), checks=[_differs])
    with pytest.raises(MoveError):
        broken.roll_back(status.move_id)
    again = mover.status(status.move_id)
    assert (again.state, again.purge_after) == (MoveState.SWITCHED, status.switched_at + until_purge)
    assert "a way back was not finished" in (again.reason or "")


def test_what_was_purged_does_not_go_back(yard: Toy, shop: DirectoryEntry, mover: Mover) -> None:
    status = moved(mover, shop)
    mover.purge(now=TOMORROW)
    with pytest.raises(MoveRefused, match="finished"):
        mover.roll_back(status.move_id)


# -- an end by another hand ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "step",
    [
        "planted",
        "at a snapshot",
        "fenced",
        "before the switch",
        "switched",
    ],
)
def test_an_end_and_a_switch_race_and_one_wins(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover, make_mover: Callable[..., Mover], step: str
) -> None:
    """The other hand comes at this step, and the mover goes on as if it had not: the fences decide."""
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=3000)
    outcome: list[object] = []

    def end(taken: str) -> None:
        if taken == step and not outcome:
            outcome.append(None)
            try:
                outcome[0] = mover.abort(move_id, "by another hand").state
            except MoveRefused as refused:
                outcome[0] = str(refused)

    with trading(router, shop.shop_id, per_s=30, tills=2) as history:
        try:
            status = make_mover(step=end).run(move_id)
        except MoveError:
            status = mover.status(move_id)
        sold = len(history.sold)
        until(lambda: len(history.sold) > sold + 2, what="bills behind it")
    if step == "switched":
        assert (status.state, "too late" in str(outcome[0])) == (MoveState.SWITCHED, True)
    else:
        assert (status.state, outcome[0], status.reason) == (MoveState.ABORTED, MoveState.ABORTED, "by another hand")
    assert not history.wrong
    audit(yard, shop.shop_id, one_owner(yard, router, shop.shop_id, status.state), history)


def test_two_processes_do_not_carry_out_one_move(
    shop: DirectoryEntry, mover: Mover, make_mover: Callable[..., Mover]
) -> None:
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000)
    said: list[str] = []

    def second(step: str) -> None:
        if step == "copied" and not said:
            try:
                mover.run(move_id)
            except MoveError as busy:
                said.append(str(busy))

    assert make_mover(step=second).run(move_id).state is MoveState.SWITCHED
    assert "is carried out by" in said[0]


@pytest.mark.parametrize(
    ("step", "then"), [("planted", MoveState.SWITCHED), ("copied", MoveState.SWITCHED), ("verified", MoveState.ABORTED)]
)
def test_a_run_that_was_replaced_writes_nothing_more(
    yard: Toy, shop: DirectoryEntry, mover: Mover, make_mover: Callable[..., Mover], step: str, then: MoveState
) -> None:
    """As if it had slept while another run took the move over: each of its transactions on the target asks first."""
    replaced: list[object] = []

    def replace(taken: str) -> None:
        if taken == step and not replaced:
            yard.sql(
                "b-1", "UPDATE move_progress SET last_key = 'x' WHERE shop_id = %s AND part = 'runner'", shop.shop_id
            )
            replaced.append(contents(yard, "b-1", shop.shop_id))

    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000)
    with pytest.raises(MoveInterrupted):
        make_mover(step=replace).run(move_id)
    assert fence_of(yard, "b-1", shop.shop_id) == ("incoming", 2, None)
    assert [contents(yard, "b-1", shop.shop_id)] == replaced
    assert mover.run(move_id).state is then
    audit(yard, shop.shop_id, "shard-b" if then is MoveState.SWITCHED else "shard-a")


def test_a_broken_off_run_leaves_no_fence(yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover]) -> None:
    """Ctrl-C in the fenced moment: the writers are let go before the process is."""

    def interrupt(step: str) -> None:
        if step == "fenced":
            raise KeyboardInterrupt

    mover = make_mover(step=interrupt)
    move_id = mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000)
    with pytest.raises(KeyboardInterrupt):
        mover.run(move_id)
    assert fence_of(yard, "a-1", shop.shop_id) == ("open", 3, None)
    assert mover.status(move_id).state is MoveState.ABORTED


def test_a_pause_longer_than_allowed_is_given_up(
    yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover]
) -> None:
    slow = threading.Event()
    mover = make_mover(step=lambda step: slow.wait(0.3) if step == "fenced" else None)
    status = mover.run(mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=250))
    assert (status.state, "pause" in str(status.reason)) == (MoveState.ABORTED, True)
    audit(yard, shop.shop_id, "shard-a")


# -- the purge ----------------------------------------------------------------------------------------------------
def test_old_rows_go_when_their_grace_is_over_and_not_before(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover
) -> None:
    other = yard.open_shop(router, shop.shop_id + 500_000, "shard-a")
    yard.sql("a-1", "INSERT INTO mv_series VALUES (%s, 'bill', 1)", other.shop_id)
    status = moved(mover, shop)
    before = contents(yard, "b-1", shop.shop_id)
    mover.purge(now=NOW + dt.timedelta(hours=23))
    assert all(contents(yard, "a-1", shop.shop_id).values())
    assert mover.purge(now=TOMORROW) >= sum(map(len, before.values()))
    assert contents(yard, "a-1", shop.shop_id) == {table.name: [] for table in TABLES}
    assert contents(yard, "b-1", shop.shop_id) == before
    assert yard.sql("a-1", "SELECT COUNT(*) FROM mv_series WHERE shop_id = %s", other.shop_id) == ((1,),)
    assert mover.status(status.move_id).state is MoveState.FINISHED
    assert fence_of(yard, "a-1", shop.shop_id) == ("moved", 2, "shard-b")
    assert yard.sql("a-1", "SELECT COUNT(*) FROM move_progress WHERE shop_id = %s", shop.shop_id) == ((0,),)


def test_an_undone_move_leaves_no_rows_behind(
    yard: Toy, shop: DirectoryEntry, make_mover: Callable[..., Mover]
) -> None:
    move_id = make_mover().ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=5000)
    stopped = make_mover(step=lambda step: make_mover().abort(move_id, "enough") if step == "verified" else None)
    try:
        status = stopped.run(move_id)
    except MoveError:
        status = stopped.status(move_id)
    assert status.state is MoveState.ABORTED
    assert contents(yard, "b-1", shop.shop_id) == {table.name: [] for table in TABLES}
    assert status.purge_after is None


def test_the_phases_are_measured(shop: DirectoryEntry, mover: Mover) -> None:
    status = moved(mover, shop)
    facts = status.facts
    assert facts["copy_rows"] == 300 + 600 + 20 + 1 + 5 + 5 + 3
    for name in ("copy_s", "verify_s", "lock_ms", "drain_ms", "apply_ms", "compare_ms", "switch_ms"):
        assert facts[name] >= 0, name
    parts = sum(facts[name] for name in ("lock_ms", "drain_ms", "apply_ms", "compare_ms", "replica_ms", "switch_ms"))
    assert facts["pause_ms"] == pytest.approx(parts, abs=0.1)
    assert status.progress.pause_ms == facts["pause_ms"]
    assert status.switched_at is not None
    assert status.purge_after == status.switched_at + dt.timedelta(seconds=LIMITS.keep_source)
