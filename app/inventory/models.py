"""Owns the tables of the stock: pieces and their stones, lots, places, what was bought, and what is away."""

import datetime as dt
import enum
from uuid import UUID

from sqlalchemy import Boolean, Date, ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import BasisPoints, Code, Fineness, Id, MilliCarats, Milligrams, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class ItemStatus(enum.StrEnum):
    IN_STOCK = "in_stock"
    SOLD = "sold"
    WITHDRAWN = "withdrawn"  # taken out by the shop: melted, lost, sent back
    TRANSIT = "transit"  # on its way to another outlet
    MEMO = "memo"  # out on approval


class Item(ShopOwned, ShardBase):
    """One piece with its tag. `live_huid` and `live_tag` are NULL once the piece has left, so they may come again."""

    __tablename__ = "items"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    tag: Mapped[str] = mapped_column(Code(24))
    name: Mapped[str] = mapped_column(Name(120))
    category: Mapped[str] = mapped_column(Code(24))  # ring, chain, bangle, …
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)  # of the main metal; others stand in item_metals
    hsn: Mapped[str] = mapped_column(Code(8))
    huid: Mapped[str | None] = mapped_column(Code(6))
    huid_exempt: Mapped[str | None] = mapped_column(Code(24))  # reason that no HUID is needed (domain.md)
    gross_mg: Mapped[int] = mapped_column(Milligrams)
    stone_mg: Mapped[int] = mapped_column(Milligrams)
    net_mg: Mapped[int] = mapped_column(Milligrams)  # all metals together
    wastage_kind: Mapped[str] = mapped_column(Code(16), default="none")  # none | percent_of_net | percent_of_value
    wastage_bp: Mapped[int] = mapped_column(BasisPoints, default=0)
    making_kind: Mapped[str] = mapped_column(Code(16))  # per_gram_net | per_gram_gross | percent | fixed
    making_paise: Mapped[int] = mapped_column(Paise, default=0)  # per gram or per piece
    making_bp: Mapped[int] = mapped_column(BasisPoints, default=0)  # for percent
    hallmark_paise: Mapped[int] = mapped_column(Paise, default=0)
    status: Mapped[str] = mapped_column(Code(10), default=ItemStatus.IN_STOCK.value)
    live_tag: Mapped[str | None] = mapped_column(Code(24))
    live_huid: Mapped[str | None] = mapped_column(Code(6))
    invoice_id: Mapped[UUID | None] = mapped_column(Id)  # the bill that holds it while sold
    picture_id: Mapped[UUID | None] = mapped_column(Id)
    cost_paise: Mapped[int | None] = mapped_column(Paise)  # what it cost the shop, without tax
    place_id: Mapped[UUID | None] = mapped_column(Id)  # the outlet or tray where it lies
    supplier_id: Mapped[UUID | None] = mapped_column(Id)  # from whom it was bought
    lot_id: Mapped[UUID | None] = mapped_column(Id)  # the lot that it was tagged out of
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "live_tag"), UniqueConstraint("shop_id", "live_huid"),
        ForeignKeyConstraint(["shop_id", "picture_id"], ["pictures.shop_id", "pictures.id"], use_alter=True),
        Index(None, "shop_id", "tag"), Index(None, "shop_id", "huid"), Index(None, "shop_id", "place_id"),
        Index(None, "shop_id", "status", "created_at", "id"),
        Index(None, "shop_id", "category", "created_at", "id"),  # not by status: a sale need not move it
        writes="insert-update", retention="books", purpose="pieces in stock and sold",
    )  # fmt: skip


class ItemStone(ShopOwned, ShardBase):
    """Stones of one kind set in a piece."""

    __tablename__ = "item_stones"
    item_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Name(40))
    pieces: Mapped[int] = mapped_column(Integer)
    weight_mct: Mapped[int] = mapped_column(MilliCarats)
    basis: Mapped[str] = mapped_column(Code(10))  # per_carat | per_piece
    rate_paise: Mapped[int] = mapped_column(Paise)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "item_id"], ["items.shop_id", "items.id"]),
        writes="insert-update-delete", retention="books", purpose="stones set in pieces",
    )  # fmt: skip


class ItemMetal(ShopOwned, ShardBase):
    """A further metal of a piece: its share of the piece's net weight. What is left is the piece's own metal."""

    __tablename__ = "item_metals"
    item_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pos: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    net_mg: Mapped[int] = mapped_column(Milligrams)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "item_id"], ["items.shop_id", "items.id"]),
        writes="insert-update-delete", retention="books", purpose="further metals of pieces",
    )  # fmt: skip


class Tray(ShopOwned, ShardBase):
    """A counter, tray or safe of an outlet: a place of stock finer than the outlet itself."""

    __tablename__ = "trays"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    outlet_id: Mapped[UUID] = mapped_column(Id)
    code: Mapped[str] = mapped_column(Code(12))
    name: Mapped[str] = mapped_column(Name(60))
    active: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "code"), Index(None, "shop_id", "outlet_id"),
        ForeignKeyConstraint(["shop_id", "outlet_id"], ["outlets.shop_id", "outlets.id"]),
        writes="insert-update", mutable=("name", "active", "version"), retention="books",
        purpose="counters, trays and safes where stock lies",
    )  # fmt: skip


class LotState(enum.StrEnum):
    OPEN = "open"
    TRANSIT = "transit"
    USED = "used"  # nothing is left of it


class MetalLot(ShopOwned, ShardBase):
    """Metal or stones kept by weight. What it began with stands in the book; here is what is left."""

    __tablename__ = "metal_lots"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Code(24))
    name: Mapped[str] = mapped_column(Name(120))
    kind: Mapped[str] = mapped_column(Code(10))  # bullion | old_gold | findings | pieces | stones
    metal: Mapped[str] = mapped_column(Code(10))  # stone: of loose stones
    fineness: Mapped[int] = mapped_column(Fineness)  # 0: of loose stones
    place_id: Mapped[UUID | None] = mapped_column(Id)
    supplier_id: Mapped[UUID | None] = mapped_column(Id)
    state: Mapped[str] = mapped_column(Code(10), default=LotState.OPEN.value)
    left_pieces: Mapped[int] = mapped_column(Integer)
    left_stone_mg: Mapped[int] = mapped_column(Milligrams)
    left_net_mg: Mapped[int] = mapped_column(Milligrams)
    left_stone_mct: Mapped[int] = mapped_column(MilliCarats)
    left_cost_paise: Mapped[int] = mapped_column(Paise)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    hsn: Mapped[str | None] = mapped_column(Code(8))  # only of a kind that has several
    __table_args__ = facts(
        UniqueConstraint("shop_id", "code"), Index(None, "shop_id", "state", "created_at", "id"),
        writes="insert-update", retention="books", purpose="metal and loose stones kept by weight",
    )  # fmt: skip


class Supplier(ShopOwned, ShardBase):
    """A firm or person the shop buys from."""

    __tablename__ = "suppliers"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name(140))
    gstin: Mapped[str | None] = mapped_column(Code(15))
    pan: Mapped[str | None] = mapped_column(Code(10))
    phone: Mapped[str | None] = mapped_column(Code(16))  # E.164
    address: Mapped[str | None] = mapped_column(Name(300))
    city: Mapped[str | None] = mapped_column(Name(80))
    state_code: Mapped[str | None] = mapped_column(Code(2))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    updated_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "gstin"), Index(None, "shop_id", "name", "id"),
        writes="insert-update", retention="books", purpose="whom the shop buys from",
    )  # fmt: skip


class Purchase(ShopOwned, ShardBase):
    """A supplier's bill as it was booked, or our return against one (`reverses_id`)."""

    __tablename__ = "purchases"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(8))  # bill | return
    supplier_id: Mapped[UUID] = mapped_column(Id)
    fy_start: Mapped[int] = mapped_column(SmallInteger)  # of the bill's date: their numbers begin anew with it
    bill_no: Mapped[str] = mapped_column(Code(24))
    bill_on: Mapped[dt.date] = mapped_column(Date)
    book_on: Mapped[dt.date] = mapped_column(Date)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    place_id: Mapped[UUID | None] = mapped_column(Id)
    supplier_gstin: Mapped[str | None] = mapped_column(Code(15))
    inter_state: Mapped[bool] = mapped_column(Boolean)
    reverse_charge: Mapped[bool] = mapped_column(Boolean)  # the tax is ours to pay, not the supplier's to ask
    taxable_paise: Mapped[int] = mapped_column(Paise)
    cgst_paise: Mapped[int] = mapped_column(Paise)
    sgst_paise: Mapped[int] = mapped_column(Paise)
    igst_paise: Mapped[int] = mapped_column(Paise)
    round_off_paise: Mapped[int] = mapped_column(Paise)
    total_paise: Mapped[int] = mapped_column(Paise)
    tds_paise: Mapped[int] = mapped_column(Paise)
    reverses_id: Mapped[UUID | None] = mapped_column(Id)
    reason: Mapped[str | None] = mapped_column(Name(200))
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "supplier_id", "fy_start", "kind", "bill_no"),
        ForeignKeyConstraint(["shop_id", "supplier_id"], ["suppliers.shop_id", "suppliers.id"]),
        ForeignKeyConstraint(["shop_id", "reverses_id"], ["purchases.shop_id", "purchases.id"]),
        Index(None, "shop_id", "bill_on", "id"), Index(None, "shop_id", "reverses_id"),
        writes="insert", retention="books", purpose="suppliers' bills, and returns against them",
    )  # fmt: skip


class PurchaseLine(ShopOwned, ShardBase):
    """One piece or lot of a supplier's bill, or one that went back: a line goes back once."""

    __tablename__ = "purchase_lines"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    purchase_id: Mapped[UUID] = mapped_column(Id)
    pos: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[UUID | None] = mapped_column(Id)
    lot_id: Mapped[UUID | None] = mapped_column(Id)
    reverses_line_id: Mapped[UUID | None] = mapped_column(Id)
    description: Mapped[str] = mapped_column(Name(120))
    hsn: Mapped[str] = mapped_column(Code(8))
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    pieces: Mapped[int] = mapped_column(Integer)
    stone_mg: Mapped[int] = mapped_column(Milligrams)
    net_mg: Mapped[int] = mapped_column(Milligrams)
    stone_mct: Mapped[int] = mapped_column(MilliCarats)
    taxable_paise: Mapped[int] = mapped_column(Paise)
    tax_bp: Mapped[int] = mapped_column(BasisPoints)
    cgst_paise: Mapped[int] = mapped_column(Paise)
    sgst_paise: Mapped[int] = mapped_column(Paise)
    igst_paise: Mapped[int] = mapped_column(Paise)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "purchase_id", "pos"), UniqueConstraint("shop_id", "reverses_line_id"),
        Index(None, "shop_id", "item_id"), Index(None, "shop_id", "lot_id"),
        ForeignKeyConstraint(["shop_id", "purchase_id"], ["purchases.shop_id", "purchases.id"]),
        ForeignKeyConstraint(["shop_id", "item_id"], ["items.shop_id", "items.id"]),
        ForeignKeyConstraint(["shop_id", "lot_id"], ["metal_lots.shop_id", "metal_lots.id"]),
        ForeignKeyConstraint(["shop_id", "reverses_line_id"], ["purchase_lines.shop_id", "purchase_lines.id"]),
        writes="insert", retention="books", purpose="pieces and lots on suppliers' bills",
    )  # fmt: skip


class SupplierEntry(ShopOwned, ShardBase):
    """What we owe a supplier grew or fell by so much."""

    __tablename__ = "supplier_entries"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(10))  # bill | return | payment
    owed_paise: Mapped[int] = mapped_column(Paise)  # above nothing: we owe more
    purchase_id: Mapped[UUID | None] = mapped_column(Id)
    mode: Mapped[str | None] = mapped_column(Code(12))  # of a payment
    reference: Mapped[str | None] = mapped_column(Name(60))
    at: Mapped[dt.datetime] = mapped_column(Utc)
    book_on: Mapped[dt.date] = mapped_column(Date)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "supplier_id"], ["suppliers.shop_id", "suppliers.id"]),
        ForeignKeyConstraint(["shop_id", "purchase_id"], ["purchases.shop_id", "purchases.id"]),
        Index(None, "shop_id", "supplier_id", "book_on", "id"), Index(None, "shop_id", "purchase_id"),
        writes="insert", retention="books", purpose="what is owed to suppliers, and what was paid",
    )  # fmt: skip


class ConsignmentKind(enum.StrEnum):
    TRANSFER = "transfer"  # to another outlet
    MEMO = "memo"  # on approval to a customer
    MELT = "melt"  # into the pot


class Consignment(ShopOwned, ShardBase):
    """Stock that is away and comes to an end one day: on its way, on approval, or in the pot."""

    __tablename__ = "consignments"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(10))
    state: Mapped[str] = mapped_column(Code(10))  # away | ended
    from_place_id: Mapped[UUID | None] = mapped_column(Id)
    to_place_id: Mapped[UUID | None] = mapped_column(Id)  # of a transfer: an outlet; of a melt: where its lot lies
    customer_id: Mapped[UUID | None] = mapped_column(Id)  # of a memo
    due_on: Mapped[dt.date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Name(200))
    sent_at: Mapped[dt.datetime] = mapped_column(Utc)
    sent_by: Mapped[UUID | None] = mapped_column(Id)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "customer_id"], ["customers.shop_id", "customers.id"]),
        Index(None, "shop_id", "kind", "state", "sent_at", "id"), Index(None, "shop_id", "customer_id"),
        writes="insert-update", mutable=("state", "ended_at", "version"), retention="books",
        purpose="transfers between outlets, pieces out on approval, melts",
    )  # fmt: skip


class ConsignmentLine(ShopOwned, ShardBase):
    """One piece or lot of it, as it was sent; and how it ended."""

    __tablename__ = "consignment_lines"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    consignment_id: Mapped[UUID] = mapped_column(Id)
    pos: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[UUID | None] = mapped_column(Id)
    lot_id: Mapped[UUID | None] = mapped_column(Id)
    description: Mapped[str] = mapped_column(Name(120))
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    pieces: Mapped[int] = mapped_column(Integer)
    stone_mg: Mapped[int] = mapped_column(Milligrams)
    net_mg: Mapped[int] = mapped_column(Milligrams)
    stone_mct: Mapped[int] = mapped_column(MilliCarats)
    cost_paise: Mapped[int] = mapped_column(Paise)
    outcome: Mapped[str | None] = mapped_column(Code(10))  # received | returned | lost | melted | gained
    got_gross_mg: Mapped[int | None] = mapped_column(Milligrams)  # as it was weighed when it arrived
    ended_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "consignment_id", "pos"),
        Index(None, "shop_id", "item_id"), Index(None, "shop_id", "lot_id"),
        ForeignKeyConstraint(["shop_id", "consignment_id"], ["consignments.shop_id", "consignments.id"]),
        ForeignKeyConstraint(["shop_id", "item_id"], ["items.shop_id", "items.id"]),
        ForeignKeyConstraint(["shop_id", "lot_id"], ["metal_lots.shop_id", "metal_lots.id"]),
        writes="insert-update", mutable=("outcome", "got_gross_mg", "ended_at"), retention="books",
        purpose="pieces and lots that are or were away",
    )  # fmt: skip
