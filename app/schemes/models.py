"""Owns the tables of saving schemes: dated plans, savers' schemes, and the instalments paid into them."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, Date, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.mysql import VARBINARY
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import BasisPoints, Code, Fineness, Id, Milligrams, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class SchemeState(StrEnum):
    OPEN = "open"
    MATURED = "matured"  # full: what was paid in is a credit, and there is a bonus
    CLOSED = "closed"  # ended before it was full, by the shop: a credit, no bonus
    STOPPED = "stopped"  # ended by its last lawful day before it was full: a credit, no bonus


class SchemePlan(ShopOwned, ShardBase):
    """One version of a plan. Whoever joined under it stays under it: only its last day is ever written later."""

    __tablename__ = "scheme_plans"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Code(12))
    name: Mapped[str] = mapped_column(Name(80))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)  # the last day on which one may join
    instalment: Mapped[str] = mapped_column(Code(8))  # fixed | from
    least_paise: Mapped[int] = mapped_column(Paise)
    step_paise: Mapped[int] = mapped_column(Paise)
    months: Mapped[int] = mapped_column(SmallInteger)
    bonus: Mapped[str] = mapped_column(Code(12))  # none | instalment | percent | making
    bonus_bp: Mapped[int] = mapped_column(BasisPoints)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    most_late: Mapped[int | None] = mapped_column(SmallInteger)
    metal: Mapped[str | None] = mapped_column(Code(10))  # whose grams the passbook shows
    fineness: Mapped[int | None] = mapped_column(Fineness)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "code", "valid_from"),
        writes="insert-update", mutable=("valid_to", "version"), retention="books",
        purpose="dated versions of the shop's saving plans",
    )  # fmt: skip


class Scheme(ShopOwned, ShardBase):
    """A saver's scheme. Its sums are those of its instalments; its bonus is claimed by one document, once."""

    __tablename__ = "schemes"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Code(16))
    plan_id: Mapped[UUID] = mapped_column(Id)
    customer_id: Mapped[UUID] = mapped_column(Id)
    till_id: Mapped[UUID] = mapped_column(Id)  # where it was begun
    nominee_sealed: Mapped[bytes | None] = mapped_column(VARBINARY(1024))  # under the customer's key
    instalment_paise: Mapped[int] = mapped_column(Paise)
    begun_on: Mapped[dt.date] = mapped_column(Date)  # IST; day 0
    matures_on: Mapped[dt.date] = mapped_column(Date)
    warns_on: Mapped[dt.date] = mapped_column(Date)
    stops_on: Mapped[dt.date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Code(8))
    paid_paise: Mapped[int] = mapped_column(Paise, default=0)
    paid_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    late_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    grams_mg: Mapped[int] = mapped_column(Milligrams, default=0)
    next_due_on: Mapped[dt.date | None] = mapped_column(Date)
    warned: Mapped[bool] = mapped_column(Boolean, default=False)
    ended_on: Mapped[dt.date | None] = mapped_column(Date)
    end_reason: Mapped[str | None] = mapped_column(Name(200))
    credit_id: Mapped[UUID | None] = mapped_column(Id)
    bonus_paise: Mapped[int] = mapped_column(Paise, default=0)
    bonus_making_bp: Mapped[int] = mapped_column(BasisPoints, default=0)
    bonus_document_id: Mapped[UUID | None] = mapped_column(Id)  # the bill that gave it
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "number"),
        ForeignKeyConstraint(["shop_id", "plan_id"], ["scheme_plans.shop_id", "scheme_plans.id"]),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        ForeignKeyConstraint(["shop_id", "credit_id"], ["credits.shop_id", "credits.id"]),
        Index(None, "shop_id", "state", "next_due_on", "id"), Index(None, "shop_id", "state", "stops_on", "id"),
        Index(None, "shop_id", "begun_on", "id"), Index(None, "shop_id", "bonus_document_id"),
        Index(None, "shop_id", "credit_id"),
        Index(None, "shop_id", "plan_id"),
        Index(None, "shop_id", "customer_id"),
        Index(None, "shop_id", "till_id"),
        writes="insert-update",
        mutable=(
            "customer_id", "state", "paid_paise", "paid_count", "late_count", "grams_mg", "next_due_on", "warned",
            "ended_on", "end_reason", "credit_id", "bonus_paise", "bonus_making_bp", "bonus_document_id", "version",
            "updated_at",
        ),
        hidden=("nominee_sealed",), retention="books", purpose="savers' schemes and what each is worth",
    )  # fmt: skip


class SchemeInstalment(ShopOwned, ShardBase):
    """One month's payment; several paid at once have one receipt. `live_no` is NULL once that receipt was taken back (a
    cheque that was not honoured), so that the month may be paid anew and is never paid twice."""

    __tablename__ = "scheme_instalments"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    scheme_id: Mapped[UUID] = mapped_column(Id)
    no: Mapped[int] = mapped_column(SmallInteger)
    live_no: Mapped[int | None] = mapped_column(SmallInteger)
    receipt_id: Mapped[UUID] = mapped_column(Id)
    receipt_number: Mapped[str] = mapped_column(Code(16))
    due_on: Mapped[dt.date] = mapped_column(Date)
    paid_on: Mapped[dt.date] = mapped_column(Date)  # IST
    late: Mapped[bool] = mapped_column(Boolean)
    paise: Mapped[int] = mapped_column(Paise)
    rate_paise_per_g: Mapped[int | None] = mapped_column(Paise)
    grams_mg: Mapped[int] = mapped_column(Milligrams)
    paid_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "scheme_id", "live_no"),
        ForeignKeyConstraint(["shop_id", "scheme_id"], ["schemes.shop_id", "schemes.id"]),
        ForeignKeyConstraint(["shop_id", "receipt_id"], ["receipts.shop_id", "receipts.id"]),
        Index(None, "shop_id", "paid_on"),
        Index(None, "shop_id", "receipt_id"),
        writes="insert-update", mutable=("live_no",), retention="books", purpose="instalments paid into schemes",
    )  # fmt: skip
