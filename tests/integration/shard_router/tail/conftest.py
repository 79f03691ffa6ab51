"""A database of its own on the control server, where no shop moves: what ends a tail here ends nobody else's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tailing import Place


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    named = os.environ.get("BOOLA_CLUSTER")
    if not named:
        pytest.fail("No servers to test on: run ./dev test, or set BOOLA_CLUSTER to a cluster's file.", pytrace=False)
    prefix = os.environ.get("BOOLA_TEST_PREFIX", "test") + os.environ.get("PYTEST_XDIST_WORKER", "")
    place = Place(json.loads(Path(named).read_text()), prefix)
    place.create()
    yield place
    place.drop()
