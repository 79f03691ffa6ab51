"""Owns the primary keys that can be read out of a binlog row: what shape they have, and their values.

A key is readable when its columns lead the table, in the key's order and shop_id first, and each is of a type whose
bytes mean one value to MySQL and to the driver alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from shard_router.errors import RouterError

KeyValue = int | bytes | str | date
Key = tuple[KeyValue, ...]  # behind shop_id, each value as the driver gives the column back

COLLATION = "ascii_bin"  # under any other two spellings may be one key

SHAPE_SQL = """
SELECT c.table_name AS t, c.column_name AS name, c.data_type AS kind, c.column_type AS whole,
       c.character_octet_length AS size, c.collation_name AS collation_, s.seq_in_index AS place, s.sub_part AS part
FROM information_schema.columns AS c
LEFT JOIN information_schema.statistics AS s
  ON s.table_schema = c.table_schema AND s.table_name = c.table_name AND s.column_name = c.column_name
 AND s.index_name = 'PRIMARY'
WHERE c.table_schema = %s AND c.table_name = %s
ORDER BY c.ordinal_position
"""


class KeyRefused(RouterError):
    """A table whose primary key the tail cannot read."""


class Kind(StrEnum):
    """The types that a key's columns may have, by MySQL's names."""

    SMALLINT = "smallint"
    INT = "int"
    BIGINT = "bigint"
    DATE = "date"
    BINARY = "binary"
    VARCHAR = "varchar"


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """`size` is the longest value in bytes."""

    name: str
    kind: Kind
    size: int


WIDTHS = {Kind.SMALLINT: 2, Kind.INT: 4, Kind.BIGINT: 8, Kind.DATE: 3}


@dataclass(frozen=True, slots=True)
class KeyShape:
    """`key` are the leading columns of a table that has `columns` of them; the first is the shop's number."""

    table: str
    columns: int
    key: tuple[KeyColumn, ...]

    def __post_init__(self) -> None:
        if not self.key or self.key[0].name != "shop_id" or self.key[0].kind not in (Kind.INT, Kind.BIGINT):
            raise KeyRefused(f"{self.table}: its primary key is not led by a whole number shop_id")
        if self.columns < len(self.key):
            raise KeyRefused(f"{self.table}: a key of more columns than the table has")


def read_shapes(connection: Any, database: str, tables: Iterable[str]) -> dict[str, KeyShape]:
    """The shapes as the server has them now; KeyRefused for a key that the tail cannot read.

    To be asked after the `since` of the tail was read: then a change of a table stands either in the answer or in the
    stream, where it ends the tail."""
    return {table: _read_shape(connection, database, table) for table in tables}


def _read_shape(connection: Any, database: str, table: str) -> KeyShape:
    with connection.cursor() as cursor:
        cursor.execute(SHAPE_SQL, (database, table))
        names = [column[0] for column in cursor.description]
        columns = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if not columns:
        raise KeyRefused(f"{table}: there is no such table in {database}")
    places = [column["place"] for column in columns if column["place"]]
    if [column["place"] for column in columns[: len(places)]] != list(range(1, len(places) + 1)):
        raise KeyRefused(f"{table}: the columns of its primary key do not lead the table in the key's order")
    return KeyShape(table, len(columns), tuple(_column(table, column) for column in columns[: len(places)]))


def _column(table: str, facts: dict[str, Any]) -> KeyColumn:
    kind = facts["kind"]
    if kind not in list(Kind) or "unsigned" in facts["whole"]:
        raise KeyRefused(f"{table}.{facts['name']}: a key of type {facts['whole']} cannot be read out of the binlog")
    if kind == Kind.VARCHAR and facts["collation_"] != COLLATION:
        raise KeyRefused(f"{table}.{facts['name']}: a key compared by {facts['collation_']} and not by {COLLATION}")
    if facts["part"] is not None:
        raise KeyRefused(f"{table}.{facts['name']}: only a part of it is in the primary key")
    return KeyColumn(facts["name"], Kind(kind), WIDTHS.get(Kind(kind)) or int(facts["size"]))
