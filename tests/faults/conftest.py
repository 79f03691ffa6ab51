"""A cluster of its own that may be killed, the whole product over it as real processes, and shops that trade there."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from app.kit.runtime import Runtime
    from app.settings import Settings
    from tests.faults.market import Market
    from tests.faults.promoting import Promoter
    from tests.faults.servers import Servers
    from tests.support.cluster import Cluster
    from tests.support.stack import Stack


HERE = Path(__file__).parent
LONG = {
    "test_added_shard": "a cluster of its own is made, and grown, under load",
    "test_failover": "each kills a primary, waits for it to come back whole, and does it again",
    "test_errant": "servers are stopped, written to past their primary, and made anew",
    "test_restore": "a shard's copy is made, killed and brought back under load",
    "test_two_operators": "the cluster is set up anew for each two who promote at once",
    "test_full": "a server that waits for room looks for it once a minute",
    "test_groups": "seven servers more, which elect for seconds and form a group again after each test",
    "test_migrations": "a fleet is made anew, and two releases trade on it, three times over",
    "test_moves": "whole moves under load, to and fro",
    "test_slow_shards": "a silence is known after ten seconds, and is compared with as long a calm",
    "test_tail": "servers are killed under load or silent until the tail gives them up",
    "test_time_zones": "a process is started anew in each zone",
}
"""Files whose tests are `long`, and why: `./dev test` has twenty minutes for everything. Those in SHORT are not."""
SHORT = {
    "test_planned_changes_of_the_primary_are_felt_by_nobody",
    "test_tills_that_wait_for_each_other_do_not_hold_the_change_up",
    "test_a_worker_frozen_across_the_switch_writes_nothing_on_the_old_shard",
}


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE and item.path.stem in LONG and getattr(item, "originalname", "") not in SHORT:
            item.add_marker("long")


@pytest.fixture(scope="session")
def servers() -> Iterator["Servers"]:
    """Started once for all fault runs; its ports are BOOLA_PORT_BASE + 2000 and following."""
    from tests.faults.servers import Servers

    started = Servers()
    try:
        started.begin()
        yield started
    finally:
        started.destroy()


@pytest.fixture(scope="session")
def fault_cluster(servers: "Servers") -> "Cluster":
    import json

    from tests.support.cluster import Cluster

    file = servers.instance.cluster_file
    made = Cluster(file, json.loads(file.read_text()), "faults")
    made.create()
    return made


@pytest.fixture(scope="session")
def fault_settings(fault_cluster: "Cluster", tmp_path_factory: pytest.TempPathFactory) -> "Settings":
    """The product's defaults, but for addresses and the log."""
    from app.settings import Settings
    from ops import tools
    from tests.support.settings import settings_for
    from tests.support.stack import free_port

    given = os.environ.get("BOOLA_FONT_DIR")
    fonts = Path(given) if given else tools.fonts(lambda said: None)
    folder = tmp_path_factory.mktemp("product")
    topology = folder / "topology.json"  # its own: promotions write it, and `up` writes the cluster's anew
    topology.write_text(fault_cluster.file.read_text())
    return settings_for(
        fault_cluster, folder, topology_file=topology, public_url=f"http://127.0.0.1:{free_port()}",
        side_url=f"http://127.0.0.1:{free_port()}", font_dir=fonts, log_json=False,
        shard_threads=Settings.model_fields["shard_threads"].default,
    )  # fmt: skip


@pytest.fixture(scope="session")
def fault_runtime(fault_settings: "Settings") -> Iterator["Runtime"]:
    """The same parts in this process, for opening shops and for looking into the books."""
    from app.factory import build_runtime

    built = build_runtime(fault_settings)
    yield built
    built.close()


@pytest.fixture(scope="session")
def running_stack(fault_settings: "Settings", tmp_path_factory: pytest.TempPathFactory) -> Iterator["Stack"]:
    from tests.support.stack import Stack

    stack = Stack(fault_settings, tmp_path_factory.mktemp("stack"))
    try:
        stack.start("web", "relay", "worker")
        stack.wait_until_serving()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(servers: "Servers", running_stack: "Stack") -> Iterator["Stack"]:
    """Web with two processes, relay and worker; all of it whole again after each test, whatever it broke."""
    yield running_stack
    servers.mend()
    for name in ("web", "relay", "worker"):
        assert running_stack.runs(name), f"{name} ended: read {running_stack.logs}"


@pytest.fixture
def market(stack: "Stack", fault_runtime: "Runtime") -> "Market":
    """Fresh shops: what another test did to its own is not in these books."""
    from tests.faults.market import open_market

    return open_market(stack.url, fault_runtime)


@pytest.fixture
def promoter(
    servers: "Servers", fault_cluster: "Cluster", fault_settings: "Settings", fault_runtime: "Runtime"
) -> Iterator["Promoter"]:
    """Afterwards shard A has the primary that it had before: other tests kill it by its name."""
    from tests.faults.promoting import Promoter

    made = Promoter(fault_cluster, fault_settings, fault_runtime.router)
    first = made.primary("shard-a")
    yield made
    servers.mend()
    if made.primary("shard-a") != first:
        made.promote("shard-a", first)
