"""The application reads the same servers that the cluster describes, and takes a change only with a grown version."""

import json

import pytest

from ops.cluster.layout import FIRST_PRIMARIES
from ops.cluster.state import describe, load, topology, write_topology
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
