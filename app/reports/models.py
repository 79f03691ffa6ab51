"""Owns the exports' table."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Id, ShardBase, Utc, facts
from shard_router import ShopOwned


class ExportState(enum.StrEnum):
    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"


class Export(ShopOwned, ShardBase):
    """A file asked for; the file goes after 7 days, the row stays as proof of who took what."""

    __tablename__ = "exports"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(24))  # invoices
    format: Mapped[str] = mapped_column(Code(8))  # csv | xlsx
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(Code(10), default=ExportState.QUEUED.value)
    object_key: Mapped[str | None] = mapped_column(Code(200))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    rows: Mapped[int | None] = mapped_column(Integer)
    requested_by: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    ready_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    expires_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "shop_id", "created_at", "id"), writes="insert-update", retention="short",
        purpose="files asked for; the file 7 days, the row 1 year",
    )  # fmt: skip
