"""A run over the fleet: its order, its ledger, what a failure stops, and how the next run goes on."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrations import versions
from migrations.errors import AnotherRunner, MigrationFailed, MigrationRefused
from migrations.runner import Runner
from shard_router.topology import Shard, Topology
from tests.support.cluster import Cluster
from tests.support.histories import simple
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[3]
ON_B = "op.connection.engine.url.port == {port}"


def states(runner: Runner) -> dict[tuple[str, str], str]:
    return {(entry.target, entry.revision): entry.state for entry in runner.ledger.entries()}


def tables(cluster: Cluster, shard: str) -> set[str]:
    target = next(target for target in cluster.fleet.shards if target.name == shard)
    with cluster.fleet.connect(target, "admin", database=False) as connection:
        return set(sa.inspect(connection).get_table_names(schema=target.database)) - {"alembic_version"}


def test_a_first_run_makes_everything_and_a_second_finds_nothing_to_do(whole):
    runner = Runner(whole.fleet_config())
    made = [entry for entry in runner.ledger.entries() if entry.state == "done"]
    assert len(made) == sum(len(versions.history(target.plane)) for target in whole.fleet.targets)
    assert runner.up() == 0
    for standing in runner.standing():
        assert (standing.revision, standing.pending, standing.grants, standing.trouble) == (standing.head, (), (), None)


def test_without_an_administrator_migrate_keeps_the_fleet_up_to_date(own, histories):
    first = histories(s0001=simple("one"))
    Runner(own.fleet_config(), root=first.root).up()
    both = type(first)(first.folder / "later", {"s0001": simple("one"), "s0002": simple("two")})
    assert Runner(own.fleet_config(admin=None), root=both.root).up() == 2
    assert tables(own, "shard-a") == tables(own, "shard-b") == {"one", "two"}


@pytest.mark.fault(18)
def test_a_crash_at_a_later_shard_is_resumed_there(own, histories):
    port = own.topology.shards["shard-b"].primary.port
    made = histories(
        s0001=simple("one"),
        s0002=f"""
            if {ON_B.format(port=port)} and not (HERE / "repaired").exists():
                raise RuntimeError("the disk of b is full")
            {simple("two")}
        """,
    )
    runner = Runner(own.fleet_config(), root=made.root)
    with pytest.raises(MigrationFailed) as failed:
        runner.up()
    assert failed.value.failures == {"shard-b": "RuntimeError: the disk of b is full"}
    assert states(runner) == {
        **{("control", step.revision): "done" for step in versions.history("control")},
        ("shard-a", "0001"): "done",
        ("shard-a", "0002"): "done",
        ("shard-b", "0001"): "done",
        ("shard-b", "0002"): "failed",
    }
    entry = next(entry for entry in runner.ledger.entries() if entry.state == "failed")
    assert entry.error == "RuntimeError: the disk of b is full"
    assert entry.finished_at is not None and entry.finished_at >= entry.started_at
    assert (tables(own, "shard-a"), tables(own, "shard-b")) == ({"one", "two"}, {"one"})

    done_before = [entry for entry in runner.ledger.entries() if entry.target == "shard-a"]
    made.flag("repaired").touch()
    assert runner.up() == 1
    assert tables(own, "shard-b") == {"one", "two"}
    assert set(states(runner).values()) == {"done"}
    assert [entry for entry in runner.ledger.entries() if entry.target == "shard-a"] == done_before
    assert (
        next(entry for entry in runner.ledger.entries() if (entry.target, entry.revision) == ("shard-b", "0002")).error
        is None
    )


def test_the_canary_fails_alone(own, histories):
    port = own.topology.shards["shard-b"].primary.port
    made = histories(s0001=f"if {ON_B.format(port=port)}: raise RuntimeError('no')\n{simple('one')}")
    runner = Runner(own.fleet_config(canary="shard-b"), root=made.root)
    with pytest.raises(MigrationFailed):
        runner.up()
    assert ("shard-a", "0001") not in states(runner)
    assert tables(own, "shard-a") == set()


@pytest.mark.fault(18)
def test_a_step_that_died_half_way_is_finished_by_the_next_run(own, histories):
    made = histories(
        s0001=f"""
            {simple("one")}
            if not (HERE / "repaired").exists():
                raise RuntimeError("killed")
            op.create_table("one", index("ix_one_no", "no"))
            {simple("two")}
        """
    )
    runner = Runner(own.fleet_config(), root=made.root)
    with pytest.raises(MigrationFailed):
        runner.up()
    assert tables(own, "shard-a") == {"one"}
    made.flag("repaired").touch()
    assert runner.up() == 2
    assert tables(own, "shard-a") == {"one", "two"}
    with own.fleet.connect(own.fleet.shards[0], "migrate") as connection:
        assert "ix_one_no" in {index["name"] for index in sa.inspect(connection).get_indexes("one")}


def test_a_second_runner_is_kept_out_and_comes_in_when_the_first_is_gone(own, histories):
    made = histories(
        s0001=f"""
            (HERE / "at work").touch()
            ends = time.monotonic() + 30
            while not (HERE / "go on").exists() and time.monotonic() < ends:
                time.sleep(0.01)
            {simple("one")}
        """
    )
    done: list[int] = []
    first = threading.Thread(target=lambda: done.append(Runner(own.fleet_config(), root=made.root).up()))
    first.start()
    try:
        until(made.flag("at work").exists)
        with pytest.raises(AnotherRunner):
            Runner(own.fleet_config(), root=made.root).up()
        with pytest.raises(AnotherRunner):
            Runner(own.fleet_config(admin=None), root=made.root).up()
    finally:
        made.flag("go on").touch()
        first.join()
    assert done == [len(versions.history("control")) + len(own.topology.shards)]
    assert Runner(own.fleet_config(), root=made.root).up(wait_s=5) == 0


PROGRAM = """
import sys
from pathlib import Path
from migrations.runner import Runner
from tests.support.cluster import cluster_here
Runner(cluster_here().named("m").fleet_config(), root=Path(sys.argv[1])).up()
"""


@pytest.mark.fault(18)
def test_a_killed_runner_leaves_no_lock_and_the_next_one_goes_on(own, histories):
    made = histories(
        s0001=simple("one"),
        s0002=f"""
            {simple("two")}
            if not (HERE / "repaired").exists():
                (HERE / "at work").touch()
                time.sleep(60)
            {simple("three")}
        """,
    )
    killed = subprocess.Popen([sys.executable, "-c", PROGRAM, str(made.root)], cwd=ROOT)
    try:
        until(made.flag("at work").exists, within=60)
    finally:
        killed.kill()
        killed.wait()
    runner = Runner(own.fleet_config(), root=made.root)
    entries = {(entry.target, entry.revision): entry for entry in runner.ledger.entries()}
    assert entries["shard-a", "0002"].state == "running" and entries["shard-a", "0002"].finished_at is None
    assert tables(own, "shard-a") == {"one", "two"}
    made.flag("repaired").touch()
    assert runner.up(wait_s=10) == 3
    assert set(states(runner).values()) == {"done"}
    assert tables(own, "shard-a") == tables(own, "shard-b") == {"one", "two", "three"}


def test_a_lost_lock_stops_the_run_before_its_next_step(own, histories):
    made = histories(
        s0001=simple("one"),
        s0002="""
            (HERE / "at work").touch()
            ends = time.monotonic() + 30
            while not (HERE / "go on").exists() and time.monotonic() < ends:
                time.sleep(0.01)
        """,
        s0003=simple("three"),
    )
    failures: list[Exception] = []

    def run() -> None:
        try:
            Runner(own.fleet_config(), root=made.root).up()
        except (MigrationFailed, MigrationRefused) as failed:
            failures.append(failed)

    runner = threading.Thread(target=run)
    runner.start()
    try:
        until(made.flag("at work").exists)
        with own.fleet.connect(own.fleet.control, "admin", database=False) as connection:
            holder = connection.scalar(
                sa.text("SELECT IS_USED_LOCK(:name)"), {"name": f"migrations.{own.control_database}"}
            )
            connection.execute(sa.text("KILL :id"), {"id": holder})
    finally:
        made.flag("go on").touch()
        runner.join()
    assert [type(failure) for failure in failures] == [MigrationRefused]
    assert "three" not in tables(own, "shard-a")
    assert Runner(own.fleet_config(), root=made.root).up() > 0
    assert "three" in tables(own, "shard-b")


def test_a_migration_gives_way_to_trade(own, histories):
    made = histories(s0001=simple("one"), s0002='op.add_column("one", may("note", code(10)))')
    first = type(made)(made.folder / "first", {"s0001": simple("one")})
    Runner(own.fleet_config(), root=first.root).up()
    target = own.fleet.shards[0]
    runner = Runner(own.fleet_config(lock_wait_s=1), root=made.root)
    with own.fleet.connect(target, "migrate") as trade:
        trade.execute(sa.text("SELECT * FROM one")).all()  # an open transaction holds the table's metadata
        with pytest.raises(MigrationFailed) as failed:
            runner.up()
    assert "1205" in failed.value.failures["shard-a"]
    assert states(runner)["shard-a", "0002"] == "failed"
    assert runner.up() == 2


def test_a_replica_is_not_migrated_in_the_primarys_place(own):
    topology = own.topology
    wrong = topology.shards["shard-b"]
    swapped = Shard(wrong.name, wrong.kind, primary=wrong.replicas[0], replicas=(wrong.primary,))
    config = own.fleet_config(topology=Topology(1, topology.control, {**topology.shards, "shard-b": swapped}))
    with pytest.raises(MigrationRefused, match="read-only"):
        Runner(config).up()


def test_an_unknown_canary_is_refused(own):
    with pytest.raises(MigrationRefused, match="shard-z"):
        Runner(own.fleet_config(canary="shard-z")).up()
    with own.fleet.connect(own.fleet.control, "admin", database=False) as connection:
        assert own.control_database not in sa.inspect(connection).get_schema_names()


def test_a_server_that_is_gone_keeps_no_other_from_being_asked(whole):
    topology = whole.topology
    gone = topology.shards["shard-b"]
    nowhere = type(gone.primary)(gone.primary.name, gone.primary.host, 1)
    shards = {**topology.shards, "shard-b": Shard(gone.name, gone.kind, primary=nowhere)}
    found = {
        one.target: one for one in Runner(whole.fleet_config(topology=Topology(1, topology.control, shards))).standing()
    }
    assert found["shard-a"].revision == found["shard-a"].head
    assert found["shard-b"].trouble
