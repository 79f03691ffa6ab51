"""Counters of the cast's shops, with a board."""

import pytest

from tests.support.counter import Counter


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    """Asha's: Maharashtra, registered, on shard A."""
    found = Counter(flask_app, runtime, cast.asha)
    found.set_board()
    return found


@pytest.fixture
def ravis_counter(flask_app, runtime, cast) -> Counter:
    """Ravi's: Karnataka, below the threshold of registration, on shard A too."""
    found = Counter(flask_app, runtime, cast.ravi)
    found.set_board()
    return found


@pytest.fixture
def zoyas_counter(flask_app, runtime, cast) -> Counter:
    """Zoya's: Tamil Nadu, registered, on shard B."""
    found = Counter(flask_app, runtime, cast.zoya)
    found.set_board()
    return found
