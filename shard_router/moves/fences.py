"""Owns a move's changes to the two fences of its shop. The target's row is where everything is decided.

target   incoming → open     the switch; only while this runner is the move's runner
         incoming → moved    the end of it; from then on no runner can switch, and only then does the source open
source   open → fenced       epoch + 1, and the new home's name
         fenced → moved      behind the switch
         fenced → open       behind the end; epoch + 1 once more, so that a runner that wakes late fences nothing
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from pymysql import err

from shard_router.moves.errors import MoveEnded, MoveError
from shard_router.moves.lines import DUPLICATE, LOCK_TIMED_OUT, TIMED_OUT, Line, ServerLost, error_number
from shard_router.moves.progress import SWITCH, Book, Part
from shard_router.tables import State

ROW = "SELECT epoch, state, moved_to, move_id FROM shop_fence WHERE shop_id = %s"
GUARD = (
    "SELECT fence.epoch FROM shop_fence AS fence JOIN move_progress AS runner"
    " ON runner.shop_id = fence.shop_id AND runner.move_id = fence.move_id AND runner.part = 'runner'"
    " WHERE fence.shop_id = %s AND fence.move_id = %s AND fence.state = 'incoming' AND runner.last_key = %s FOR SHARE"
)
SET = (
    "UPDATE shop_fence SET state = %s, epoch = %s, moved_to = %s, move_id = %s, updated_at = UTC_TIMESTAMP(6)"
    " WHERE shop_id = %s"
)
INSERT = (
    "INSERT INTO shop_fence (state, epoch, moved_to, move_id, shop_id, updated_at)"
    " VALUES (%s, %s, %s, %s, %s, UTC_TIMESTAMP(6))"
)
OPEN = (
    "UPDATE shop_fence SET state = 'open', epoch = %s, moved_to = NULL, updated_at = UTC_TIMESTAMP(6)"
    " WHERE shop_id = %s AND move_id = %s AND state = 'incoming'"
)
REOPEN = (
    "UPDATE shop_fence SET state = 'open', epoch = epoch + 1, moved_to = NULL, move_id = NULL,"
    " updated_at = UTC_TIMESTAMP(6) WHERE shop_id = %s AND state = 'fenced' AND move_id = %s"
)
RAISE = (
    "UPDATE shop_fence SET epoch = epoch + 1, updated_at = UTC_TIMESTAMP(6)"
    " WHERE shop_id = %s AND state = 'open' AND epoch = %s"
)
LEAVE = (
    "UPDATE shop_fence SET state = 'moved', updated_at = UTC_TIMESTAMP(6)"
    " WHERE shop_id = %s AND state = 'fenced' AND move_id = %s"
)
CLOSE = (
    "UPDATE shop_fence SET state = 'moved', epoch = %s, moved_to = %s, move_id = %s, updated_at = UTC_TIMESTAMP(6)"
    " WHERE shop_id = %s AND state <> 'moved' AND epoch < %s"
)
HOLDERS = (  # `trx_started` is by the clock of the server's host, whatever time zone the session has
    "SELECT trx.trx_mysql_thread_id,"
    " TIMESTAMPDIFF(MICROSECOND, trx.trx_started, CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', 'SYSTEM')) / 1e6,"
    " IF(process.command = 'Sleep', process.time, 0)"
    " FROM performance_schema.data_locks AS held"
    " JOIN information_schema.innodb_trx AS trx ON trx.trx_id = held.engine_transaction_id"
    " LEFT JOIN performance_schema.processlist AS process ON process.id = trx.trx_mysql_thread_id"
    " WHERE held.object_schema = DATABASE() AND held.object_name = 'shop_fence' AND held.lock_type = 'RECORD'"
    " AND held.lock_status = 'GRANTED' AND held.lock_data = %s AND trx.trx_mysql_thread_id <> CONNECTION_ID()"
)


REOPEN_TRY, REOPEN_WITHIN = 0.25, 5.0  # seconds


class Superseded(MoveError):
    """Another process carries the move out, or somebody ended it: this one may write nothing more."""


class Switched(MoveEnded):
    """The decision was taken already, and it was to switch."""


class NotFenced(MoveError):
    """The fence could not be locked in time; nothing happened, and it may be tried again."""


@dataclass(frozen=True, slots=True)
class FenceRow:
    epoch: int
    state: str
    moved_to: str | None
    move_id: bytes | None


def read(line: Line, shop_id: int, *, lock: bool = False) -> FenceRow | None:
    row = line.find(f"{ROW} FOR UPDATE" if lock else ROW, (shop_id,))
    return FenceRow(*row) if row else None


@dataclass(frozen=True, slots=True)
class Fences:
    """Of one shop in one move. `epoch` is what the shop has behind the switch: one more than it had when asked."""

    shop_id: int
    move_id: UUID
    source: str
    target: str
    epoch: int

    def _mine(self, row: FenceRow | None, state: State) -> bool:
        return row is not None and row.state == state and row.move_id == self.move_id.bytes

    # -- the target -----------------------------------------------------------------------------------------------
    def plant(self, line: Line) -> None:
        """The target's row says `incoming`, for this move. MoveEnded if it was decided already, or is not ours."""
        with line.transaction():
            row = read(line, self.shop_id, lock=True)
            if self._mine(row, State.INCOMING):
                return
            if self._mine(row, State.MOVED):
                raise MoveEnded("it was aborted")
            if row is not None and row.state != State.MOVED:
                raise MoveEnded(f"the fence on {self.target} says {row.state}")
            self._put(line, row, State.INCOMING, self.epoch, None)

    def _put(self, line: Line, row: FenceRow | None, state: State, epoch: int, moved_to: str | None) -> None:
        values = (state, epoch, moved_to, self.move_id.bytes, self.shop_id)
        try:
            line.tell(INSERT if row is None else SET, values)
        except err.IntegrityError as raced:
            if error_number(raced) != DUPLICATE:
                raise
            raise Superseded("another process wrote the target's fence at the same moment") from raced

    def guard(self, line: Line, token: bytes) -> None:
        """To be asked first in each transaction on the target: the fence stays as it is until that one ends."""
        if not line.ask(GUARD, (self.shop_id, self.move_id.bytes, token)):
            raise Superseded("the target's fence, or the move's runner, is no longer ours")

    def switch(self, line: Line, token: bytes, *, also: Callable[[], None] = lambda: None) -> None:
        """THE decision. Where the stream back begins is written with it, and what `also` writes."""
        book = Book(self.shop_id, self.move_id)
        with line.transaction():
            self.guard(line, token)
            book.write(line, Part(SWITCH, gtids=line.executed()))
            also()
            if line.tell(OPEN, (self.epoch, self.shop_id, self.move_id.bytes)) != 1:
                raise Superseded("the target's fence is no longer ours")

    def end(self, line: Line) -> None:
        """Takes the possibility to switch away, for ever. Switched if that is too late."""
        with line.transaction():
            row = read(line, self.shop_id, lock=True)
            if self._mine(row, State.OPEN):
                raise Switched(f"too late: the shop is open on {self.target}")
            if row is not None and row.state == State.OPEN:
                raise MoveEnded(f"the shop is open on {self.target}, and not by this move")
            if row is None or row.state in (State.INCOMING, State.MOVED):
                self._put(line, row, State.MOVED, max(self.epoch, row.epoch if row else 0), self.source)

    # -- the source -----------------------------------------------------------------------------------------------
    def fence(self, line: Line, within: float) -> str:
        """From its commit on nobody writes the shop here; returns that commit's GTID. NotFenced after `within` s."""
        with self._locked(line, within) as row:
            if row is None or row.state != State.OPEN or row.epoch != self.epoch - 1:
                raise MoveEnded(f"the source's fence is not as it was: {row}")
            self._put(line, row, State.FENCED, self.epoch, self.target)
        return line.gtid

    @contextmanager
    def _locked(self, line: Line, within: float) -> Iterator[FenceRow | None]:
        """A transaction that has the row for itself. NotFenced after `within` s: a waiting exclusive lock holds up all
        that ask behind it. The server ends the SELECT after max_execution_time, which knows milliseconds where lock
        waits know seconds."""
        line.tell(f"SET SESSION max_execution_time = {max(1, int(within * 1000))}")
        try:
            with line.transaction():
                yield read(line, self.shop_id, lock=True)
        except err.OperationalError as busy:
            if error_number(busy) not in (TIMED_OUT, LOCK_TIMED_OUT):
                raise
            raise NotFenced("a transaction of the shop holds its fence") from busy
        finally:
            if line.raw.open:
                line.tell("SET SESSION max_execution_time = 0")

    def leave(self, line: Line) -> None:
        """Behind the switch: whoever comes here goes on to the new home without asking."""
        line.tell(LEAVE, (self.shop_id, self.move_id.bytes))

    def reopen(self, line: Line) -> FenceRow | None:
        """Behind `end`: the shop trades here again, at an epoch that no late runner expects. A runner that waits for
        the lock meanwhile must not get it in between: what it fenced then would stay so. ServerLost where the shop's
        own transactions hold it for too long; nobody waits behind this one meanwhile."""
        ends = time.monotonic() + REOPEN_WITHIN
        while True:
            try:
                with self._locked(line, REOPEN_TRY):
                    if not line.tell(REOPEN, (self.shop_id, self.move_id.bytes)):
                        line.tell(RAISE, (self.shop_id, self.epoch - 1))
                return read(line, self.shop_id)
            except NotFenced as held:
                if time.monotonic() > ends:
                    raise ServerLost(f"{line.server.name}: {held}") from held
                time.sleep(REOPEN_TRY)

    def close(self, line: Line) -> bool:
        """On a source that was dead when its shop was restored elsewhere. Whether there was anything to close."""
        return bool(line.tell(CLOSE, (self.epoch, self.target, self.move_id.bytes, self.shop_id, self.epoch)))

    def fenced(self, line: Line) -> bool:
        return self._mine(read(line, self.shop_id), State.FENCED)

    def still_open(self, line: Line) -> bool:
        row = read(line, self.shop_id)
        return row is not None and row.state == State.OPEN and row.epoch == self.epoch - 1

    def clear_holders(self, line: Line, *, old: float, frozen: float) -> float:
        """Seconds that the oldest transaction has held the shop's fence for. One that has said nothing for longer than
        `frozen` is killed: its worker stands still, and it would hold up every writer of the shop behind the move."""
        oldest = 0.0
        for thread, age, silent in line.ask(HOLDERS, (str(self.shop_id),)):
            if silent and silent > frozen:
                _kill(line, int(thread))
            else:
                oldest = max(oldest, float(age))
        return oldest if oldest > old else 0.0


def _kill(line: Line, thread: int) -> None:
    try:
        line.tell("KILL %s", (thread,))
    except err.OperationalError as gone:
        if error_number(gone) != NO_SUCH_THREAD:
            raise


NO_SUCH_THREAD = 1094


def wait_for_replica(lines: list[Line], gtid: str, until: float) -> bool:
    """Whether one of them has executed the transaction before the moment `until` (of time.monotonic())."""
    while lines:
        for line in list(lines):
            left = until - time.monotonic()
            if left <= 0:
                return False
            try:
                if line.scalar("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", (gtid, min(left, 0.01))) == 0:
                    return True
            except ServerLost:
                lines.remove(line)
    return False
