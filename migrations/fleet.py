"""Owns where migrations run: the databases of the fleet in their order, and how they are connected to."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from migrations.errors import MigrationRefused, SignInRefused
from shard_router.config import Account
from shard_router.topology import Server, Topology

ACCESS_DENIED = 1045
NO_DATABASE = (1044, 1049)


class Plane(StrEnum):
    CONTROL = "control"
    SHARD = "shard"


@dataclass(frozen=True)
class Target:
    """One database to keep up to date; `name` is `control` or the shard's."""

    name: str
    plane: Plane
    server: Server
    database: str


@dataclass(frozen=True)
class FleetConfig:
    """What a run is told. `accounts` has all of shard_router.accounts but repl; `admin` makes what is missing."""

    topology: Topology
    accounts: Mapping[str, Account]
    control_database: str = "boolagold_control"
    shard_database: str = "boolagold"
    admin: Account | None = None
    tls_ca: Path | None = None
    canary: str | None = None  # none given: the first shard by name
    parallel: int = 4  # shards at once, after the canary
    account_host: str = "%"
    lock_wait_s: int = 5  # for a table's metadata lock: a migration gives way to trade, not the other way round
    statement_s: int = 3600
    select_s: int = 60


class Fleet:
    """The databases of one fleet. Safe to use from many threads."""

    def __init__(self, config: FleetConfig) -> None:
        self.config = config
        self.control = Target("control", Plane.CONTROL, config.topology.control.primary, config.control_database)

    @cached_property
    def shards(self) -> list[Target]:
        """The canary first, then the rest by name."""
        names = sorted(self.config.topology.shards)
        canary = self.config.canary or names[0]
        if canary not in names:
            raise MigrationRefused(f"The canary {canary} is no shard of the topology; name one of {', '.join(names)}.")
        names.sort(key=lambda name: name != canary)
        shards = self.config.topology.shards
        return [Target(name, Plane.SHARD, shards[name].primary, self.config.shard_database) for name in names]

    @property
    def targets(self) -> list[Target]:
        return [self.control, *self.shards]

    def account(self, name: str) -> Account:
        account = self.config.admin if name == "admin" else self.config.accounts.get(name)
        if account is None:
            raise MigrationRefused(f"No user and password are given for the account {name}.")
        return account

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """One context for all connections: making one costs 25 ms. Servers' own certificates carry no host name."""
        context = ssl.create_default_context(cafile=self.config.tls_ca)
        context.check_hostname = False
        if self.config.tls_ca is None:
            context.verify_mode = ssl.CERT_NONE
        return context

    def engine(self, target: Target, account: str, *, database: bool = True) -> sa.Engine:
        """An engine without a pool: a run makes few connections and keeps none."""
        who = self.account(account)
        url = sa.URL.create(
            "mysql+pymysql", who.user, who.password, target.server.host, target.server.port,
            target.database if database else None, {"charset": "utf8mb4"},
        )  # fmt: skip
        limits = {"connect_timeout": 5, "read_timeout": self.config.statement_s, "write_timeout": 30}
        return sa.create_engine(
            url,
            poolclass=sa.NullPool,
            isolation_level="READ COMMITTED",
            connect_args={"ssl": self.tls, "init_command": self._session(), **limits},
        )

    def _session(self) -> str:
        config = self.config
        return (
            f"SET SESSION lock_wait_timeout={int(config.lock_wait_s)},"
            f" innodb_lock_wait_timeout={int(config.lock_wait_s)},"
            f" max_execution_time={int(config.select_s) * 1000}, time_zone='+00:00'"
        )

    @contextmanager
    def connect(self, target: Target, account: str, *, database: bool = True) -> Iterator[sa.Connection]:
        """A connection for one piece of work. Leaving without commit rolls back."""
        engine = self.engine(target, account, database=database)
        try:
            connection = engine.connect()
        except sa.exc.OperationalError as failed:
            raise self._refusal(target, account, failed) from failed
        with connection:
            yield connection

    def _refusal(self, target: Target, account: str, failed: sa.exc.OperationalError) -> Exception:
        """Why there is no connection, in a sentence that says what to do."""
        number = failed.orig.args[0] if failed.orig is not None and failed.orig.args else 0
        where = f"{target.server.name} of {target.name} ({target.server.host}:{target.server.port})"
        if number == ACCESS_DENIED:
            return SignInRefused(f"{where} refuses the account {self.account(account).user}; check its password file.")
        if number in NO_DATABASE:
            return MigrationRefused(
                f"{where} has no database {target.database} for {self.account(account).user}; run `up` with the"
                " administrator's account."
            )
        return MigrationRefused(f"{where} cannot be reached; start it, or correct the topology. {failed.orig}")

    def refuse_read_only(self, target: Target, account: str) -> None:
        """A demoted primary must not be migrated: its replica's new primary would never get to know."""
        with self.connect(target, account, database=False) as connection:
            if connection.scalar(sa.text("SELECT @@global.read_only")):
                raise MigrationRefused(
                    f"{target.server.name} of {target.name} is read-only, so it is no primary; correct the topology."
                )
