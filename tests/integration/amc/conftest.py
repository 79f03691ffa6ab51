"""Contracts of shops that the services themselves opened, on the real servers."""

import pytest

from tests.support.tenancy import Tenancy, redis_store


@pytest.fixture(scope="session")
def tenancy(cluster, router):
    return Tenancy(router, redis_store(cluster.redis_url, cluster.redis_prefix), cluster.redis_prefix)
