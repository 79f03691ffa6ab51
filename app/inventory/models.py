"""Owns the tables of pieces and their stones."""

import datetime as dt
import enum
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import BasisPoints, Code, Fineness, Id, MilliCarats, Milligrams, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class ItemStatus(enum.StrEnum):
    IN_STOCK = "in_stock"
    SOLD = "sold"
    WITHDRAWN = "withdrawn"  # taken out by the shop: melted, lost, sent back


class Item(ShopOwned, ShardBase):
    """One piece with its tag. `live_huid` and `live_tag` are NULL once the piece has left, so they may come again."""

    __tablename__ = "items"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    tag: Mapped[str] = mapped_column(Code(24))
    name: Mapped[str] = mapped_column(Name(120))
    category: Mapped[str] = mapped_column(Code(24))  # ring, chain, bangle, …
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    hsn: Mapped[str] = mapped_column(Code(8))
    huid: Mapped[str | None] = mapped_column(Code(6))
    huid_exempt: Mapped[str | None] = mapped_column(Code(24))  # reason that no HUID is needed (domain.md)
    gross_mg: Mapped[int] = mapped_column(Milligrams)
    stone_mg: Mapped[int] = mapped_column(Milligrams)
    net_mg: Mapped[int] = mapped_column(Milligrams)
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
