"""Owns bringing the accounts' rights to what the models say: granting what is missing, revoking what is too much."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from migrations.accounts import quoted
from migrations.errors import MigrationRefused
from migrations.fleet import Fleet, Plane, Target
from migrations.tables import tables_of
from shard_router.accounts import grants_for

VERSION_TABLE = "alembic_version"  # every account may read it: a process checks its minimum by it


@dataclass(frozen=True, order=True)
class Right:
    """A privilege on a table, or on one column of it."""

    table: str
    privilege: str  # SELECT | INSERT | UPDATE | DELETE | …
    column: str = ""


class Grants:
    """The table rights of every account but `migrate`, on one database."""

    def __init__(self, fleet: Fleet, target: Target) -> None:
        self._fleet = fleet
        self._target = target

    def apply(self) -> list[str]:
        """Sends what is missing and takes back what is too much; returns the statements.

        `migrate` may do that for tables. Rights on the whole database only an administrator can take back."""
        with self._fleet.connect(self._target, "admin" if self._fleet.config.admin else "migrate") as connection:
            statements = self.changes(connection)
            for statement in statements:
                connection.execute(sa.text(statement.replace(":", "\\:")))
            return statements

    def changes(self, connection: sa.Connection) -> list[str]:
        """The statements that `apply` would send. Rights on tables that are not there yet wait for them."""
        there = set(sa.inspect(connection).get_table_names())
        statements: list[str] = []
        for name, wanted in sorted(self.wanted().items()):
            user = self._fleet.account(name).user
            possible = {right for right in wanted if right.table in there}
            statements += self._changes_of(connection, user, possible)
        return statements

    def wanted(self) -> dict[str, set[Right]]:
        """Account → rights, from the models' own facts."""
        found: dict[str, set[Right]] = {name: set() for name in self._fleet.config.accounts if name != "migrate"}
        for grant in grants_for(tables_of(self._target.plane), for_share=self._for_share()):
            if grant.account in found:
                for column in grant.columns or ("",):
                    found[grant.account].add(Right(grant.table, grant.privilege, column))
        for rights in found.values():
            rights.add(Right(VERSION_TABLE, "SELECT"))
        if self._target.plane is Plane.SHARD and "mover" in found:  # who may not make triggers is told of none: a move
            found["mover"] |= {Right(table.name, "TRIGGER") for table in tables_of(Plane.SHARD)}  # refuses where one is
        return found

    def _for_share(self) -> bool:
        shard = self._fleet.config.topology.shards.get(self._target.name)
        return shard is None or shard.for_share

    def _changes_of(self, connection: sa.Connection, user: str, wanted: set[Right]) -> Iterable[str]:
        host = self._fleet.config.account_host
        who = f"{literal(user)}@{literal(host)}"
        binds = {"user": user, "host": host, "db": self._target.database}
        has = self._has(connection, binds)
        for pattern in self._whole_databases(connection, binds):
            if self._fleet.config.admin is None:
                raise MigrationRefused(
                    f"{user} has rights on all of {self._target.database} ({self._target.name}); run `up` once with the"
                    " administrator's account, which takes them back."
                )
            yield f"REVOKE ALL PRIVILEGES ON {quoted(pattern)}.* FROM {who}"
            yield f"REVOKE GRANT OPTION ON {quoted(pattern)}.* FROM {who}"
        yield from (f"REVOKE {text} FROM {who}" for text in self._listed(has - wanted))
        yield from (f"GRANT {text} TO {who}" for text in self._listed(wanted - has))

    def _listed(self, rights: set[Right]) -> Iterable[str]:
        """One text per table: SELECT, UPDATE (`a`, `b`) ON `db`.`table`."""
        for table in sorted({right.table for right in rights}):
            parts = []
            for privilege in sorted({right.privilege for right in rights if right.table == table}):
                columns = sorted(
                    right.column for right in rights if (right.table, right.privilege) == (table, privilege)
                )
                if "" in columns:
                    parts.append(privilege)
                if named := [quoted(column) for column in columns if column]:
                    parts.append(f"{privilege} ({', '.join(named)})")
            yield f"{', '.join(parts)} ON {quoted(self._target.database)}.{quoted(table)}"

    def _has(self, connection: sa.Connection, binds: dict[str, str]) -> set[Right]:
        where = "WHERE user = :user AND host = :host AND db = :db"
        rights = set()
        for row in connection.execute(sa.text(f"SELECT table_name, table_priv FROM mysql.tables_priv {where}"), binds):  # noqa: S608
            rights |= {Right(row.table_name, privilege) for privilege in listed(row.table_priv)}
        columns = sa.text(f"SELECT table_name, column_name, column_priv FROM mysql.columns_priv {where}")  # noqa: S608
        for row in connection.execute(columns, binds):
            rights |= {Right(row.table_name, privilege, row.column_name) for privilege in listed(row.column_priv)}
        return rights

    def _whole_databases(self, connection: sa.Connection, binds: dict[str, str]) -> list[str]:
        """Rights on the whole database are always too much. `mysql.db` holds the name as a pattern."""
        rows = connection.execute(sa.text("SELECT db FROM mysql.db WHERE user = :user AND host = :host"), binds)
        return [row.db for row in rows if row.db.replace("\\", "") == binds["db"]]


def listed(privileges: str | Iterable[str]) -> set[str]:
    """MySQL's SET column as privilege names; `Grant` is how it writes GRANT OPTION."""
    parts = privileges.split(",") if isinstance(privileges, str) else privileges
    return {"GRANT OPTION" if part.strip() == "Grant" else part.strip().upper() for part in parts if part.strip()}


def literal(text: str) -> str:
    """A user's or host's name between quotes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
