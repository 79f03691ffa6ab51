"""The fence of each writing transaction, and what a caller learns when a commit goes wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from shard_router import (
    AmbiguousCommit,
    DirectoryEntry,
    Mode,
    PoolSizes,
    Router,
    ShardReadOnly,
    ShardUnavailable,
    ShopMoved,
    Times,
)
from tests.integration.shard_router.conftest import ACTOR, Toy
from tests.integration.shard_router.toys import Rate
from tests.support.tcp_proxy import TcpProxy

Fresh = Callable[..., DirectoryEntry]


# -- the fence ----------------------------------------------------------------------------------------------------
def test_the_fence_is_the_first_thing_a_transaction_reads(router: Router, fresh_shop: Fresh) -> None:
    with router.shop(fresh_shop().shop_id, ACTOR) as db:
        db.scalars(select(Rate)).all()
        assert db.round_trips == 2


@pytest.mark.parametrize("change", ["epoch = 2", "state = 'fenced'", "state = 'incoming'", "shop_id = -shop_id"])
def test_a_shop_that_is_not_open_here_is_not_written(toy: Toy, router: Router, fresh_shop: Fresh, change: str) -> None:
    shop = fresh_shop().shop_id
    toy.sql("a-1", f"UPDATE shop_fence SET {change} WHERE shop_id = %s", shop)
    with router.shop(shop, ACTOR) as db:
        db.add(Rate(purity=1, paise=1))
        with pytest.raises(ShopMoved):
            db.commit()
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_rates WHERE shop_id = %s", shop) == ((0,),)


@pytest.mark.parametrize("hot", [False, True])
def test_swallowing_the_refusal_helps_nobody(toy: Toy, router: Router, fresh_shop: Fresh, hot: bool) -> None:
    """Not in the same transaction, and not in the next of the same session."""
    shop = fresh_shop().shop_id
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 2 WHERE shop_id = %s", shop)
    with router.shop(shop, ACTOR, hot=hot) as db:
        for _ in range(2):
            for _ in range(2):
                with pytest.raises(ShopMoved):
                    db.scalars(select(Rate)).all()
            db.add(Rate(purity=1, paise=1))
            with pytest.raises(ShopMoved):
                db.commit()
            db.rollback()
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_rates WHERE shop_id = %s", shop) == ((0,),)


def test_an_open_transaction_keeps_a_move_out(toy: Toy, router: Router, fresh_shop: Fresh) -> None:
    shop = fresh_shop().shop_id
    with router.shop(shop, ACTOR) as db:
        db.add(Rate(purity=1, paise=1))
        db.flush()
        with pytest.raises(Exception, match="NOWAIT"):
            toy.sql("a-1", "SELECT epoch FROM shop_fence WHERE shop_id = %s FOR UPDATE NOWAIT", shop)
        db.commit()
    assert toy.sql("a-1", "SELECT epoch FROM shop_fence WHERE shop_id = %s FOR UPDATE NOWAIT", shop) == ((1,),)


def test_the_retry_after_a_move_finds_the_new_home(toy: Toy, router: Router, fresh_shop: Fresh) -> None:
    """The control database knows already: the refresh that comes with ShopMoved asks it."""
    shop = fresh_shop().shop_id
    move(toy, shop, told=True)
    with router.shop(shop, ACTOR) as db, pytest.raises(ShopMoved):
        db.scalars(select(Rate)).all()
    with router.shop(shop, ACTOR) as db:
        assert (db.shard, db.epoch) == ("shard-b", 2)
        db.add(Rate(purity=1, paise=1))
        db.commit()
        assert db.token is not None and (db.token.shard, db.token.epoch) == ("shard-b", 2)


def test_the_fence_names_the_new_home_before_the_control_database_does(
    toy: Toy, router: Router, fresh_shop: Fresh
) -> None:
    shop = fresh_shop().shop_id
    move(toy, shop, told=False)
    with router.shop(shop, ACTOR) as db, pytest.raises(ShopMoved):
        db.scalars(select(Rate)).all()
    assert router.directory.lookup(shop) == DirectoryEntry(shop, "shard-b", 2)


def test_a_read_without_a_token_sees_that_its_map_is_old(toy: Toy, router: Router, fresh_shop: Fresh) -> None:
    shop = fresh_shop().shop_id
    move(toy, shop, told=True)
    with router.shop(shop, ACTOR, mode=Mode.READ) as db, pytest.raises(ShopMoved):
        db.scalars(select(Rate)).all()
    with router.shop(shop, ACTOR, mode=Mode.READ) as db:
        assert db.scalars(select(Rate)).all() == [] and db.shard == "shard-b"


def move(toy: Toy, shop: int, *, told: bool) -> None:
    """What the end of a move looks like, done by hand."""
    toy.sql("a-1", "UPDATE shop_fence SET epoch = 2, state = 'fenced', moved_to = 'shard-b' WHERE shop_id = %s", shop)
    toy.sql("b-1", "INSERT INTO shop_fence VALUES (%s, 2, 'open', NULL, NULL, NOW(6))", shop)
    if told:
        toy.sql(
            "ctl-1", "UPDATE directory SET epoch = 2, shard = 'shard-b', updated_at = NOW(6) WHERE shop_id = %s", shop
        )


# -- commits that go wrong ----------------------------------------------------------------------------------------
@pytest.fixture
def frail(toy: Toy) -> Iterator[tuple[Router, TcpProxy]]:
    """A router whose way to a-1 may be cut; without TLS, so that the test can see COMMIT pass by."""
    with TcpProxy(*toy.address("a-1")) as proxy:
        topology = json.loads((toy.folder / "topology.json").read_text())
        topology["shards"]["shard-a"]["servers"]["a-1"] = {"host": "127.0.0.1", "port": proxy.port}
        path = toy.folder / f"frail-{proxy.port}.json"
        path.write_text(json.dumps(topology))
        router = toy.router(
            topology=path, tls_ca=None, snapshot=toy.folder / f"frail-{proxy.port}.snapshot",
            times=Times(connect=1, answer=1, pool=0.2), pools=PoolSizes(write=2, hot=2),
        )  # fmt: skip
        yield router, proxy
        router.close()


@pytest.mark.parametrize("hot", [False, True])
def test_a_connection_lost_in_commit_is_ambiguous(
    toy: Toy, frail: tuple[Router, TcpProxy], hot: bool, until: Callable[..., None]
) -> None:
    """COMMIT reached the server, its answer never came: the row is there, and the caller is not told that it is not."""
    router, proxy = frail
    entry = toy.open_shop(router, 9_000_000 + proxy.port + hot, "shard-a")
    with router.shop(entry.shop_id, ACTOR, hot=hot) as db:
        db.add(Rate(purity=1, paise=1))
        db.flush()
        proxy.cut_when(lambda chunk: b"COMMIT" in chunk)
        with pytest.raises(AmbiguousCommit):
            db.commit()
        assert db.token is None
    proxy.mend()
    count = "SELECT COUNT(*) FROM toy_rates WHERE shop_id = %s"
    until(lambda: toy.sql("a-1", count, entry.shop_id) == ((1,),), what="the commit that nobody waits for any more")
    with router.shop(entry.shop_id, ACTOR) as db:
        assert db.scalars(select(Rate.paise)).all() == [1]


def test_a_connection_lost_before_commit_is_not(toy: Toy, frail: tuple[Router, TcpProxy]) -> None:
    router, proxy = frail
    entry = toy.open_shop(router, 9_100_000 + proxy.port, "shard-a")
    with router.shop(entry.shop_id, ACTOR) as db:
        db.scalars(select(Rate)).all()
        db.add(Rate(purity=1, paise=1))
        proxy.cut_when(lambda chunk: b"INSERT" in chunk)
        with pytest.raises(ShardUnavailable) as failed:
            db.commit()
        assert failed.value.shard == "shard-a"
    assert toy.sql("a-1", "SELECT COUNT(*) FROM toy_rates WHERE shop_id = %s", entry.shop_id) == ((0,),)


def test_a_packet_with_commit_that_loses_its_connection_is_ambiguous(toy: Toy, frail: tuple[Router, TcpProxy]) -> None:
    from tests.integration.shard_router.test_packets import ADD_PIECES

    router, proxy = frail
    entry = toy.open_shop(router, 9_200_000 + proxy.port, "shard-a")
    with router.shop(entry.shop_id, ACTOR, hot=True) as db:
        db.scalars(select(Rate)).all()
        proxy.cut_when(lambda chunk: b"COMMIT" in chunk)
        with pytest.raises(AmbiguousCommit):
            db.run_packet([ADD_PIECES.bind(id=1, tag="a", name="a")], commit=True)


def test_a_dead_server_fails_its_own_shops_only(toy: Toy, frail: tuple[Router, TcpProxy]) -> None:
    router, proxy = frail
    mine = toy.open_shop(router, 9_300_000 + proxy.port, "shard-a")
    other = toy.open_shop(router, 9_400_000 + proxy.port, "shard-b")
    proxy.cut()
    with router.shop(mine.shop_id, ACTOR) as db, pytest.raises(ShardUnavailable):
        db.scalars(select(Rate)).all()
    with router.shop(other.shop_id, ACTOR) as db:
        assert db.scalars(select(Rate)).all() == []
    proxy.mend()
    with router.shop(mine.shop_id, ACTOR) as db:
        assert db.scalars(select(Rate)).all() == []


def test_a_silent_server_is_given_up_within_the_answer_time(toy: Toy, frail: tuple[Router, TcpProxy]) -> None:
    router, proxy = frail
    entry = toy.open_shop(router, 9_500_000 + proxy.port, "shard-a")
    proxy.silence()
    began = time.monotonic()
    with router.shop(entry.shop_id, ACTOR) as db, pytest.raises(ShardUnavailable):
        db.scalars(select(Rate)).all()
    assert time.monotonic() - began < 2.5
    proxy.mend()


def test_a_server_that_restarted_costs_no_request(toy: Toy, frail: tuple[Router, TcpProxy]) -> None:
    """Connections that the server closed while they were idle are noticed before they are lent."""
    router, proxy = frail
    entry = toy.open_shop(router, 9_600_000 + proxy.port, "shard-a")
    with router.shop(entry.shop_id, ACTOR) as db:
        db.scalars(select(Rate)).all()
    before = proxy.accepted
    proxy.close_connections()
    threading.Event().wait(0.1)
    with router.shop(entry.shop_id, ACTOR) as db:
        assert db.scalars(select(Rate)).all() == []
    assert proxy.accepted > before


def test_a_killed_connection_is_replaced(toy: Toy, router: Router, fresh_shop: Fresh) -> None:
    shop = fresh_shop().shop_id
    with router.shop(shop, ACTOR) as db:
        db.scalars(select(Rate)).all()
        assert db._raw is not None
        toy.sql("a-1", f"KILL {db._raw.thread_id()}")
        with pytest.raises(ShardUnavailable):
            db.scalars(select(Rate)).all()
    with router.shop(shop, ACTOR) as db:
        assert db.scalars(select(Rate)).all() == []


def test_no_free_connection_says_so(toy: Toy, frail: tuple[Router, TcpProxy]) -> None:
    router, proxy = frail
    entry = toy.open_shop(router, 9_700_000 + proxy.port, "shard-a")
    holders = [router.shop(entry.shop_id, ACTOR) for _ in range(2)]
    for holder in holders:
        holder.scalars(select(Rate)).all()
    with router.shop(entry.shop_id, ACTOR) as db, pytest.raises(ShardUnavailable, match="no free connection"):
        db.scalars(select(Rate)).all()
    for holder in holders:
        holder.close()


@pytest.mark.fault(3)
@pytest.mark.usefixtures("router")  # which opens shop 1
def test_a_demoted_primary_is_refused_once(toy: Toy) -> None:
    """a-2 is a replica (super_read_only). Taken for a primary, its refusal drops all pooled connections to it."""
    topology = json.loads((toy.folder / "topology.json").read_text())
    topology["shards"]["shard-a"]["primary"] = "a-2"
    path = toy.folder / "demoted.json"
    path.write_text(json.dumps(topology))
    router = toy.router(topology=path, snapshot=toy.folder / "demoted.snapshot", background=False)
    sessions = [router.shop(1, ACTOR) for _ in range(3)]
    for session in sessions:
        session.scalars(select(Rate)).all()
    pool: Any = sessions[0].get_bind().pool
    for session in sessions[1:]:
        session.close()
    assert pool.checkedin() == 2
    sessions[0].add(Rate(purity=5, paise=1))
    with pytest.raises(ShardReadOnly):
        sessions[0].commit()
    sessions[0].close()
    with router.shop(1, ACTOR) as db:
        db.scalars(select(Rate)).all()
        assert db._raw is not None and db._raw.round_trips <= 6, "a new connection, not a pooled one"


@pytest.mark.parametrize(("idle", "pings"), [(0.0, 1), (30.0, 0)])
def test_only_a_connection_that_rested_is_pinged(toy: Toy, router: Router, idle: float, pings: int) -> None:
    one = toy.router(background=False, times=Times(idle_ping=idle), redis_prefix=router.config.redis_prefix)
    trips = []
    for _ in range(2):
        with one.shop(1, ACTOR) as db:
            db.scalars(select(Rate)).all()
            assert db._raw is not None
            raw = db._raw
        trips.append(raw.round_trips)
        threading.Event().wait(0.06)
    assert trips[1] - trips[0] == 3 + pings, "the fence, the statement, the rollback"


def test_the_server_is_told_the_times(router: Router, fresh_shop: Fresh) -> None:
    with router.shop(fresh_shop().shop_id, ACTOR) as db:
        db.scalars(select(Rate)).all()
        assert db._raw is not None
        settings = (
            "@@innodb_lock_wait_timeout, @@transaction_isolation, @@time_zone, @@session_track_gtids, @@autocommit"
        )
        assert db._raw.run(f"SELECT {settings}").rows == ((2, "READ-COMMITTED", "+00:00", "OWN_GTID", 0),)
