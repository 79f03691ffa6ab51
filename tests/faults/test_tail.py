"""The tail of a move over a server that dies, restarts, freezes, forgets its past or is set otherwise under way.

All on the control server, where no shop moves. The tagged GTID comes last: a server never gets rid of one.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator

import pymysql
import pytest

from shard_router.moves.keys import Key
from shard_router.moves.tail import SILENCE, Tail, TailBroken
from tests.faults.servers import Servers
from tests.support.tailing import Place, key, run
from tests.support.waiting import until

SERVER = "ctl-1"
ELSEWHERE = "ffffffff-0000-0000-0000-000000000009"


@pytest.fixture(scope="module")
def place(servers: Servers) -> Iterator[Place]:
    servers.mend()
    made = Place(json.loads(servers.instance.cluster_file.read_text()), "faults")
    made.create()
    yield made
    made.drop()


class Writer:
    """Inserts one row after the other until the server is gone, and knows which were acknowledged."""

    def __init__(self, place: Place, begin: int) -> None:
        self.acknowledged: set[Key] = set()
        self._place, self._next = place, begin
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._place.connect() as till:
                while True:
                    run(till, "INSERT INTO pieces VALUES (1, %s, REPEAT('x', 300))", key(self._next))
                    self.acknowledged.add((key(self._next),))
                    self._next += 1
        except pymysql.err.MySQLError:
            pass

    def ended(self) -> set[Key]:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.acknowledged


def follow(tail: Tail, found: set[Key], since: str) -> str:
    """Takes until the tail breaks; gives how far it had been taken then."""
    try:
        while True:
            taken = tail.take()
            found |= taken.keys.get("pieces", set())
            since = taken.upto
            tail.wait_for(f"{ELSEWHERE}:99", 0.05)
    except TailBroken:
        return since


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_ends_under_load_loses_no_key(servers: Servers, place: Place, end: int) -> None:
    """The tail ends with it; the next goes on from what was taken, over the files of before and after."""
    place.make("pieces", "t TEXT")
    found: set[Key] = set()
    acknowledged: set[Key] = set()
    since = place.executed()
    for round_ in range(3):
        with place.tail("pieces", since=since) as tail:
            writer = Writer(place, begin=round_ * 1_000_000)
            timer = threading.Timer(1.0, os.kill, (servers.pid(SERVER), end))
            timer.start()
            since = follow(tail, found, since)
            acknowledged |= writer.ended()
            timer.join()
        until(lambda: servers.cluster.processes.alive(SERVER) is None, within=60, what="the end of the server")
        servers.start()
    with place.tail("pieces", since=since) as tail:
        found |= place.keys(tail).get("pieces", set())
    assert len(acknowledged) > 100
    assert acknowledged - found == set()
    assert set(place.sql("SELECT id FROM pieces")) <= found, "a row whose commit nobody heard of is there, too"


def test_a_frozen_server_is_noticed(servers: Servers, place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail:
        place.keys(tail)
        with servers.frozen(SERVER) as at:
            place.reason(tail)
            assert time.monotonic() - at < SILENCE + 3


def test_an_idle_server_is_not_taken_for_a_frozen_one(place: Place) -> None:
    """Nobody else writes here: its heartbeats are all that is heard of it."""
    place.make("pieces")
    with place.tail("pieces") as tail:
        assert tail.wait_for(f"{ELSEWHERE}:99", SILENCE + 2) is False
        place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
        assert place.keys(tail) == {"pieces": {(key(1),)}}


def test_a_past_that_was_purged_is_not_skipped(servers: Servers, place: Place) -> None:
    place.make("pieces")
    since = place.executed()
    place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
    place.sql("FLUSH BINARY LOGS")
    (newest,) = place.sql("SHOW BINARY LOG STATUS")
    place.sql("PURGE BINARY LOGS TO %s", newest[0])
    tail = place.unstarted("pieces", since=since)
    with pytest.raises(TailBroken, match="has purged transactions that were not seen yet"):
        tail.start()
    with place.tail("pieces") as later:
        place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(2))
        assert place.keys(later) == {"pieces": {(key(2),)}}


def test_checksums_that_go_and_come_back(servers: Servers, place: Place) -> None:
    place.make("pieces")
    since = place.executed()
    written = set()
    try:
        with place.tail("pieces") as tail:
            for n, algorithm in enumerate(("NONE", "CRC32", "NONE")):
                servers.sql(SERVER, f"SET GLOBAL binlog_checksum = {algorithm}")
                place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(n))
                written.add((key(n),))
            assert place.keys(tail) == {"pieces": written}
        with place.tail("pieces", since=since) as again:
            assert place.keys(again) == {"pieces": written}
    finally:
        servers.sql(SERVER, "SET GLOBAL binlog_checksum = CRC32")


def test_more_is_told_of_each_table_under_way(servers: Servers, place: Place) -> None:
    place.make("pieces", "a ENUM('x', 'y') CHARACTER SET latin1, b SET('p'), g POINT SRID 4326 NULL, v VECTOR(3)")
    try:
        with place.tail("pieces") as tail:
            for n, much in enumerate(("FULL", "MINIMAL", "FULL")):
                servers.sql(SERVER, f"SET GLOBAL binlog_row_metadata = {much}")
                place.sql("INSERT INTO pieces (shop_id, id, a) VALUES (1, %s, 'x')", key(n))
            assert place.keys(tail) == {"pieces": {(key(0),), (key(1),), (key(2),)}}
    finally:
        servers.sql(SERVER, "SET GLOBAL binlog_row_metadata = MINIMAL")


def test_transactions_of_several_sources(place: Place) -> None:
    """As on a server that was a replica before; numbers may come with gaps and out of order."""
    place.make("pieces")
    with place.tail("pieces") as tail, place.connect() as till:
        for n in (7, 3, 4, 9, 1):
            run(till, f"SET gtid_next = '{ELSEWHERE}:{n}'")
            run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(n))
        run(till, "SET gtid_next = AUTOMATIC")
        taken = place.taken(tail)
        assert taken.keys == {"pieces": {(key(n),) for n in (7, 3, 4, 9, 1)}}
        assert taken.last == f"{ELSEWHERE}:1"
        assert f"{ELSEWHERE}:1:3-4:7:9" in taken.upto


def test_a_gtid_with_a_tag(place: Place) -> None:
    place.make("pieces")
    with place.tail("pieces") as tail, place.connect() as till:
        run(till, "SET gtid_next = 'AUTOMATIC:tagged'")
        run(till, "INSERT INTO pieces VALUES (1, %s, 7)", key(1))
        assert place.reason(tail) == "a transaction whose GTID has a tag"
    with pytest.raises(TailBroken, match="a GTID with a tag"):
        place.unstarted("pieces")
