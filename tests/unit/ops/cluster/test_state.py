"""The application reads the same servers that the cluster describes, and takes a change only with a grown version."""

import json

import pytest

from ops.cluster.layout import FIRST_PRIMARIES, Mode
from ops.cluster.setup import Setup, with_shard
from ops.cluster.state import (
    describe,
    held_back,
    in_force,
    load,
    open_to_new,
    promoted_elsewhere,
    topology,
    write,
    write_topology,
)
from ops.cluster.state import with_shard as topology_with
from ops.places import Instance
from ops.trouble import Trouble
from shard_router.topology import parse


@pytest.fixture
def cluster(tmp_path):
    return describe(Instance("dev", 26000, tmp_path), dict(FIRST_PRIMARIES))


def test_the_description_has_the_settled_shape(cluster):
    assert list(cluster) == ["version", "tls_ca", "admin", "control", "shards", "redis"]
    assert cluster["control"] == {
        "kind": "replication",
        "primary": "ctl-1",
        "servers": {"ctl-1": {"host": "127.0.0.1", "port": 26010}},
    }
    assert cluster["shards"]["shard-b"]["servers"]["b-2"] == {"host": "127.0.0.1", "port": 26022}
    assert cluster["redis"].endswith("@127.0.0.1:26063/0")


def test_the_router_accepts_the_topology_and_it_holds_no_password(cluster):
    text = json.dumps(topology(cluster))
    found = parse(text)
    assert found.shards["shard-a"].primary.port == 26011
    assert all(shard.takes_new for shard in found.shards.values())
    assert cluster["admin"]["password"] not in text


def test_the_version_grows_with_a_change_only(cluster, tmp_path):
    write_topology(tmp_path, cluster)
    path = tmp_path / "topology.json"
    assert parse(path.read_text()).version == 1
    write_topology(tmp_path, cluster)
    assert parse(path.read_text()).version == 1
    cluster["shards"]["shard-a"]["primary"] = "a-2"
    write_topology(tmp_path, cluster)
    changed = parse(path.read_text())
    assert (changed.version, changed.shards["shard-a"].primary.name) == (2, "a-2")


def test_what_others_wrote_into_the_topology_stays(cluster, tmp_path):
    write_topology(tmp_path, cluster)
    path = tmp_path / "topology.json"
    theirs = json.loads(path.read_text())
    theirs["version"] += 1
    theirs["shards"]["shard-b"]["takes_new"] = False
    theirs["shards"]["shard-c"] = {**theirs["shards"]["shard-b"], "primary": "c-1"}
    theirs["ranges"] = [[1, 9, "shard-a"]]
    path.write_text(json.dumps(theirs))
    cluster["shards"]["shard-a"]["primary"] = "a-2"
    write_topology(tmp_path, cluster)
    found = json.loads(path.read_text())
    assert (found["version"], found["shards"]["shard-a"]["primary"]) == (3, "a-2")
    assert [found["shards"]["shard-b"], found["shards"]["shard-c"], found["ranges"]] == [
        theirs["shards"]["shard-b"], theirs["shards"]["shard-c"], theirs["ranges"],
    ]  # fmt: skip


@pytest.fixture
def grown(tmp_path):
    """An instance of two shards whose third has servers since a moment ago."""
    instance = Instance("dev", 26000, tmp_path)
    write(instance, describe(instance, dict(FIRST_PRIMARIES)))
    found = describe(instance, dict(FIRST_PRIMARIES), with_shard(Setup(), "shard-c"))
    write(instance, found)
    return instance, found


def test_a_shard_that_has_servers_only_is_known_to_tools_and_to_nobody_who_trades(grown):
    instance, cluster = grown
    assert load(instance.cluster_file)["shards"]["shard-c"]["servers"]["c-2"] == {"host": "127.0.0.1", "port": 26026}
    assert parse((instance.folder / "topology.json").read_text()).shards.keys() == {"shard-a", "shard-b"}
    assert in_force(instance.folder)["version"] == 1
    assert held_back(instance, cluster["shards"]) == ["shard-c"]
    assert promoted_elsewhere(instance, "shard-c") is None


def test_it_comes_into_force_closed_and_is_opened_in_a_version_of_its_own(grown):
    instance, cluster = grown
    found = topology_with(instance.folder, cluster, "shard-c")
    assert (found["version"], found["shards"]["shard-c"]["takes_new"]) == (2, False)
    (instance.folder / "topology.json").write_text(json.dumps(found))
    assert held_back(instance, cluster["shards"]) == []
    assert topology_with(instance.folder, cluster, "shard-c") == found  # cut short here, the next run says the same
    open_to_new(instance.folder, "shard-c")
    opened = parse((instance.folder / "topology.json").read_text())
    assert (opened.version, opened.shards["shard-c"].takes_new) == (3, True)
    open_to_new(instance.folder, "shard-c")
    assert in_force(instance.folder)["version"] == 3


def test_once_it_is_in_force_its_promotions_are_told_and_its_closing_stays(grown):
    instance, cluster = grown
    closed = topology_with(instance.folder, cluster, "shard-c")
    (instance.folder / "topology.json").write_text(json.dumps(closed))
    cluster["shards"]["shard-c"]["primary"] = "c-2"
    write(instance, cluster)
    found = in_force(instance.folder)
    assert (found["version"], found["shards"]["shard-c"]["primary"]) == (3, "c-2")
    assert found["shards"]["shard-c"]["takes_new"] is False


def test_servers_that_others_run_are_believed_with_all_their_shards(grown):
    """A file that BOOLA_CLUSTER names: whoever wrote a shard into it means it."""
    instance, cluster = grown
    write_topology(instance.folder, cluster, joining=cluster["shards"])
    assert parse((instance.folder / "topology.json").read_text()).shards["shard-c"].takes_new


def test_a_promotion_by_others_is_told_from_our_own(tmp_path):
    instance = Instance("dev", 26000, tmp_path)
    write(instance, describe(instance, dict(FIRST_PRIMARIES)))
    assert promoted_elsewhere(instance, "shard-a") is None
    path = tmp_path / "topology.json"
    theirs = json.loads(path.read_text())
    theirs["shards"]["shard-a"]["primary"] = "a-2"
    path.write_text(json.dumps(theirs))
    assert promoted_elsewhere(instance, "shard-a") == "a-2"
    assert promoted_elsewhere(instance, "shard-b") is None


def test_a_group_is_called_a_group_and_control_is_none(tmp_path):
    found = describe(Instance("dev", 26000, tmp_path), dict(FIRST_PRIMARIES), Setup(Mode.GROUP, group_names={}))
    kinds = [found["control"]["kind"], found["shards"]["shard-a"]["kind"], found["shards"]["shard-b"]["kind"]]
    assert kinds == ["replication", "group", "group"]
    assert list(found["shards"]["shard-a"]["servers"]) == ["a-1", "a-2", "a-3"]


def test_behind_proxies_clients_are_sent_to_them(tmp_path):
    found = describe(Instance("dev", 26000, tmp_path), dict(FIRST_PRIMARIES), Setup(proxied=True))
    assert found["shards"]["shard-a"]["servers"]["a-1"]["port"] == 26071


def test_a_description_that_lacks_a_part_is_refused(cluster, tmp_path):
    path = tmp_path / "given.json"
    del cluster["redis"]
    path.write_text(json.dumps(cluster))
    with pytest.raises(Trouble, match="lacks redis"):
        load(path)
    path.write_text("{")
    with pytest.raises(Trouble, match="not JSON"):
        load(path)
    with pytest.raises(Trouble, match="no cluster description"):
        load(tmp_path / "absent.json")
