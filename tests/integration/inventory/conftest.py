"""A counter of Asha's shop, with her or her clerk at it, and one of Ravi's on the same shard."""

import pytest

from tests.support.counter import Counter
from tests.support.floor import Floor


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.asha)


@pytest.fixture
def binas_counter(flask_app, runtime, cast) -> Counter:
    """The same counter, and a clerk at it."""
    return Counter(flask_app, runtime, cast.bina)


@pytest.fixture
def ravis_counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.ravi)


@pytest.fixture
def floor(router, shop) -> Floor:
    """A shop of two outlets and a tray, nothing in it."""
    return Floor(router, shop)
