"""Owns the reading of one table's rows: it picks the keys of one shop and steps over everything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from shard_router.moves.columns import Step, Type, length_bytes, metadata_of, step, string_size
from shard_router.moves.events import RowsHead, TableMap, TailBroken, u16
from shard_router.moves.keys import Key, KeyColumn, KeyShape, KeyValue, Kind

Read = Callable[[bytes, int], tuple[KeyValue, int]]  # a value at a place, and where it ends
Plan = tuple[tuple[Step, ...], int]  # (bytes to step over, then bytes of a length) …, and the bytes behind the last
PLANS_KEPT = 4096  # one for each pattern of NULLs that was met; an application has few


class RowReader:
    """For one table as its map describes it. TailBroken where that is not the table that the key's shape is of."""

    def __init__(self, described: TableMap, shape: KeyShape, shop_id: int) -> None:
        self.table = shape.table
        self._columns = shape.columns
        self._key_bits = (1 << len(shape.key)) - 1
        metadata = metadata_of(described.types, described.metadata)
        self._check(described, metadata, shape)
        self._nulls = (shape.columns + 7) // 8
        self._steps = [step(kind, meta) for kind, meta in zip(described.types, metadata, strict=True)]
        self._shop = shop_id.to_bytes(shape.key[0].size, "little", signed=True)
        self._key = [reader_of(column) for column in shape.key[1:]]
        self._plans: dict[bytes, Plan] = {}

    def _check(self, described: TableMap, metadata: list[bytes], shape: KeyShape) -> None:
        fits = len(described.types) == shape.columns and not described.nullable & self._key_bits
        if not fits or not all(
            is_of(column, kind, meta) for column, kind, meta in zip(shape.key, described.types, metadata, strict=False)
        ):
            raise TailBroken(f"the columns of {shape.table} are not those that it had when its key was looked up")

    def keys_in(self, body: bytes, head: RowsHead, images: int) -> list[Key]:
        """The keys of the shop's rows, of both images where a row has two: a change of the key touches both."""
        if head.columns != self._columns:
            raise TailBroken(f"rows of {self.table} with other columns than its map announced")
        if not head.whole:
            raise TailBroken(f"rows of {self.table} without all columns: binlog_row_image is not FULL")
        at, end, rows, keys = head.start, len(body), 0, []
        while at < end:
            nulls = body[at : at + self._nulls]
            at += self._nulls
            if body.startswith(self._shop, at):
                keys.append(self._key_at(body, at + len(self._shop)))
            at = self._behind(body, at, self._plans.get(nulls) or self._plan(nulls))
            rows += 1
        if at != end or rows % images:
            raise TailBroken(f"rows of {self.table} that do not end where their event does")
        return keys

    def _key_at(self, body: bytes, at: int) -> Key:
        values = []
        for read in self._key:
            value, at = read(body, at)
            values.append(value)
        return tuple(values)

    @staticmethod
    def _behind(body: bytes, at: int, plan: Plan) -> int:
        for fixed, width in plan[0]:
            at += fixed
            at += width + (body[at] if width == 1 else int.from_bytes(body[at : at + width], "little"))
        return at + plan[1]

    def _plan(self, nulls: bytes) -> Plan:
        """Neighbours of a fixed size make one step; what is NULL takes no bytes."""
        absent, steps, fixed = int.from_bytes(nulls, "little"), [], 0
        if absent & self._key_bits:
            raise TailBroken(f"a row of {self.table} whose key is NULL")
        for place, (size, width) in enumerate(self._steps):
            if absent >> place & 1:
                continue
            fixed += size
            if width:
                steps.append((fixed, width))
                fixed = 0
        if len(self._plans) >= PLANS_KEPT:
            self._plans.clear()
        plan = self._plans[nulls] = (tuple(steps), fixed)
        return plan


# -- a key's columns ------------------------------------------------------------------------------------------------
TYPES = {
    Kind.SMALLINT: Type.SHORT, Kind.INT: Type.LONG, Kind.BIGINT: Type.LONGLONG, Kind.DATE: Type.DATE,
    Kind.BINARY: Type.STRING, Kind.VARCHAR: Type.VARCHAR,
}  # fmt: skip


def is_of(column: KeyColumn, kind: int, meta: bytes) -> bool:
    """Whether a column of the table map is the one of the shape."""
    if kind != TYPES[column.kind]:
        return False
    if column.kind is Kind.BINARY:
        return meta[0] not in (Type.ENUM, Type.SET) and string_size(meta) == column.size
    return column.kind is not Kind.VARCHAR or u16(meta, 0) == column.size


def reader_of(column: KeyColumn) -> Read:
    if column.kind is Kind.DATE:
        return _date
    if column.kind is Kind.BINARY:
        return _binary(column.size)
    return _text(column.size) if column.kind is Kind.VARCHAR else _number(column.size)


def _number(size: int) -> Read:
    return lambda body, at: (int.from_bytes(body[at : at + size], "little", signed=True), at + size)


def _date(body: bytes, at: int) -> tuple[KeyValue, int]:
    packed = int.from_bytes(body[at : at + 3], "little")
    try:
        return date(packed >> 9, packed >> 5 & 15, packed & 31), at + 3
    except ValueError:  # 0000-00-00 and its like, from a server that is not strict: no value of ours stands for it
        raise TailBroken(f"a key with a date that is none: {packed >> 9}-{packed >> 5 & 15}-{packed & 31}") from None


def _binary(size: int) -> Read:
    """The binlog cuts zeros off the end of a BINARY(n); the column has them."""
    width = length_bytes(size)

    def read(body: bytes, at: int) -> tuple[KeyValue, int]:
        start = at + width
        end = start + int.from_bytes(body[at:start], "little")
        return body[start:end].ljust(size, b"\0"), end

    return read


def _text(size: int) -> Read:
    width = length_bytes(size)

    def read(body: bytes, at: int) -> tuple[KeyValue, int]:
        start = at + width
        end = start + int.from_bytes(body[at:start], "little")
        return body[start:end].decode("ascii"), end

    return read
