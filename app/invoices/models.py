"""Owns the tables of issued documents: nothing in them ever changes, what comes later stands beside them."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Boolean, Date, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMBLOB, VARBINARY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.db import (
    BasisPoints,
    Code,
    Fineness,
    Hash,
    Id,
    MilliCarats,
    Milligrams,
    Name,
    Paise,
    ShardBase,
    Utc,
    facts,
)
from shard_router import ShopOwned


class Invoice(ShopOwned, ShardBase):
    """An issued document. `buyer_sealed` is the buyer's printed particulars under the customer's key;
    `content_hash` covers the document with its lines and payments and stands in the audit chain."""

    __tablename__ = "invoices"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(16))
    registration_id: Mapped[UUID] = mapped_column(Id)
    outlet_id: Mapped[UUID] = mapped_column(Id)
    till_id: Mapped[UUID] = mapped_column(Id)
    fy_start: Mapped[int] = mapped_column(SmallInteger)
    no: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(Code(16))
    issued_at: Mapped[dt.datetime] = mapped_column(Utc)
    issued_on: Mapped[dt.date] = mapped_column(Date)  # IST
    customer_id: Mapped[UUID | None] = mapped_column(Id)
    buyer_registered: Mapped[bool] = mapped_column(Boolean)
    buyer_sealed: Mapped[bytes | None] = mapped_column(VARBINARY(2048))
    seller: Mapped[bytes] = mapped_column(MEDIUMBLOB)  # canonical JSON: seller's particulars as printed
    place_of_supply: Mapped[str] = mapped_column(Code(2))
    inter_state: Mapped[bool] = mapped_column(Boolean)
    reverse_charge: Mapped[bool] = mapped_column(Boolean, default=False)
    taxable_paise: Mapped[int] = mapped_column(Paise)
    cgst_paise: Mapped[int] = mapped_column(Paise)
    sgst_paise: Mapped[int] = mapped_column(Paise)
    igst_paise: Mapped[int] = mapped_column(Paise)
    round_off_paise: Mapped[int] = mapped_column(Integer)
    total_paise: Mapped[int] = mapped_column(Paise)
    reverses_id: Mapped[UUID | None] = mapped_column(Id)  # of a note: its bill
    reason: Mapped[str | None] = mapped_column(Name(200))
    occasion: Mapped[str | None] = mapped_column(Code(24))  # what several bills of a customer are for: wedding-2026
    book_on: Mapped[dt.date | None] = mapped_column(Date)  # the drawer's business day
    shift_no: Mapped[int | None] = mapped_column(Integer)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    render_version: Mapped[int] = mapped_column(SmallInteger)
    content_hash: Mapped[bytes] = mapped_column(Hash)
    lines: Mapped[list["InvoiceLine"]] = relationship(
        viewonly=True, lazy="raise", order_by="InvoiceLine.pos", back_populates="invoice"
    )
    payments: Mapped[list["InvoicePayment"]] = relationship(viewonly=True, lazy="raise", order_by="InvoicePayment.pos")
    __table_args__ = facts(
        UniqueConstraint("shop_id", "registration_id", "fy_start", "number"),
        UniqueConstraint("shop_id", "till_id", "registration_id", "fy_start", "kind", "no"),  # serves the till too
        ForeignKeyConstraint(["shop_id", "registration_id"], ["registrations.shop_id", "registrations.id"]),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        ForeignKeyConstraint(["shop_id", "reverses_id"], ["invoices.shop_id", "invoices.id"]),
        Index(None, "shop_id", "issued_on", "id"), Index(None, "shop_id", "customer_id", "issued_on"),
        Index(None, "shop_id", "kind", "issued_on", "id"),
        Index(None, "shop_id", "book_on", "issued_on"),  # business days; then of those that know none, their own
        writes="insert", retention="books", purpose="issued bills and notes",
    )  # fmt: skip


class InvoiceLine(ShopOwned, ShardBase):
    """One line as it was priced. A credit note's line names the line that it reverses whole (`reverses_line_id`: each
    once) or changes by an amount (`corrects_line_id`); a debit note's line changes one by an amount.

    Without a piece (`line_kind` fixed, service) metal and tag are empty and fineness is 0. `priced_from` is what the
    price was reckoned from, as canonical JSON, so that it can be explained for ever; NULL before version 2.
    """

    __tablename__ = "invoice_lines"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(Id)
    pos: Mapped[int] = mapped_column(SmallInteger)
    line_kind: Mapped[str] = mapped_column(Code(8), default="piece", server_default="piece")
    item_id: Mapped[UUID | None] = mapped_column(Id)
    reverses_line_id: Mapped[UUID | None] = mapped_column(Id)
    corrects_line_id: Mapped[UUID | None] = mapped_column(Id)
    description: Mapped[str] = mapped_column(Name(120))
    tag: Mapped[str] = mapped_column(Code(24))
    huid: Mapped[str | None] = mapped_column(Code(6))
    hsn: Mapped[str] = mapped_column(Code(8))
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    pieces: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    gross_mg: Mapped[int] = mapped_column(Milligrams)
    stone_mg: Mapped[int] = mapped_column(Milligrams)
    net_mg: Mapped[int] = mapped_column(Milligrams)
    rate_paise_per_g: Mapped[int] = mapped_column(Paise)
    metal_paise: Mapped[int] = mapped_column(Paise)
    wastage_paise: Mapped[int] = mapped_column(Paise)
    making_paise: Mapped[int] = mapped_column(Paise)
    making_discount_paise: Mapped[int] = mapped_column(Paise)
    stones_paise: Mapped[int] = mapped_column(Paise)
    hallmark_paise: Mapped[int] = mapped_column(Paise)
    price_paise: Mapped[int] = mapped_column(Paise, default=0, server_default="0")  # a price told, of goods or a piece
    discount_paise: Mapped[int] = mapped_column(Paise)
    taxable_paise: Mapped[int] = mapped_column(Paise)
    tax_bp: Mapped[int] = mapped_column(BasisPoints)
    cgst_paise: Mapped[int] = mapped_column(Paise)
    sgst_paise: Mapped[int] = mapped_column(Paise)
    igst_paise: Mapped[int] = mapped_column(Paise)
    priced_from: Mapped[bytes | None] = mapped_column(MEDIUMBLOB)
    lot_id: Mapped[UUID | None] = mapped_column(Id)  # the lot that it was sold out of
    stone_mct: Mapped[int | None] = mapped_column(MilliCarats)  # of what was sold out of a lot
    invoice: Mapped[Invoice] = relationship(viewonly=True, lazy="raise", back_populates="lines")
    __table_args__ = facts(
        UniqueConstraint("shop_id", "invoice_id", "pos"),
        UniqueConstraint("shop_id", "reverses_line_id"),
        ForeignKeyConstraint(["shop_id", "invoice_id"], ["invoices.shop_id", "invoices.id"]),
        ForeignKeyConstraint(["shop_id", "item_id"], ["items.shop_id", "items.id"]),
        ForeignKeyConstraint(["shop_id", "reverses_line_id"], ["invoice_lines.shop_id", "invoice_lines.id"]),
        ForeignKeyConstraint(["shop_id", "corrects_line_id"], ["invoice_lines.shop_id", "invoice_lines.id"]),
        ForeignKeyConstraint(["shop_id", "lot_id"], ["metal_lots.shop_id", "metal_lots.id"]),
        Index(None, "shop_id", "item_id"), Index(None, "shop_id", "corrects_line_id"), Index(None, "shop_id", "lot_id"),
        writes="insert", retention="books", purpose="lines of issued documents",
    )  # fmt: skip


class InvoicePayment(ShopOwned, ShardBase):
    """Money taken with a bill, or given back with a credit note. `credit_id`: what the shop owed and no longer does;
    `tendered_paise`: cash that was handed over, of which the rest went back as change."""

    __tablename__ = "invoice_payments"
    invoice_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(Code(12))  # cash | upi | card | bank | cheque | credit
    paise: Mapped[int] = mapped_column(Paise)
    reference: Mapped[str | None] = mapped_column(Name(60))
    credit_id: Mapped[UUID | None] = mapped_column(Id)
    tendered_paise: Mapped[int | None] = mapped_column(Paise)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "invoice_id"], ["invoices.shop_id", "invoices.id"]),
        writes="insert", retention="books", purpose="money taken or given back with a document",
    )  # fmt: skip


class InvoicePdf(ShopOwned, ShardBase):
    """The document's printed form in the object store, per render version; made by a job, made once."""

    __tablename__ = "invoice_pdfs"
    invoice_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    render_version: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    object_key: Mapped[str] = mapped_column(Code(200))
    sha256: Mapped[bytes] = mapped_column(Hash)
    size_bytes: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "invoice_id"], ["invoices.shop_id", "invoices.id"]),
        writes="insert", retention="books", purpose="where each document's PDF lies",
    )  # fmt: skip


class NotedBill(ShopOwned, ShardBase):
    """A bill that has notes: the row that notes on it queue at, since the bill's own row is never changed."""

    __tablename__ = "noted_bills"
    invoice_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    notes: Mapped[int] = mapped_column(Integer)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "invoice_id"], ["invoices.shop_id", "invoices.id"]),
        writes="insert-update", mutable=("notes",), retention="books", purpose="how many notes each bill has",
    )  # fmt: skip
