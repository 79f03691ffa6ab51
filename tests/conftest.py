"""The fixtures that every kind of test may ask for. The servers come from BOOLA_CLUSTER; nothing here starts one."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.fault_rows import (  # noqa: F401 hooks and fixtures of every kind of test
    chance,
    count,
    measured,
    pytest_collection_modifyitems,
    pytest_runtest_makereport,
    pytest_sessionfinish,
    pytest_terminal_summary,
    seed,
)

gc.set_threshold(50_000, 20, 100)  # what the runner holds is large and stays: a tenth of the time went into walking it

if TYPE_CHECKING:
    from shard_router import Router
    from tests.support.cluster import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator["Cluster"]:
    """The servers, with databases and accounts of this test process, made by the real migrations."""
    from tests.support.cluster import NoCluster, cluster_here

    try:
        found = cluster_here()
    except NoCluster as missing:
        pytest.fail(str(missing), pytrace=False)
    found.drop_stale()
    found.create()
    yield found
    if not os.environ.get("BOOLA_TEST_KEEP"):
        found.drop()


@pytest.fixture(scope="session")
def router(cluster: "Cluster", tmp_path_factory: pytest.TempPathFactory) -> Iterator["Router"]:
    """A real router over the real servers, with its pollers running; tests that stop servers build one of their own."""
    from shard_router import Router

    snapshot: Path = tmp_path_factory.mktemp("router") / "snapshot.json"
    built = Router(cluster.router_config(snapshot))
    yield built
    built.close()
