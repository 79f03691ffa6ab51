"""Databases of the router's own tests: toy tables on control and both shards, made by the administrator's account."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateIndex, CreateTable

from shard_router import Account, Actor, DirectoryEntry, Router, RouterConfig
from shard_router.engines import shared_tls
from shard_router.tables import router_control_metadata, router_shard_metadata
from tests.integration.shard_router.toys import Bill, Line, Piece, Rate, ToyBase

ASHA, RAVI, ZOYA = 1, 2, 3  # Asha and Ravi live on the same shard: leaks within a shard are the dangerous ones
HOMES = {ASHA: "shard-a", RAVI: "shard-a", ZOYA: "shard-b"}
ACTOR = Actor(None, name="a test")
FRESH = count(100)


@dataclass
class Toy:
    """The servers, the databases of this test process on them, and routers over them."""

    raw: dict[str, Any]
    folder: Path
    prefix: str
    routers: list[Router] = field(default_factory=list)

    @property
    def control_database(self) -> str:
        return f"{self.prefix}_control"

    @property
    def shard_database(self) -> str:
        return f"{self.prefix}_shard"

    def address(self, server: str) -> tuple[str, int]:
        for shard in (self.raw["control"], *self.raw["shards"].values()):
            if server in shard["servers"]:
                return shard["servers"][server]["host"], shard["servers"][server]["port"]
        raise KeyError(server)

    def admin(self, server: str, database: str | None = None) -> pymysql.Connection[Any]:
        host, port = self.address(server)
        who = self.raw["admin"]
        return pymysql.connect(
            host=host, port=port, user=who["user"], password=who["password"], database=database,
            autocommit=True, ssl=shared_tls(Path(self.raw["tls_ca"])), charset="utf8mb4",
        )  # fmt: skip

    def sql(self, server: str, statement: str, *values: Any, database: str | None = None) -> tuple[Any, ...]:
        """As the administrator, in the shard's database (the control's on its server)."""
        default = self.control_database if server == self.raw["control"]["primary"] else self.shard_database
        with self.admin(server, database or default) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return tuple(cursor.fetchall())

    def config(self, **changes: Any) -> RouterConfig:
        who = Account(self.raw["admin"]["user"], self.raw["admin"]["password"])
        settings: dict[str, Any] = {
            "topology": self.folder / "topology.json",
            "accounts": {"app": who},
            "snapshot": self.folder / "snapshot.json",
            "redis_url": self.raw["redis"],
            "shard_database": self.shard_database,
            "control_database": self.control_database,
            "tls_ca": Path(self.raw["tls_ca"]),
            "token_keys": (b"a key of the tests, 32 bytes long",),
            "redis_prefix": f"{self.prefix}:{secrets.token_hex(4)}:",
            **changes,
        }
        return RouterConfig(**settings)

    def router(self, **changes: Any) -> Router:
        router = Router(self.config(**changes))
        self.routers.append(router)
        return router

    def open_shop(self, router: Router, shop_id: int, shard: str) -> DirectoryEntry:
        with router.control() as control:
            entry = router.directory.add(control, shop_id, shard)
            control.commit()
        router.directory.announce(entry)
        router.plant_fence(entry)
        return entry


def _create(toy: Toy) -> None:
    for server in (toy.raw["control"]["primary"], *(shard["primary"] for shard in toy.raw["shards"].values())):
        control = server == toy.raw["control"]["primary"]
        name = toy.control_database if control else toy.shard_database
        metadatas = [router_control_metadata] if control else [router_shard_metadata, ToyBase.metadata]
        with toy.admin(server) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"CREATE DATABASE `{name}`")
            cursor.execute(f"USE `{name}`")
            for table in (table for metadata in metadatas for table in metadata.sorted_tables):
                cursor.execute(str(CreateTable(table).compile(dialect=mysql.dialect())))
                for index in table.indexes:
                    cursor.execute(str(CreateIndex(index).compile(dialect=mysql.dialect())))


def _drop(toy: Toy) -> None:
    toy.sql(toy.raw["control"]["primary"], f"DROP DATABASE IF EXISTS `{toy.control_database}`")
    for shard in toy.raw["shards"].values():
        toy.sql(shard["primary"], f"DROP DATABASE IF EXISTS `{toy.shard_database}`")


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    named = os.environ.get("BOOLA_CLUSTER")
    if not named:
        pytest.fail("No servers to test on: run ./dev test, or set BOOLA_CLUSTER to a cluster's file.", pytrace=False)
    raw = json.loads(Path(named).read_text())
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    prefix = f"{os.environ.get('BOOLA_TEST_PREFIX', 'test')}_rt{worker}"
    folder = tmp_path_factory.mktemp("router")
    (folder / "topology.json").write_text(json.dumps({key: raw[key] for key in ("version", "control", "shards")}))
    toy = Toy(raw, folder, prefix)
    _create(toy)
    yield toy
    for router in toy.routers:
        router.close()
    _drop(toy)


@pytest.fixture(scope="session")
def router(toy: Toy) -> Router:
    """One router over the cast's shops, each with three pieces, two rates, two bills and their lines."""
    router = toy.router()
    for shop_id, shard in HOMES.items():
        toy.open_shop(router, shop_id, shard)
        with router.shop(shop_id, ACTOR) as db:
            db.add_all([Piece(id=n, tag=f"T{n}", name=f"piece {n} of {shop_id}") for n in (7, 8, 9)])
            db.add_all([Rate(purity=purity, paise=purity * 1000) for purity in (916, 750)])
            db.add_all([Bill(id=n, customer=f"customer {n} of {shop_id}") for n in (70, 71)])
            db.flush()
            db.add_all([Line(id=n * 10, bill_id=n, piece_id=7) for n in (70, 71)])
            db.commit()
    return router


@pytest.fixture
def fresh_shop(toy: Toy, router: Router) -> Callable[..., DirectoryEntry]:
    """Opens a shop that no other test knows."""
    return lambda shard="shard-a", at=router: toy.open_shop(at, next(FRESH), shard)


@pytest.fixture
def until() -> Callable[..., None]:
    """Waits for a condition that a background thread brings about."""
    import threading

    pause = threading.Event()

    def until(condition: Callable[[], object], seconds: float = 5.0, what: str = "the condition") -> None:
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            pause.wait(0.02)
        raise AssertionError(f"{what} did not come about within {seconds} s")

    return until
