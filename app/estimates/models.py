"""Owns the tables of estimates and of sheets that are put aside."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Id, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class Estimate(ShopOwned, ShardBase):
    """What was told to a customer, once; only whose it is and which bill it became ever change.

    Canonical JSON: `draft` is what was asked for, `shown` what it came to as a quote is written, `kept` the rates that
    it keeps (piece, metal, fineness, paise per gram), `seller` the particulars as printed.
    """

    __tablename__ = "estimates"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(Id)
    till_id: Mapped[UUID] = mapped_column(Id)
    fy_start: Mapped[int] = mapped_column(SmallInteger)
    no: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(Code(16))
    customer_id: Mapped[UUID | None] = mapped_column(Id)
    made_at: Mapped[dt.datetime] = mapped_column(Utc)
    made_on: Mapped[dt.date] = mapped_column(Date)
    made_by: Mapped[UUID | None] = mapped_column(Id)
    expires_on: Mapped[dt.date] = mapped_column(Date)  # its last day
    rates_expire_on: Mapped[dt.date | None] = mapped_column(Date)  # the last day of its rates; NULL: none are kept
    total_paise: Mapped[int] = mapped_column(Paise)
    draft: Mapped[bytes] = mapped_column(MEDIUMBLOB)
    shown: Mapped[bytes] = mapped_column(MEDIUMBLOB)
    kept: Mapped[bytes] = mapped_column(MEDIUMBLOB)
    seller: Mapped[bytes] = mapped_column(MEDIUMBLOB)
    invoice_id: Mapped[UUID | None] = mapped_column(Id)  # the bill that it became
    version: Mapped[int] = mapped_column(Integer)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "registration_id", "fy_start", "number"),
        ForeignKeyConstraint(["shop_id", "registration_id"], ["registrations.shop_id", "registrations.id"]),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        Index(None, "shop_id", "made_at", "id"), Index(None, "shop_id", "customer_id", "made_at"),
        Index(None, "shop_id", "invoice_id"), Index(None, "shop_id", "till_id"),
        writes="insert-update", mutable=("customer_id", "invoice_id", "version"), retention="books",
        purpose="what customers were told that pieces would cost",
    )  # fmt: skip


class HeldSheet(ShopOwned, ShardBase):
    """A sheet of the counter that waits to be taken up again, once. It reserves nothing."""

    __tablename__ = "held_sheets"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    label: Mapped[str] = mapped_column(Name(60))  # by what the clerk knows it: a name, a phone
    lines: Mapped[int] = mapped_column(SmallInteger)
    draft: Mapped[bytes] = mapped_column(MEDIUMBLOB)  # canonical JSON
    till_id: Mapped[UUID | None] = mapped_column(Id)
    held_at: Mapped[dt.datetime] = mapped_column(Utc)
    held_by: Mapped[UUID | None] = mapped_column(Id)
    recalled_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    recalled_by: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        Index(None, "shop_id", "recalled_at", "held_at"), Index(None, "held_at"),
        writes="insert-update", mutable=("recalled_at", "recalled_by"), hidden=("label", "draft"), retention="short",
        purpose="sheets of the counter that were put aside, a day",
    )  # fmt: skip
