"""Fault 7: a replica has transactions of its own, or is built anew: nobody reads it, and nobody notices."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ops.trouble import Trouble
from tests.faults.market import Market
from tests.faults.servers import Servers
from tests.faults.test_replica import BACK_WITHIN, in_rotation
from tests.support.waiting import until

pytestmark = pytest.mark.fault(7)
OUT_WITHIN = 5.0


def plant(servers: Servers, name: str) -> None:
    """A write past its primary, as somebody with the root password makes it."""
    servers.sql(name, "SET GLOBAL super_read_only = OFF")
    servers.sql(name, "CREATE DATABASE errant")
    servers.sql(name, "SET GLOBAL super_read_only = ON")


def uuid(servers: Servers, name: str) -> str:
    return str(servers.sql(name, "SELECT @@GLOBAL.server_uuid AS u")[0]["u"])


def test_a_replica_with_a_write_of_its_own_is_read_no_more_until_it_is_rebuilt(
    servers: Servers, market: Market, measured
) -> None:
    primary = servers.primary("shard-a")
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
        _forget_the_past(servers, primary)
        rebuilt_at = time.monotonic()
        servers.cluster.rebuild("a-2")
        rebuilt_in = time.monotonic() - rebuilt_at
        back_after = until(lambda: in_rotation(market, "a-2"), within=BACK_WITHIN, what="its return")
        load.go_on(4)
    measured(
        out_of_rotation_s=out_after, reads_meanwhile=at_most - before, rebuild_s=rebuilt_in, back_after_s=back_after,
        pairs=market.journal.pairs, stale=len(market.journal.stale), refused=market.journal.kinds(),
    )  # fmt: skip
    assert out_after <= OUT_WITHIN
    assert "never had" in health["a-2"]["problem"]
    assert health["a-2"]["inRotation"] is False
    assert servers.sql("a-2", "SHOW DATABASES LIKE 'errant'") == []
    assert back_after <= BACK_WITHIN
    assert market.journal.troubles == []
    market.audit()


def _forget_the_past(servers: Servers, name: str) -> None:
    """Nobody can begin from the first transaction any more, as on every server that is older than its binlogs."""
    servers.sql(name, "FLUSH BINARY LOGS")
    last = servers.sql(name, "SHOW BINARY LOGS")[-1]["Log_name"]
    until(lambda: all(servers.replicates(one) for one in servers.replicas("shard-a") if one != "a-2"))
    servers.sql(name, f"PURGE BINARY LOGS TO '{last}'")


def test_a_primary_is_never_rebuilt(servers: Servers) -> None:
    with pytest.raises(Trouble, match="no replica"):
        servers.cluster.rebuild(servers.primary("shard-a"))


def test_whom_somebody_else_promoted_is_not_rebuilt(servers: Servers) -> None:
    """By SQL alone: the record still names the other one."""
    servers.kill(servers.primary("shard-b"))
    new = servers.replicas("shard-b")[0]
    for statement in ("STOP REPLICA", "RESET REPLICA ALL", "SET GLOBAL read_only = OFF"):
        servers.sql(new, statement)
    with pytest.raises(Trouble, match=f"{new} is no replica"):
        servers.cluster.rebuild(new)
    servers.mend()
    assert servers.primary("shard-b") == new


@contextmanager
def unchanged(servers: Servers, name: str) -> Iterator[None]:
    """It is the same server afterwards, and replicates."""
    before, pid = uuid(servers, name), servers.pid(name)
    yield
    assert (uuid(servers, name), servers.pid(name)) == (before, pid)
    until(lambda: servers.replicates(name))


def test_nothing_is_changed_where_the_primary_does_not_answer(servers: Servers) -> None:
    primary, replica = servers.primary("shard-b"), servers.replicas("shard-b")[0]
    with unchanged(servers, replica):
        with servers.frozen(primary), pytest.raises(Trouble, match=f"{primary} takes no writes"):
            servers.cluster.rebuild(replica)
        servers.mend()


def test_nothing_is_changed_where_the_copy_fails(servers: Servers) -> None:
    primary, replica = servers.primary("shard-b"), servers.replicas("shard-b")[0]
    servers.sql(primary, "UNINSTALL PLUGIN clone")
    try:
        with unchanged(servers, replica), pytest.raises(Trouble, match=r"could not be copied.*nothing was changed"):
            servers.cluster.rebuild(replica)
    finally:
        servers.sql(primary, "INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
