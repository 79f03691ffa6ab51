"""Owns a place to try tails in: a database on the control server, where no shop moves, and an account that may tail."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql

from shard_router.engines import shared_tls
from shard_router.moves.keys import Key, read_shapes
from shard_router.moves.tail import Tail, TailBroken, Taken
from tests.support.waiting import until

ASHA, RAVI = 1, 2
SOON = 20.0  # seconds; nothing here takes one


class Place:
    """The server, a database, and the account that tails: it may replicate and look at the tables, no more."""

    def __init__(self, raw: dict[str, Any], prefix: str) -> None:
        self.server = raw["control"]["servers"][raw["control"]["primary"]]
        self.admin = raw["admin"]
        self.tls = shared_tls(Path(raw["tls_ca"]))
        self.database = f"{prefix}_tail"
        self.account = (f"{prefix}_tail", "only-for-tails-1")

    def create(self) -> None:
        self.drop()
        user, password = self.account
        with self.connect(database=None) as connection:
            run(connection, f"CREATE DATABASE `{self.database}`")
            run(connection, f"CREATE USER '{user}'@'%%' IDENTIFIED BY %s", password)
            run(connection, f"GRANT REPLICATION SLAVE ON *.* TO '{user}'@'%'")
            run(connection, f"GRANT SELECT ON `{self.database}`.* TO '{user}'@'%'")

    def drop(self) -> None:
        with self.connect(database=None) as connection:
            run(connection, f"DROP DATABASE IF EXISTS `{self.database}`")
            run(connection, f"DROP USER IF EXISTS '{self.account[0]}'@'%'")

    def connect(self, **settings: Any) -> pymysql.Connection[Any]:
        """The administrator's, in autocommit."""
        return pymysql.connect(**{
            "host": self.server["host"], "port": self.server["port"], "user": self.admin["user"],
            "password": self.admin["password"], "database": self.database, "autocommit": True, "ssl": self.tls,
            "charset": "utf8mb4", "max_allowed_packet": 1 << 26, **settings,
        })  # fmt: skip

    def connect_tail(self, **settings: Any) -> pymysql.Connection[Any]:
        user, password = self.account
        return self.connect(**{"user": user, "password": password, **settings})

    def sql(self, statement: str, *values: Any) -> tuple[Any, ...]:
        with self.connect() as connection:
            return run(connection, statement, *values)

    def make(self, table: str, columns: str = "v INT", key: str = "id BINARY(16) NOT NULL", primary: str = "") -> None:
        """A table anew, shop_id in front."""
        names = primary or "shop_id, id"
        self.sql(f"DROP TABLE IF EXISTS `{table}`")
        rest = f", {columns}" if columns else ""
        self.sql(f"CREATE TABLE `{table}` (shop_id BIGINT NOT NULL, {key}{rest}, PRIMARY KEY ({names}))")

    def executed(self) -> str:
        return str(self.sql("SELECT @@global.gtid_executed")[0][0])

    def unstarted(self, *tables: str, shop_id: int = ASHA, connect: Callable[[], Any] | None = None,
                  since: str | None = None) -> Tail:  # fmt: skip
        since = self.executed() if since is None else since
        with self.connect_tail() as connection:
            shapes = read_shapes(connection, self.database, tables)
        return Tail(
            connect or self.connect_tail, database=self.database, shop_id=shop_id, keys=shapes, since=since,
            server_id=random.randrange(2**20, 2**32),
        )  # fmt: skip

    @contextmanager
    def tail(self, *tables: str, **settings: Any) -> Iterator[Tail]:
        """One that runs, from now on."""
        tail = self.unstarted(*tables, **settings)
        tail.start()
        try:
            yield tail
        finally:
            tail.stop()

    def taken(self, tail: Tail) -> Taken:
        """All that happened until now."""
        assert tail.wait_covers(self.executed(), SOON), "the tail does not get there"
        return tail.take()

    def keys(self, tail: Tail) -> dict[str, set[Key]]:
        return self.taken(tail).keys

    def reason(self, tail: Tail) -> str:
        """Why it broke; fails if it does not."""
        said: list[str] = []

        def broken() -> bool:
            try:
                tail.take()
            except TailBroken as why:
                said.append(str(why))
            return bool(said)

        until(broken, within=SOON, what="the end of the tail")
        return said[0]


def run(connection: pymysql.Connection[Any], statement: str, *values: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return tuple(cursor.fetchall())


def key(n: int) -> bytes:
    """An id that ends in zeros as often as not."""
    return n.to_bytes(8, "big") + bytes(8) if n % 2 else n.to_bytes(16, "big")
