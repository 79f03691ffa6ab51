"""Owns the PyMySQL connection of all pools: it reads each commit's GTID, counts round trips, and guards its cursors.

MySQL puts the GTID of a commit into the OK packet when `session_track_gtids=OWN_GTID` (our init command sets it), so
it costs no statement. PyMySQL does not read it; the two private methods overridden here are pinned by tests over every
path that we use: COMMIT, autocommit, DDL, executemany and multi-statement packets.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pymysql import err
from pymysql.connections import Connection, MySQLResult
from pymysql.constants import CLIENT, SERVER_STATUS
from pymysql.protocol import EOFPacketWrapper, MysqlPacket, OKPacketWrapper
from sqlalchemy import Connection as Link

from shard_router.errors import WrongShop

SESSION_STATE_CHANGED = 0x4000
TRACK_GTIDS = 3
DESCRIPTIONS_KEPT = 1000  # per connection; an application has fewer statements
IN_TRANSACTION = SERVER_STATUS.SERVER_STATUS_IN_TRANS


def gtid_in(status: int, message: bytes) -> str | None:
    """The GTID in the tail of an OK packet, if there is one."""
    if not status & SESSION_STATE_CHANGED or not message:
        return None
    info, at = _lenenc(message, 0)
    total, at = _lenenc(message, at + info)
    end = at + total
    while at < end:
        kind = message[at]
        size, at = _lenenc(message, at + 1)
        if kind == TRACK_GTIDS:
            length, start = _lenenc(message, at + 1)  # the byte before it is the encoding of the set: always text
            return message[start : start + length].decode("ascii")
        at += size
    return None


def _lenenc(data: bytes, at: int) -> tuple[int, int]:
    first = data[at]
    if first < 251:
        return first, at + 1
    size = {252: 2, 253: 3, 254: 8}[first]
    return int.from_bytes(data[at + 1 : at + 1 + size], "little"), at + 1 + size


class TrackedResult(MySQLResult):  # type: ignore[misc]
    """A result that remembers the GTID of its OK packet and the server status of its last packet."""

    connection: Any
    fields: Any
    converters: Any
    description: Any

    def _read_ok_packet(self, packet: Any) -> None:
        connection = self.connection
        super()._read_ok_packet(packet)
        gtid = gtid_in(self.server_status, self.message)
        if gtid:
            connection.last_gtid = gtid

    def _get_descriptions(self) -> None:
        """A server describes a statement's columns the same way each time: what was parsed once is not parsed again."""
        connection = self.connection
        known = connection.descriptions
        *columns, end = [connection._read_packet().get_all_data() for _ in range(self.field_count + 1)]
        said = tuple(columns)
        if said not in known:
            self.connection = _Again(connection, [*columns, end])
            super()._get_descriptions()
            self.connection = connection
            if len(known) >= DESCRIPTIONS_KEPT:
                known.clear()
            known[said] = (self.fields, self.converters, self.description)
        self.fields, self.converters, self.description = known[said]

    def _check_packet_is_eof(self, packet: Any) -> bool:
        if not packet.is_eof_packet():
            return False
        end = EOFPacketWrapper(packet)
        self.warning_count, self.has_next, self.server_status = end.warning_count, end.has_next, end.server_status
        return True


class _Again:
    """A connection's stand-in that gives packets a second time."""

    def __init__(self, connection: TrackingConnection, packets: Sequence[bytes]) -> None:
        self.use_unicode, self.encoding = connection.use_unicode, connection.encoding
        self.decoders = connection.decoders
        self._packets = iter(packets)

    def _read_packet(self, kind: type[MysqlPacket] = MysqlPacket) -> MysqlPacket:
        return kind(next(self._packets), self.encoding)


class TrackingConnection(Connection):  # type: ignore[misc]
    """A connection that its pool may arm: then only statements that the guards let through reach the server."""

    def __init__(self, **settings: Any) -> None:
        self.last_gtid: str | None = None
        self.round_trips = 0
        self.descriptions: dict[tuple[bytes, ...], tuple[Any, Any, Any]] = {}  # of columns, by the server's own words
        self.used_at = time.monotonic()
        self.in_doubt = False  # a statement failed: the server may or may not be in a transaction
        self._armed = False
        self._permits = 0
        settings["client_flag"] = settings.get("client_flag", 0) | CLIENT.SESSION_TRACK | CLIENT.FOUND_ROWS
        super().__init__(**settings)

    # -- the gate -------------------------------------------------------------------------------------------------
    def arm(self) -> None:
        """From now on `query` needs a permit: a cursor taken behind the guards' back gets WrongShop."""
        self._armed = True

    def permit(self, many: bool) -> None:
        """One statement may pass; all those of one executemany until `forbid`."""
        self._permits = -1 if many else 1

    def forbid(self) -> None:
        self._permits = 0

    def query(self, sql: str | bytes, unbuffered: bool = False) -> int:
        if self._armed:
            if not self._permits:
                raise WrongShop("a raw cursor of a guarded connection")
            if self._permits > 0:
                self._permits -= 1
        return super().query(sql, unbuffered)  # type: ignore[no-any-return]

    def run(self, sql: str) -> MySQLResult:
        """The router's own statements: already checked, sent as they are. The first result is returned."""
        self._permits = 1
        self.query(sql)
        return self._result

    # -- what the server said -------------------------------------------------------------------------------------
    def _execute_command(self, command: int, sql: str | bytes) -> None:
        self.round_trips += 1
        super()._execute_command(command, sql)

    def _read_ok_packet(self) -> OKPacketWrapper:
        packet = super()._read_ok_packet()
        self.last_gtid = gtid_in(packet.server_status, packet.message) or self.last_gtid
        return packet

    def _read_query_result(self, unbuffered: bool = False) -> int:
        self._result = None
        result = TrackedResult(self)
        try:
            if unbuffered:
                self.in_doubt = True  # the last word comes with the last row, past this method
                result.init_unbuffered_query()
            else:
                result.read()
        except err.MySQLError:
            self.in_doubt = True
            raise
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return result.affected_rows  # type: ignore[no-any-return]

    # -- ends of transactions -------------------------------------------------------------------------------------
    @property
    def in_transaction(self) -> bool:
        return self.in_doubt or bool(self.server_status & IN_TRANSACTION)

    def commit(self) -> None:
        """No round trip when there is nothing to end: COMMIT may have ridden in the last packet."""
        if self.in_transaction or not self.open:  # a lost connection has to say so
            super().commit()
            self.in_doubt = False

    def rollback(self) -> None:
        if self.in_transaction and self.open:  # a server rolls back what a lost connection leaves
            super().rollback()
            self.in_doubt = False


def tracked(link: Link) -> TrackingConnection:
    """The driver's connection of a SQLAlchemy one."""
    connection = link.connection.dbapi_connection
    assert isinstance(connection, TrackingConnection)
    return connection


def run_on(link: Link, statements: list[str]) -> list[MySQLResult]:
    """The router's own, checked SQL in one packet, past the cursor's guard; errors come as from any other statement.

    The server stops at the first statement that fails. Several need a connection of the pool that speaks several.
    """
    connection = tracked(link)
    results: list[MySQLResult] = []
    try:
        result = connection.run(";".join(statements))
        while True:
            results.append(result)
            if not result.has_next:
                return results
            connection.next_result()
            result = connection._result
    except err.Error as bad:
        link._handle_dbapi_exception(bad, statements[min(len(results), len(statements) - 1)][:500], None, None, None)
        raise
