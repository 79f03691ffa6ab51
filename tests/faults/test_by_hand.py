"""Faults made by hand, and promotions: what each verb does to real servers, what it refuses, and that heal undoes it.

What the group of servers is worth is read from the servers: a variable changed by hand turns the light red."""

from collections.abc import Iterator

import pytest

from ops.cluster import faults, status
from ops.cluster.control import Cluster
from ops.cluster.mysql import NEVER_MS
from ops.trouble import Trouble
from tests.faults.servers import Servers
from tests.support.waiting import until

pytestmark = pytest.mark.fault(2)


@pytest.fixture
def cluster(servers: Servers) -> Iterator[Cluster]:
    """With the database `handmade` on shard A; whole again afterwards, whoever is the primary then."""
    servers.mend()
    servers.sql(servers.primary("shard-a"), "CREATE DATABASE IF NOT EXISTS handmade")
    servers.sql(servers.primary("shard-a"), "CREATE TABLE IF NOT EXISTS handmade.t (no INT PRIMARY KEY)")
    servers.sql(servers.primary("shard-a"), "DELETE FROM handmade.t")
    yield servers.cluster
    servers.mend()
    if servers.primary("shard-a") != "a-1":
        servers.cluster.promote("shard-a", "a-1")
    servers.sql("a-1", "DROP DATABASE handmade")
    servers.mend()


def worth(cluster: Cluster, group: str = "shard-a") -> status.Worth:
    return next(one for one in status.worth(cluster) if one.group == group)


def note(cluster: Cluster, name: str) -> str:
    return next(one.note for one in status.servers(cluster) if one.name == name)


def test_a_guarantee_is_read_from_the_servers(servers: Servers, cluster: Cluster) -> None:
    until(lambda: worth(cluster).light == "green", what="both replicas' confirmation")
    servers.sql("a-1", "SET GLOBAL rpl_semi_sync_source_timeout = 1000")
    assert worth(cluster).light == "red"
    assert "silent for 1 s" in worth(cluster).sentence
    servers.sql("a-1", f"SET GLOBAL rpl_semi_sync_source_timeout = {NEVER_MS}")
    faults.kill(cluster, "a-3")
    until(lambda: worth(cluster).light == "yellow", what="the loss of a replica to show")
    faults.heal(cluster)
    until(lambda: worth(cluster).light == "green")


def test_each_verb_may_be_used_twice_and_heal_undoes_it(servers: Servers, cluster: Cluster) -> None:
    assert faults.kill(cluster, "a-3") == "a-3 is killed."
    assert faults.kill(cluster, "a-3") == "a-3 was not running."
    assert note(cluster, "a-3") == "not running"
    assert faults.freeze(cluster, "a-2") == "a-2 is frozen."
    assert faults.freeze(cluster, "a-2") == "a-2 was frozen already."
    assert note(cluster, "a-2") == "frozen"
    assert faults.heal(cluster) == "Every server is healed, a-3 started again."
    assert faults.heal(cluster) == "Every server is healed."
    assert {one.healthy for one in status.servers(cluster)} == {True}


def test_a_replica_lags_by_a_delay_or_by_a_stopped_thread(servers: Servers, cluster: Cluster) -> None:
    assert "SOURCE_DELAY" in faults.lag(cluster, "a-2", 600)
    servers.sql("a-1", "INSERT INTO handmade.t VALUES (1)")  # it still confirms: this returns
    until(lambda: servers.replicates("a-3"))
    assert not servers.replicates("a-2")
    assert "delayed by 600 s" in note(cluster, "a-2")
    faults.heal(cluster, "a-2")
    until(lambda: servers.replicates("a-2"))
    assert "SQL thread" in faults.lag(cluster, "a-2")
    servers.sql("a-1", "INSERT INTO handmade.t VALUES (2)")
    assert not servers.replicates("a-2")
    assert note(cluster, "a-2").startswith("replication stopped")
    faults.heal(cluster)
    until(lambda: servers.replicates("a-2"))


@pytest.mark.parametrize(
    ("verb", "name", "said"),
    [
        (faults.lag, "a-1", "takes writes and follows nobody"), (faults.lag, "redis", "has no replica"),
        (faults.kill, "z-9", "no server z-9"), (faults.freeze, "", "no server"), (faults.cut, "a-1", "without proxies"),
        (faults.cut, "redis", "no server redis"), (faults.heal, "z-9", "no server z-9"),
    ],
)  # fmt: skip
def test_misuse_is_one_sentence_and_changes_nothing(cluster: Cluster, verb, name: str, said: str) -> None:
    with pytest.raises(Trouble, match=said):
        verb(cluster, name)
    assert {one.healthy for one in status.servers(cluster)} == {True}


def test_a_planned_promotion_loses_nothing_and_goes_back(servers: Servers, cluster: Cluster) -> None:
    servers.sql("a-1", "INSERT INTO handmade.t VALUES (1)")
    cluster.promote("shard-a", "a-3")
    cluster.promote("shard-a", "a-3")
    servers.sql("a-3", "INSERT INTO handmade.t VALUES (2)")
    assert servers.primary("shard-a") == "a-3"
    cluster.promote("shard-a", "a-1")
    assert servers.sql("a-1", "SELECT COUNT(*) AS n FROM handmade.t") == [{"n": 2}]
    assert note(cluster, "a-3").startswith("replicating")


def test_a_primary_that_stands_still_is_ended_before_another_one_opens(servers: Servers, cluster: Cluster) -> None:
    servers.sql("a-1", "INSERT INTO handmade.t VALUES (1)")
    faults.freeze(cluster, "a-1")
    cluster.promote("shard-a", "a-2")
    assert cluster.processes.alive("a-1") is None
    servers.sql("a-2", "INSERT INTO handmade.t VALUES (2)")
    cluster.up()
    assert note(cluster, "a-1").startswith("replicating")
    assert servers.sql("a-2", "SELECT COUNT(*) AS n FROM handmade.t") == [{"n": 2}]


def test_a_promotion_that_could_lose_writes_is_refused(servers: Servers, cluster: Cluster) -> None:
    faults.lag(cluster, "a-2")
    servers.sql("a-2", "STOP REPLICA IO_THREAD")
    servers.sql("a-1", "INSERT INTO handmade.t VALUES (1)")  # a-3 confirms; a-2 has never heard of it
    faults.kill(cluster, "a-1")
    with pytest.raises(Trouble, match="promote a-3 instead"):
        cluster.promote("shard-a", "a-2")
    faults.freeze(cluster, "a-3")
    with pytest.raises(Trouble, match="a-3 does not answer"):
        cluster.promote("shard-a", "a-2")
    assert servers.primary("shard-a") == "a-1"
    cluster.processes.go_on(["a-3"])
    cluster.promote("shard-a", "a-3")
    assert servers.sql("a-3", "SELECT COUNT(*) AS n FROM handmade.t") == [{"n": 1}]


def test_whom_somebody_else_promoted_is_taken_for_the_primary(servers: Servers, cluster: Cluster) -> None:
    """By SQL alone, as an operator's command on another machine would; `up` must not open the old one again."""
    faults.kill(cluster, "a-1")
    for statement in (
        "STOP REPLICA", "RESET REPLICA ALL", "SET GLOBAL rpl_semi_sync_source_enabled = ON",
        "SET GLOBAL read_only = OFF",
    ):  # fmt: skip
        servers.sql("a-3", statement)
    cluster.up()
    assert servers.primary("shard-a") == "a-3"
    assert note(cluster, "a-1").startswith("replicating")
    servers.sql("a-3", "INSERT INTO handmade.t VALUES (3)")
    until(lambda: servers.replicates("a-1"))
