"""Owns the tests' way to the servers: BOOLA_CLUSTER names them; each test process has databases of its own."""

import dataclasses
import datetime as dt
import json
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pymysql
import redis
import sqlalchemy as sa

from migrations.fleet import Fleet, FleetConfig, Target
from migrations.runner import Runner
from shard_router.config import Account, RouterConfig
from shard_router.topology import Topology, parse

ACCOUNTS = ("app", "fleet_ro", "migrate", "mover", "purger")
STALE = dt.timedelta(hours=1)


class NoCluster(Exception):
    """There are no servers to test on."""


@dataclass(frozen=True)
class Cluster:
    """The servers, and the names that this process uses on them."""

    file: Path
    raw: dict[str, Any] = field(repr=False)
    prefix: str

    @cached_property
    def topology(self) -> Topology:
        return parse(self.file.read_text())

    @property
    def control_database(self) -> str:
        return f"{self.prefix}_control"

    @property
    def shard_database(self) -> str:
        return f"{self.prefix}_shard"

    @property
    def accounts(self) -> dict[str, Account]:
        return {name: Account(f"{self.prefix}_{name}", f"{name}-of-{self.prefix}-1") for name in ACCOUNTS}

    @property
    def admin(self) -> Account:
        return Account(self.raw["admin"]["user"], self.raw["admin"]["password"])

    @property
    def tls_ca(self) -> Path:
        return Path(self.raw["tls_ca"])

    @property
    def redis_url(self) -> str:
        return str(self.raw["redis"])

    @property
    def redis_prefix(self) -> str:
        return f"{self.prefix}:"

    def named(self, part: str) -> "Cluster":
        """The same servers under other names: a fleet that a test may break."""
        return dataclasses.replace(self, prefix=f"{self.prefix}{part}")

    def fleet_config(self, **changes: object) -> FleetConfig:
        config = FleetConfig(
            topology=self.topology,
            accounts=self.accounts,
            control_database=self.control_database,
            shard_database=self.shard_database,
            admin=self.admin,
            tls_ca=self.tls_ca,
        )
        return dataclasses.replace(config, **changes)  # type: ignore[arg-type]

    def router_config(self, snapshot: Path, **changes: object) -> RouterConfig:
        config = RouterConfig(
            topology=self.file,
            accounts=self.accounts,
            snapshot=snapshot,
            redis_url=self.redis_url,
            shard_database=self.shard_database,
            control_database=self.control_database,
            tls_ca=self.tls_ca,
            token_keys=(b"tokens-of-the-tests-" + self.prefix.encode(),),
            redis_prefix=self.redis_prefix,
        )
        return dataclasses.replace(config, **changes)  # type: ignore[arg-type]

    @cached_property
    def fleet(self) -> Fleet:
        return Fleet(self.fleet_config())

    def create(self) -> None:
        """Databases and accounts from nothing, by the runner that production uses."""
        self.drop()
        Runner(self.fleet_config()).up()
        self.forget_cached()

    def forget_cached(self) -> None:
        """Shop numbers begin anew with new databases, so what Redis knows of the old ones would be believed."""
        with redis.Redis.from_url(self.redis_url) as client:
            for key in client.scan_iter(match=f"{self.redis_prefix}*", count=1000):
                client.delete(key)

    def drop(self) -> None:
        """Takes this process's databases and accounts off every server, where there are any."""
        for target in self.fleet.targets:
            with self.fleet.connect(target, "admin", database=False) as connection:
                connection.execute(sa.DDL(f"DROP DATABASE IF EXISTS `{target.database}`"))
                for account in self.accounts.values():
                    connection.execute(sa.text("DROP USER IF EXISTS :user@'%'"), {"user": account.user})

    def drop_stale(self) -> None:
        """What a killed run of more workers, or a test's own fleet, left behind an hour ago or more."""
        for target in self.fleet.targets:
            with self.fleet.connect(target, "admin", database=False) as connection:
                rows = connection.execute(
                    sa.text(
                        "SELECT table_schema AS name, MAX(create_time) AS made FROM information_schema.tables"
                        " WHERE table_schema LIKE :mine GROUP BY table_schema"
                    ),
                    {"mine": _base_prefix().replace("_", "\\_") + "%"},
                ).all()
                now = connection.scalar(sa.text("SELECT UTC_TIMESTAMP()"))
                for row in rows:
                    if re.fullmatch(rf"{_base_prefix()}_gw\d+\w*_(control|shard)", row.name) and now - row.made > STALE:
                        connection.execute(sa.DDL(f"DROP DATABASE IF EXISTS `{row.name}`"))
                        for account in ACCOUNTS:
                            user = f"{row.name.rpartition('_')[0]}_{account}"
                            connection.execute(sa.text("DROP USER IF EXISTS :user@'%'"), {"user": user})

    def raw_connection(self, target: Target, account: str) -> pymysql.Connection:
        """Straight to the server as one of the accounts: what it may do, the server alone decides."""
        who = self.fleet.account(account)
        return pymysql.connect(
            host=target.server.host, port=target.server.port, user=who.user, password=who.password,
            database=target.database, ssl=self.fleet.tls, charset="utf8mb4",
        )  # fmt: skip


def _base_prefix() -> str:
    return os.environ.get("BOOLA_TEST_PREFIX", "test")


def cluster_here() -> Cluster:
    """The cluster that BOOLA_CLUSTER names, under this test process's own prefix."""
    named = os.environ.get("BOOLA_CLUSTER")
    if not named or not Path(named).is_file():
        raise NoCluster("No servers to test on: run ./dev test, or set BOOLA_CLUSTER to a cluster's file.")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    prefix = f"{_base_prefix()}_{worker}" if worker else _base_prefix()
    return Cluster(Path(named), json.loads(Path(named).read_text()), prefix)
