"""Owns what tables are made of: the two bases (control plane, shard), column types, and each table's recorded facts."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    BINARY,
    BigInteger,
    ColumnElement,
    Dialect,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    func,
    literal_column,
)  # fmt: skip
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_0900_ai_ci"}

_NO_ASCII = re.compile(r"[^\x00-\x7f]")

Writes = Literal["insert", "insert-update", "insert-update-delete"]
Retention = Literal["books", "shop", "short", "platform"]


class ShardBase(DeclarativeBase):
    """Models whose tables live on every shard; all but none of them are ShopOwned (a meta-test holds that)."""

    metadata = MetaData(naming_convention=NAMING, info={"plane": "shard"})


class ControlBase(DeclarativeBase):
    """Models whose tables live in the control plane, once."""

    metadata = MetaData(naming_convention=NAMING, info={"plane": "control"})


class Id(TypeDecorator[UUID]):
    """A UUID as 16 bytes; ids of version 7 keep the order in which they were made."""

    impl = BINARY(16)
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> UUID | None:
        return None if value is None else UUID(bytes=value.ljust(16, b"\0"))


class Utc(TypeDecorator[dt.datetime]):
    """An aware moment, stored in UTC to the microsecond; a naive one is refused."""

    impl = DATETIME(fsp=6)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


class Code(String):
    """Text that machines compare: codes, numbers, HUIDs. Bytes decide, so A is not a.

    Looked for by what is no ASCII (a name typed in Devanagari into a search box), it finds nothing: MySQL would refuse
    the whole statement. Written so, it is refused still.
    """

    __visit_name__ = "string"

    def __init__(self, length: int) -> None:
        super().__init__(length, collation="ascii_bin")

    class Comparator(String.Comparator[str]):
        """Replaces letters that no code has by one that no code has and MySQL can compare."""

        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:
            return super().operate(op, *(_comparable(one) for one in other), **kwargs)

    comparator_factory = Comparator


def _comparable(other: Any) -> Any:
    if isinstance(other, str):
        return _NO_ASCII.sub("\x7f", other)
    return [_comparable(one) for one in other] if isinstance(other, list | tuple | set | frozenset) else other


def Name(length: int) -> String:  # noqa: N802 (a column type, named like one)
    """Text that people compare: asha finds Asha."""
    return String(length, collation="utf8mb4_0900_ai_ci")


def server_now(after: dt.timedelta = dt.timedelta()) -> ColumnElement[Any]:
    """The database's own clock, and a while later: what several hosts compare must not be any one host's time."""
    now = func.utc_timestamp(literal_column("6"))
    return func.addtime(now, str(after)) if after else now


Paise = BigInteger
Milligrams = BigInteger
MilliCarats = BigInteger
BasisPoints = Integer
Fineness = SmallInteger
Hash = BINARY(32)


def facts(
    *parts: Any,
    writes: Writes,
    retention: Retention,
    mutable: Iterable[str] = (),
    hidden: Iterable[str] = (),
    told: Iterable[str] = (),
    purpose: str,
) -> tuple[Any, ...]:
    """`__table_args__` with what docs/data.md records and what the database accounts' grants are made from.

    writes     what the application's account may do beside SELECT
    mutable    the columns that UPDATE is granted on; none given where `writes` has update means all
    told       text columns whose values the audit log may tell: nobody's who could ask to be erased
    hidden     the columns that `fleet_ro` may not read: keys, and what people said
    retention  books: as clock.books_end_on says · shop: while the shop is ours · short: purged by age · platform: ours
    """
    columns = {"mutable": tuple(mutable), "hidden": tuple(hidden), "told": tuple(told)}
    info = {"writes": writes, "retention": retention, "purpose": purpose, **columns}
    return (*parts, {"info": info, **TABLE_OPTIONS})


def tables_of(base: type[DeclarativeBase]) -> list[Table]:
    """All tables of a plane, in an order in which they can be created."""
    return base.metadata.sorted_tables
