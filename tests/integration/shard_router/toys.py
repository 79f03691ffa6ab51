"""Owns the toy shop that the router is tested with: a few ShopOwned tables, unknown to any domain."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BINARY, BigInteger, Date, ForeignKeyConstraint, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from shard_router import ShopOwned


class ToyBase(DeclarativeBase):
    pass


class Piece(ShopOwned, ToyBase):
    __tablename__ = "toy_pieces"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tag: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(12), default="in_stock")
    net_mg: Mapped[int] = mapped_column(BigInteger, default=1000)
    purity: Mapped[int] = mapped_column(Integer, default=916)
    bill_id: Mapped[bytes | None] = mapped_column(BINARY(16))
    __table_args__ = (UniqueConstraint("shop_id", "tag", name="uq_toy_pieces_tag"),)


class Rate(ShopOwned, ToyBase):
    __tablename__ = "toy_rates"
    purity: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    paise: Mapped[int] = mapped_column(BigInteger)


class Bill(ShopOwned, ToyBase):
    __tablename__ = "toy_bills"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    customer: Mapped[str] = mapped_column(String(80))
    day: Mapped[dt.date] = mapped_column(Date, default=dt.date(2026, 11, 20))
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    lines: Mapped[list[Line]] = relationship(viewonly=True, lazy="select", order_by="Line.id")


class Line(ShopOwned, ToyBase):
    __tablename__ = "toy_lines"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    bill_id: Mapped[int] = mapped_column(BigInteger)
    piece_id: Mapped[int] = mapped_column(BigInteger)
    grams: Mapped[int] = mapped_column(Integer, default=1)
    bill: Mapped[Bill] = relationship(viewonly=True, lazy="select")
    __table_args__ = (
        ForeignKeyConstraint(["shop_id", "bill_id"], ["toy_bills.shop_id", "toy_bills.id"]),
        ForeignKeyConstraint(["shop_id", "piece_id"], ["toy_pieces.shop_id", "toy_pieces.id"]),
    )


class Claim(ShopOwned, ToyBase):
    __tablename__ = "toy_claims"
    key: Mapped[bytes] = mapped_column(BINARY(16), primary_key=True)
    subject: Mapped[int] = mapped_column(BigInteger)


class Series(ShopOwned, ToyBase):
    __tablename__ = "toy_series"
    series: Mapped[str] = mapped_column(String(8), primary_key=True)
    last_no: Mapped[int] = mapped_column(Integer)


class Loose(ToyBase):
    """A table of a shard that forgot its shop."""

    __tablename__ = "toy_loose"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(80))
