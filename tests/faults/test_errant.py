"""Fault 7: a replica has transactions of its own, or is built anew: nobody reads it, and nobody notices."""

import time

import pytest

from ops.trouble import Trouble
from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.faults.test_replica import in_rotation
from tests.support.waiting import until

pytestmark = pytest.mark.fault(7)
OUT_WITHIN = 5.0


def plant(servers: Servers, name: str) -> None:
    """A write past its primary, as somebody with the root password makes it."""
    servers.sql(name, "SET GLOBAL super_read_only = OFF")
    servers.sql(name, "CREATE DATABASE errant")
    servers.sql(name, "SET GLOBAL super_read_only = ON")


@pytest.mark.long  # a replica that begins from nothing takes its time where others work
def test_a_replica_with_a_write_of_its_own_is_read_no_more_until_it_is_rebuilt(
    servers: Servers, market: Market, measured
) -> None:
    until(lambda: in_rotation(market, "a-2"), within=20)
    with market.billing() as load:
        planted_at = time.monotonic()
        plant(servers, "a-2")
        out_after = until(lambda: not in_rotation(market, "a-2"), within=OUT_WITHIN, what="the end of its rotation")
        before = servers.reads_of_bills("a-2")
        load.go_on(6, *market.on_a)
        until(lambda: time.monotonic() - planted_at > OUT_WITHIN, within=10)  # every process has looked by now
        at_most = servers.reads_of_bills("a-2")
        load.go_on(4, *market.on_a)
        assert servers.reads_of_bills("a-2") == at_most
        health = {one["name"]: one for shard in market.health("database")["shards"] for one in shard["servers"]}
        servers.cluster.rebuild("a-2")
        back_after = until(lambda: in_rotation(market, "a-2"), within=60, what="its return")
        load.go_on(4)
    measured(
        out_of_rotation_s=out_after, reads_meanwhile=at_most - before, back_after_rebuild_s=back_after,
        pairs=market.journal.pairs, stale=len(market.journal.stale), refused=market.journal.kinds(),
    )  # fmt: skip
    assert "never had" in health["a-2"]["problem"]
    assert health["a-2"]["inRotation"] is False
    assert servers.sql("a-2", "SHOW DATABASES LIKE 'errant'") == []
    assert market.journal.troubles == []
    market.audit()


def test_a_primary_is_never_rebuilt(servers: Servers) -> None:
    with pytest.raises(Trouble, match="no replica"):
        servers.cluster.rebuild(servers.primary("shard-a"))
