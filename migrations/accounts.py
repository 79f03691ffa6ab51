"""Owns the making of databases and accounts, by an administrator's account that nothing else ever uses."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from migrations.errors import SignInRefused
from migrations.fleet import Fleet, Plane, Target
from shard_router.config import Account

# `migrate` hands on what it may do itself; to see what an account has too much of it reads these three.
PRIVILEGE_TABLES = ("db", "tables_priv", "columns_priv")
# The router's health poller signs in as `app` and asks every server whether it replicates, and who leads its group.
HEALTH_TABLES = ("replication_connection_status", "replication_applier_status", "replication_group_members")
# A move follows the source's binlog, asks how replicas are, and ends a transaction that holds a shop's fence for ever.
MOVES = ("REPLICATION SLAVE", "REPLICATION CLIENT", "PROCESS", "CONNECTION_ADMIN")
LOCK_TABLES = ("data_locks",)


@dataclass(frozen=True)
class Act:
    """One statement of the bootstrap. `secret` binds stay out of what is shown."""

    statement: str
    binds: dict[str, str]

    def __str__(self) -> str:
        shown = {key: "…" if key == "password" else value for key, value in self.binds.items()}
        return " ".join([self.statement, *(f"{key}={value}" for key, value in shown.items())])


class Bootstrap:
    """Brings one server to have the database and the accounts; sends nothing where all is there."""

    def __init__(self, fleet: Fleet, target: Target) -> None:
        self._fleet = fleet
        self._target = target
        self._host = fleet.config.account_host

    def run(self) -> list[Act]:
        """Does what is missing and returns it."""
        done = []
        with self._fleet.connect(self._target, "admin", database=False) as connection:
            for act in self.missing(connection):
                connection.execute(sa.text(act.statement), act.binds)
                done.append(act)
            connection.commit()
        return done

    def missing(self, connection: sa.Connection) -> Iterator[Act]:
        """The acts that are left to do, found one after the other."""
        yield from self._database(connection)
        for name in sorted(self._fleet.config.accounts):
            yield from self._account(connection, self._fleet.account(name))
        yield from self._owner(connection, self._fleet.account("migrate"))
        yield from self._reader(connection, self._fleet.account("migrate"), "mysql", PRIVILEGE_TABLES)
        yield from self._reader(connection, self._fleet.account("app"), "performance_schema", HEALTH_TABLES)
        if "mover" in self._fleet.config.accounts and self._target.plane is Plane.SHARD:
            yield from self._reader(connection, self._fleet.account("mover"), "performance_schema", LOCK_TABLES)
            yield from self._mover(connection, self._fleet.account("mover"))

    def _database(self, connection: sa.Connection) -> Iterator[Act]:
        there = connection.scalar(
            sa.text("SELECT 1 FROM information_schema.schemata WHERE schema_name = :name"),
            {"name": self._target.database},
        )
        if not there:
            name = quoted(self._target.database)
            yield Act(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci", {})

    def _account(self, connection: sa.Connection, account: Account) -> Iterator[Act]:
        binds = {"user": account.user, "host": self._host}
        row = connection.execute(
            sa.text("SELECT plugin, ssl_type FROM mysql.user WHERE user = :user AND host = :host"), binds
        ).one_or_none()
        secret = {**binds, "password": account.password}
        if row is None:
            yield Act("CREATE USER :user@:host IDENTIFIED WITH caching_sha2_password BY :password REQUIRE SSL", secret)
            return
        if row.plugin != "caching_sha2_password":
            yield Act("ALTER USER :user@:host IDENTIFIED WITH caching_sha2_password BY :password REQUIRE SSL", secret)
            return
        if not row.ssl_type:
            yield Act("ALTER USER :user@:host REQUIRE SSL", binds)
        if not self._opens(account):
            yield Act("ALTER USER :user@:host IDENTIFIED BY :password RETAIN CURRENT PASSWORD", secret)

    def _opens(self, account: Account) -> bool:
        """Whether the account's password is the one given. A changed one is added: the old one works on."""
        name = next(name for name, given in self._fleet.config.accounts.items() if given == account)
        try:
            with self._fleet.connect(self._target, name, database=False):
                return True
        except SignInRefused:
            return False

    def _owner(self, connection: sa.Connection, account: Account) -> Iterator[Act]:
        """`migrate` owns the schema and may hand on rights in it."""
        binds = {"user": account.user, "host": self._host}
        pattern = self._target.database
        if not connection.scalar(sa.text("SELECT @@partial_revokes")):
            pattern = pattern.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
        owns = connection.scalar(
            sa.text(
                "SELECT 1 FROM mysql.db WHERE user = :user AND host = :host AND db = :pattern AND grant_priv = 'Y'"
            ),
            {**binds, "pattern": pattern},
        )
        if not owns:
            yield Act(f"GRANT ALL PRIVILEGES ON {quoted(pattern)}.* TO :user@:host WITH GRANT OPTION", binds)

    def _reader(
        self, connection: sa.Connection, account: Account, schema: str, tables: tuple[str, ...]
    ) -> Iterator[Act]:
        binds = {"user": account.user, "host": self._host}
        reads = connection.scalars(
            sa.text("SELECT table_name FROM mysql.tables_priv WHERE user = :user AND host = :host AND db = :db"),
            {**binds, "db": schema},
        ).all()
        for table in tables:
            if table not in reads:
                yield Act(f"GRANT SELECT ON {schema}.{table} TO :user@:host", binds)

    def _mover(self, connection: sa.Connection, account: Account) -> Iterator[Act]:
        """Rights on the whole server: MySQL has them for no less."""
        binds = {"user": account.user, "host": self._host}
        shown = connection.scalars(sa.text("SHOW GRANTS FOR :user@:host"), binds).all()
        has = {right.strip() for line in shown if " ON *.* " in line for right in line[6:].split(" ON ")[0].split(",")}
        for right in MOVES:
            if right not in has:
                yield Act(f"GRANT {right} ON *.* TO :user@:host", binds)


def quoted(name: str) -> str:
    """A name as MySQL takes it between backticks."""
    return "`" + name.replace("`", "``") + "`"
