"""Owns the tables of orders and repairs; what was agreed and every step are only ever added to."""

import datetime as dt
import enum
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Fineness, Id, Milligrams, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class OrderKind(enum.StrEnum):
    ORDER = "order"  # pieces to be made
    REPAIR = "repair"  # a customer's own piece to be mended


class Order(ShopOwned, ShardBase):
    """An order or a repair. `stage` is one of the dated table's; `invoice_id` is the bill that it was delivered on."""

    __tablename__ = "orders"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(8))
    registration_id: Mapped[UUID] = mapped_column(Id)
    till_id: Mapped[UUID] = mapped_column(Id)
    fy_start: Mapped[int] = mapped_column(SmallInteger)
    no: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(Code(16))
    customer_id: Mapped[UUID] = mapped_column(Id)
    rate_basis: Mapped[str] = mapped_column(Code(10))  # today | locked | delivery
    rate_lock_id: Mapped[UUID | None] = mapped_column(Id)  # the rates room's, where the rate was locked
    note: Mapped[str | None] = mapped_column(Name(300))
    taken_on: Mapped[dt.date] = mapped_column(Date)
    taken_at: Mapped[dt.datetime] = mapped_column(Utc)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    stage: Mapped[str] = mapped_column(Code(16))
    is_open: Mapped[int] = mapped_column(SmallInteger)  # 1 until it is delivered, handed back or cancelled
    due_on: Mapped[dt.date] = mapped_column(Date)
    invoice_id: Mapped[UUID | None] = mapped_column(Id)
    closed_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "registration_id", "fy_start", "number"),
        ForeignKeyConstraint(["shop_id", "registration_id"], ["registrations.shop_id", "registrations.id"]),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        Index(None, "shop_id", "is_open", "due_on", "id"), Index(None, "shop_id", "customer_id", "taken_on"),
        Index(None, "shop_id", "taken_at", "id"), Index(None, "shop_id", "invoice_id"),
        Index(None, "shop_id", "till_id"),
        writes="insert-update",
        mutable=("closed_at", "customer_id", "due_on", "invoice_id", "is_open", "stage", "updated_at", "version"),
        retention="books", purpose="what customers ordered, or left to be mended",
    )  # fmt: skip


class OrderLine(ShopOwned, ShardBase):
    """One piece that is wanted, as it was agreed; `rate_paise_per_g` only where the rate was fixed."""

    __tablename__ = "order_lines"
    order_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    description: Mapped[str] = mapped_column(Name(200))
    category: Mapped[str] = mapped_column(Code(24))
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    pieces: Mapped[int] = mapped_column(Integer)
    weight_mg: Mapped[int] = mapped_column(Milligrams)  # of all pieces together, about so much, net
    rate_paise_per_g: Mapped[int | None] = mapped_column(Paise)
    estimate_paise: Mapped[int] = mapped_column(Paise)  # of all pieces; 0: none was given
    picture_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "order_id"], ["orders.shop_id", "orders.id"]),
        ForeignKeyConstraint(["shop_id", "picture_id"], ["pictures.shop_id", "pictures.id"]),
        Index(None, "shop_id", "picture_id"),
        writes="insert", retention="books", purpose="pieces that customers ordered",
    )  # fmt: skip


class OrderStep(ShopOwned, ShardBase):
    """Who brought an order to which stage, and when."""

    __tablename__ = "order_steps"
    order_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    stage: Mapped[str] = mapped_column(Code(16))
    at: Mapped[dt.datetime] = mapped_column(Utc)
    note: Mapped[str | None] = mapped_column(Name(200))
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "order_id"], ["orders.shop_id", "orders.id"]),
        writes="insert", retention="books", purpose="the stages of orders, with who and when",
    )  # fmt: skip


class OrderAdvance(ShopOwned, ShardBase):
    """An advance that a customer paid on an order: a credit, which the bill uses up."""

    __tablename__ = "order_advances"
    credit_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    order_id: Mapped[UUID] = mapped_column(Id)
    receipt_id: Mapped[UUID] = mapped_column(Id)
    paise: Mapped[int] = mapped_column(Paise)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "order_id"], ["orders.shop_id", "orders.id"]),
        ForeignKeyConstraint(["shop_id", "credit_id"], ["credits.shop_id", "credits.id"]),
        Index(None, "shop_id", "order_id"),
        writes="insert", retention="books", purpose="advances on orders",
    )  # fmt: skip


class Repair(ShopOwned, ShardBase):
    """The customer's piece as it was taken in, what the work will cost and whether they agreed, and how it went out."""

    __tablename__ = "repairs"
    order_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    description: Mapped[str] = mapped_column(Name(200))
    condition: Mapped[str] = mapped_column(Name(300))
    work: Mapped[str] = mapped_column(Name(200))
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    pieces: Mapped[int] = mapped_column(Integer)
    gross_mg: Mapped[int] = mapped_column(Milligrams)
    picture_id: Mapped[UUID | None] = mapped_column(Id)
    estimate_paise: Mapped[int | None] = mapped_column(Paise)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Utc)  # when the customer agreed, or did not
    answered_by: Mapped[str | None] = mapped_column(Code(12))  # in_person | phone | message
    gross_out_mg: Mapped[int | None] = mapped_column(Milligrams)
    charge_paise: Mapped[int | None] = mapped_column(Paise)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "order_id"], ["orders.shop_id", "orders.id"]),
        ForeignKeyConstraint(["shop_id", "picture_id"], ["pictures.shop_id", "pictures.id"]),
        Index(None, "shop_id", "picture_id"),
        writes="insert-update",
        mutable=("answered_at", "answered_by", "charge_paise", "estimate_paise", "gross_out_mg"),
        retention="books", purpose="customers' own pieces taken in to be mended",
    )  # fmt: skip


class RepairUse(ShopOwned, ShardBase):
    """Metal or a part of ours that went into a repair."""

    __tablename__ = "repair_uses"
    order_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    description: Mapped[str] = mapped_column(Name(120))
    metal: Mapped[str | None] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    net_mg: Mapped[int] = mapped_column(Milligrams)
    cost_paise: Mapped[int] = mapped_column(Paise)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "order_id"], ["orders.shop_id", "orders.id"]),
        writes="insert", retention="books", purpose="metal and parts used in repairs",
    )  # fmt: skip
