"""What bad requests are tried on: Asha's shop with something of everything, its description, and a look at all rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from app.kit.runtime import Runtime
    from tests.support.bad_input import Description, Rows
    from tests.support.cluster import Cluster
    from tests.support.good_asks import Stage


@pytest.fixture(scope="session")
def stage(flask_app: "Flask", runtime: "Runtime") -> "Stage":
    from tests.support.cast import make_cast
    from tests.support.good_asks import Stage
    from tests.support.world import furnish

    cast = make_cast(runtime)
    return Stage(flask_app, runtime, cast, furnish(runtime, cast))


@pytest.fixture(scope="session")
def description(flask_app: "Flask") -> "Description":
    from tests.support.bad_input import Description

    return Description(flask_app.test_client().get("/api/v1/openapi.json").json)


@pytest.fixture(scope="session")
def rows(cluster: "Cluster", stage: "Stage") -> Iterator["Rows"]:
    from tests.support.bad_input import Rows

    found = Rows(cluster, "shard-a", stage.asha.shop_id)
    yield found
    found.close()


@pytest.fixture
def unchanged(stage: "Stage", rows: "Rows") -> Iterator[None]:
    """The test leaves every row of both planes as it was."""
    from tests.support.bad_input import changed

    assert stage.places  # whatever is made lazily is made now
    before = rows.now()
    yield
    assert not changed(before, rows.now())
