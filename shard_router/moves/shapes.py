"""Owns how a column's value is written by MySQL itself: as a literal to carry it, and as a text to compare it by.

No value passes through Python's types: what MySQL wrote on the source, MySQL reads on the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shard_router.moves.keys import Key, KeyShape, KeyValue
from shard_router.moves.lines import Line

BINARY = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
TEXT = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
NUMBERS = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year"}
TIMES = {"date", "time", "datetime", "timestamp"}
KNOWN = BINARY | TEXT | NUMBERS | TIMES | {"float", "double", "bit", "json"}
COLUMNS = """
SELECT table_name, column_name, data_type, column_type, is_nullable, column_default, character_set_name,
       collation_name, extra, generation_expression
FROM information_schema.columns WHERE table_schema = %s ORDER BY table_name, ordinal_position
"""


@dataclass(frozen=True, slots=True)
class Column:
    """As the server declares it; two columns that are equal hold the same values."""

    name: str
    kind: str
    whole: str
    nullable: str
    default: str | None
    charset: str | None
    collation: str | None
    extra: str
    generated: str

    @property
    def quoted(self) -> str:
        return f"`{self.name}`"

    @property
    def value(self) -> str:
        """What is written: a FLOAT only as the DOUBLE that it is keeps all its digits, a BIT only as a number."""
        if self.kind == "float":
            return f"CAST({self.quoted} AS DOUBLE)"
        return f"{self.quoted}+0" if self.kind == "bit" else self.quoted

    def literal(self) -> str:
        """SQL that gives the value as a literal, never NULL."""
        if self.kind in BINARY:
            return f"IFNULL(CONCAT('X''', HEX({self.quoted}), ''''), 'NULL')"
        if self.kind == "bit":
            return f"IFNULL(CONCAT('b''', BIN({self.value}), ''''), 'NULL')"
        if self.kind in TEXT:
            return f"QUOTE(CONVERT({self.value} USING utf8mb4))"
        return f"QUOTE({self.value})"

    def digest(self) -> str:
        """SQL that gives a text which differs whenever the value does: HEX(decimal) would keep its whole part only."""
        plain = self.kind in BINARY or self.kind in TEXT
        shown = self.quoted if plain else f"CAST({self.value} AS CHAR)"
        return f"COALESCE(HEX({shown}), '~')"


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it is carried: `columns` are all but generated ones."""

    name: str
    columns: tuple[Column, ...]
    key: KeyShape

    @property
    def quoted(self) -> str:
        return f"`{self.name}`"

    @property
    def names(self) -> str:
        return ", ".join(column.quoted for column in self.columns)

    @property
    def key_names(self) -> tuple[str, ...]:
        """Behind shop_id."""
        return tuple(f"`{column.name}`" for column in self.key.key[1:])

    @property
    def row(self) -> str:
        """SQL that gives a row as bytes, ready for VALUES; NULL where it is larger than a packet."""
        literals = ", ',', ".join(column.literal() for column in self.columns)
        return f"CAST(CONCAT('(', {literals}, ')') AS BINARY)"

    @property
    def digest(self) -> str:
        texts = ", ".join(column.digest() for column in self.columns)
        return f"UNHEX(SHA2(CONCAT_WS('|', {texts}), 256))"

    def insert(self, rows: Iterable[bytes]) -> bytes:
        return f"INSERT INTO {self.quoted} ({self.names}) VALUES ".encode() + b",".join(rows)

    def keyed(self, shop_id: int, keys: Iterable[Key]) -> str:
        """The condition under which a row has one of these keys: a row constructor, so that the key itself is used."""
        names = ", ".join(("`shop_id`", *self.key_names))
        tuples = ", ".join(f"({', '.join([str(int(shop_id)), *map(literal, key)])})" for key in keys)
        return f"({names}) IN ({tuples})"

    def behind(self, shop_id: int, key: Key | None) -> str:
        """The condition under which a row of the shop comes behind this key, in the key's order."""
        pinned = f"`shop_id` = {int(shop_id)}"
        if not key:
            return pinned
        return f"{pinned} AND ({' OR '.join(self._beyond(key, '>'))})"

    def up_to(self, key: Key) -> str:
        """The reverse: under which it is not behind this key."""
        return f"({' OR '.join([*self._beyond(key, '<'), f'({self._same(key)})'])})"

    def _beyond(self, key: Key, sign: str) -> list[str]:
        return [
            f"({' AND '.join(filter(None, (self._same(key[:at]), f'{self.key_names[at]} {sign} {literal(value)}')))})"
            for at, value in enumerate(key)
        ]

    def _same(self, key: Key) -> str:
        return " AND ".join(f"{name} = {literal(one)}" for name, one in zip(self.key_names, key, strict=False))


def literal(value: KeyValue) -> str:
    """A key's value as MySQL writes it. A text key is ASCII and compared by its bytes, else the move was refused."""
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f"_ascii X'{value.encode('ascii').hex()}'"
    return f"DATE'{value.isoformat()}'"


def read_columns(line: Line, database: str) -> dict[str, tuple[Column, ...]]:
    """All tables of the database, with all their columns in order."""
    found: dict[str, list[Column]] = {}
    for table, *facts in line.ask(COLUMNS, (database,)):
        found.setdefault(table, []).append(Column(*(str(one) if one is not None else one for one in facts)))  # type: ignore[arg-type]
    return {table: tuple(columns) for table, columns in found.items()}


def shapes_of(
    tables: Sequence[str], columns: Mapping[str, tuple[Column, ...]], keys: Mapping[str, KeyShape]
) -> tuple[Shape, ...]:
    return tuple(
        Shape(table, tuple(column for column in columns[table] if not column.generated), keys[table])
        for table in tables
    )
