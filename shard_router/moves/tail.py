"""Owns the tail: a thread that reads a server's binlog and yields the primary keys of one shop's rows, and no values.

What it yields are keys to be read again, so it may name one too many; it may never miss one. It therefore knows every
event that it lets pass, and ends with TailBroken at any other.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from pymysql.err import MySQLError

from shard_router.gtid_sets import BadGtidSet, GtidSet
from shard_router.moves.events import TailBroken
from shard_router.moves.keys import Key, KeyShape
from shard_router.moves.stream import Stream, Transaction

__all__ = ["RawConnection", "Tail", "TailBroken", "Taken"]

RawConnection = Any  # a pymysql Connection that nobody else uses: of the account `mover`, over TLS, in autocommit

HEARTBEAT = 1.0  # seconds; so often an idle server says that it is there
SILENCE = 5.0  # seconds without a word after which it is taken for dead
CATCH_UP = 2.0  # seconds; the stream runs ahead of the engine, so what a tail saw a server may not have committed yet

COM_BINLOG_DUMP_GTID = 0x1E
THROUGH_GTID = 0x04
FIRST_EVENT = 4  # in a file, behind its magic number


@dataclass(frozen=True)
class Taken:
    """`keys`: per table the keys that changed, of transactions read whole. `upto`: the GTID set seen whole, `since`
    included; a new tail may begin there. `last`: "uuid:n" of the newest of these transactions, None without keys.

    The stream runs ahead of the engine: before rows are read again, the server must have executed `last`."""

    keys: dict[str, set[Key]] = field(default_factory=dict)
    upto: str = ""
    last: str | None = None


class Tail:
    """Not started yet. `keys` come from `keys.read_shapes`, asked after `since` was read off the same server.

    `server_id` must differ from that of every server and every other tail of the fleet."""

    def __init__(
        self,
        connect: Callable[[], RawConnection],
        *,
        database: str,
        shop_id: int,
        keys: Mapping[str, KeyShape],
        since: str,
        server_id: int,
    ) -> None:
        try:
            self._seen = GtidSet(since)
            self._seen.encode()  # no stream begins behind tags
        except BadGtidSet as bad:
            raise TailBroken(str(bad)) from bad
        self._connect = connect
        self._server_id = server_id
        self._stream = Stream(database, shop_id, keys)
        self._keys: dict[str, set[Key]] = {}
        self._last: str | None = None
        self._broken: str | None = None
        self._changed = threading.Condition()  # guards the four above
        self._connection: RawConnection = None
        self._thread = threading.Thread(target=self._run, name=f"tail of shop {shop_id}", daemon=True)

    # -- for the mover --------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Connects and begins to read. TailBroken if the server cannot be reached or lacks a part of `since`."""
        try:
            self._connection = self._connect()
            self._connection._read_timeout = SILENCE
            self._ask_for_history()
            self._ask_for_stream()
        except MySQLError as error:
            self._close()
            raise TailBroken(f"the server gives no stream: {error}") from error
        except TailBroken:
            self._close()
            raise
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and its connection; may be called twice, and on a tail that is broken."""
        self._break("the tail was stopped")
        line = getattr(self._connection, "_sock", None)  # None: not opened, or closed already
        if line is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)  # wakes the thread out of its read
        if self._thread.is_alive():
            self._thread.join()

    def take(self) -> Taken:
        """What was seen since the last take, which is then forgotten. TailBroken if the stream has ended."""
        with self._changed:
            self._check()
            taken = Taken(self._keys, str(self._seen), self._last)
            self._keys, self._last = {}, None
            return taken

    def wait_for(self, gtid: str, timeout: float) -> bool:
        """Whether the transaction "uuid:n" was read within `timeout` seconds. TailBroken if it never will be."""
        return self.wait_covers(gtid, timeout)

    def wait_covers(self, gtids: str, timeout: float) -> bool:
        """The same for a whole GTID set."""
        wanted, until = GtidSet(gtids), time.monotonic() + timeout
        with self._changed:
            while not self._seen.covers(wanted):
                self._check()
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _check(self) -> None:
        if self._broken is not None:
            raise TailBroken(self._broken)

    # -- asking ---------------------------------------------------------------------------------------------------
    def _ask_for_history(self) -> None:
        """A server that lacks a part of what was seen has another history: an older primary's, or one torn off."""
        since = str(self._seen)
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT GTID_SUBTRACT(@@global.gtid_purged, %s)", (since,))
            if purged := cursor.fetchone()[0]:
                raise TailBroken(f"the server has purged transactions that were not seen yet: {purged}")
            cursor.execute("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", (since, CATCH_UP))
            if cursor.fetchone()[0]:
                raise TailBroken(f"the server has not executed all that was seen before: {since}")

    def _ask_for_stream(self) -> None:
        """A name of its own for each tail: a server ends the stream of an older one of the same name."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SET @source_binlog_checksum = 'CRC32', @source_heartbeat_period = %s, @replica_uuid = %s",
                (int(HEARTBEAT * 1e9), str(uuid4())),
            )
        seen = self._seen.encode()
        head = struct.pack("<HIIQI", THROUGH_GTID, self._server_id, 0, FIRST_EVENT, len(seen))
        self._connection._execute_command(COM_BINLOG_DUMP_GTID, head + seen)

    # -- the thread -----------------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            while self._broken is None:
                self._keep(self._stream.read(self._connection._read_packet().get_all_data()))
        except TailBroken as broken:
            self._break(str(broken))
        except MySQLError as error:
            self._break(f"the server ended the stream: {error}")
        except Exception as error:  # noqa: BLE001 (whatever it is, the keys behind it are unknown, and somebody waits)
            self._break(f"an event that cannot be read: {error!r}")
        finally:
            self._close()

    def _keep(self, found: Transaction | GtidSet | None) -> None:
        if isinstance(found, GtidSet):
            if not self._seen.covers(found):
                raise TailBroken(f"the server wrote transactions that it did not send: {found}")
        elif found is not None:
            self._keep_transaction(found)

    def _keep_transaction(self, whole: Transaction) -> None:
        with self._changed:
            self._seen.add(whole.source, whole.number)
            for table, keys in whole.keys.items():
                self._keys.setdefault(table, set()).update(keys)
                self._last = whole.gtid
            self._changed.notify_all()

    def _break(self, reason: str) -> None:
        """The first reason is the true one."""
        with self._changed:
            self._broken = self._broken or reason
            self._changed.notify_all()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection._force_close()
