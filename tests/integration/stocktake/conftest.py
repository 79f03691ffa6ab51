"""A counter of Asha's shop with her or her clerk at it, and a count opened on it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.counter import Counter, made


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.asha)


@pytest.fixture
def binas_counter(flask_app, runtime, cast) -> Counter:
    """The same counter, and a clerk at it, who counts and decides nothing."""
    return Counter(flask_app, runtime, cast.bina)


@pytest.fixture
def ravis_counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.ravi)


@pytest.fixture
def opened(counter) -> Callable[..., dict[str, Any]]:
    return lambda **scope: made(counter.post("/stocktakes", scope))
