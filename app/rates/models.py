"""Owns the rate board's tables: today's rate per metal and fineness, and every rate there ever was."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Fineness, Id, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class BoardRate(ShopOwned, ShardBase):
    """The rate in force, in paise per gram."""

    __tablename__ = "board_rates"
    metal: Mapped[str] = mapped_column(Code(10), primary_key=True)
    fineness: Mapped[int] = mapped_column(Fineness, primary_key=True, autoincrement=False)
    paise_per_g: Mapped[int] = mapped_column(Paise)
    set_at: Mapped[dt.datetime] = mapped_column(Utc)
    set_by: Mapped[UUID | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        writes="insert-update", mutable=("paise_per_g", "set_at", "set_by", "version"), retention="shop",
        purpose="the rates in force",
    )  # fmt: skip


class BoardRateChange(ShopOwned, ShardBase):
    """One change of a rate; never changed itself."""

    __tablename__ = "board_rate_changes"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    paise_per_g: Mapped[int] = mapped_column(Paise)
    set_at: Mapped[dt.datetime] = mapped_column(Utc)
    set_by: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        Index(None, "shop_id", "metal", "fineness", "set_at"), Index(None, "shop_id", "set_at"),
        writes="insert", retention="books", purpose="every rate there ever was",
    )  # fmt: skip
