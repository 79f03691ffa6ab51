"""Asha who decides, Bina who asks, and Ravi whose shop this is not."""

import pytest

from app.tenants.models import Role
from tests.support.cast import join, signed_in
from tests.support.counter import Counter


@pytest.fixture
def owner(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.asha)


@pytest.fixture
def clerk(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.bina)


@pytest.fixture
def manager(flask_app, runtime, cast) -> Counter:
    """Another who may decide in Asha's shop."""
    shop = cast.asha.shop
    tag = cast.asha.email.partition("-")[2].partition("@")[0]
    person = join(runtime, "Mohan", tag, Role.MANAGER, shop)
    return Counter(flask_app, runtime, signed_in(runtime, "Mohan", tag, person, Role.MANAGER, shop))


@pytest.fixture
def stranger(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.ravi)
