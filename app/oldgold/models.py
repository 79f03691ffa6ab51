"""Owns the tables of old gold: issued vouchers, which never change, and the shop's dated terms of buying."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, Date, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMBLOB, VARBINARY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.db import BasisPoints, Code, Fineness, Hash, Id, Milligrams, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class TestKind(StrEnum):
    """How a purity was found."""

    __test__ = False

    TOUCHSTONE = "touchstone"
    XRF = "xrf"  # karatmeter
    FIRE_ASSAY = "fire_assay"


class PayoutMode(StrEnum):
    """How a seller is settled with."""

    CREDIT = "credit"  # left with the shop, for a bill
    CASH = "cash"
    UPI = "upi"
    BANK = "bank"
    CHEQUE = "cheque"


class OldGoldVoucher(ShopOwned, ShardBase):
    """An issued voucher. `seller_sealed` is the seller's particulars and identity under the customer's key;
    `content_hash` covers the voucher with its lines and payouts and stands in the audit chain."""

    __tablename__ = "oldgold_vouchers"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(Id)
    outlet_id: Mapped[UUID] = mapped_column(Id)
    till_id: Mapped[UUID] = mapped_column(Id)
    fy_start: Mapped[int] = mapped_column(SmallInteger)
    no: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(Code(16))
    issued_at: Mapped[dt.datetime] = mapped_column(Utc)
    issued_on: Mapped[dt.date] = mapped_column(Date)  # IST
    book_on: Mapped[dt.date] = mapped_column(Date)  # the drawer's business day
    customer_id: Mapped[UUID] = mapped_column(Id)
    identity_kind: Mapped[str] = mapped_column(Code(12))
    seller_sealed: Mapped[bytes] = mapped_column(VARBINARY(2048))
    shop: Mapped[bytes] = mapped_column(MEDIUMBLOB)  # canonical JSON: the shop's particulars as printed
    pan_declared: Mapped[bool] = mapped_column(Boolean)
    value_paise: Mapped[int] = mapped_column(Paise)
    usual_paise: Mapped[int] = mapped_column(Paise)  # by the shop's own terms
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    render_version: Mapped[int] = mapped_column(SmallInteger)
    content_hash: Mapped[bytes] = mapped_column(Hash)
    lines: Mapped[list["OldGoldLine"]] = relationship(viewonly=True, lazy="raise", order_by="OldGoldLine.pos")
    payouts: Mapped[list["OldGoldPayout"]] = relationship(viewonly=True, lazy="raise", order_by="OldGoldPayout.pos")
    __table_args__ = facts(
        UniqueConstraint("shop_id", "registration_id", "fy_start", "number"),
        UniqueConstraint("shop_id", "till_id", "registration_id", "fy_start", "no"),  # serves the till too
        ForeignKeyConstraint(["shop_id", "registration_id"], ["registrations.shop_id", "registrations.id"]),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        Index(None, "shop_id", "issued_on", "id"), Index(None, "shop_id", "customer_id", "issued_on"),
        Index(None, "shop_id", "book_on"),
        writes="insert", hidden=("seller_sealed",), retention="books", purpose="issued vouchers of old gold bought",
    )  # fmt: skip


class OldGoldLine(ShopOwned, ShardBase):
    """One piece of old gold as it was weighed, tested and valued."""

    __tablename__ = "oldgold_lines"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    voucher_id: Mapped[UUID] = mapped_column(Id)
    pos: Mapped[int] = mapped_column(SmallInteger)
    description: Mapped[str] = mapped_column(Name(120))
    metal: Mapped[str] = mapped_column(Code(10))
    gross_mg: Mapped[int] = mapped_column(Milligrams)
    dirt_mg: Mapped[int] = mapped_column(Milligrams)  # and stones: all that is no metal
    net_mg: Mapped[int] = mapped_column(Milligrams)
    fineness: Mapped[int] = mapped_column(Fineness)  # as tested
    test_kind: Mapped[str] = mapped_column(Code(12))
    test_note: Mapped[str | None] = mapped_column(Name(120))
    melting_loss_bp: Mapped[int] = mapped_column(BasisPoints)
    fine_mg: Mapped[int] = mapped_column(Milligrams)  # after loss, which is what is paid for
    fine_rate_paise_per_g: Mapped[int] = mapped_column(Paise)
    usual_rate_paise_per_g: Mapped[int] = mapped_column(Paise)  # by the board and the shop's terms, at that minute
    value_paise: Mapped[int] = mapped_column(Paise)
    resale: Mapped[bool] = mapped_column(Boolean)  # to be sold on as it is (Rule 32(5))
    picture_id: Mapped[UUID | None] = mapped_column(Id)
    lot_id: Mapped[UUID] = mapped_column(Id)
    of_line_id: Mapped[UUID | None] = mapped_column(Id)  # the bill's line by which the shop had sold it
    buyback_bp: Mapped[int | None] = mapped_column(BasisPoints)  # the share of its metal's value that was given
    __table_args__ = facts(
        UniqueConstraint("shop_id", "voucher_id", "pos"), UniqueConstraint("shop_id", "of_line_id"),
        ForeignKeyConstraint(["shop_id", "of_line_id"], ["invoice_lines.shop_id", "invoice_lines.id"]),
        ForeignKeyConstraint(["shop_id", "voucher_id"], ["oldgold_vouchers.shop_id", "oldgold_vouchers.id"]),
        ForeignKeyConstraint(["shop_id", "picture_id"], ["pictures.shop_id", "pictures.id"]),
        ForeignKeyConstraint(["shop_id", "lot_id"], ["metal_lots.shop_id", "metal_lots.id"]),
        UniqueConstraint("shop_id", "lot_id"),
        Index(None, "shop_id", "picture_id"),
        writes="insert", retention="books", purpose="old gold as it was weighed, tested and valued",
    )  # fmt: skip


class OldGoldPayout(ShopOwned, ShardBase):
    """How a seller was settled with: a credit for a bill, or money."""

    __tablename__ = "oldgold_payouts"
    voucher_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(Code(8))
    paise: Mapped[int] = mapped_column(Paise)
    reference: Mapped[str | None] = mapped_column(Name(60))
    credit_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "voucher_id"], ["oldgold_vouchers.shop_id", "oldgold_vouchers.id"]),
        ForeignKeyConstraint(["shop_id", "credit_id"], ["credits.shop_id", "credits.id"]),
        Index(None, "shop_id", "credit_id"),
        writes="insert", retention="books", purpose="how sellers of old gold were settled with",
    )  # fmt: skip


class BuyingTerms(ShopOwned, ShardBase):
    """What the shop keeps of the board's fine rate from a day on; the newest row that holds counts."""

    __tablename__ = "buying_terms"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    metal: Mapped[str] = mapped_column(Code(10))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    margin_bp: Mapped[int] = mapped_column(BasisPoints)
    melting_loss_bp: Mapped[int] = mapped_column(BasisPoints)
    set_at: Mapped[dt.datetime] = mapped_column(Utc)
    set_by: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        Index(None, "shop_id", "metal", "valid_from", "id"),
        writes="insert", retention="books", purpose="the shop's dated terms for buying old gold",
    )  # fmt: skip
