"""Owns the wire format of binlog events: what stands where in each kind that the tail reads. It keeps no state."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from shard_router.errors import RouterError


class TailBroken(RouterError):
    """The stream ended, or held what the tail cannot know; nothing behind it was read. The message says why.

    Keys that were not taken are lost with it: go on with a new tail from the `upto` of the last Taken that was dealt
    with, or give the move up where the reason will stand in the way again."""


class Event(IntEnum):
    """The kinds that are read or let pass. Any other ends the tail."""

    QUERY = 2
    STOP = 3
    ROTATE = 4
    INTVAR = 5
    RAND = 13
    USER_VAR = 14
    FORMAT = 15
    XID = 16
    TABLE_MAP = 19
    HEARTBEAT = 27
    ROWS_QUERY = 29
    WRITE_ROWS = 30
    UPDATE_ROWS = 31
    DELETE_ROWS = 32
    GTID = 33
    PREVIOUS_GTIDS = 35
    PARTIAL_UPDATE_ROWS = 39


HEADER = 19
CHECKSUM = 4
END_OF_STREAM = 0xFE
CRC32 = 1  # the one algorithm that there is
UNCERTAIN = 254  # in place of a count: more databases than a statement's event can name

# bytes in front of each kind's body, as the server that wrote the file states them
POST_HEADERS = {
    Event.QUERY: 13, Event.TABLE_MAP: 8, Event.WRITE_ROWS: 10, Event.UPDATE_ROWS: 10, Event.DELETE_ROWS: 10,
    Event.GTID: 42, Event.PARTIAL_UPDATE_ROWS: 10,
}  # fmt: skip


def u16(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8


def u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def u64(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<Q", data, at)[0])


def packed(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    first = data[at]
    if first < 251:
        return first, at + 1
    size = {252: 2, 253: 3, 254: 8}[first]
    return int.from_bytes(data[at + 1 : at + 1 + size], "little"), at + 1 + size


def unwrap(packet: bytes, checked: bool) -> tuple[int, int, bytes]:
    """Kind, size in the file and body of the event in a packet, which is whole and undamaged. `checked`: the server
    sends checksums; but a file's first event has one in any case, filled in or not."""
    if packet[0] == END_OF_STREAM and len(packet) < 9:
        raise TailBroken("the server ended the stream")
    if len(packet) <= HEADER or packet[0] != 0 or u32(packet, 10) != len(packet) - 1:
        raise TailBroken("an event that is cut off")
    kind = packet[5]
    if kind == Event.FORMAT:
        checked = packet[-CHECKSUM - 1] == CRC32
    if checked and zlib.crc32(memoryview(packet)[1:-CHECKSUM]) != u32(packet, len(packet) - CHECKSUM):
        raise TailBroken(f"an event of type {kind} that is damaged: its checksum does not fit")
    end = len(packet) - CHECKSUM if checked or kind == Event.FORMAT else len(packet)
    return kind, len(packet) - 1, packet[HEADER + 1 : end]


def checksums_of(body: bytes) -> bool:
    """Of a file's first event: whether those behind it carry checksums. TailBroken for a layout that is not known."""
    sizes, algorithm = body[57:-1], body[-1]
    if u16(body, 0) != 4 or body[56] != HEADER:
        raise TailBroken(f"a binlog of version {u16(body, 0)}, and not 4")
    for kind, size in POST_HEADERS.items():
        if len(sizes) < kind or sizes[kind - 1] != size:
            raise TailBroken(f"a binlog whose events of type {kind} have another layout: {_version(body)}")
    return algorithm == CRC32


def _version(body: bytes) -> str:
    return body[2:52].rstrip(b"\0").decode("ascii", "replace")


def gtid_of(body: bytes) -> tuple[UUID, int, int]:
    """Source and number of the transaction that begins, and its size in bytes, this event included."""
    if body[25] != 2:  # without the logical clock of 5.7 nothing of what follows is there
        raise TailBroken("a transaction of a server older than 5.7")
    at = 49  # flags, source, number, one byte, two numbers of the clock; then when it was committed here
    if body[at - 1] & 0x80:
        at += 7  # and when at first
    size, at = packed(body, at)
    return UUID(bytes=body[1:17]), u64(body, 17), size


# -- statements -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Statement:
    """`databases`: those that it works on as the server says; None where it does not say, or names too many."""

    text: bytes
    database: bytes
    databases: tuple[bytes, ...] | None

    def may_touch(self, database: bytes) -> bool:
        """Whether it may work on the database of this name in small letters. The current one always counts."""
        if self.database.lower() == database:
            return True
        if self.databases is not None:
            return database in [one.lower() for one in self.databases]
        named = rb"(?<![\w$])" + re.escape(database) + rb"(?![\w$])"
        return re.search(named, self.text, re.IGNORECASE) is not None


def statement_of(body: bytes) -> Statement:
    name, variables = body[8], u16(body, 11)
    at = 13 + variables
    text = body[at + name + 1 :]
    return Statement(text, body[at : at + name], _databases(body[13:at]))


# status variable → its size; a tuple: so many texts with a byte of length each
VARIABLES: dict[int, int | tuple[int]] = {
    0: 4, 1: 8, 3: 4, 4: 6, 5: (1,), 6: (1,), 7: 2, 8: 2, 9: 8, 10: 4, 11: (2,), 13: 3, 16: 1, 17: 8, 18: 2, 19: 1,
    20: 1, 21: 1,
}  # fmt: skip
UPDATED_DATABASES = 12


def _databases(variables: bytes) -> tuple[bytes, ...] | None:
    at = 0
    while at < len(variables):
        code = variables[at]
        if code == UPDATED_DATABASES:
            count = variables[at + 1]
            return None if count >= UNCERTAIN else tuple(variables[at + 2 :].split(b"\0", count)[:count])
        if code not in VARIABLES:
            raise TailBroken(f"a statement with a status variable {code}, which is not known")
        at = _behind(variables, at + 1, VARIABLES[code])
    return None


def _behind(variables: bytes, at: int, size: int | tuple[int]) -> int:
    if isinstance(size, int):
        return at + size
    for _ in range(size[0]):
        at += 1 + variables[at]
    return at


# -- rows -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TableMap:
    """What announces a table's rows. `metadata` is that of all its columns; `nullable` has a bit for each."""

    database: bytes
    table: bytes
    types: bytes
    metadata: bytes
    nullable: int


def table_map_of(body: bytes) -> TableMap:
    """What may follow (signs, character sets, names) depends on settings and is not needed: a key's shape is known."""
    at = 8
    database = body[at + 1 : at + 1 + body[at]]
    at += len(database) + 2
    table = body[at + 1 : at + 1 + body[at]]
    columns, at = packed(body, at + len(table) + 2)
    types = body[at : at + columns]
    size, at = packed(body, at + columns)
    metadata, at = body[at : at + size], at + size
    end = at + (columns + 7) // 8
    if end > len(body):
        raise TailBroken("a table map that is cut off")
    return TableMap(database, table, types, metadata, int.from_bytes(body[at:end], "little"))


@dataclass(frozen=True, slots=True)
class RowsHead:
    """`whole`: every image of every row has all the columns. The rows begin at `start`."""

    columns: int
    whole: bool
    start: int


def rows_head_of(body: bytes, images: int) -> RowsHead:
    """`images` of each row: an update has two."""
    columns, at = packed(body, 8 + u16(body, 8))
    size, full = (columns + 7) // 8, (1 << columns) - 1
    shown = [int.from_bytes(body[at + size * n : at + size * (n + 1)], "little") for n in range(images)]
    return RowsHead(columns, all(one & full == full for one in shown), at + size * images)
