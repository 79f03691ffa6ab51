"""A shop moves: what it had is there, it trades on meanwhile, and its old shard lets nobody write any more."""

from __future__ import annotations

from typing import Any

from shard_router import DirectoryEntry, Router
from shard_router.moves import Mover, MoveState, Progress
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.conftest import fence_of
from tests.integration.shard_router.moves.trade import audit, contents, trading
from tests.support.waiting import until


def move(mover: Mover, shop_id: int, target: str = "shard-b") -> Any:
    return mover.run(mover.ask(shop_id, target, asked_by="a test", max_pause_ms=5000))


def test_every_row_of_every_type_arrives_as_it_was(yard: Toy, shop: DirectoryEntry, mover: Mover) -> None:
    before = contents(yard, "a-1", shop.shop_id)
    done = move(mover, shop.shop_id)
    assert (done.state, done.reason) == (MoveState.SWITCHED, None)
    assert contents(yard, "b-1", shop.shop_id) == before
    assert all(before.values())


def test_the_fences_and_the_directory_say_where_it_lives(
    yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover
) -> None:
    move(mover, shop.shop_id)
    assert fence_of(yard, "a-1", shop.shop_id) == ("moved", 2, "shard-b")
    assert fence_of(yard, "b-1", shop.shop_id) == ("open", 2, None)
    assert yard.sql("ctl-1", "SELECT shard, epoch FROM directory WHERE shop_id = %s", shop.shop_id) == (("shard-b", 2),)
    assert router.directory.lookup(shop.shop_id) == DirectoryEntry(shop.shop_id, "shard-b", 2)


def test_a_shop_trades_on_while_it_moves(yard: Toy, router: Router, shop: DirectoryEntry, mover: Mover) -> None:
    seen: list[Progress] = []
    with trading(router, shop.shop_id) as history:
        done = mover.run(mover.ask(shop.shop_id, "shard-b", asked_by="a test", max_pause_ms=2000), seen.append)
        sold = len(history.sold)
        until(lambda: len(history.sold) > sold)
    assert done.state is MoveState.SWITCHED, done.reason
    assert not history.wrong
    assert sold > 0
    audit(yard, shop.shop_id, "shard-b", history)
    assert list(dict.fromkeys(one.state for one in seen)) == [
        MoveState.COPYING, MoveState.CATCHING_UP, MoveState.VERIFYING, MoveState.FENCING, MoveState.SWITCHED,
    ]  # fmt: skip
