"""Adding a shard: refused where it cannot be; cut short, a file of its own says that it is not whole yet."""

import json

import pytest

from ops import adding
from ops.cluster import proxies, state
from ops.cluster.control import Cluster
from ops.cluster.layout import FIRST_PRIMARIES
from ops.cluster.setup import Setup, with_shard
from ops.places import Instance
from ops.trouble import Trouble


@pytest.fixture
def instance(tmp_path):
    made = Instance("dev", 26000, tmp_path)
    state.write(made, state.describe(made, dict(FIRST_PRIMARIES)))
    return made


def served(instance):
    """The shard has servers, as the first step leaves it."""
    cluster = state.describe(instance, dict(FIRST_PRIMARIES), with_shard(Setup(), "shard-c"))
    state.write(instance, cluster)
    return adding._its_topology(instance, "shard-c")


def test_nothing_is_added_to_a_cluster_that_does_not_run(instance, monkeypatch):
    monkeypatch.delenv("BOOLA_CLUSTER", raising=False)
    before = {path.name for path in instance.folder.iterdir()}
    with pytest.raises(Trouble, match="cluster dev does not run: start it"):
        adding.add(Cluster(instance, lambda said: None), "shard-c")
    assert {path.name for path in instance.folder.iterdir()} - before <= {".lock", "pids", "log"}


def test_nothing_is_added_to_servers_that_others_run(instance, monkeypatch):
    monkeypatch.setenv("BOOLA_CLUSTER", str(instance.cluster_file))
    with pytest.raises(Trouble, match="somebody else runs"):
        adding.add(Cluster(instance, lambda said: None), "shard-c")


def test_the_shard_is_migrated_and_looked_at_by_a_file_that_nobody_follows(instance):
    own = served(instance)
    assert own.name == "topology-with-shard-c.json"
    assert "shard-c" in json.loads(own.read_text())["shards"]
    assert "shard-c" not in state.in_force(instance.folder)["shards"]
    assert adding._its_topology(instance, "shard-c") == own  # killed here, the next run goes on


def test_once_added_whole_it_stays_as_people_set_it(instance, monkeypatch):
    """Closed by a person later, it is not opened again by who adds it once more."""
    monkeypatch.setattr(adding, "TAKEN_WITHIN", 0)
    own = served(instance)
    adding._put_in_force(instance, "shard-c", own, lambda said: None)
    found = state.in_force(instance.folder)
    assert (found["version"], found["shards"]["shard-c"]["takes_new"]) == (3, True)
    assert not own.exists()
    assert adding._its_topology(instance, "shard-c").name == "topology.json"


def test_killed_between_closed_and_open_the_next_run_opens_it(instance, monkeypatch):
    own = served(instance)
    monkeypatch.setattr(adding.time, "sleep", lambda seconds: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        adding._put_in_force(instance, "shard-c", own, lambda said: None)
    assert state.in_force(instance.folder)["shards"]["shard-c"]["takes_new"] is False
    monkeypatch.undo()
    monkeypatch.setattr(adding, "TAKEN_WITHIN", 0)
    again = adding._its_topology(instance, "shard-c")
    assert again == own
    adding._put_in_force(instance, "shard-c", again, lambda said: None)
    assert state.in_force(instance.folder)["shards"]["shard-c"]["takes_new"] is True


def test_proxies_that_stand_get_the_doors_of_an_added_shard(monkeypatch):
    class Door:
        state = ""

        def __init__(self, listen, target):
            self.ports = (listen, target)

    monkeypatch.setattr(proxies, "Door", Door)
    doors = {"a-1": Door(71, 11)}
    order = {"server": "c-1", "do": "open", "listen": 85, "target": 25}
    assert proxies._obey(doors, order) == {"a-1": "", "c-1": ""}
    first = doors["c-1"]
    proxies._obey(doors, order)
    assert (doors["c-1"], first.ports) == (first, (85, 25))
