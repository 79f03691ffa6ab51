"""Owns how many bytes a column takes in a binlog row: values are stepped over, never read.

The types and the metadata that a table map gives for them are those of MySQL 8.0 to 9.7. The storage formats of before
5.6 (old decimals and times) are not among them: no table that such a server made can have them still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum

from shard_router.moves.events import TailBroken, u16

Step = tuple[int, int]  # (bytes, 0): so many bytes; (0, n): n bytes that hold a length, and then so many bytes


class Type(IntEnum):
    """Of a column, by the number that the binlog has for it."""

    TINY = 1
    SHORT = 2
    LONG = 3
    FLOAT = 4
    DOUBLE = 5
    LONGLONG = 8
    INT24 = 9
    DATE = 10
    YEAR = 13
    VARCHAR = 15
    BIT = 16
    TIMESTAMP2 = 17
    DATETIME2 = 18
    TIME2 = 19
    VECTOR = 242
    JSON = 245
    NEWDECIMAL = 246
    ENUM = 247  # this and SET stand behind STRING, in its metadata
    SET = 248
    BLOB = 252  # with TEXT, of all four sizes
    STRING = 254
    GEOMETRY = 255


LEFTOVER = (0, 1, 1, 2, 2, 3, 3, 4, 4)  # bytes of the digits that fill no group of nine


def string_size(meta: bytes) -> int:
    """The most bytes that a CHAR or BINARY takes: up to 1020, so two of its bits hide, inverted, in the type's byte."""
    return ((meta[0] << 4 & 0x300) ^ 0x300) | meta[1]


def _sized(fixed: int) -> Callable[[bytes], Step]:
    return lambda meta: (fixed, 0)


def _temporal(whole: int) -> Callable[[bytes], Step]:
    """With two decimals of the second to a byte."""
    return lambda meta: (whole + (meta[0] + 1) // 2, 0)


def _decimal(meta: bytes) -> Step:
    precision, scale = meta
    whole = precision - scale
    return (whole // 9 * 4 + LEFTOVER[whole % 9] + scale // 9 * 4 + LEFTOVER[scale % 9], 0)


def _string(meta: bytes) -> Step:
    if meta[0] in (Type.ENUM, Type.SET):
        return (meta[1], 0)
    return (0, length_bytes(string_size(meta)))


def length_bytes(size: int) -> int:
    """Of a text or binary of at most `size` bytes."""
    return 1 if size < 256 else 2


# type → bytes of metadata, and what they make of the column
STEPS: dict[int, tuple[int, Callable[[bytes], Step]]] = {
    Type.TINY: (0, _sized(1)),
    Type.SHORT: (0, _sized(2)),
    Type.LONG: (0, _sized(4)),
    Type.LONGLONG: (0, _sized(8)),
    Type.INT24: (0, _sized(3)),
    Type.FLOAT: (1, lambda meta: (meta[0], 0)),
    Type.DOUBLE: (1, lambda meta: (meta[0], 0)),
    Type.DATE: (0, _sized(3)),
    Type.YEAR: (0, _sized(1)),
    Type.TIMESTAMP2: (1, _temporal(4)),
    Type.DATETIME2: (1, _temporal(5)),
    Type.TIME2: (1, _temporal(3)),
    Type.NEWDECIMAL: (2, _decimal),
    Type.BIT: (2, lambda meta: (meta[1] + (meta[0] > 0), 0)),
    Type.VARCHAR: (2, lambda meta: (0, length_bytes(u16(meta, 0)))),
    Type.STRING: (2, _string),
    Type.BLOB: (1, lambda meta: (0, meta[0])),
    Type.JSON: (1, lambda meta: (0, meta[0])),
    Type.GEOMETRY: (1, lambda meta: (0, meta[0])),
    Type.VECTOR: (1, lambda meta: (0, meta[0])),
}


def metadata_of(types: bytes, metadata: bytes) -> list[bytes]:
    """The metadata of all columns, cut into those of each."""
    return list(_cut(types, metadata))


def _cut(types: bytes, metadata: bytes) -> Iterator[bytes]:
    at = 0
    for one in types:
        if one not in STEPS:
            raise TailBroken(f"a column of type {one}, whose size in a row is not known")
        size = STEPS[one][0]
        yield metadata[at : at + size]
        at += size
    if at != len(metadata):
        raise TailBroken(f"{len(metadata)} bytes of metadata for columns that have {at}")


def step(kind: int, meta: bytes) -> Step:
    """How to get over a value of the column that is not NULL."""
    return STEPS[kind][1](meta)
