"""Owns the words that migrations are written in. They are frozen: a word that changed would change the past."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

ID = sa.BINARY(16)
HASH = sa.BINARY(32)
UTC = mysql.DATETIME(fsp=6)
BIG = sa.BigInteger()
INT = sa.Integer()
SMALL = sa.SmallInteger()
BOOL = sa.Boolean()
DATE = sa.Date()
JSON = sa.JSON()
BLOB = mysql.MEDIUMBLOB()


def code(length: int) -> sa.String:
    """Text that machines compare, byte by byte."""
    return sa.String(length, collation="ascii_bin")


def name(length: int) -> sa.String:
    """Text that people compare: asha finds Asha."""
    return sa.String(length, collation="utf8mb4_0900_ai_ci")


def sealed(length: int) -> mysql.VARBINARY:
    """Bytes that only a key opens, or that only a machine reads."""
    return mysql.VARBINARY(length)


@dataclass(frozen=True)
class Index:
    """An index of a new table."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False


def index(name: str, *columns: str, unique: bool = False) -> Index:
    return Index(name, columns, unique)


def must(column: str, kind: Any, **more: Any) -> sa.Column[Any]:
    """A column that always has a value."""
    more.setdefault("autoincrement", False)
    return sa.Column(column, kind, nullable=False, **more)


def may(column: str, kind: Any, **more: Any) -> sa.Column[Any]:
    """A column that may be NULL."""
    return sa.Column(column, kind, nullable=True, **more)


def shop() -> sa.Column[Any]:
    """The first column of every shard table's key."""
    return must("shop_id", BIG)


def tied(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    """A shard row's tie to another row of the same shop: the shop's number is part of it, so no tie can cross shops."""
    return sa.ForeignKeyConstraint(
        ["shop_id", column], [f"{to}.shop_id", f"{to}.id"], name=f"fk_{table}_shop_id_{column}"
    )
