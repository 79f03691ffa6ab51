"""A counter of Asha's shop, and one of Ravi's on the same shard."""

import pytest

from tests.support.counter import Counter


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    counter = Counter(flask_app, runtime, cast.asha)
    counter.set_board()
    return counter


@pytest.fixture
def ravis_counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.ravi)
