"""Owns the tables of what the shop owes its customers, and of the vouchers for money outside a bill."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMBLOB, VARBINARY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.db import Code, Hash, Id, Name, Paise, ShardBase, Utc, facts
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
    RELEASED = "released"  # that document was cancelled, or a note over it gave this back
    PAID_OUT = "paid_out"  # given back in money, or by a note as store credit
    CLOSED = "closed"  # the document that opened it was taken back


class Credit(ShopOwned, ShardBase):
    """Money that the shop owes a customer until a bill uses it up. `paise` less its uses is always `left_paise`."""

    __tablename__ = "credits"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(16))
    customer_id: Mapped[UUID] = mapped_column(Id)
    source_id: Mapped[UUID] = mapped_column(Id)  # receipt, voucher, passbook or note: its room knows it
    paise: Mapped[int] = mapped_column(Paise)
    left_paise: Mapped[int] = mapped_column(Paise)
    cash_paise: Mapped[int | None] = mapped_column(Paise)  # of a store credit: what of it came in cash with its bill
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


class Purpose(StrEnum):
    """What money is taken or given for."""

    ADVANCE = "advance"  # opens a credit
    ON_ACCOUNT = "on_account"  # pays what the customer owes
    SCHEME = "scheme"  # an instalment: `about_id` is the passbook
    PAY_OUT = "pay_out"  # gives a credit back: `about_id` is the credit


class Receipt(ShopOwned, ShardBase):
    """A voucher for money taken, or given back, outside a bill. `payer_sealed` is the customer as printed, under their
    key; `content_hash` covers the voucher with its payments and stands in the audit chain."""

    __tablename__ = "receipts"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(16))  # receipt_voucher | refund_voucher | payment_voucher
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
    payer_sealed: Mapped[bytes | None] = mapped_column(VARBINARY(2048))
    seller: Mapped[bytes] = mapped_column(MEDIUMBLOB)  # canonical JSON: seller's particulars as printed
    purpose: Mapped[str] = mapped_column(Code(12))
    about_id: Mapped[UUID | None] = mapped_column(Id)  # passbook, order, credit: its room knows it
    reverses_id: Mapped[UUID | None] = mapped_column(Id)  # the receipt that this voucher takes back
    note: Mapped[str | None] = mapped_column(Name(200))
    total_paise: Mapped[int] = mapped_column(Paise)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    render_version: Mapped[int] = mapped_column(SmallInteger)
    content_hash: Mapped[bytes] = mapped_column(Hash)
    payments: Mapped[list["ReceiptPayment"]] = relationship(viewonly=True, lazy="raise", order_by="ReceiptPayment.pos")
    __table_args__ = facts(
        UniqueConstraint("shop_id", "registration_id", "fy_start", "number"),
        UniqueConstraint("shop_id", "till_id", "registration_id", "fy_start", "kind", "no"),  # serves the till too
        UniqueConstraint("shop_id", "reverses_id"),
        ForeignKeyConstraint(["shop_id", "registration_id"], ["registrations.shop_id", "registrations.id"]),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        ForeignKeyConstraint(["shop_id", "reverses_id"], ["receipts.shop_id", "receipts.id"]),
        Index(None, "shop_id", "issued_on", "id"), Index(None, "shop_id", "customer_id", "issued_on"),
        Index(None, "shop_id", "about_id"), Index(None, "shop_id", "book_on", "id"),
        writes="insert", retention="books", purpose="vouchers for money taken or given back outside a bill",
    )  # fmt: skip


class ReceiptPayment(ShopOwned, ShardBase):
    """Money taken or given back with a voucher."""

    __tablename__ = "receipt_payments"
    receipt_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(Code(12))  # cash | upi | card | bank | cheque
    paise: Mapped[int] = mapped_column(Paise)
    reference: Mapped[str | None] = mapped_column(Name(60))
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "receipt_id"], ["receipts.shop_id", "receipts.id"]),
        writes="insert", retention="books", purpose="money of a voucher by way of paying",
    )  # fmt: skip


class ReceiptPdf(ShopOwned, ShardBase):
    """The voucher's printed form in the object store, per render version; made by a job, made once."""

    __tablename__ = "receipt_pdfs"
    receipt_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    render_version: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    object_key: Mapped[str] = mapped_column(Code(200))
    sha256: Mapped[bytes] = mapped_column(Hash)
    size_bytes: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "receipt_id"], ["receipts.shop_id", "receipts.id"]),
        writes="insert", retention="books", purpose="where each voucher's PDF lies",
    )  # fmt: skip
