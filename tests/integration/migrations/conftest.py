"""A fleet that a test may break: the same servers, other names."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster
from tests.support.histories import Histories


@pytest.fixture
def own(cluster: Cluster) -> Iterator[Cluster]:
    """Names on which nothing has run yet."""
    fleet = cluster.named("m")
    fleet.drop()
    yield fleet
    fleet.drop()


@pytest.fixture(scope="session")
def whole(cluster: Cluster) -> Iterator[Cluster]:
    """A fleet at its head, made once; whoever changes its rights or seeds leaves it as it was."""
    fleet = cluster.named("w")
    fleet.create()
    yield fleet
    fleet.drop()


@pytest.fixture
def histories(tmp_path: Path) -> Callable[..., Histories]:
    """Makes histories of the test's own: the real control plane, and shard steps as the test writes them."""
    return lambda **steps: Histories(tmp_path, steps)
