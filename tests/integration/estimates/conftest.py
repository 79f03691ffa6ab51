"""A counter of Asha's shop, and her clerk's, who may make an estimate and not lower a rate."""

import pytest

from tests.support.counter import Counter


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    made = Counter(flask_app, runtime, cast.asha)
    made.set_board()
    return made


@pytest.fixture
def clerk(flask_app, runtime, cast, counter) -> Counter:
    return Counter(flask_app, runtime, cast.bina)
