"""Databases of the moves' own: toy tables with rows of shops that move, and the load that goes on meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import AddConstraint, CreateTable

from shard_router import DirectoryEntry, Router, Times
from shard_router.moves import Limits, Mover
from shard_router.tables import router_control_metadata, router_shard_metadata
from tests.integration.shard_router.conftest import Toy
from tests.integration.shard_router.moves.stock import SUMS, TABLES, StockBase
from tests.integration.shard_router.moves.trade import fill

NEXT = count(1)
LIMITS = Limits(accept_degraded=True, lease=1.0, patience=20.0)


def create(toy: Toy) -> None:
    for server in (toy.raw["control"]["primary"], *(shard["primary"] for shard in toy.raw["shards"].values())):
        control = server == toy.raw["control"]["primary"]
        name = toy.control_database if control else toy.shard_database
        with toy.admin(server) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"CREATE DATABASE `{name}`")
            cursor.execute(f"USE `{name}`")
            own = router_control_metadata if control else router_shard_metadata
            for table in [*own.sorted_tables, *([] if control else TABLES)]:
                cursor.execute("SET foreign_key_checks = 0")
                cursor.execute(str(CreateTable(table).compile(dialect=mysql.dialect())))
                if control:
                    for index in table.indexes:
                        columns = ", ".join(column.name for column in index.columns)
                        cursor.execute(f"CREATE INDEX `{index.name}` ON `{table.name}` ({columns})")
            if not control:
                piece = StockBase.metadata.tables["mv_pieces"]
                for constraint in piece.foreign_key_constraints:
                    cursor.execute(str(AddConstraint(constraint).compile(dialect=mysql.dialect())))


@pytest.fixture(scope="session")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    """Databases in which nothing lives but shops that move."""
    named = os.environ.get("BOOLA_CLUSTER")
    if not named:
        pytest.fail("No servers to test on: run ./dev test, or set BOOLA_CLUSTER to a cluster's file.", pytrace=False)
    raw = json.loads(Path(named).read_text())
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    folder = tmp_path_factory.mktemp("moves")
    (folder / "topology.json").write_text(json.dumps({key: raw[key] for key in ("version", "control", "shards")}))
    yard = Toy(raw, folder, f"{os.environ.get('BOOLA_TEST_PREFIX', 'test')}_mv{worker}")
    create(yard)
    yield yard
    for router in yard.routers:
        router.close()
    yard.sql(raw["control"]["primary"], f"DROP DATABASE IF EXISTS `{yard.control_database}`")
    for shard in raw["shards"].values():
        yard.sql(shard["primary"], f"DROP DATABASE IF EXISTS `{yard.shard_database}`")


@pytest.fixture(scope="session")
def router(yard: Toy) -> Router:
    """Its writers wait for longer than others: pauses on a busy machine are not what these tests are about."""
    return yard.router(times=Times(deciding=6.0))


@pytest.fixture
def shop(yard: Toy, router: Router) -> DirectoryEntry:
    """A shop on shard A, with some rows in every table."""
    entry = yard.open_shop(router, next(NEXT), "shard-a")
    fill(yard, entry)
    return entry


@pytest.fixture
def mover(router: Router) -> Mover:
    return Mover(router, tables=TABLES, sums=SUMS, limits=LIMITS)


@pytest.fixture
def make_mover(router: Router) -> Callable[..., Mover]:
    """With other limits, checks or a step."""
    return lambda **changes: Mover(router, **{"tables": TABLES, "sums": SUMS, "limits": LIMITS, **changes})


def fence_of(yard: Toy, server: str, shop_id: int) -> tuple[Any, ...] | None:
    rows = yard.sql(server, "SELECT state, epoch, moved_to FROM shop_fence WHERE shop_id = %s", shop_id)
    return rows[0] if rows else None
