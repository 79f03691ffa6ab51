"""A connection that dies, falls silent or is ended: the tail says so at once or soon, and never goes quiet."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from shard_router.gtid_sets import GtidSet
from shard_router.moves.tail import SILENCE, TailBroken
from tests.support.tailing import Place, key
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import until


@pytest.fixture
def proxy(place: Place) -> Iterator[TcpProxy]:
    with TcpProxy(place.server["host"], place.server["port"]) as proxy:
        yield proxy


def threads_of(place: Place) -> int:
    """Streams that the server serves to our account."""
    asked = "SELECT COUNT(*) FROM performance_schema.processlist WHERE user = %s AND command LIKE 'Binlog Dump%%'"
    return int(place.sql(asked, place.account[0])[0][0])


def test_a_server_that_falls_silent_is_noticed(place: Place, proxy: TcpProxy) -> None:
    """The connection stays open, as with a machine that vanished."""
    place.make("pieces")
    with place.tail("pieces", connect=lambda: place.connect_tail(port=proxy.port)) as tail:
        place.keys(tail)
        proxy.silence()
        began = time.monotonic()
        place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
        assert "timed out" in place.reason(tail)
        assert time.monotonic() - began < SILENCE + 3
    proxy.mend()


def test_a_connection_that_is_cut_is_noticed_at_once(place: Place, proxy: TcpProxy) -> None:
    place.make("pieces")
    with place.tail("pieces", connect=lambda: place.connect_tail(port=proxy.port)) as tail:
        place.keys(tail)
        proxy.cut()
        began = time.monotonic()
        assert "Lost connection" in place.reason(tail)
        assert time.monotonic() - began < 2


def test_a_stream_that_the_server_ends(place: Place) -> None:
    """As an administrator does it, or a server that stops."""
    place.make("pieces")
    with place.tail("pieces") as tail:
        place.keys(tail)
        asked = "SELECT id FROM performance_schema.processlist WHERE user = %s AND command LIKE 'Binlog Dump%%'"
        for (number,) in place.sql(asked, place.account[0]):
            place.sql(f"KILL {number}")
        assert place.reason(tail)


def test_what_was_not_taken_before_the_end_is_not_given_after_it(place: Place, proxy: TcpProxy) -> None:
    """So that nobody takes a part for the whole."""
    place.make("pieces")
    with place.tail("pieces", connect=lambda: place.connect_tail(port=proxy.port)) as tail:
        place.sql("INSERT INTO pieces VALUES (1, %s, 7)", key(1))
        assert tail.wait_covers(place.executed(), 10)
        proxy.cut()
        place.reason(tail)
        with pytest.raises(TailBroken):
            tail.take()


def test_a_waiter_hears_of_the_end(place: Place, proxy: TcpProxy) -> None:
    place.make("pieces")
    with place.tail("pieces", connect=lambda: place.connect_tail(port=proxy.port)) as tail:
        place.keys(tail)
        threading.Timer(0.2, proxy.cut).start()
        began = time.monotonic()
        with pytest.raises(TailBroken):
            tail.wait_for("ffffffff-0000-0000-0000-000000000001:1", 30)
        assert time.monotonic() - began < 10


def test_stopping_ends_the_thread_and_the_servers_too(place: Place) -> None:
    place.make("pieces")
    before = threading.active_count()
    tail = place.unstarted("pieces")
    tail.start()
    place.keys(tail)
    assert threads_of(place) == 1
    began = time.monotonic()
    tail.stop()
    tail.stop()
    assert time.monotonic() - began < 1
    assert threading.active_count() == before
    with pytest.raises(TailBroken, match="the tail was stopped"):
        tail.take()
    until(lambda: threads_of(place) == 0, within=10, what="the end of the server's thread")


def test_stopping_does_not_wait_for_a_silent_server(place: Place, proxy: TcpProxy) -> None:
    place.make("pieces")
    with place.tail("pieces", connect=lambda: place.connect_tail(port=proxy.port)) as tail:
        place.keys(tail)
        proxy.silence()
        began = time.monotonic()
        tail.stop()
        assert time.monotonic() - began < SILENCE / 2
    proxy.mend()


def test_a_tail_that_was_never_started_can_be_stopped(place: Place) -> None:
    place.make("pieces")
    tail = place.unstarted("pieces")
    tail.stop()
    with pytest.raises(TailBroken):
        tail.take()


def test_a_new_file_is_compared_with_what_was_seen(place: Place) -> None:
    """Each file begins with all that was written before it. Here the tail is made to believe that it missed some."""
    place.make("pieces")
    with place.tail("pieces") as tail:
        place.keys(tail)
        tail._seen = GtidSet()
        place.sql("FLUSH BINARY LOGS")
        assert "wrote transactions that it did not send" in place.reason(tail)
