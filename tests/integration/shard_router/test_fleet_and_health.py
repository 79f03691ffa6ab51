"""Asking all shards at once, what is known of the servers, and a router that lives through a fork."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from shard_router import DirectoryEntry, FleetSession, Mode, ReadOnlySession, Router, ShardUnavailable, Times
from shard_router.errors import WrongShop
from shard_router.roles import Verdict
from shard_router.topology import Shard
from tests.integration.shard_router.conftest import ACTOR, ASHA, HOMES, Toy
from tests.integration.shard_router.toys import Piece, Rate
from tests.support.tcp_proxy import TcpProxy

Until = Callable[..., None]


def shops(session: FleetSession, shard: str) -> list[int]:
    return sorted(session.scalars(select(Piece.shop_id).where(Piece.shop_id <= 3).distinct()))


def settled(router: Router) -> Callable[[], bool]:
    return lambda: all(one.in_rotation for one in router.health() if one.role == "replica")


# -- the fleet ----------------------------------------------------------------------------------------------------
def test_each_shard_answers_for_itself(router: Router, until: Until, caplog: pytest.LogCaptureFixture) -> None:
    until(settled(router))
    with caplog.at_level(logging.INFO, logger="shard_router"), router.fleet(reason="counting pieces for Om") as fleet:
        result = fleet.each(shops)
    assert result.parts == {"shard-a": [1, 2], "shard-b": [3]}
    assert result.complete and set(result.behind_ms) == set(HOMES.values())
    assert [record.getMessage() for record in caplog.records if "counting pieces" in record.getMessage()] == [
        "fleet session: counting pieces for Om"
    ]


def test_it_reads_replicas_and_the_reason_rides_on_the_connection(router: Router, until: Until) -> None:
    until(settled(router))

    def where(session: FleetSession, shard: str) -> tuple[int, Any]:
        return session.scalar(select(func.count()).select_from(Piece)), session.connection().info["reason"]

    with router.fleet(reason="where") as fleet:
        result = fleet.each(where)
        assert {reason for _, reason in result.parts.values()} == {"where"}
        servers = fleet.each(lambda session, shard: session.get_bind().raw_connection().dbapi_connection.port)  # type: ignore[union-attr]
    assert servers.parts == {
        "shard-a": router.topology.shards["shard-a"].replicas[0].port,
        "shard-b": router.topology.shards["shard-b"].replicas[0].port,
    }


@pytest.mark.parametrize("reason", ["", "  "])
def test_no_reason_no_session(router: Router, reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        router.fleet(reason=reason)


WRITES: dict[str, Callable[[FleetSession], Any]] = {
    "flush": lambda s: (s.add(Rate(shop_id=1, purity=5, paise=1)), s.flush()),
    "update": lambda s: s.execute(update(Rate).values(paise=0)),
    "insert": lambda s: s.execute(insert(Rate).values(shop_id=1, purity=5, paise=1)),
    "text": lambda s: s.execute(text("DELETE FROM toy_rates")),
    "select into": lambda s: s.connection().exec_driver_sql("SELECT 1 INTO @x"),
}


@pytest.mark.parametrize("name", WRITES)
def test_it_writes_nothing(router: Router, name: str) -> None:
    with router.fleet(reason="mischief") as fleet:
        result = fleet.each(lambda session, shard: WRITES[name](session))
    assert result.parts == {} and all(why.startswith("ReadOnlySession") for why in result.missing.values())


def test_the_server_refuses_a_write_too(toy: Toy, router: Router) -> None:
    """The session's transaction is read-only for the server, whoever gets past the guard."""
    shard = router.topology.shards["shard-a"]
    from shard_router.engines import Purpose

    raw = router.engines.get("shard-a", shard.primary, Purpose.FLEET).raw_connection()
    with pytest.raises(Exception, match="READ ONLY"):
        raw.cursor().execute("DELETE FROM toy_rates")
    raw.close()


def test_a_fleet_connection_without_a_reason_is_refused(router: Router) -> None:
    from shard_router.engines import Purpose

    engine = router.engines.get("shard-a", router.topology.shards["shard-a"].primary, Purpose.FLEET)
    with engine.connect() as connection, pytest.raises(WrongShop):
        connection.execute(select(Piece.shop_id))


def test_a_shard_that_is_late_is_named(router: Router) -> None:
    told = threading.Event()

    def slow(session: FleetSession, shard: str) -> str:
        if shard == "shard-b":
            told.wait(20)
        return shard

    with router.fleet(reason="patience") as fleet:
        result = fleet.each(slow, deadline=0.4)
        told.set()
    assert result.parts == {"shard-a": "shard-a"} and not result.complete
    assert list(result.missing) == ["shard-b"] and "0.4 s" in result.missing["shard-b"]


def test_a_dead_shard_is_named_and_the_others_answer(toy: Toy, router: Router, until: Until) -> None:
    with TcpProxy(*toy.address("b-1")) as one, TcpProxy(*toy.address("b-2")) as two:
        topology = json.loads((toy.folder / "topology.json").read_text())
        for name, proxy in (("b-1", one), ("b-2", two)):
            topology["shards"]["shard-b"]["servers"][name] = {"host": "127.0.0.1", "port": proxy.port}
        path = toy.folder / "dead-shard.json"
        path.write_text(json.dumps(topology))
        lame = toy.router(
            topology=path, snapshot=toy.folder / "dead.snapshot", times=Times(connect=1, answer=1, poll_answer=1)
        )
        until(settled(lame))
        one.cut()
        two.cut()
        until(lambda: not [s for s in lame.health() if s.shard == "shard-b" and s.reachable], seconds=5)
        with lame.fleet(reason="the living") as fleet:
            result = fleet.each(shops)
        assert result.parts == {"shard-a": [1, 2]}
        assert "ShardUnavailable" in result.missing["shard-b"]
        lame.close()


def test_an_unknown_shard_is_an_error_of_the_caller(router: Router) -> None:
    with router.fleet(reason="typo") as fleet, pytest.raises(ShardUnavailable):
        fleet.each(shops, shards=["shard-z"])


# -- health -------------------------------------------------------------------------------------------------------
def test_health_names_every_server(router: Router, until: Until) -> None:
    until(settled(router))
    found = {(one.shard, one.name): one for one in router.health()}
    assert set(found) == {
        ("control", "ctl-1"),
        ("shard-a", "a-1"),
        ("shard-a", "a-2"),
        ("shard-b", "b-1"),
        ("shard-b", "b-2"),
    }
    assert all(one.reachable and 0 <= one.age_ms < 5000 for one in found.values())
    assert {name for (_, name), one in found.items() if one.read_only} == {"a-2", "b-2"}
    assert all(
        one.replicating and one.preserves_order and one.lag_ms is not None
        for one in found.values()
        if one.role == "replica"
    )


def test_before_the_first_poll_nothing_is_claimed(toy: Toy) -> None:
    fresh = toy.router(background=False)
    assert {(one.reachable, one.in_rotation, one.age_ms) for one in fresh.health()} == {(False, False, -1)}


def test_what_reads_learned_while_the_servers_were_asked_makes_no_replica_errant(
    toy: Toy, router: Router, until: Until
) -> None:
    """A commit that came behind the primary's answer, and that a read has found on the replica already."""
    own = toy.router(background=False)
    watch, shard = own.health_watch, own.topology.shards["shard-a"]
    replica = shard.replicas[0]
    watch.look_at(shard)
    heed = watch.on_verdict

    def meanwhile(looked_at: Shard, verdict: Verdict) -> Shard:
        with own.shop(ASHA, ACTOR) as db:
            db.merge(Rate(purity=417, paise=1))
            db.commit()
        assert db.token is not None
        until(lambda: own.wait_for(shard, replica, db.token))
        return heed(looked_at, verdict)

    watch.on_verdict = meanwhile
    watch.look_at(shard)
    assert not next(one for one in own.health() if one.name == replica.name).errant
    own.close()


@pytest.mark.fault(7)
def test_a_primary_taken_for_a_replica_is_not_read(toy: Toy, until: Until) -> None:
    """It accepts writes, and it has transactions that its supposed primary never had."""
    topology = json.loads((toy.folder / "topology.json").read_text())
    shards = topology["shards"]
    shards["shard-a"]["servers"]["b-1"] = shards["shard-b"]["servers"]["b-1"]
    shards["shard-b"] = {
        "kind": "replication",
        "primary": "b-2",
        "servers": {"b-2": shards["shard-b"]["servers"]["b-2"]},
    }
    path = toy.folder / "mixed-up.json"
    path.write_text(json.dumps(topology))
    router = toy.router(topology=path, snapshot=toy.folder / "mixed-up.snapshot")
    until(lambda: all(one.reachable for one in router.health()))
    b1 = next(one for one in router.health() if one.name == "b-1")
    assert not b1.in_rotation and b1.errant and "accepts writes" in b1.problem
    router.close()


# -- forks --------------------------------------------------------------------------------------------------------
def test_a_forked_child_opens_its_own_connections(toy: Toy, router: Router, until: Until) -> None:
    """As gunicorn does with preload: both go on, on sockets of their own, and the child's threads poll again."""
    until(settled(router))
    with router.shop(ASHA, ACTOR) as db:
        assert len(db.scalars(select(Piece)).all()) == 3
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover (another process)
        try:
            os.write(writer, json.dumps(in_child(router)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = json.loads(pipe.read() or "{}")
    os.waitpid(child, 0)
    assert told == {"pieces": 3, "own connection": True, "polled": True, "read": 3}
    with router.shop(ASHA, ACTOR) as db:
        assert len(db.scalars(select(Piece)).all()) == 3


def in_child(router: Router) -> dict[str, Any]:
    pool = router.engines.get("shard-a", router.topology.shards["shard-a"].primary, "write").pool  # type: ignore[arg-type]
    empty = pool.checkedin() == 0  # type: ignore[attr-defined]
    with router.shop(ASHA, ACTOR) as db:
        pieces = len(db.scalars(select(Piece)).all())
    began = time.monotonic()
    pause = threading.Event()
    while time.monotonic() - began < 5 and not all(one.checked_at > began for one in router.health()):
        pause.wait(0.05)
    with router.shop(ASHA, ACTOR, mode=Mode.READ) as db:
        read = len(db.scalars(select(Piece)).all())
    return {
        "pieces": pieces,
        "own connection": empty,
        "polled": time.monotonic() - began < 5,
        "read": read,
    }


def test_closing_ends_the_threads(toy: Toy) -> None:
    before = set(threading.enumerate())
    router = toy.router()
    router.directory.lookup(ASHA)
    router.close()
    left = [
        one
        for one in set(threading.enumerate()) - before
        if one.name.startswith("router-") and "health" not in one.name
    ]
    assert left == []


def test_errors_of_a_statement_keep_their_own_type(router: Router) -> None:
    with router.shop(ASHA, ACTOR) as db, pytest.raises(DBAPIError, match="no_such_function"):
        db.scalars(select(func.no_such_function(Piece.id))).all()


def test_a_shop_of_a_shard_that_the_topology_lost_is_unavailable(toy: Toy, router: Router) -> None:
    router.directory.announce(DirectoryEntry(888_001, "shard-gone", 1))
    with router.shop(888_001, ACTOR) as db, pytest.raises(ShardUnavailable, match="shard-gone"):
        db.scalars(select(Piece)).all()


def test_read_only_is_refused_in_words(router: Router) -> None:
    with router.shop(ASHA, ACTOR, mode=Mode.READ) as db, pytest.raises(ReadOnlySession):
        db.execute(update(Piece).values(name="x"))
