"""Owns the customers' tables; bills keep their own sealed copy of what the law wants on them."""

import datetime as dt
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.mysql import VARBINARY
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Hash, Id, Name, ShardBase, Utc, facts
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
        Index(None, "shop_id", "pan"),
        ForeignKeyConstraint(["shop_id", "merged_into"], ["customers.shop_id", "customers.id"]),
        writes="insert-update", retention="shop", purpose="the shop's customers",
    )  # fmt: skip


class CustomerDate(ShopOwned, ShardBase):
    """A day of the year that a customer is thought of. `month_day` is 704 on the 4th of July: a span is a range."""

    __tablename__ = "customer_dates"
    customer_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(16), primary_key=True)  # birthday | anniversary
    month_day: Mapped[int] = mapped_column(SmallInteger)
    year: Mapped[int | None] = mapped_column(SmallInteger)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        Index(None, "shop_id", "month_day", "customer_id"),
        writes="insert-update-delete", retention="shop", purpose="birthdays and anniversaries of customers",
    )  # fmt: skip


class Family(ShopOwned, ShardBase):
    """People who buy together."""

    __tablename__ = "families"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name(140))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        writes="insert-update", mutable=("name", "version"), retention="shop", purpose="households of customers",
    )  # fmt: skip


class FamilyMember(ShopOwned, ShardBase):
    """Who belongs to which family: to one at most."""

    __tablename__ = "family_members"
    customer_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    family_id: Mapped[UUID] = mapped_column(Id)
    relation: Mapped[str] = mapped_column(Code(16))
    added_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        ForeignKeyConstraint(["shop_id", "family_id"], ["families.shop_id", "families.id"]),
        Index(None, "shop_id", "family_id", "added_at"),
        writes="insert-update-delete", retention="shop", purpose="which customers belong to which family",
    )  # fmt: skip


class CustomerKyc(ShopOwned, ShardBase):
    """A paper by which a customer showed who they are, and the consent under which it is kept.

    The number and the scan are sealed under the customer's key; `last4` is what screens show. `live_kind` is NULL once
    the paper was withdrawn, so there is one live paper of a kind.
    """

    __tablename__ = "customer_kyc"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(16))
    live_kind: Mapped[str | None] = mapped_column(Code(16))
    number_sealed: Mapped[bytes | None] = mapped_column(VARBINARY(256))
    last4: Mapped[str] = mapped_column(Code(4))
    consent: Mapped[str] = mapped_column(Code(16))  # version of the text that was agreed to
    consented_at: Mapped[dt.datetime] = mapped_column(Utc)
    consented_by: Mapped[UUID | None] = mapped_column(Id)  # who of the shop asked
    scan_key: Mapped[str | None] = mapped_column(Code(200))
    scan_type: Mapped[str | None] = mapped_column(Code(40))
    scan_sha256: Mapped[bytes | None] = mapped_column(Hash)
    verified_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    verified_by: Mapped[UUID | None] = mapped_column(Id)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "customer_id", "live_kind"),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        writes="insert-update",
        mutable=(
            "live_kind", "number_sealed", "scan_key", "scan_sha256", "scan_type", "verified_at",
            "verified_by", "version", "withdrawn_at",
        ),
        hidden=("last4", "number_sealed"), retention="books",
        purpose="papers that customers identified themselves with",
    )  # fmt: skip
