"""Owns the approvals' table: each row is one question of exact facts, its answer, and the document that used it."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Hash, Id, Name, ShardBase, Utc
from app.kit.db import facts as table_facts
from shard_router import ShopOwned


class ApprovalState(enum.StrEnum):
    """`lapsed` is never written: an asked or granted row is that once its time is over."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SPENT = "spent"
    LAPSED = "lapsed"


class Approval(ShopOwned, ShardBase):
    """One question and what became of it."""

    __tablename__ = "approvals"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(40))
    right: Mapped[str] = mapped_column(Code(40))
    subject_id: Mapped[UUID | None] = mapped_column(Id)  # a piece, a bill, a customer: of whichever room asks
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    facts_hash: Mapped[bytes] = mapped_column(Hash)
    reason: Mapped[str | None] = mapped_column(Name(300))
    state: Mapped[str] = mapped_column(Code(10))
    asked_by: Mapped[UUID] = mapped_column(Id)
    asked_at: Mapped[dt.datetime] = mapped_column(Utc)
    expires_at: Mapped[dt.datetime] = mapped_column(Utc)
    decided_by: Mapped[UUID | None] = mapped_column(Id)
    decided_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    note: Mapped[str | None] = mapped_column(Name(300))
    document_id: Mapped[UUID | None] = mapped_column(Id)  # what was made by it
    spent_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = table_facts(
        Index(None, "shop_id", "state", "expires_at"), Index(None, "shop_id", "asked_at", "id"),
        writes="insert-update",
        mutable=("state", "expires_at", "decided_by", "decided_at", "note", "document_id", "spent_at", "version"),
        retention="books", purpose="what was asked of the owner, answered, and used once",
    )  # fmt: skip
