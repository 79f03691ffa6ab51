"""Promotions that go wrong by people's hands: two at once, a yes that comes late, a wrong password, an end half-way."""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.cluster import faults
from shard_router.config import Account
from shard_router.promotion import Administrator, Promotion, PromotionRefused, carrying_out
from shard_router.topology import Shard, parse
from tests.faults.servers import Servers
from tests.support.cluster import Cluster
from tests.support.waiting import until

pytestmark = pytest.mark.fault(2)
NAMES = ("a-1", "a-2", "a-3")
Operator = Callable[..., Promotion]


@pytest.fixture
def topology(fault_cluster: Cluster, tmp_path: Path) -> Path:
    file = tmp_path / "topology.json"
    file.write_text(fault_cluster.file.read_text())
    return file


@pytest.fixture
def operator(servers: Servers, fault_cluster: Cluster, topology: Path) -> Iterator[Operator]:
    """Each call is another person at another machine; whatever they did, a-1 is the primary again afterwards."""
    servers.mend()

    def begin(
        *, say: Callable[[str], None] = lambda said: None, account: Account = fault_cluster.admin,
        only: tuple[str, ...] = NAMES,
    ) -> Promotion:  # fmt: skip
        return Promotion(
            Administrator(account, fault_cluster.tls_ca), shard_of(topology, only), topology=topology,
            acknowledged=lambda: None, say=say,
        )  # fmt: skip

    yield begin
    servers.mend()
    if writable(servers) != ["a-1"]:
        again = begin()
        again.run(again.plan("a-1"))
    servers.mend()


def shard_of(topology: Path, only: tuple[str, ...]) -> Shard:
    shard = parse(topology.read_text()).shards["shard-a"]
    return dataclasses.replace(shard, replicas=tuple(one for one in shard.replicas if one.name in only))


def writable(servers: Servers) -> list[str]:
    running = servers.running("shard-a")
    return [name for name in running if servers.sql(name, "SELECT @@global.read_only AS no") == [{"no": 0}]]


def test_a_yes_that_comes_late_changes_nothing(servers: Servers, operator: Operator) -> None:
    """One has looked, and goes for tea; another promotes a-3 meanwhile; then the first says yes to a-2."""
    slow, quick = operator(), operator()
    old_plan = slow.plan("a-2")
    assert quick.run(quick.plan("a-3")) == []
    with pytest.raises(PromotionRefused, match="Begin anew"):
        slow.run(old_plan)
    assert writable(servers) == ["a-3"]
    assert servers.sql("a-3", "SHOW REPLICA STATUS") == []


def test_two_at_once_do_not_open_two_servers(servers: Servers, operator: Operator) -> None:
    within, go_on = threading.Event(), threading.Event()

    def wait(said: str) -> None:
        if said.startswith("Waiting until a-2"):
            within.set()
            assert go_on.wait(60)

    first, second = operator(say=wait), operator()
    plans = first.plan("a-2"), second.plan("a-3")
    left: list[list[str]] = []
    running = threading.Thread(target=lambda: left.append(first.run(plans[0])))
    running.start()
    try:
        assert within.wait(60)
        with pytest.raises(PromotionRefused, match="Somebody else"):
            second.run(plans[1])
    finally:
        go_on.set()
        running.join()
    assert left == [[]]
    assert writable(servers) == ["a-2"]


@pytest.fixture
def half_known(servers: Servers, fault_cluster: Cluster, topology: Path) -> Iterator[Account]:
    """An account that the replicas know and the primary does not."""
    account = Account("half_known", "Half-known-4711!")
    admin = Administrator(fault_cluster.admin, fault_cluster.tls_ca)
    replicas = shard_of(topology, NAMES).replicas

    def on_replicas(*statements: str) -> None:
        for server in replicas:
            with admin.on(server) as root:
                root.run("SET GLOBAL super_read_only = OFF")
                root.run("SET SESSION sql_log_bin = 0")
                for statement in statements:
                    root.run(statement)
                root.run("SET GLOBAL super_read_only = ON")

    on_replicas(f"CREATE USER half_known@'%' IDENTIFIED BY '{account.password}'", "GRANT ALL ON *.* TO half_known@'%'")
    yield account
    on_replicas("DROP USER half_known@'%'")


def test_a_primary_that_turns_the_administrator_away_is_not_dead(operator: Operator, half_known: Account) -> None:
    """To promote over it would open a second server."""
    with pytest.raises(PromotionRefused, match="a-1 answers, and does not let the administrator in"):
        operator(account=half_known).plan()


def test_a_replica_that_is_far_behind_costs_no_writes(
    servers: Servers, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for while the primary serves, and given up with nothing changed."""
    monkeypatch.setattr(carrying_out, "APPLY_WITHIN", 2)
    faults.lag(servers.cluster, "a-3", 600)
    servers.sql("a-1", "CREATE DATABASE IF NOT EXISTS operators")
    said: list[str] = []
    late = operator(say=said.append)
    assert late.plan("a-2").candidate.name == "a-2"
    with pytest.raises(PromotionRefused, match="a-3 is more than 2 s behind"):
        late.run(late.plan("a-3"))
    assert said == []
    assert writable(servers) == ["a-1"]
    faults.heal(servers.cluster, "a-3")
    servers.sql("a-1", "DROP DATABASE operators")
    until(lambda: servers.replicates("a-3"))


def test_a_candidate_that_dies_before_it_opens_leaves_the_old_one_open(servers: Servers, operator: Operator) -> None:
    def strike(said: str) -> None:
        if said.startswith("Waiting until a-2"):
            servers.kill("a-2")

    unlucky = operator(say=strike)
    with pytest.raises(PromotionRefused, match="a-2 was lost"):
        unlucky.run(unlucky.plan("a-2"))
    assert writable(servers) == ["a-1"]
    servers.sql("a-1", "CREATE DATABASE IF NOT EXISTS operators")
    servers.sql("a-1", "DROP DATABASE operators")


def test_an_old_primary_stays_closed_also_where_an_earlier_run_had_just_closed_it(
    servers: Servers, operator: Operator
) -> None:
    """Killed between the two words; the next run finds it closed, and still has to see to its next start."""
    servers.sql("a-1", "SET GLOBAL super_read_only = ON")
    second = operator()
    assert second.run(second.plan("a-2")) == []
    kept = servers.sql("a-1", "SELECT * FROM performance_schema.persisted_variables")
    assert {"VARIABLE_NAME": "super_read_only", "VARIABLE_VALUE": "ON"} in kept


def test_of_two_servers_the_one_that_forgot_its_source_is_opened_all_the_same(
    servers: Servers, operator: Operator
) -> None:
    """Killed behind RESET REPLICA ALL: nobody knows how replicas sign in, and both refuse writes."""
    servers.sql("a-1", "SET GLOBAL super_read_only = ON")
    until(lambda: servers.replicates("a-2"))
    servers.sql("a-2", "STOP REPLICA")
    servers.sql("a-2", "RESET REPLICA ALL")
    said: list[str] = []
    second = operator(say=said.append, only=("a-1", "a-2"))
    left = second.run(second.plan("a-2"))
    assert writable(servers) == ["a-2"]
    assert any("by hand" in one for one in said)
    assert left == ["a-1 does not follow a-2. Compare their transactions, or rebuild it."]
