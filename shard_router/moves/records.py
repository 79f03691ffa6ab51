"""Owns the table `moves` of the control plane: what is meant, by whom, how far it is said to be, and who is at it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from pymysql import err

from shard_router.moves.errors import MoveBusy, MoveRefused, Reason, UnknownMove
from shard_router.moves.fences import Superseded
from shard_router.moves.lines import DUPLICATE, Line, error_number
from shard_router.moves.states import MoveState, MoveStatus

COLUMNS = (
    "id, shop_id, source, target, state, epoch, max_pause_ms, facts, reason, asked_by, runner, runner_until, asked_at,"
    " updated_at, switched_at, ended_at, purge_after, copied_from, switched_from"
)
SELECT = f"SELECT {COLUMNS} FROM moves"
INSERT = (
    "INSERT INTO moves (id, shop_id, live_shop_id, source, target, state, epoch, max_pause_ms, copied_from, facts,"
    " asked_by, asked_at, updated_at)"
    " VALUES (%s, %s, %s, %s, %s, 'planned', %s, %s, %s, %s, %s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))"
)
CLAIM = (
    "UPDATE moves SET runner = %s, runner_until = UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND,"
    " updated_at = UTC_TIMESTAMP(6)"
    " WHERE id = %s AND (runner IS NULL OR runner = %s OR runner_until < UTC_TIMESTAMP(6))"
)
RENEW = (
    "UPDATE moves SET runner_until = UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND, facts = %s,"
    " updated_at = UTC_TIMESTAMP(6) WHERE id = %s AND runner = %s"
)
RELEASE = "UPDATE moves SET runner = NULL, runner_until = NULL WHERE id = %s AND runner = %s"
DIRECTORY = "SELECT shard, epoch, state FROM directory WHERE shop_id = %s"
HOME = "UPDATE directory SET shard = %s, epoch = %s, updated_at = UTC_TIMESTAMP(6) WHERE shop_id = %s AND epoch < %s"
ROLLED_BACK = (
    "UPDATE moves SET state = 'rolled_back', reason = %s, updated_at = UTC_TIMESTAMP(6)"
    " WHERE id = %s AND state = 'switched'"
)
KEPT = (
    "UPDATE moves SET purge_after = switched_at + INTERVAL %s MICROSECOND, reason = %s, updated_at = UTC_TIMESTAMP(6)"
    " WHERE id = %s AND state = 'switched'"
)
LIVE = "WHERE id = %s AND live_shop_id IS NOT NULL"
SWITCHED = "WHERE id = %s AND state = 'switched' AND purge_after IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Record(MoveStatus):
    """One row: also from where on the copy and the way back are caught up, as GTID sets."""

    copied_from: str
    switched_from: str

    @property
    def rolls_back(self) -> UUID | None:
        """The move that this one takes back."""
        return UUID(self.facts["rolls_back"]) if "rolls_back" in self.facts else None


FIELDS = [one.name for one in fields(Record)]  # as COLUMNS has them


def _record(row: tuple[Any, ...]) -> Record:
    known: dict[str, Any] = {
        name: value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value
        for name, value in zip(FIELDS, row, strict=True)
    }
    read = {"move_id": UUID(bytes=known["move_id"]), "state": MoveState(known["state"])}
    gtids = {name: (known[name] or b"").decode() for name in ("copied_from", "switched_from")}
    return Record(**{**known, **read, **gtids, "facts": json.loads(known["facts"])})


class Records:
    """Each call has a connection of its own: they are rare, and the control plane may go and come back between them."""

    def __init__(self, control: Callable[[], Line], *, keep_source: float) -> None:
        """`keep_source`: for how many seconds old rows are kept behind a switch."""
        self._control, self._keep_source = control, keep_source

    @contextmanager
    def _line(self) -> Iterator[Line]:
        line = self._control()
        try:
            yield line
        finally:
            line.close()

    # -- asking ---------------------------------------------------------------------------------------------------
    def get(self, move_id: UUID) -> Record:
        with self._line() as line:
            return _get(line, move_id)

    def find(self, move_id: UUID) -> Record | None:
        with suppress(UnknownMove):
            return self.get(move_id)
        return None

    def list_all(self, *, shop_id: int | None = None, live_only: bool = False) -> list[Record]:
        where = ["TRUE", *(["shop_id = %s"] if shop_id is not None else [])]
        where += ["live_shop_id IS NOT NULL"] if live_only else []
        binds = (shop_id,) if shop_id is not None else ()
        with self._line() as line:
            return [
                _record(row) for row in line.ask(f"{SELECT} WHERE {' AND '.join(where)} ORDER BY asked_at DESC", binds)
            ]

    def due(self, now: dt.datetime) -> list[Record]:
        """Moves that have left rows behind whose grace is over."""
        moment = now.astimezone(dt.UTC).replace(tzinfo=None)
        with self._line() as line:
            return [
                _record(row) for row in line.ask(f"{SELECT} WHERE purge_after <= %s ORDER BY purge_after", (moment,))
            ]

    def home(self, shop_id: int) -> tuple[str, int] | None:
        """The shop's shard and epoch, as the directory has them."""
        with self._line() as line:
            row = line.find(DIRECTORY, (shop_id,))
        return (row[0], row[1]) if row else None

    # -- telling --------------------------------------------------------------------------------------------------
    def insert(
        self, move_id: UUID, shop_id: int, source: str, target: str, *, epoch: int, max_pause_ms: int, asked_by: str,
        facts: Mapping[str, Any], copied_from: str = "",
    ) -> None:  # fmt: skip
        binds = (
            move_id.bytes, shop_id, shop_id, source, target, epoch, max_pause_ms, copied_from.encode() or None,
            json.dumps(dict(facts)), asked_by[:120],
        )  # fmt: skip
        try:
            with self._line() as line:
                line.tell(INSERT, binds)
        except err.IntegrityError as twice:
            if error_number(twice) != DUPLICATE:
                raise
            raise MoveRefused(
                [Reason("being_moved", f"shop {shop_id} is being moved already: ask for the state of its moves")]
            ) from twice

    def claim(self, move_id: UUID, runner: str, lease: float) -> Record:
        with self._line() as line:
            claimed = line.tell(CLAIM, (runner, int(lease * 1e6), move_id.bytes, runner))
            record = _get(line, move_id)
        if not claimed:
            raise MoveBusy(move_id, record.runner or "?", f"{record.runner_until:%H:%M:%S} UTC")
        return record

    def renew(self, move_id: UUID, runner: str, lease: float, facts: Mapping[str, Any]) -> bool:
        with self._line() as line:
            return bool(line.tell(RENEW, (int(lease * 1e6), json.dumps(dict(facts)), move_id.bytes, runner)))

    def release(self, move_id: UUID, runner: str) -> None:
        with self._line() as line:
            line.tell(RELEASE, (move_id.bytes, runner))

    def enter(self, move_id: UUID, runner: str, state: MoveState, facts: Mapping[str, Any], **columns: Any) -> None:
        """Superseded if another runner has it."""
        with self._line() as line:
            if not _enter(line, move_id, state, facts, columns, runner=runner):
                raise Superseded("another process carries this move out, or has ended it")

    def settle(
        self, record: Record, state: MoveState, facts: Mapping[str, Any], *, home: tuple[str, int], **columns: Any
    ) -> None:
        """What was decided on the shards, written down with the directory in one transaction; once."""
        shard, epoch = home
        with self._line() as line, line.transaction():
            if not _enter(line, record.move_id, state, facts, {"live_shop_id": None, **columns}):
                return
            line.tell(HOME, (shard, epoch, record.shop_id, epoch))
            if record.rolls_back is not None:
                self._settle_first(line, record, record.rolls_back, state, columns.get("reason"))

    def _settle_first(self, line: Line, record: Record, first: UUID, state: MoveState, reason: str | None) -> None:
        """The move that was to be taken back: it is, or its old rows are kept for as long as they were to be."""
        if state is MoveState.SWITCHED:
            line.tell(ROLLED_BACK, (f"by {record.asked_by}"[:500], first.bytes))
        else:
            why = f"a way back was not finished: {reason}"[:500]
            line.tell(KEPT, (int(self._keep_source * 1e6), why, first.bytes))

    def keep_rows(self, move_id: UUID) -> bool:
        """The old rows are needed again. False if their purge has begun."""
        with self._line() as line:
            return bool(line.tell(f"UPDATE moves SET purge_after = NULL {SWITCHED}", (move_id.bytes,)))

    def give_up_rows(self, move_id: UUID) -> bool:
        """The old rows may go: no way leads back from here. False if they are needed."""
        with self._line() as line:
            line.tell(f"UPDATE moves SET state = 'finished' {SWITCHED}", (move_id.bytes,))
            record = _get(line, move_id)
        return record.state is MoveState.FINISHED and record.purge_after is not None

    def change(self, move_id: UUID, **columns: Any) -> None:
        with self._line() as line:
            line.tell(f"UPDATE moves SET {_assignments(columns)} WHERE id = %s", (*columns.values(), move_id.bytes))


def _enter(
    line: Line,
    move_id: UUID,
    state: MoveState,
    facts: Mapping[str, Any],
    columns: Mapping[str, Any],
    *,
    runner: str | None = None,
) -> bool:
    """False if it has ended, or is another runner's."""
    values = {"state": str(state), "facts": json.dumps(dict(facts)), **columns}
    sql = f"UPDATE moves SET {_assignments(values)}, updated_at = UTC_TIMESTAMP(6) {LIVE}"
    binds: list[Any] = [*values.values(), move_id.bytes]
    if runner is not None:
        sql, binds = f"{sql} AND runner = %s", [*binds, runner]
    return bool(line.tell(sql, binds))


def _assignments(columns: Iterable[str]) -> str:
    return ", ".join(f"{name} = %s" for name in columns)


def _get(line: Line, move_id: UUID) -> Record:
    row = line.find(f"{SELECT} WHERE id = %s", (move_id.bytes,))
    if row is None:
        raise UnknownMove(move_id)
    return _record(row)
