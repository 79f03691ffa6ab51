"""`flask shards`: what each shard is, how it is loaded, what would even it out, whether a new one is fit."""

import dataclasses
import json

import pytest

from app.console import balance, topology
from app.console.balance import Measure
from app.factory import create_app
from shard_router import Router, TopologyRefused
from shard_router.marks import covers
from shard_router.moves.planning import Load
from tests.support.counter import Counter
from tests.support.waiting import until


@pytest.fixture
def run(flask_app):
    return lambda *words: flask_app.test_cli_runner().invoke(args=["shards", *words])


@pytest.fixture
def written(cluster, tmp_path):
    """Writes a topology file over the cluster's shards, changed as wished."""
    raw = json.loads(cluster.file.read_text())

    def write(version=1, name="topology.json", only=("shard-a", "shard-b"), **changes):
        shards = {shard: {**raw["shards"][shard], **changes.get(shard, {})} for shard in only}
        path = tmp_path / name
        path.write_text(json.dumps({"version": version, "control": raw["control"], "shards": shards}))
        return path

    return write


def loads(runtime, measure, shop_ids, watch_s=0):
    """What these shops weigh."""
    found = balance.loads_of(runtime.router, measure, watch_s=watch_s)
    return {load.shop_id: load for load in found if load.shop_id in shop_ids}


@pytest.fixture
def caught_up(runtime):
    """Waits until the replica of a shard has all that its primary has now: loads are counted there."""

    def wait(shard):
        shard = runtime.router.topology.shards[shard]
        marks = runtime.router.health_watch.executed_now(shard)

        def has_all():
            seen = runtime.router.health_watch.of(shard.replicas[0])
            return seen is not None and seen.in_rotation and covers(seen.executed or {}, marks)

        until(has_all, 10)

    return wait


def test_every_server_is_listed_with_its_part_and_its_shops(run, runtime, standing_cast):
    told = run("list")
    assert told.exit_code == 0, told.output
    lines = {line.split()[1]: line.split() for line in told.output.splitlines()[1:]}
    for shard in runtime.router.topology.every():
        for server in shard.servers:
            part = "primary" if server is shard.primary else "replica"
            assert lines[server.name][:3] == [shard.name, server.name, part]
            assert lines[server.name][3] == "well"
    assert int(lines["a-1"][-1]) >= 2 and int(lines["b-1"][-1]) >= 1  # the standing cast's


def test_a_shop_weighs_its_rows_where_it_is_at_home(runtime, cast, flask_app, caught_up):
    counter = Counter(flask_app, runtime, cast.asha)
    ours = {cast.asha.shop_id, cast.zoya.shop_id}
    for _ in range(2):
        counter.customer()
        for shard in ("shard-a", "shard-b"):
            caught_up(shard)
        found = loads(runtime, Measure.ROWS, ours)
        assert found[cast.asha.shop_id].amount == sum(counter.row_counts().values())
        assert (found[cast.asha.shop_id].shard, found[cast.zoya.shop_id].shard) == ("shard-a", "shard-b")
    assert found[cast.asha.shop_id].amount > found[cast.zoya.shop_id].amount


def test_bytes_are_rows_times_what_a_row_takes(runtime, cast, caught_up):
    """InnoDB gives each table 16 KiB at least and each row some, so a shop of some rows has some bytes."""
    caught_up("shard-a")
    found = loads(runtime, Measure.BYTES, {cast.asha.shop_id})
    assert found[cast.asha.shop_id].amount > 0


def test_writes_are_how_much_the_audit_chain_grew_while_we_looked(runtime, cast, flask_app, monkeypatch, caught_up):
    """Four customers entered within what counts as 2 s are 7,200 an hour; Zoya did nothing."""
    counter = Counter(flask_app, runtime, cast.asha)

    def trade(seconds):
        for _ in range(4):
            counter.customer()
        caught_up("shard-a")

    for shard in ("shard-a", "shard-b"):
        caught_up(shard)
    monkeypatch.setattr(balance, "pause", trade)
    found = loads(runtime, Measure.WRITES, {cast.asha.shop_id, cast.zoya.shop_id}, watch_s=2)
    assert {shop: load.amount for shop, load in found.items()} == {cast.asha.shop_id: 7200, cast.zoya.shop_id: 0}


def test_a_plan_is_shown_as_bars_and_moves_nothing(run, runtime, standing_cast, monkeypatch):
    """Two shops of 60 and 40 rows on A, none on B, of which the smaller goes."""
    asha, ravi = standing_cast.asha.shop_id, standing_cast.ravi.shop_id
    found = [Load(asha, "shard-a", 60), Load(ravi, "shard-a", 40)]
    monkeypatch.setattr(balance, "loads_of", lambda *_, **__: found)
    told = run("plan", "--tolerance", "20%")
    assert told.exit_code == 0, told.output
    assert f"shop {ravi}: shard-a → shard-b  (40 rows)" in told.output
    bars = [line for line in told.output.splitlines() if "█" in line or "·" in line]
    assert [line.split()[-2] for line in bars] == ["100", "60", "0", "40"]
    assert runtime.router.directory.lookup(ravi).shard == "shard-a"


@pytest.mark.parametrize("words", [["--tolerance", "much"], ["--by", "feeling"], ["--tolerance", "200%"]])
def test_a_plan_asked_for_badly_is_wrong_usage(run, words):
    assert run("plan", *words).exit_code == 2


def test_a_shard_that_nobody_knows_is_not_drained(run):
    told = run("drain", "shard-z", "--yes")
    assert told.exit_code == 1
    assert "There is no shard shard-z" in told.output


def test_a_drain_whose_moves_are_refused_changes_nothing(settings, runtime, standing_cast, written):
    """A pause that no move may take: each is refused at the start, and the shard goes on taking new shops."""
    path = written(version=7)
    router = Router(dataclasses.replace(runtime.router.config, topology=path, background=False))
    runner = create_app(settings, parts=dataclasses.replace(runtime, router=router)).test_cli_runner()
    before = path.read_text()
    try:
        told = runner.invoke(args=["shards", "drain", "shard-a", "--yes", "--max-pause", "5s"])
    finally:
        router.close()
    assert told.exit_code == 1
    assert "Refused, and nothing was begun" in told.output
    assert "takes no new shops" not in told.output
    assert path.read_text() == before


def test_a_shard_is_closed_to_new_shops_in_one_step(written):
    path = written(version=7)
    path.chmod(0o640)
    assert topology.close_to_new(path, "shard-a") is True
    raw = json.loads(path.read_text())
    assert (raw["version"], raw["shards"]["shard-a"]["takes_new"]) == (8, False)
    assert raw["shards"]["shard-b"].get("takes_new", True) is True
    assert path.stat().st_mode & 0o777 == 0o640
    assert topology.close_to_new(path, "shard-a") is False  # it took none before
    assert json.loads(path.read_text())["version"] == 8
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_the_last_shard_that_takes_shops_stays_open(written):
    path = written(**{"shard-b": {"takes_new": False}})
    before = path.read_text()
    with pytest.raises(TopologyRefused, match="no shard takes new shops"):
        topology.close_to_new(path, "shard-a")
    assert path.read_text() == before


def test_a_shard_added_while_all_runs_takes_new_shops_within_two_seconds(cluster, written, tmp_path):
    """As docs/moves.md has it: migrated first, then a topology with a higher version that names it."""
    path = written(version=1, only=("shard-a",))
    router = Router(cluster.router_config(tmp_path / "snapshot.json", topology=path))
    try:
        assert {router.place(shop) for shop in range(40)} == {"shard-a"}
        written(version=2)
        until(lambda: router.topology.version == 2, 2)
        assert {router.place(shop) for shop in range(40)} == {"shard-a", "shard-b"}
        with router.fleet(reason="test") as fleet:
            assert fleet.each(lambda session, shard: shard).complete
    finally:
        router.close()


# -- is it fit ------------------------------------------------------------------------------------------------------


def test_a_shard_is_looked_at_piece_by_piece(run, written):
    """The tests' own servers are set to go on alone when a replica is silent: said, and so not fit."""
    told = run("check", "shard-a", "--topology", str(written(version=99)))
    said = {line[4:].split(":")[0]: line for line in told.output.splitlines() if line.startswith("  ")}
    assert {"a-1 (primary)", "account app", "account fleet_ro", "account mover", "schema"} <= said.keys()
    assert all(said[one].startswith("  ✓") for one in ("a-1 (primary)", "account app", "account mover", "schema"))
    unfit = "✗" in told.output
    assert told.exit_code == (1 if unfit else 0)
    assert ("is not fit" in told.output) == unfit


def test_what_a_degraded_shard_may_lose_is_told_and_borne_by_who_says_so(run, written):
    """One replica, which is not waited for longer than a second: whatever is accepted, it stands there."""
    words = ["check", "shard-a", "--topology", str(written(version=99))]
    refused, borne = run(*words), run(*words, "--accept-degraded")
    lost = "acknowledged commits: lost when"
    assert (refused.exit_code, f"✗ {lost}" in refused.output) == (1, True), refused.output
    assert (borne.exit_code, f"! {lost}" in borne.output) == (0, True), borne.output


def test_a_shard_without_a_server_is_not_fit(run, written, cluster):
    nowhere = {"primary": "n-1", "servers": {"n-1": {"host": "127.0.0.1", "port": 1}}}
    told = run("check", "shard-b", "--topology", str(written(version=99, **{"shard-b": nowhere})))
    assert told.exit_code == 1
    assert "✗ n-1 (primary): not reachable" in told.output
    assert "shard-b is not fit to hold shops yet" in told.output


def test_a_shard_that_was_not_migrated_is_not_fit(run, written, flask_app, runtime, monkeypatch):
    from migrations import versions

    later = [*versions.history("shard"), type("Step", (), {"revision": "9999"})]
    monkeypatch.setattr(versions, "history", lambda plane: later)
    told = run("check", "shard-a", "--topology", str(written(version=99)))
    assert told.exit_code == 1
    assert "migrate it to 9999" in told.output


def test_a_shard_that_the_file_does_not_name_is_an_error_with_advice(run, written):
    told = run("check", "shard-q", "--topology", str(written(version=99)))
    assert told.exit_code == 1 and told.output.startswith("Error: shard-q")
