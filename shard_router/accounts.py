"""Owns what each database account may do: the grants follow from what the tables say of themselves.

`table.info["writes"]` is what the application does beside reading: "", insert, insert-update or insert-update-delete;
`table.info["mutable"]`, where given, are the only columns that it may update, else all but the key: no row changes its
shop. Locking needs no more: on MySQL from 8.0.22 FOR SHARE asks for SELECT, and FOR UPDATE for UPDATE on any column.
`table.info["mover"]` is what the mover does beside reading in a table of the control plane; none other is open to it.
`table.info["hidden"]` are columns that the account which reads across shops may not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Table

from shard_router.tables import shop_fence

APP = "app"  # requests and jobs
FLEET_RO = "fleet_ro"  # console and reports, across shops
MOVER = "mover"  # copies a shop to another shard
PURGER = "purger"  # deletes what its retention has ended, and what a move left behind
MIGRATE = "migrate"  # owns the schema; no table grants, it holds the database
REPL = "repl"  # replication only
ACCOUNTS = (APP, FLEET_RO, MOVER, PURGER, MIGRATE, REPL)

MOVES = {"update": ("UPDATE",), "insert-update": ("INSERT", "UPDATE")}
WRITES = {
    "": (),
    "insert": ("INSERT",),
    "insert-update": ("INSERT", "UPDATE"),
    "insert-update-delete": ("INSERT", "UPDATE", "DELETE"),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege of one account on one table, or on some of its columns."""

    account: str
    privilege: str
    table: str
    columns: tuple[str, ...] = ()

    def sql(self, database: str, user: str, host: str = "%") -> str:
        columns = f" ({', '.join(f'`{column}`' for column in self.columns)})" if self.columns else ""
        return f"GRANT {self.privilege}{columns} ON `{database}`.`{self.table}` TO '{user}'@'{host}'"


def grants_for(tables: Iterable[Table], *, for_share: bool = True) -> list[Grant]:
    """All grants of all accounts on these tables, of either plane.

    Where a server knows no FOR SHARE the fence is read FOR UPDATE, which asks for UPDATE on some column of it."""
    grants = [grant for table in tables for grant in _of_table(table)]
    fences = [] if for_share else [grant for grant in grants if (grant.account, grant.table) == (APP, shop_fence.name)]
    return grants + [Grant(APP, "UPDATE", grant.table, ("updated_at",)) for grant in fences[:1]]


def plane_of(table: Table) -> str:
    """`control` or `shard`: by the table's own facts, else by its metadata's."""
    return str(table.info.get("plane") or table.metadata.info.get("plane") or "shard")


def _of_table(table: Table) -> Iterator[Grant]:
    _check_columns(table)
    yield Grant(APP, "SELECT", table.name)
    for privilege in WRITES[table.info.get("writes", "")]:
        yield Grant(APP, privilege, table.name, _changed(table) if privilege == "UPDATE" else ())
    if plane_of(table) == "control":
        yield from _of_control(table)
    else:
        yield Grant(FLEET_RO, "SELECT", table.name, _shown(table))
        yield from (Grant(MOVER, privilege, table.name) for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE"))
        yield from (Grant(PURGER, privilege, table.name) for privilege in ("SELECT", "DELETE"))


def _changed(table: Table) -> tuple[str, ...]:
    """The columns that the application may change in a row that is there."""
    mutable = table.info.get("mutable") or (column.name for column in table.columns if not column.primary_key)
    return tuple(mutable)


def _shown(table: Table) -> tuple[str, ...]:
    """The columns that fleet_ro may read where it may not read all of them."""
    hidden = set(table.info.get("hidden", ()))
    return tuple(column.name for column in table.columns if column.name not in hidden) if hidden else ()


def _check_columns(table: Table) -> None:
    for fact in ("mutable", "hidden"):
        if unknown := set(table.info.get(fact, ())) - {column.name for column in table.columns}:
            raise ValueError(f"{table.name}: {fact} names no such column: {', '.join(sorted(unknown))}")


def _of_control(table: Table) -> Iterator[Grant]:
    """The control plane holds credentials and keys: nobody but the application reads it whole."""
    if (does := table.info.get("mover")) is not None:
        yield from (Grant(MOVER, privilege, table.name) for privilege in ("SELECT", *MOVES[does]))
    if table.info.get("retention") == "short":
        yield from (Grant(PURGER, privilege, table.name) for privilege in ("SELECT", "DELETE"))
