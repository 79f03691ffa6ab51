"""Owns what one server is asked about itself, and how its answers are read: its health, and its claim to a role."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine

from shard_router import durability
from shard_router.durability import Durability
from shard_router.engines import LOST, error_code
from shard_router.marks import Marks, last_marks, solid_marks
from shard_router.roles import Claim, Member
from shard_router.topology import Kind, Server, Shard

ASK = (
    "SELECT @@global.gtid_executed, @@global.read_only, @@global.replica_preserve_commit_order, @@global.gtid_mode,"
    " @@server_uuid"
)
ASK_NO_MORE = "SELECT 1"  # of a proxy that declares no GTIDs: it may lead to something that is no MySQL server
ASK_APPLIER = (
    "SELECT (SELECT COUNT(*) FROM performance_schema.replication_connection_status WHERE service_state <> 'ON')"
    " + (SELECT COUNT(*) FROM performance_schema.replication_applier_status WHERE service_state <> 'ON'),"
    " (SELECT COUNT(*) FROM performance_schema.replication_connection_status),"
    " (SELECT MAX(source_uuid) FROM performance_schema.replication_connection_status)"
)
ASK_GROUP = "SELECT member_id, member_state, member_role FROM performance_schema.replication_group_members"
NO_RIGHT = (1142, 1044, 1227)
DURABILITY_EVERY = 5.0
"""Seconds; what a server is set to changes by people's hands."""


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """One server as it was last seen. `lag_ms` is how long it has lacked something that its primary had."""

    name: str
    shard: str
    role: str  # primary or replica; proxy
    reachable: bool = False
    read_only: bool | None = None
    lag_ms: int | None = None
    replicating: bool | None = None  # None: this account may not ask
    preserves_order: bool | None = None
    errant: bool = False  # has transactions that its primary never had
    in_rotation: bool = False  # may answer reads
    problem: str = "not asked yet"
    checked_at: float = 0.0
    executed: Marks | None = None
    durability: Durability | None = None  # of a primary; None where it could not be asked
    uuid: str = ""
    doubt: str = ""  # of a primary: what speaks against it being one, and what a person should do

    @property
    def age_ms(self) -> int:
        return int((time.monotonic() - self.checked_at) * 1000) if self.checked_at else -1


class Questions:
    """`on_answer` hears of each server whether it answered."""

    def __init__(self, engine: Callable[[str, Server], Engine]) -> None:
        self._engine = engine
        self.on_answer: Callable[[Server, bool], None] = lambda server, answered: None
        self._may_not_ask: set[tuple[str, int, str]] = set()
        self._durability: dict[tuple[str, int], tuple[float, Durability | None]] = {}

    def ask(self, shard: Shard, server: Server, role: str) -> tuple[ServerHealth, Claim]:
        blank = ServerHealth(server.name, shard.name, role, checked_at=time.monotonic())
        try:
            raw = self._engine(shard.name, server).raw_connection()
            try:
                told = self._told(raw, shard, server, blank)
            finally:
                raw.close()
        except Exception as gone:  # noqa: BLE001 whatever it is, the server did not answer
            if error_code(gone) in LOST:
                self.on_answer(server, False)
            return replace(blank, problem=str(gone)[:200]), Claim(server)
        self.on_answer(server, True)
        return told

    def _told(self, raw: Any, shard: Shard, server: Server, blank: ServerHealth) -> tuple[ServerHealth, Claim]:
        if not shard.gtids:
            _rows(raw, ASK_NO_MORE)
            return replace(blank, reachable=True, problem=""), Claim(server, True, True)
        executed, read_only, order, gtids, uuid = _rows(raw, ASK)[0]
        members = self._members(raw, server) if shard.kind is Kind.GROUP else None
        replicating, follows = self._applier(raw, server) if shard.kind is Kind.REPLICATION else (None, None)
        if members is not None:
            replicating = any(one.uuid == uuid and one.state == "ONLINE" for one in members)
        replica = blank.role == "replica"
        seen = replace(
            blank,
            reachable=True,
            read_only=bool(read_only),
            replicating=replicating if replica else None,
            preserves_order=bool(order),
            executed=solid_marks(executed) if replica else last_marks(executed),
            problem=_problem(blank.role, gtids, read_only),
            durability=self._durable(raw, shard, server) if blank.role == "primary" else None,
            uuid=uuid,
        )
        return seen, Claim(server, True, not read_only, uuid, executed, follows, members)

    def _applier(self, raw: Any, server: Server) -> tuple[bool | None, str | None]:
        """Whether it replicates, and from whom: "" is nobody, "?" one that it has not met yet."""
        rows = self._allowed_rows(raw, server, ASK_APPLIER)
        if rows is None:
            return None, None
        stopped, channels, source = rows[0]
        return bool(channels) and not stopped, (source or "?") if channels else ""

    def _members(self, raw: Any, server: Server) -> tuple[Member, ...] | None:
        rows = self._allowed_rows(raw, server, ASK_GROUP)
        return None if rows is None else tuple(Member(*row) for row in rows)

    def _allowed_rows(self, raw: Any, server: Server, sql: str) -> Any:
        """All rows; None where this account may not ask, which is found out once."""
        key = (server.host, server.port, sql)
        if key in self._may_not_ask:
            return None
        try:
            return _rows(raw, sql)
        except Exception as refused:
            if error_code(refused) not in NO_RIGHT:
                raise
            self._may_not_ask.add(key)
            return None

    def _durable(self, raw: Any, shard: Shard, server: Server) -> Durability | None:
        """What the primary's acknowledgement is worth, asked every few seconds; None where nobody may ask."""
        now = time.monotonic()
        at, known = self._durability.get((server.host, server.port), (0.0, None))
        if at and now - at < DURABILITY_EVERY:
            return known
        cursor = raw.cursor()
        try:
            found: Durability | None = durability.ask(cursor, group=shard.kind is Kind.GROUP)
        except Exception as refused:
            if error_code(refused) not in NO_RIGHT:
                raise
            found = None
        finally:
            cursor.close()
        self._durability[server.host, server.port] = (now, found)
        return found


def _problem(role: str, gtids: str, read_only: int) -> str:
    if gtids != "ON":
        return f"gtid_mode is {gtids}"
    return "the proxy leads to a server that refuses writes" if role == "proxy" and read_only else ""


def _rows(raw: Any, sql: str) -> Any:
    cursor = raw.cursor()
    try:
        cursor.execute(sql)
        return cursor.fetchall()
    finally:
        cursor.close()
