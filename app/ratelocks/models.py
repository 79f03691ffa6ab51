"""Owns the tables of locked rates: what was promised, and which document took how much of it."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Fineness, Id, Milligrams, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class LockState(StrEnum):
    """`expired` is never written: an open lock is that once its last day is over."""

    OPEN = "open"
    USED = "used"
    CLOSED = "closed"
    EXPIRED = "expired"


class RateLock(ShopOwned, ShardBase):
    """A promise. `mg` less its uses is always `left_mg`."""

    __tablename__ = "rate_locks"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(Id)
    credit_id: Mapped[UUID] = mapped_column(Id)  # the advance behind it
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    paise_per_g: Mapped[int] = mapped_column(Paise)
    mg: Mapped[int] = mapped_column(Milligrams)
    left_mg: Mapped[int] = mapped_column(Milligrams)
    state: Mapped[str] = mapped_column(Code(10))
    expires_on: Mapped[dt.date] = mapped_column(Date)  # IST, its last day
    made_at: Mapped[dt.datetime] = mapped_column(Utc)
    made_by: Mapped[UUID | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "credit_id"),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        ForeignKeyConstraint(["shop_id", "credit_id"], ["credits.shop_id", "credits.id"]),
        Index(None, "shop_id", "customer_id", "state"), Index(None, "shop_id", "made_at", "id"),
        writes="insert-update", mutable=("customer_id", "left_mg", "state", "version"), retention="books",
        purpose="rates promised to customers against an advance",
    )  # fmt: skip


class RateLockUse(ShopOwned, ShardBase):
    """So many milligrams of a lock were taken by a document; below nothing where they came back."""

    __tablename__ = "rate_lock_uses"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    lock_id: Mapped[UUID] = mapped_column(Id)
    document_id: Mapped[UUID] = mapped_column(Id)
    mg: Mapped[int] = mapped_column(Milligrams)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "lock_id"], ["rate_locks.shop_id", "rate_locks.id"]),
        Index(None, "shop_id", "lock_id"), Index(None, "shop_id", "document_id"),
        writes="insert", retention="books", purpose="which document took how much of a locked rate",
    )  # fmt: skip
