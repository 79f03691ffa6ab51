"""Fault 18: a migration is killed at one database of several. The next run goes on; both releases trade meanwhile."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrations import versions
from migrations.runner import Runner
from ops.places import ROOT
from tests.support.cluster import Cluster
from tests.support.releases import Code, NoHistory, previous_code, this_code
from tests.support.waiting import until

pytestmark = pytest.mark.fault(18)

NEXT = '''"""Makes room for a note on each piece.

ALGORITHM/LOCK: two columns, INSTANT, and an index, INPLACE and LOCK=NONE.
"""

import time
from pathlib import Path

from migrations.kinds import code, may

HERE = Path({folder!r})
revision = "{revision}"
down_revision = "{down}"


def upgrade(op):
    op.add_column("{table}", may("note", code(40)))
    if op.connection.engine.url.port == {port} and not (HERE / "repaired").exists():
        (HERE / "half-way").touch()
        time.sleep(600)
    op.add_column("{table}", may("noted_by", code(40)))
    op.add_index("{table}", "ix_{table}_note", ["{key}", "note"])
'''
PROGRAM = """
import json, os, sys
from pathlib import Path
from migrations.runner import Runner
from tests.support.cluster import Cluster
file = Path(os.environ["BOOLA_CLUSTER"])
Runner(Cluster(file, json.loads(file.read_text()), sys.argv[1]).fleet_config(), root=Path(sys.argv[2])).up()
"""
VICTIMS = {"control": ("control", "shops"), "canary": ("shard", "items"), "last shard": ("shard", "items")}
EACH = ["last shard", *(pytest.param(victim, marks=pytest.mark.long) for victim in ("control", "canary"))]


@pytest.fixture
def own(cluster: Cluster) -> Iterator[Cluster]:
    """A fleet of this release's schema, with nothing in it."""
    fleet = cluster.named("k")
    fleet.create()
    yield fleet
    fleet.drop()


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Code | None:
    try:
        return previous_code(tmp_path_factory.mktemp("previous"))
    except NoHistory:
        return None


@pytest.mark.fault(18)
@pytest.mark.parametrize("victim", EACH)
def test_a_migration_killed_at_one_database_goes_on_there_and_both_releases_trade(
    own: Cluster, previous: Code | None, tmp_path: Path, victim: str, measured: Callable[..., None]
) -> None:
    plane, table = VICTIMS[victim]
    targets = {"control": own.fleet.control, "canary": own.fleet.shards[0], "last shard": own.fleet.shards[-1]}
    root, revision = histories(tmp_path, plane, table, targets[victim].server.port)
    kill_half_way(own, root, tmp_path)

    runner = Runner(own.fleet_config(), root=root)
    of_plane = {target.name for target in own.fleet.targets if target.plane == plane}
    entries = [one for one in runner.ledger.entries() if one.target in of_plane and one.revision == revision]
    behind = {"control": [], "canary": [], "last shard": [own.fleet.shards[0].name]}[victim]
    assert {one.target: one.state for one in entries} == {
        targets[victim].name: "running", **dict.fromkeys(behind, "done"),
    }  # fmt: skip
    assert "note" in columns(own, victim, table) and "noted_by" not in columns(own, victim, table)
    codes = [this_code(), *([previous] if previous else [])]
    days = [code.smoke(own.prefix, tmp_path / f"day-{number}") for number, code in enumerate(codes)]

    (tmp_path / "repaired").touch()
    wanted = {"control": 1, "canary": len(own.fleet.shards), "last shard": 1}[victim]
    assert runner.up(wait_s=10) == wanted
    assert all((one.revision, one.pending, one.trouble) == (one.head, (), None) for one in runner.standing())
    assert {entry.state for entry in runner.ledger.entries()} == {"done"}
    assert {"note", "noted_by"} <= columns(own, victim, table)
    days += [codes[-1].smoke(own.prefix, tmp_path / "day-after")]
    assert runner.up() == 0
    measured(killed_at=victim, releases_at_work=len(codes), steps_after=wanted, shops_that_traded=3 * len(days))
    for day in days:
        assert (day["below"], day["control_below"], day["console"]) == ({}, False, 200)
        assert [(one["numbers"], one["sound"], one["jobs"]) for one in day["shops"].values()] == [
            ([1, 2], True, ["done"] * 3)
        ] * 3


def histories(folder: Path, plane: str, table: str, port: int) -> tuple[Path, str]:
    """The real histories and one step more, which stops half-way on one server."""
    root = folder / "histories"
    for name in ("control", "shard"):
        shutil.copytree(versions.HERE / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    head = versions.history(plane)[-1].revision
    revision = f"{int(head) + 1:04d}"
    text = NEXT.format(
        folder=str(folder), revision=revision, down=head, port=port, table=table, key="shop_id",
    )  # fmt: skip
    (root / plane / "versions" / f"{revision}_notes.py").write_text(text)
    return root, revision


def kill_half_way(own: Cluster, root: Path, folder: Path) -> None:
    runner = subprocess.Popen([sys.executable, "-c", PROGRAM, own.prefix, str(root)], cwd=ROOT)
    try:
        until(lambda: (folder / "half-way").exists() or runner.poll() is not None, within=60)
        assert runner.poll() is None, "the migration ended before its time"
    finally:
        os.kill(runner.pid, signal.SIGKILL)
        runner.wait()


def columns(own: Cluster, victim: str, table: str) -> set[str]:
    target = {"control": own.fleet.control, "canary": own.fleet.shards[0], "last shard": own.fleet.shards[-1]}[victim]
    with own.fleet.connect(target, "migrate") as connection:
        return {str(column["name"]) for column in sa.inspect(connection).get_columns(table)}
