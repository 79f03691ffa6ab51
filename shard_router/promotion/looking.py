"""Owns what each server of a shard shows an administrator, and the administrator's connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors

from shard_router import durability
from shard_router.config import Account
from shard_router.durability import Durability
from shard_router.engines import shared_tls
from shard_router.roles import Member
from shard_router.topology import Kind, Server, Shard

CONNECT, ANSWER = 2.0, 90.0
ASK = (
    "SELECT @@server_uuid AS uuid, @@global.gtid_executed AS executed, @@global.read_only AS read_only,"
    " @@report_host AS host, @@report_port AS port"
)
ASK_GROUP = (
    "SELECT member_id AS uuid, member_state AS state, member_role AS role"
    " FROM performance_schema.replication_group_members"
)


@dataclass(frozen=True, slots=True)
class Look:
    """One server as it was seen. `received` is what it took from its source and may not have applied yet."""

    server: Server
    trouble: str = ""  # why it was not reached; empty: it was
    turned_away: bool = False  # it answered, and would not let this administrator in, or not let them look
    uuid: str = ""
    address: tuple[str, int] = ("", 0)  # under which other servers reach it
    writable: bool = False
    executed: str = ""
    received: str = ""
    follows: str = ""  # the uuid of its source, "?" where it has not met it, "" where it follows nobody
    receiving: bool = False
    stopped_by: str = ""  # the error that stopped its applier
    durability: Durability | None = None  # as its own settings would make it, were it the primary
    members: tuple[Member, ...] = ()

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def reachable(self) -> bool:
        return not self.trouble

    @property
    def ended(self) -> bool:
        """Its machine answers, and says that nobody listens there: the process is gone, not merely silent."""
        return "Connection refused" in self.trouble

    @property
    def all(self) -> str:
        return f"{self.executed},{self.received}".strip(",")


class Root:
    """Plain statements by an administrator."""

    def __init__(self, connection: pymysql.Connection[Any]) -> None:
        self._connection = connection

    def run(self, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(binds) or None)
            return list(cursor.fetchall())

    def value(self, sql: str, binds: Sequence[object] = ()) -> Any:
        rows = self.run(sql, binds)
        return next(iter(rows[0].values())) if rows else None

    def has(self, variable: str) -> bool:
        return bool(self.run("SHOW GLOBAL VARIABLES LIKE %s", (variable,)))

    def durability(self) -> Durability:
        """Of a replica: as it will be once it is the primary. It waits for nobody now, since nobody writes there."""
        facts = {str(row["variable_name"]).lower(): str(row["variable_value"]) for row in self.run(durability.ASK)}
        if "rpl_semi_sync_source_enabled" in facts:
            facts["rpl_semi_sync_source_enabled"] = "ON"
        return durability.judge(facts)


@dataclass(frozen=True)
class Administrator:
    """An account that may do everything; nothing else of the product ever uses it."""

    account: Account
    tls_ca: Path | None = None
    connect_seconds: float = CONNECT
    _tls: list[Any] = field(default_factory=list, repr=False, compare=False)

    @contextmanager
    def on(self, server: Server) -> Iterator[Root]:
        connection = self._open(server, ANSWER)
        try:
            yield Root(connection)
        finally:
            connection.close()

    def _open(self, server: Server, answer: float) -> pymysql.Connection[Any]:
        if self.tls_ca is not None and not self._tls:
            self._tls.append(shared_tls(self.tls_ca))
        encryption: dict[str, Any] = {"ssl": self._tls[0]} if self._tls else {"ssl_disabled": True}
        return pymysql.connect(
            host=server.host, port=server.port, user=self.account.user, password=self.account.password,
            autocommit=True, charset="utf8mb4", cursorclass=pymysql.cursors.DictCursor, read_timeout=answer,
            connect_timeout=self.connect_seconds, init_command="SET SESSION lock_wait_timeout=10", **encryption,
        )  # fmt: skip

    def look(self, shard: Shard, server: Server) -> Look:
        """A server that stands still must not hold up the look."""
        try:
            connection = self._open(server, self.connect_seconds)
            try:
                return _seen(Root(connection), server, group=shard.kind is Kind.GROUP)
            finally:
                connection.close()
        except (pymysql.err.OperationalError, OSError) as gone:
            return Look(server, trouble=_told(gone), turned_away=_is_an_answer(gone))

    def look_at_all(self, shard: Shard) -> Mapping[str, Look]:
        """The last known primary last: what a replica has by then, it has too."""
        with ThreadPoolExecutor(len(shard.servers)) as threads:
            found = list(threads.map(lambda server: self.look(shard, server), shard.replicas))
        return {one.name: one for one in (*found, self.look(shard, shard.primary))}


def _seen(root: Root, server: Server, *, group: bool) -> Look:
    row = root.run(ASK)[0]
    rows = [] if group else [one for one in root.run("SHOW REPLICA STATUS") if not one["Channel_Name"]]
    status = rows[0] if rows else {}
    members = tuple(Member(**one) for one in root.run(ASK_GROUP)) if group else ()
    return Look(
        server,
        uuid=row["uuid"],
        address=(row["host"] or server.host, row["port"] if row["host"] else server.port),
        writable=not row["read_only"],
        executed=_one_line(row["executed"]),
        received=_one_line(status.get("Retrieved_Gtid_Set", "")),
        follows=(status["Source_UUID"] or "?") if status else "",
        receiving=status.get("Replica_IO_Running") == "Yes",
        stopped_by=str(status.get("Last_SQL_Error", ""))[:200],
        durability=None if group else root.durability(),
        members=members,
    )


def _one_line(text: str) -> str:
    return text.replace("\n", "")


def _is_an_answer(gone: Exception) -> bool:
    """Numbers from 2000 to 2999 are the driver's own: it heard nothing. All others a server has given."""
    number = gone.args[0] if isinstance(gone, pymysql.err.OperationalError) and gone.args else 2000
    return isinstance(number, int) and not 2000 <= number < 3000


def _told(gone: Exception) -> str:
    """A driver's text without its number."""
    return str(gone.args[-1] if gone.args else gone)[:120]
