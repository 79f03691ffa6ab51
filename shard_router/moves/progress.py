"""Owns a move's rows in `move_progress` on its target: how far it has come, and which process carries it out.

They change in the transactions that they speak of, so a killed process leaves them true. The row `runner` is what a
process that slept too long finds changed: each of its transactions on the target looks there first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shard_router.moves.keys import Key, KeyValue
from shard_router.moves.lines import Line

RUNNER = "runner"
TAIL = "tail"
SWITCH = "switch"
MARKER = "marker"  # a commit that stands behind all that a snapshot of the source shows
RESERVED = {RUNNER, TAIL, SWITCH, MARKER}

READ = "SELECT part, last_key, copied, whole, gtids FROM move_progress WHERE shop_id = %s AND move_id = %s"
WRITE = (
    "INSERT INTO move_progress (shop_id, move_id, part, last_key, copied, whole, gtids, updated_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6)) AS new"
    " ON DUPLICATE KEY UPDATE last_key = new.last_key, copied = new.copied, whole = new.whole, gtids = new.gtids,"
    " updated_at = new.updated_at"
)
FORGET = "DELETE FROM move_progress WHERE shop_id = %s AND move_id = %s"


@dataclass(frozen=True, slots=True)
class Part:
    """How far one table has come, or up to where the tail was applied."""

    name: str
    last_key: bytes | None = None
    copied: int = 0
    whole: bool = False
    gtids: str = ""

    @property
    def behind(self) -> Key | None:
        return decode(self.last_key) if self.last_key else None


@dataclass(frozen=True, slots=True)
class Book:
    """The progress rows of one move on one server."""

    shop_id: int
    move_id: UUID

    def read(self, line: Line) -> dict[str, Part]:
        rows = line.ask(READ, (self.shop_id, self.move_id.bytes))
        return {
            part: Part(part, last_key, copied, bool(whole), (gtids or b"").decode())
            for part, last_key, copied, whole, gtids in rows
        }

    def write(self, line: Line, part: Part) -> None:
        line.tell(WRITE, (
            self.shop_id, self.move_id.bytes, part.name, part.last_key, part.copied, part.whole, part.gtids.encode(),
        ))  # fmt: skip

    def take_over(self, line: Line, token: bytes) -> None:
        """From now on transactions of other runners of this move find that they were replaced."""
        self.write(line, Part(RUNNER, last_key=token))

    def mark(self, line: Line) -> str:
        """Commits a row; what its GTID comes behind in the binlog was visible before."""
        self.write(line, Part(MARKER, copied=(line.scalar(MARKED, (self.shop_id, self.move_id.bytes)) or 0) + 1))
        return line.gtid

    def forget(self, line: Line) -> None:
        line.tell(FORGET, (self.shop_id, self.move_id.bytes))


MARKED = "SELECT copied FROM move_progress WHERE shop_id = %s AND move_id = %s AND part = 'marker'"


def encode(key: Iterable[KeyValue]) -> bytes:
    return json.dumps([_pack(value) for value in key]).encode()


def decode(data: bytes) -> Key:
    return tuple(_unpack(*pair) for pair in json.loads(data))


def _pack(value: KeyValue) -> tuple[str, str | int]:
    if isinstance(value, bytes):
        return "x", value.hex()
    if isinstance(value, date):
        return "d", value.isoformat()
    return ("s", value) if isinstance(value, str) else ("i", value)


def _unpack(kind: str, value: str | int) -> KeyValue:
    if kind == "x":
        return bytes.fromhex(str(value))
    if kind == "d":
        return date.fromisoformat(str(value))
    return str(value) if kind == "s" else int(value)
