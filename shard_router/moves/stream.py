"""Owns the order of a binlog stream: where transactions begin and end, what may stand in them, and what ends the tail.

A transaction says its size in bytes at its beginning, and each file says at its beginning all that was committed before
it. Both are counted here, so a stream with something missing does not pass for a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from shard_router.gtid_sets import GtidSet
from shard_router.moves.events import (
    Event,
    TailBroken,
    checksums_of,
    gtid_of,
    rows_head_of,
    statement_of,
    table_map_of,
    unwrap,
)
from shard_router.moves.keys import Key, KeyShape
from shard_router.moves.rows import RowReader

MAPS_KEPT = 10_000  # table maps that were read; each one reopened table makes a new one

# events that stand between transactions, and those that stand in one
BETWEEN = {Event.ROTATE, Event.STOP, Event.FORMAT, Event.PREVIOUS_GTIDS, Event.GTID}
WITHIN = {
    Event.QUERY, Event.XID, Event.TABLE_MAP, Event.WRITE_ROWS, Event.UPDATE_ROWS, Event.DELETE_ROWS,
    Event.PARTIAL_UPDATE_ROWS, Event.ROWS_QUERY, Event.INTVAR, Event.RAND, Event.USER_VAR,
}  # fmt: skip

REASONS = {
    26: "an incident: the server itself does not know what was lost",
    34: "a transaction without a GTID",
    38: "an XA transaction",
    40: "a compressed transaction: binlog_transaction_compression must be OFF in all sessions",
    42: "a transaction whose GTID has a tag",
}

# Statements that change no row of a table and no table, whichever database they name.
HARMLESS = re.compile(
    rb"BEGIN|COMMIT|ROLLBACK( TO .*)?|SAVEPOINT .*"
    rb"|(ANALYZE|FLUSH|GRANT|REVOKE) .*|(CREATE|ALTER|DROP|RENAME) (USER|ROLE) .*|SET (PASSWORD|DEFAULT ROLE) .*",
    re.IGNORECASE | re.DOTALL,
)
XA = re.compile(rb"\s*XA\b", re.IGNORECASE)


@dataclass(slots=True)
class Transaction:
    """Read whole once `left` bytes are none. `keys` are those of the shop's rows."""

    source: UUID
    number: int
    left: int
    keys: dict[str, set[Key]] = field(default_factory=dict)

    @property
    def gtid(self) -> str:
        return f"{self.source}:{self.number}"


class Stream:
    """Fed with packets in their order. It starts in front of the first event that a server sends."""

    def __init__(self, database: str, shop_id: int, keys: Mapping[str, KeyShape]) -> None:
        # a server may write all names small, whatever it was told; one name too many costs nothing
        self._database = database.lower().encode()
        self._shop_id = shop_id
        self._shapes = {table.lower().encode(): shape for table, shape in keys.items()}
        self._checked = True  # we asked for checksums, so the events in front of the first file's have them
        self._open: Transaction | None = None
        self._announced: dict[bytes, RowReader | None] = {}  # by table id, in this transaction; None: not ours
        self._readers: dict[bytes, RowReader | None] = {}  # by the whole map
        self._layouts: dict[bytes, tuple[bytes, bytes, int]] = {}  # by table: its columns, which must stay the same
        self._handlers: dict[int, Callable[[bytes], None]] = {
            Event.QUERY: self._query,
            Event.TABLE_MAP: self._table_map,
            Event.WRITE_ROWS: lambda body: self._rows(body, 1),
            Event.UPDATE_ROWS: lambda body: self._rows(body, 2),
            Event.DELETE_ROWS: lambda body: self._rows(body, 1),
            Event.PARTIAL_UPDATE_ROWS: self._partial,
        }

    def read(self, packet: bytes) -> Transaction | GtidSet | None:
        """A transaction that is now whole; or all that was committed before the file that now begins."""
        kind, size, body = unwrap(packet, self._checked)
        if kind in WITHIN:
            return self._within(kind, size, body)
        if kind in BETWEEN:
            return self._between(kind, size, body)
        if kind != Event.HEARTBEAT:
            raise TailBroken(REASONS.get(kind, f"an event of type {kind}, which is not known"))
        return None

    # -- between transactions -------------------------------------------------------------------------------------
    def _between(self, kind: int, size: int, body: bytes) -> GtidSet | None:
        if self._open:
            raise TailBroken(f"the transaction {self._open.gtid} has no end")
        if kind == Event.FORMAT:
            self._checked = checksums_of(body)
            self._readers.clear()  # a server that was started anew counts its tables anew
        elif kind == Event.PREVIOUS_GTIDS:
            return GtidSet.decode(body)
        elif kind == Event.GTID:
            source, number, whole = gtid_of(body)
            self._open = Transaction(source, number, whole - size)
            self._announced.clear()
        return None

    # -- in a transaction -----------------------------------------------------------------------------------------
    def _within(self, kind: int, size: int, body: bytes) -> Transaction | None:
        whole = self._open
        if whole is None:
            raise TailBroken(f"an event of type {kind} outside of any transaction")
        handler = self._handlers.get(kind)
        if handler:
            handler(body)
        whole.left -= size
        if whole.left > 0 and kind != Event.XID:
            return None
        if whole.left or kind not in (Event.XID, Event.QUERY):
            raise TailBroken(f"the transaction {whole.gtid} is not as long as it said")
        self._open = None
        return whole

    def _query(self, body: bytes) -> None:
        statement = statement_of(body)
        if XA.match(statement.text):
            raise TailBroken(REASONS[38])
        if not HARMLESS.fullmatch(statement.text) and statement.may_touch(self._database):
            text = statement.text[:120].decode("utf-8", "replace")
            raise TailBroken(f"a statement that may change tables, and not a row, of the shop's database: {text}")

    def _table_map(self, body: bytes) -> None:
        if body not in self._readers:
            if len(self._readers) >= MAPS_KEPT:
                self._readers.clear()
            self._readers[body] = self._reader(body)
        self._announced[body[:6]] = self._readers[body]

    def _reader(self, body: bytes) -> RowReader | None:
        described = table_map_of(body)
        shape = self._shapes.get(described.table.lower())
        if described.database.lower() != self._database or shape is None:
            return None
        layout = (described.types, described.metadata, described.nullable)
        if self._layouts.setdefault(described.table, layout) != layout:
            raise TailBroken(f"the columns of {shape.table} changed under way")
        return RowReader(described, shape, self._shop_id)

    def _rows(self, body: bytes, images: int) -> None:
        reader = self._announced_for(body)
        if reader is None or self._open is None:
            return
        found = reader.keys_in(body, rows_head_of(body, images), images)
        if found:
            self._open.keys.setdefault(reader.table, set()).update(found)

    def _partial(self, body: bytes) -> None:
        if reader := self._announced_for(body):
            raise TailBroken(f"rows of {reader.table} with parts of JSON: binlog_row_value_options must be empty")

    def _announced_for(self, body: bytes) -> RowReader | None:
        try:
            return self._announced[body[:6]]
        except KeyError:
            raise TailBroken("rows of a table that was not announced") from None
