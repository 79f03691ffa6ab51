"""The product over real servers: settings, runtime, application, cast. Tests isolate by shop (docs/decisions/0001)."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.kit.runtime import Runtime
    from app.settings import Settings
    from shard_router import Router
    from tests.support.cast import Cast
    from tests.support.cluster import Cluster
    from tests.support.shops import OpenedShop


@pytest.fixture(scope="session")
def apart(cluster: "Cluster") -> Iterator["Cluster"]:
    """Databases beside everybody's: processes that are started on them work off nothing that other tests left."""
    fleet = cluster.named("_apart")
    fleet.create()
    yield fleet
    fleet.drop()


@pytest.fixture(scope="session")
def settings(cluster: "Cluster", tmp_path_factory: pytest.TempPathFactory) -> "Settings":
    from tests.support.settings import settings_for

    return settings_for(cluster, tmp_path_factory.mktemp("product"))


@pytest.fixture(scope="session")
def runtime(settings: "Settings") -> Iterator["Runtime"]:
    """The real parts, wired as the product wires them; its router is not the `router` fixture's."""
    from app.factory import build_runtime

    built = build_runtime(settings)
    yield built
    built.close()


@pytest.fixture(scope="session")
def flask_app(settings: "Settings", runtime: "Runtime") -> "Flask":
    from app.factory import create_app

    app = create_app(settings, parts=runtime)
    app.testing = True
    return app


@pytest.fixture
def client(flask_app: "Flask") -> "FlaskClient":
    """Somebody who is not signed in; send `cast.asha.headers()` to be Asha."""
    return flask_app.test_client()


@pytest.fixture
def cast(runtime: "Runtime") -> "Cast":
    """Everybody, in fresh shops: what a test writes there, no other test meets."""
    from tests.support.cast import Cast

    return Cast(runtime)


@pytest.fixture(scope="session")
def standing_cast(runtime: "Runtime") -> "Cast":
    """Everybody, once for all tests: for those that only look, or only try what must be refused."""
    from tests.support.cast import make_cast

    return make_cast(runtime)


@pytest.fixture
def open_shop(router: "Router") -> Callable[..., "OpenedShop"]:
    """Opens a fresh shop at once: open_shop(), open_shop("shard-b")."""
    from tests.support.shops import open_shop_rows

    return lambda shard="shard-a", **facts: open_shop_rows(router, shard, **facts)


@pytest.fixture
def shop(open_shop: Callable[..., "OpenedShop"]) -> "OpenedShop":
    """A fresh shop on shard A; `shop.actor` is its owner."""
    return open_shop()
