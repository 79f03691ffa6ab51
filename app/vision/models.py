"""Owns the pictures' table."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKeyConstraint, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import BasisPoints, Code, Hash, Id, ShardBase, Utc, facts
from shard_router import ShopOwned


class PictureState(enum.StrEnum):
    UPLOADED = "uploaded"  # lies in `incoming`, not yet looked at
    READY = "ready"
    REFUSED = "refused"


class Picture(ShopOwned, ShardBase):
    """A picture and what was made of it; served are only re-encoded sizes under unguessable keys."""

    __tablename__ = "pictures"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    item_id: Mapped[UUID | None] = mapped_column(Id)
    state: Mapped[str] = mapped_column(Code(10))
    incoming_key: Mapped[str] = mapped_column(Code(200))
    sha256: Mapped[bytes] = mapped_column(Hash)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    sizes: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # name → object key, width, height
    cut_out_by: Mapped[str | None] = mapped_column(Code(24))  # which method made the cut-out
    cut_out_sure_bp: Mapped[int | None] = mapped_column(BasisPoints)
    refused_because: Mapped[str | None] = mapped_column(Code(40))
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    processed_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "item_id"], ["items.shop_id", "items.id"]),
        Index(None, "shop_id", "created_at", "id"),
        writes="insert-update", retention="shop", purpose="pictures and their sizes",
    )  # fmt: skip
