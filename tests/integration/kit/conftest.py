"""The toy application on the real servers, and shops to use it with."""

import pytest

from app.adapters.redis_cache import RedisCache
from app.kit.cache import Breaker
from tests.support.kit_app import ToyApp, toy_app
from tests.support.shops import OpenedShop, open_shop_rows


@pytest.fixture(scope="session")
def cache_store(cluster):
    return Breaker(RedisCache(cluster.redis_url, prefix=cluster.redis_prefix))


@pytest.fixture(scope="session")
def toy(cluster, router, cache_store, tmp_path_factory) -> ToyApp:
    return toy_app(router, cache_store, tmp_path_factory.mktemp("assets"), prefix=cluster.redis_prefix)


@pytest.fixture
def shop(router) -> OpenedShop:
    """Asha's, on shard A."""
    return open_shop_rows(router, "shard-a")


@pytest.fixture
def ravis_shop(router) -> OpenedShop:
    """On shard A too."""
    return open_shop_rows(router, "shard-a", state="29")


@pytest.fixture
def zoyas_shop(router) -> OpenedShop:
    """On shard B."""
    return open_shop_rows(router, "shard-b", state="24")
