"""Owns the customers' table; bills keep their own sealed copy of what the law wants on them."""

import datetime as dt
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Id, Name, ShardBase, Utc, facts
from shard_router import ShopOwned


class Customer(ShopOwned, ShardBase):
    """A buyer; found by phone at the counter."""

    __tablename__ = "customers"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name(140))
    phone: Mapped[str | None] = mapped_column(Code(16))  # E.164
    email: Mapped[str | None] = mapped_column(Name(254))
    gstin: Mapped[str | None] = mapped_column(Code(15))
    pan: Mapped[str | None] = mapped_column(Code(10))
    address: Mapped[str | None] = mapped_column(Name(300))
    city: Mapped[str | None] = mapped_column(Name(80))
    pin: Mapped[str | None] = mapped_column(Code(6))
    state_code: Mapped[str | None] = mapped_column(Code(2))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    erased_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    merged_into: Mapped[UUID | None] = mapped_column(Id)  # the row that counts, where one person was entered twice
    __table_args__ = facts(
        UniqueConstraint("shop_id", "phone"), Index(None, "shop_id", "name", "id"), Index(None, "shop_id", "gstin"),
        Index(None, "shop_id", "created_at", "id"), Index(None, "shop_id", "merged_into"),
        ForeignKeyConstraint(["shop_id", "merged_into"], ["customers.shop_id", "customers.id"]),
        writes="insert-update", retention="shop", purpose="the shop's customers",
    )  # fmt: skip
