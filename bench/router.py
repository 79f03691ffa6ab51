"""Measures the router beside what it stands on: a directory look-up, and a routed point read beside a plain session's.

The reads are the same statement for the same row over the same kind of connection (TLS, same account, same server
host); they alternate in one run, so that what the machine does meanwhile falls on all. One of them is a plain session's
through a MySQL Router before that server: what the routed read would cost if a proxy did the routing. Its TLS is passed
through, which is the cheapest that MySQL Router can do.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pymysql
from sqlalchemy import BigInteger, Engine, String, create_engine, select
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateTable

from ops import mysqlrouter
from ops.mysqlrouter import Line
from ops.trouble import Trouble
from shard_router import Account, Actor, Mode, Router, RouterConfig, ShopOwned
from shard_router.engines import shared_tls
from shard_router.tables import directory, shop_fence

LOOKUPS, READS, WARM = 20_000, 1_500, 150
SHOP, ROWS = 1, 500
ACTOR = Actor(None, name="bench")


class Base(DeclarativeBase):
    """The bench's own table: the router knows no domain, and neither does its measure."""


class Piece(ShopOwned, Base):
    __tablename__ = "bench_pieces"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tag: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(12))
    gross_mg: Mapped[int] = mapped_column(BigInteger)
    net_mg: Mapped[int] = mapped_column(BigInteger)


class Place:
    """Databases of this run on the cluster's servers, dropped afterwards."""

    def __init__(self, cluster: Path) -> None:
        self.raw: dict[str, Any] = json.loads(cluster.read_text())
        self.name = f"bench_router_{os.getpid()}"
        self.account = Account(self.raw["admin"]["user"], self.raw["admin"]["password"])
        self.tls_ca = Path(self.raw["tls_ca"])
        self.tls = shared_tls(self.tls_ca)
        self.shard = next(iter(self.raw["shards"]))
        self.primary = self._server(self.raw["shards"][self.shard])

    @staticmethod
    def _server(shard: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = shard["servers"][shard["primary"]]
        return found

    def connect(self, server: dict[str, Any], database: str | None = None, **more: Any) -> pymysql.Connection[Any]:
        return pymysql.connect(
            host=server["host"], port=server["port"], user=self.account.user, password=self.account.password,
            database=database, ssl=self.tls, charset="utf8mb4", **more,
        )  # fmt: skip

    def each(self, act: Callable[[Any], None]) -> None:
        for shard in (self.raw["control"], *self.raw["shards"].values()):
            with self.connect(self._server(shard), autocommit=True) as connection, connection.cursor() as cursor:
                act(cursor)

    def create(self) -> None:
        def act(cursor: Any) -> None:
            cursor.execute(f"CREATE DATABASE `{self.name}`")
            cursor.execute(f"USE `{self.name}`")
            for table in (directory, shop_fence, Base.metadata.tables[Piece.__tablename__]):
                cursor.execute(str(CreateTable(table).compile(dialect=mysql.dialect())))

        self.each(act)

    def drop(self) -> None:
        self.each(lambda cursor: cursor.execute(f"DROP DATABASE IF EXISTS `{self.name}`"))

    def router(self, folder: Path) -> Router:
        topology = folder / "topology.json"
        topology.write_text(json.dumps({key: self.raw[key] for key in ("version", "control", "shards")}))
        config = RouterConfig(
            topology=topology, accounts={"app": self.account}, snapshot=folder / "snapshot.json",
            redis_url=self.raw["redis"], shard_database=self.name, control_database=self.name, tls_ca=self.tls_ca,
            redis_prefix=f"{self.name}:",
        )  # fmt: skip
        return Router(config)


def run() -> dict[str, Any]:
    """Figures of one run on the cluster that BOOLA_CLUSTER names."""
    place = Place(Path(os.environ["BOOLA_CLUSTER"]))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        proxy = mysql_router(stack, place, Path(folder))
        place.drop()
        place.create()
        router = place.router(Path(folder))
        try:
            fill(router, place.shard)
            settle(router)
            return measure(router, place, proxy)
        finally:
            router.close()
            place.drop()


def fill(router: Router, shard: str) -> None:
    with router.control() as control:
        entry = router.directory.add(control, SHOP, shard)
        control.commit()
    router.directory.announce(entry)
    router.plant_fence(entry)
    with router.shop(SHOP, ACTOR) as db:
        db.add_all(
            [Piece(id=n, tag=f"T{n}", name="Ring", status="in_stock", gross_mg=3390, net_mg=3300) for n in range(ROWS)]
        )
        db.commit()


def settle(router: Router) -> None:
    """Until a replica is known to have it all."""
    for _ in range(250):
        if any(server.in_rotation for server in router.health() if server.role == "replica"):
            break
        time.sleep(0.02)
    time.sleep(1.2)


def mysql_router(stack: ExitStack, place: Place, folder: Path) -> dict[str, Any] | None:
    """One before the measured server, while the stack lasts; None where none can be had."""
    line = Line("before", [(place.primary["host"], place.primary["port"])])
    try:
        ports = stack.enter_context(mysqlrouter.started(folder / "mysqlrouter", [line], _say))
    except Trouble as trouble:
        _say(f"measuring without MySQL Router: {trouble}")
        return None
    return {"host": "127.0.0.1", "port": ports["before"]}


def plain_engine(place: Place, server: dict[str, Any]) -> Engine:
    return create_engine(
        "mysql+pymysql://",
        creator=lambda: place.connect(
            server, place.name, init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
        ),
        pool_size=4,
    )


def plain_read(engine: Engine) -> Callable[[int], str]:
    def read(key: int) -> str:
        with Session(engine) as session:
            return session.scalars(select(Piece).where(Piece.shop_id == SHOP, Piece.id == key)).one().name

    return read


def measure(router: Router, place: Place, proxy: dict[str, Any] | None) -> dict[str, Any]:
    engine = plain_engine(place, place.primary)
    proxied = {"proxied": plain_read(plain_engine(place, proxy))} if proxy else {}

    def routed(key: int) -> str:
        with router.shop(SHOP, ACTOR, mode=Mode.READ) as db:
            return db.scalars(select(Piece).where(Piece.id == key)).one().name

    def written(key: int) -> str:
        with router.shop(SHOP, ACTOR) as db:
            return db.scalars(select(Piece).where(Piece.id == key)).one().name

    def within() -> tuple[list[float], list[float]]:
        """Only the statement, in sessions that are open already: what the guards alone cost."""
        bare, guarded = [], []
        with Session(engine) as session, router.shop(SHOP, ACTOR) as db:
            for n in range(READS // 2):
                key = n * 7 % ROWS
                began = time.perf_counter()
                session.scalars(select(Piece).where(Piece.shop_id == SHOP, Piece.id == key)).one()
                middle = time.perf_counter()
                db.scalars(select(Piece).where(Piece.id == key)).one()
                guarded.append(time.perf_counter() - middle)
                bare.append(middle - began)
        return bare, guarded

    times = interleaved({"plain": plain_read(engine), "routed": routed, **proxied, "primary": written})
    bare, guarded = within()
    engine.dispose()
    counts = router.counts
    reads = sum(n for name, n in counts.items() if name.startswith("read_"))

    def ratio(other: str) -> float:
        return round(statistics.median(one / two for one, two in zip(times["routed"], times[other], strict=True)), 3)

    return {
        "lookup_us_p50": round(lookup_us(router), 3),
        "read_ratio_p50": ratio("plain"),
        "mysql_router_ratio_p50": ratio("proxied") if proxied else None,
        "read_us_p50": round(statistics.median(times["routed"]) * 1e6, 1),
        "plain_us_p50": round(statistics.median(times["plain"]) * 1e6, 1),
        "mysql_router_us_p50": round(statistics.median(times["proxied"]) * 1e6, 1) if proxied else None,
        "read_in_write_session_us_p50": round(statistics.median(times["primary"]) * 1e6, 1),
        "guards_ratio_p50": round(statistics.median(guarded) / statistics.median(bare), 3),
        "replica_read_share": round((counts["read_replica"] + counts["read_replica_waited"]) / max(reads, 1), 3),
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def lookup_us(router: Router) -> float:
    took = []
    for _ in range(LOOKUPS):
        began = time.perf_counter()
        router.directory.lookup(SHOP)
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e6


def interleaved(ways: dict[str, Callable[[int], str]]) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(WARM + READS):
        key = n * 7 % ROWS
        for name, way in ways.items():
            began = time.perf_counter()
            way(key)
            if n >= WARM:
                took[name].append(time.perf_counter() - began)
    return took


if __name__ == "__main__":
    print(json.dumps(run(), indent=None if "--json" in sys.argv else 1))
