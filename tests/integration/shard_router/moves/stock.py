"""Owns the toy shop that moves: bills with numbers and lines, a circle of foreign keys, and every type of column."""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BINARY,
    BigInteger,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shard_router import ShopOwned
from shard_router.moves import Sum


class StockBase(DeclarativeBase):
    pass


def ascii_code(length: int) -> mysql.VARCHAR:
    return mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")


class Buyer(ShopOwned, StockBase):
    __tablename__ = "mv_buyers"
    id: Mapped[bytes] = mapped_column(BINARY(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(20))
    balance_paise: Mapped[int] = mapped_column(BigInteger, default=0)
    __table_args__ = (UniqueConstraint("shop_id", "phone", name="uq_mv_buyers_phone"),)


class Bill(ShopOwned, StockBase):
    __tablename__ = "mv_bills"
    id: Mapped[bytes] = mapped_column(BINARY(16), primary_key=True)
    no: Mapped[int] = mapped_column(Integer)
    buyer_id: Mapped[bytes] = mapped_column(BINARY(16))
    total_paise: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[Any] = mapped_column(mysql.JSON)
    made_at: Mapped[dt.datetime] = mapped_column(mysql.DATETIME(fsp=6))
    __table_args__ = (
        UniqueConstraint("shop_id", "no", name="uq_mv_bills_no"),
        ForeignKeyConstraint(["shop_id", "buyer_id"], ["mv_buyers.shop_id", "mv_buyers.id"]),
    )


class Line(ShopOwned, StockBase):
    __tablename__ = "mv_lines"
    bill_id: Mapped[bytes] = mapped_column(BINARY(16), primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    grams: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    paise: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (ForeignKeyConstraint(["shop_id", "bill_id"], ["mv_bills.shop_id", "mv_bills.id"]),)


class Series(ShopOwned, StockBase):
    __tablename__ = "mv_series"
    series: Mapped[str] = mapped_column(ascii_code(16), primary_key=True)
    last_no: Mapped[int] = mapped_column(Integer)


class Piece(ShopOwned, StockBase):
    """It names its picture, which names its piece: no order satisfies both keys."""

    __tablename__ = "mv_pieces"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    picture_id: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        ForeignKeyConstraint(
            ["shop_id", "picture_id"],
            ["mv_pictures.shop_id", "mv_pictures.id"],
            use_alter=True,
            name="fk_piece_picture",
        ),
    )


class Picture(ShopOwned, StockBase):
    __tablename__ = "mv_pictures"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    piece_id: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (ForeignKeyConstraint(["shop_id", "piece_id"], ["mv_pieces.shop_id", "mv_pieces.id"]),)


class Sample(ShopOwned, StockBase):
    """One column of every type that can be carried."""

    __tablename__ = "mv_samples"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    c_tinyint: Mapped[int | None] = mapped_column(mysql.TINYINT)
    c_smallint: Mapped[int | None] = mapped_column(mysql.SMALLINT(unsigned=True))
    c_mediumint: Mapped[int | None] = mapped_column(mysql.MEDIUMINT)
    c_int: Mapped[int | None] = mapped_column(Integer)
    c_bigint: Mapped[int | None] = mapped_column(mysql.BIGINT(unsigned=True))
    c_decimal: Mapped[Decimal | None] = mapped_column(Numeric(30, 10))
    c_float: Mapped[float | None] = mapped_column(mysql.FLOAT)
    c_double: Mapped[float | None] = mapped_column(mysql.DOUBLE)
    c_bit: Mapped[Any] = mapped_column(mysql.BIT(13), nullable=True)
    c_year: Mapped[int | None] = mapped_column(mysql.YEAR)
    c_date: Mapped[dt.date | None] = mapped_column(Date)
    c_time: Mapped[Any] = mapped_column(mysql.TIME(fsp=6), nullable=True)
    c_datetime: Mapped[dt.datetime | None] = mapped_column(mysql.DATETIME(fsp=6))
    c_timestamp: Mapped[dt.datetime | None] = mapped_column(mysql.TIMESTAMP(fsp=3))
    c_plain_datetime: Mapped[dt.datetime | None] = mapped_column(DateTime)
    c_char: Mapped[str | None] = mapped_column(mysql.CHAR(10))
    c_varchar: Mapped[str | None] = mapped_column(String(200))
    c_latin: Mapped[str | None] = mapped_column(mysql.VARCHAR(40, charset="latin1"))
    c_ascii: Mapped[str | None] = mapped_column(ascii_code(40))
    c_text: Mapped[str | None] = mapped_column(mysql.MEDIUMTEXT)
    c_binary: Mapped[bytes | None] = mapped_column(BINARY(16))
    c_varbinary: Mapped[bytes | None] = mapped_column(mysql.VARBINARY(300))
    c_blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    c_enum: Mapped[str | None] = mapped_column(mysql.ENUM("gold", "silver", "platinum"))
    c_set: Mapped[Any] = mapped_column(mysql.SET("a", "b", "c"), nullable=True)
    c_json: Mapped[Any] = mapped_column(mysql.JSON, nullable=True)


TABLES = list(StockBase.metadata.tables.values())

# Values that somebody has lost once: signs, zeros at an end, quotes, the last digit, what is not ASCII.
FULL = {
    "c_tinyint": -128, "c_smallint": 65535, "c_mediumint": -8388608, "c_int": -1, "c_bigint": 2**64 - 1,
    "c_decimal": "12345678901234567890.0123456789", "c_float": "0.1", "c_double": "0.30000000000000004",
    "c_bit": 0b1000000000001, "c_year": 2026, "c_date": "1000-01-01", "c_time": "-838:59:58.999999",
    "c_datetime": "9999-12-31 23:59:59.999999", "c_timestamp": "2026-03-29 01:30:00.123",
    "c_plain_datetime": "2026-11-20 00:00:00", "c_char": "ab", "c_varchar": "₹ \\ ' \" % \x00 \n 💍 ",
    "c_latin": "Zürich", "c_ascii": "X'41'", "c_text": "é" * 70_000, "c_binary": b"\x01" * 8 + b"\x00" * 8,
    "c_varbinary": bytes(range(256)), "c_blob": bytes(range(255, -1, -1)) * 200, "c_enum": "silver", "c_set": "a,c",
    "c_json": '{"n": 1.10, "s": "\\u20b9\\"", "l": [null, true, -0.5], "b": 12345678901234567890}',
}  # fmt: skip

# A change as small as the type allows, as SQL.
SMALLEST = {
    "c_tinyint": "c_tinyint + 1", "c_smallint": "c_smallint - 1", "c_mediumint": "c_mediumint + 1",
    "c_int": "c_int + 1", "c_bigint": "c_bigint - 1", "c_decimal": "c_decimal + 0.0000000001",
    "c_float": "0.10000001", "c_double": "0.3", "c_bit": "b'1000000000000'", "c_year": "2027",
    "c_date": "'1000-01-02'", "c_time": "'-838:59:58.999998'", "c_datetime": "'9999-12-31 23:59:59.999998'",
    "c_timestamp": "'2026-03-29 01:30:00.124'", "c_plain_datetime": "'2026-11-20 00:00:01'", "c_char": "'aB'",
    "c_varchar": "REPLACE(c_varchar, '₹', '₨')", "c_latin": "'Zurich'", "c_ascii": "'x''41'''",
    "c_text": "CONCAT(LEFT(c_text, 69999), 'e')", "c_binary": "CONCAT(LEFT(c_binary, 15), X'01')",
    "c_varbinary": "CONCAT(c_varbinary, X'00')", "c_blob": "CONCAT(X'FE', SUBSTR(c_blob, 2))",
    "c_enum": "'gold'", "c_set": "'a,b,c'", "c_json": "JSON_SET(c_json, '$.l[2]', -0.25)",
}  # fmt: skip

SUMS = [
    Sum("bills", select(func.count(), func.coalesce(func.sum(Bill.total_paise), 0), func.max(Bill.no)).where(
        Bill.shop_id == bindparam("shop_id"))),
    Sum("series", select(func.count(), func.sum(Series.last_no)).where(Series.shop_id == bindparam("shop_id"))),
]  # fmt: skip


def new_id() -> bytes:
    return secrets.token_bytes(16)
