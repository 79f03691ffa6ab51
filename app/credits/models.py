"""Owns the tables of what the shop owes its customers."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Id, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class CreditKind(StrEnum):
    """Where a credit comes from."""

    ADVANCE = "advance"  # a receipt
    OLD_GOLD = "old_gold"  # a purchase voucher
    SCHEME = "scheme"  # a matured or closed passbook
    STORE_CREDIT = "store_credit"  # the balance of a credit note


class CreditState(StrEnum):
    OPEN = "open"
    SPENT = "spent"
    PAID_OUT = "paid_out"
    CLOSED = "closed"


class UseKind(StrEnum):
    """Why a credit changed."""

    SPENT = "spent"  # a document used so much of it
    RELEASED = "released"  # that document was cancelled
    PAID_OUT = "paid_out"  # given back in money


class Credit(ShopOwned, ShardBase):
    """Money that the shop owes a customer until a bill uses it up. `paise` less its uses is always `left_paise`."""

    __tablename__ = "credits"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(16))
    customer_id: Mapped[UUID] = mapped_column(Id)
    source_id: Mapped[UUID] = mapped_column(Id)  # receipt, voucher, passbook or note: its room knows it
    paise: Mapped[int] = mapped_column(Paise)
    left_paise: Mapped[int] = mapped_column(Paise)
    state: Mapped[str] = mapped_column(Code(10))
    made_on: Mapped[dt.date] = mapped_column(Date)  # IST
    expires_on: Mapped[dt.date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "source_id", "kind"),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        Index(None, "shop_id", "customer_id", "state"), Index(None, "shop_id", "made_on", "id"),
        Index(None, "shop_id", "state", "made_on", "id"),
        writes="insert-update", mutable=("customer_id", "left_paise", "state", "version"), retention="books",
        purpose="what the shop owes its customers",
    )  # fmt: skip


class CreditUse(ShopOwned, ShardBase):
    """So much of a credit was used by a document; below nothing where it came back."""

    __tablename__ = "credit_uses"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    credit_id: Mapped[UUID] = mapped_column(Id)
    document_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(10))
    paise: Mapped[int] = mapped_column(Paise)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "credit_id", "document_id", "kind"),
        ForeignKeyConstraint(["shop_id", "credit_id"], ["credits.shop_id", "credits.id"]),
        Index(None, "shop_id", "document_id"),
        writes="insert", retention="books", purpose="which document used how much of a credit",
    )  # fmt: skip
