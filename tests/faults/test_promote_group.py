"""Faults 1 and 2 by hand on shards that are replication groups: `flask shards promote`, as an operator types it.

The group elects by itself; the command hands over when it is told to whom, writes down whom the group elected, and
refuses whatever a group without its majority could lose."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.cluster import faults, groups
from ops.cluster.layout import Mode
from shard_router import Router
from tests.faults.promoting import Promoter
from tests.faults.servers import Servers
from tests.support.cluster import Cluster
from tests.support.settings import settings_for
from tests.support.waiting import until

pytestmark = [pytest.mark.fault(1, 2), pytest.mark.long]
SHARD = "shard-a"
ELECTED_WITHIN = 60.0  # the engine's own time is 6.5 s on a machine that is not busy


@pytest.fixture(scope="module")
def three() -> Iterator[Servers]:
    started = Servers(Mode.GROUP)
    try:
        started.begin()
        yield started
    finally:
        started.destroy()


@pytest.fixture(scope="module")
def promoter(three: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Promoter]:
    """With a topology file of its own, which names whoever is the primary at the start."""
    file, folder = three.instance.cluster_file, tmp_path_factory.mktemp("promoting")
    cluster = Cluster(file, json.loads(file.read_text()), "faults")
    cluster.create()
    topology = folder / "topology.json"
    topology.write_text(file.read_text())
    settings = settings_for(cluster, folder, topology_file=topology, log_json=False)
    router = Router(cluster.router_config(folder / "own-snapshot.json", topology=topology, background=False))
    yield Promoter(cluster, settings, router)
    router.close()


@pytest.fixture
def promote(three: Servers, promoter: Promoter, tmp_path: Path) -> Iterator[Callable[..., tuple[int, str]]]:
    """The command's exit status and all that it said; the group is whole again afterwards."""

    def run(*words: str) -> tuple[int, str]:
        done = promoter.by_command(SHARD, "--yes", *words, folder=tmp_path)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        return done.returncode, said

    yield run
    faults.heal(three.cluster)
    until(lambda: all(groups.look(one).online == 3 for one in three.cluster.members(SHARD)), within=ELECTED_WITHIN)


def test_a_group_that_is_well_hands_over_to_whom_is_named_and_to_nobody_else(
    three: Servers, promoter: Promoter, promote
) -> None:
    old, new = three.primary(SHARD), three.replicas(SHARD)[0]
    status, said = promote()
    assert (status, three.primary(SHARD)) == (1, old)
    assert f"{old} is the primary of {SHARD} and accepts writes" in said and "--to" in said
    status, said = promote("--to", new, "--dry-run")
    assert (status, three.primary(SHARD)) == (0, old)
    assert f"ask the group to make {new} its primary" in said
    status, said = promote("--to", new)
    assert status == 0, said
    assert (three.primary(SHARD), promoter.primary(SHARD)) == (new, new)
    status, said = promote("--to", new)
    assert (status, three.primary(SHARD)) == (1, new)
    assert "nothing to do" in said


def test_a_frozen_primary_is_followed_by_whom_the_group_elects(three: Servers, promoter: Promoter, promote) -> None:
    """Asked too early it says to wait; then it only writes down what the group has done, and says who is missing."""
    old = three.primary(SHARD)
    others = three.replicas(SHARD)
    told: list[tuple[int, str]] = []

    def named() -> bool:
        told.append(promote())
        return told[-1][0] != 1

    with three.frozen(old):
        until(named, within=ELECTED_WITHIN, what="the group's election")
        status, said = told[-1]
        assert status == 3, said  # done, but one member is missing
        assert f"{old} does not answer" in said and "START GROUP_REPLICATION" in said
        assert promoter.primary(SHARD) in others
        for _, early in told[:-1]:
            assert "elects another by itself within seconds" in early or "and accepts writes" in early, early
    new = promoter.primary(SHARD)
    faults.heal(three.cluster)
    assert three.primary(SHARD) == new


def test_a_member_that_is_left_alone_is_not_promoted(three: Servers, promoter: Promoter, promote) -> None:
    """It may lack what the two others acknowledged together; no flag goes past that."""
    alone, *gone = three.replicas(SHARD)[0], three.replicas(SHARD)[1], three.primary(SHARD)
    before = promoter.primary(SHARD)
    for name in gone:
        faults.kill(three.cluster, name)
    for words in ((), ("--to", alone), ("--accept-loss",), ("--to", alone, "--accept-loss")):
        status, said = promote(*words)
        assert status == 1, said
        assert "majority" in said or "run this again in ten" in said, said
        assert promoter.primary(SHARD) == before
    until(lambda: "majority" in promote()[1], within=ELECTED_WITHIN, what="the survivor to notice")
    assert three.sql(alone, "SELECT @@GLOBAL.super_read_only AS closed")[0]["closed"] == 1
