"""People and shops on the real servers, opened and signed in by the services themselves."""

import pytest

from app.kit.transactions import write_control
from tests.support.tenancy import Tenancy, redis_store


@pytest.fixture(scope="session")
def tenancy(cluster, router):
    return Tenancy(router, redis_store(cluster.redis_url, cluster.redis_prefix), cluster.redis_prefix)


@pytest.fixture
def asha(tenancy):
    return tenancy.person()


@pytest.fixture
def shop_id(tenancy, asha):
    return tenancy.open(owner_email=asha.email).shop.shop_id


@pytest.fixture
def change(tenancy):
    def write(service, **given):
        return write_control(tenancy.router, lambda control: service(control, **given))

    return write
