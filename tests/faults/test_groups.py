"""Faults 1 and 2 of shards that are replication groups: the group elects, a member comes back, there are never two."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pymysql
import pytest

from ops.cluster import faults, groups, status
from ops.cluster.control import Cluster
from ops.cluster.layout import Mode
from ops.trouble import Trouble
from shard_router import Account, Router, RouterConfig
from tests.faults.servers import Servers
from tests.support.waiting import until

pytestmark = pytest.mark.fault(1, 2)
ELECTED_WITHIN = 30.0  # the engine's own time is 6.5 s on a machine that is not busy


@pytest.fixture(scope="module")
def three() -> Iterator[Servers]:
    started = Servers(Mode.GROUP)
    try:
        started.begin()
        started.sql(started.primary("shard-a"), "CREATE DATABASE trial")
        started.sql(started.primary("shard-a"), "CREATE TABLE trial.t (no INT PRIMARY KEY)")
        yield started
    finally:
        started.destroy()


@pytest.fixture
def cluster(three: Servers) -> Iterator[Cluster]:
    yield three.cluster
    faults.heal(three.cluster)


@pytest.fixture
def written(three: Servers) -> Callable[[], float]:
    """Writes one row more on whoever lets it; gives the seconds that it took."""
    rows: list[int] = []

    def write() -> float:
        return until(_once, within=ELECTED_WITHIN, what="a write")

    def _once() -> bool:
        number = three_next(three, rows)
        for name in three.running("shard-a"):
            try:
                three.sql(name, f"INSERT INTO trial.t VALUES ({number})")
            except pymysql.err.MySQLError:
                continue
            rows.append(number)
            return True
        return False

    return write


def three_next(three: Servers, rows: list[int]) -> int:
    """A number that no row has yet."""
    if rows:
        return rows[-1] + 1
    alive = three.running("shard-a")[0]
    return int(three.sql(alive, "SELECT COALESCE(MAX(no), 0) + 1 AS n FROM trial.t")[0]["n"])


def views(cluster: Cluster) -> set[tuple[int, int]]:
    return {(one.online, one.known) for one in map(groups.look, cluster.members("shard-a"))}


def count(three: Servers, name: str) -> int:
    return int(three.sql(name, "SELECT COUNT(*) AS n FROM trial.t")[0]["n"])


def numbers(three: Servers, name: str) -> str:
    """Of the group's transactions, as the server has them: 1-17."""
    return str(three.sql(name, "SELECT @@GLOBAL.gtid_executed AS g")[0]["g"]).partition(":")[2]


def test_a_killed_primary_is_followed_and_comes_back_as_a_member(
    three: Servers, cluster: Cluster, written, measured
) -> None:
    written()
    old, before = three.primary("shard-a"), count(three, three.primary("shard-a"))
    faults.kill(cluster, old)
    measured(first_write_after_s=written())
    new = three.primary("shard-a")
    assert new != old
    assert count(three, new) == before + 1
    assert ":" not in numbers(three, new)  # without a gap: the router knows what a replica has by one number
    faults.heal(cluster)
    assert views(cluster) == {(3, 3)}
    assert three.primary("shard-a") == new
    until(lambda: count(three, old) == before + 1)


@pytest.fixture
def watching(three: Servers, cluster: Cluster, tmp_path: Path) -> Iterator[Router]:
    """A router that looks at the members as every process of the product does."""
    raw = json.loads(three.instance.cluster_file.read_text())
    topology = tmp_path / "topology.json"
    topology.write_text(json.dumps({key: raw[key] for key in ("version", "control", "shards")}))
    account = Account(raw["admin"]["user"], raw["admin"]["password"])
    config = RouterConfig(
        topology=topology, accounts={"app": account}, snapshot=tmp_path / "snapshot", tls_ca=Path(raw["tls_ca"])
    )
    router = Router(config)
    yield router
    router.close()


def test_the_member_that_is_left_goes_on_answering_reads(
    three: Servers, cluster: Cluster, written, watching: Router, measured
) -> None:
    """The new primary numbers its transactions on from where the old one stood: so what the other has is known."""
    allowed, problems = watching.config.times.replica_lag, set[str]()

    def of(name: str) -> str:
        """Why it answers no reads."""
        seen = next(one for one in watching.health() if one.name == name)
        return "" if seen.in_rotation else seen.problem

    written()
    old, others = three.primary("shard-a"), three.replicas("shard-a")
    until(lambda: not any(of(name) for name in others), what="both members in rotation")
    faults.kill(cluster, old)
    written()
    new = three.primary("shard-a")
    (left,) = {*others} - {new}
    until(lambda: watching.topology.shards["shard-a"].primary.name == new, what="the router to follow")
    followed_at = time.monotonic()
    while time.monotonic() - followed_at < allowed + 3:  # by now a member that never catches up would have been out
        written()
        problems.add(of(left))
    measured(problems=sorted(problems))
    assert problems == {""}


def test_a_group_that_was_killed_whole_begins_once_where_the_most_is(three: Servers, cluster: Cluster, written) -> None:
    written()
    first = three.primary("shard-a")
    others = three.replicas("shard-a")
    had = count(three, first)
    faults.kill(cluster, others[0])
    written()
    for name in (others[1], first):
        faults.kill(cluster, name)
    faults.heal(cluster)
    assert views(cluster) == {(3, 3)}
    assert three.primary("shard-a") != others[0]  # it lacks a write
    until(lambda: {count(three, name) for name in (first, *others)} == {had + 1})


def test_a_member_alone_refuses_writes_and_is_no_second_group(three: Servers, cluster: Cluster, written) -> None:
    written()
    first, (second, third) = three.primary("shard-a"), three.replicas("shard-a")
    faults.kill(cluster, second)
    faults.kill(cluster, third)
    until(lambda: not groups.look(cluster.mysql[first]).in_a_group, within=30, what="the survivor to notice")
    assert status.primaries_of(cluster)["shard-a"] == first  # as recorded: nobody else is there
    assert next(one for one in status.worth(cluster) if one.group == "shard-a").light == "red"
    faults.heal(cluster)
    assert views(cluster) == {(3, 3)}
    written()


def test_a_member_that_woke_up_is_in_the_one_group(three: Servers, cluster: Cluster, written) -> None:
    written()
    old = three.primary("shard-a")
    faults.freeze(cluster, old)
    written()
    faults.heal(cluster)
    assert views(cluster) == {(3, 3)}
    assert three.primary("shard-a") != old


def test_a_member_is_promoted_by_the_group_itself(three: Servers, cluster: Cluster) -> None:
    wanted = three.replicas("shard-a")[0]
    cluster.promote("shard-a", wanted)
    cluster.promote("shard-a", wanted)
    assert three.primary("shard-a") == wanted
    faults.kill(cluster, three.replicas("shard-a")[0])
    with pytest.raises(Trouble, match="not running"):
        cluster.promote("shard-a", next(one for one in ("a-1", "a-2", "a-3") if one not in three.running("shard-a")))


def test_a_member_is_rebuilt_from_the_primary_that_was_elected(three: Servers, cluster: Cluster, written) -> None:
    """The record names the one that died, which is not looked at: the group says who must not be thrown away."""
    written()
    died = three.primary("shard-a")
    faults.kill(cluster, died)
    written()
    elected = three.primary("shard-a")
    with pytest.raises(Trouble, match=f"{elected} is no replica"):
        cluster.rebuild(elected)
    before = three.sql(elected, "SELECT @@GLOBAL.server_uuid AS u")
    cluster.rebuild(died)
    assert views(cluster) == {(3, 3)}
    assert three.primary("shard-a") == elected
    assert three.sql(elected, "SELECT @@GLOBAL.server_uuid AS u") == before
    written()
    until(lambda: count(three, died) == count(three, elected))


def test_a_member_of_a_group_is_not_made_to_lag(cluster: Cluster, three: Servers) -> None:
    with pytest.raises(Trouble, match="paces its members"):
        faults.lag(cluster, three.replicas("shard-a")[0])
