"""Owns the table of the metal book, which is only ever added to."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Date, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Fineness, Id, MilliCarats, Milligrams, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class MetalEntry(ShopOwned, ShardBase):
    """So much metal of one purity went from one account to another. Rows of one movement share its id."""

    __tablename__ = "metal_entries"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    movement_id: Mapped[UUID] = mapped_column(Id)  # the document or act that moved it
    kind: Mapped[str] = mapped_column(Code(24))
    at: Mapped[dt.datetime] = mapped_column(Utc)
    book_on: Mapped[dt.date] = mapped_column(Date)  # the business day
    from_account: Mapped[str] = mapped_column(Code(12))
    from_ref: Mapped[UUID | None] = mapped_column(Id)
    to_account: Mapped[str] = mapped_column(Code(12))
    to_ref: Mapped[UUID | None] = mapped_column(Id)
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)  # 0: of several
    pieces: Mapped[int] = mapped_column(Integer)
    gross_mg: Mapped[int] = mapped_column(Milligrams)
    stone_mg: Mapped[int] = mapped_column(Milligrams)
    net_mg: Mapped[int] = mapped_column(Milligrams)
    fine: Mapped[int] = mapped_column(Milligrams)  # net_mg × fineness, unrounded
    stone_mct: Mapped[int] = mapped_column(MilliCarats)
    cost_paise: Mapped[int] = mapped_column(Paise)
    item_id: Mapped[UUID | None] = mapped_column(Id)
    lot_id: Mapped[UUID | None] = mapped_column(Id)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        Index(None, "shop_id", "from_account", "from_ref", "book_on"),
        Index(None, "shop_id", "to_account", "to_ref", "book_on"),
        Index(None, "shop_id", "book_on", "id"), Index(None, "shop_id", "movement_id"),
        Index(None, "shop_id", "item_id"), Index(None, "shop_id", "lot_id"),
        writes="insert", retention="books",
        purpose="movements of metal, each from one account to another",
    )  # fmt: skip
