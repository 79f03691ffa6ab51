"""Fault 6: a replica is killed, or its applier stops. Users notice nothing; what they just wrote they always see."""

import time

import pytest

from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.support.waiting import until

BACK_WITHIN = 5.0


def in_rotation(market: Market, name: str) -> bool:
    """As the test process's own router sees it, which polls as every process does."""
    return next(one.in_rotation for one in market.runtime.router.health() if one.name == name)


@pytest.mark.fault(6)
def test_a_replica_killed_under_load_and_started_again(servers: Servers, market: Market, measured) -> None:
    until(lambda: in_rotation(market, "a-2"), within=20)
    with market.billing() as load:
        killed_at = servers.kill("a-2")
        out_after = until(lambda: not in_rotation(market, "a-2"), within=10)
        load.go_on(8)
        back_at = servers.start()
        until(lambda: servers.reads_of_bills("a-2") > 0, within=30, what="reads on the replica")
        back_after = time.monotonic() - back_at
        load.go_on(8)
    slowest = max(seconds for began, seconds in market.journal.reads if began + seconds > killed_at)
    measured(
        out_of_rotation_s=out_after, reads_again_after_s=back_after, slowest_read_s=slowest,
        pairs=market.journal.pairs, refused=market.journal.kinds(),
    )  # fmt: skip
    assert market.journal.troubles == []
    assert back_after <= BACK_WITHIN
    market.audit()


@pytest.mark.fault(6)
def test_a_replica_that_applies_nothing_is_not_believed(servers: Servers, market: Market, measured) -> None:
    """Its connections answer as ever; only what it knows is old."""
    until(lambda: in_rotation(market, "a-2"), within=20)
    with market.billing() as load:
        servers.sql("a-2", "STOP REPLICA SQL_THREAD")
        out_after = until(lambda: not in_rotation(market, "a-2"), within=10)
        load.go_on(10, *market.on_a)
        while_stopped = servers.reads_of_bills("a-2")
        load.go_on(5, *market.on_a)
        assert servers.reads_of_bills("a-2") == while_stopped
        servers.sql("a-2", "START REPLICA SQL_THREAD")
        back_after = until(
            lambda: servers.reads_of_bills("a-2") > while_stopped, within=30, what="reads on the replica"
        )
        load.go_on(3)
    measured(out_of_rotation_s=out_after, reads_again_after_s=back_after, pairs=market.journal.pairs)
    assert market.journal.troubles == []
    assert back_after <= BACK_WITHIN
    market.audit()


@pytest.mark.fault(6)
@pytest.mark.long
def test_thousands_of_pairs_while_a_replica_comes_and_goes(servers: Servers, market: Market, measured, count) -> None:
    """Killed, stopped, started, in turn: of all the reads after writes not one is old."""
    people, wanted = market.people * 2, count(3_000)
    with market.billing(*people, pause=0.0) as load:
        while market.journal.pairs < wanted:
            servers.kill("a-2")
            load.go_on(20, within=120)
            servers.start()
            load.go_on(20, within=120)
            servers.sql("a-2", "STOP REPLICA SQL_THREAD")
            load.go_on(20, within=120)
            servers.sql("a-2", "START REPLICA SQL_THREAD")
            load.go_on(20, within=120)
    measured(pairs=market.journal.pairs, stale=len(market.journal.stale), refused=market.journal.kinds())
    assert market.journal.troubles == []
    market.audit()
