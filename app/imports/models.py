"""Owns the imports' table. What stands in a file is not kept here: it lies with the file, and goes with it."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Hash, Id, Name, ShardBase, Utc, facts
from shard_router import ShopOwned


class ImportState(enum.StrEnum):
    CHECKING = "checking"  # being looked through
    CHECKED = "checked"  # nothing is entered; waits to be asked for
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # a fault of ours; what was entered stays


class Import(ShopOwned, ShardBase):
    """One list taken over. `upto_row` is the last of its rows that is settled: a killed job goes on behind it."""

    __tablename__ = "imports"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code(12))  # stock | customers
    file_name: Mapped[str] = mapped_column(Name(120))
    incoming_key: Mapped[str] = mapped_column(Code(200))
    sha256: Mapped[bytes] = mapped_column(Hash)
    problems_key: Mapped[str] = mapped_column(Code(200))  # what is wrong with which row, written by the check
    columns: Mapped[dict[str, Any]] = mapped_column(JSON)  # field → heading; and headings that say nothing to us
    place_id: Mapped[UUID | None] = mapped_column(Id)  # where pieces lie that name no place
    state: Mapped[str] = mapped_column(Code(10))
    total: Mapped[int] = mapped_column(Integer)
    good: Mapped[int | None] = mapped_column(Integer)
    bad: Mapped[int | None] = mapped_column(Integer)
    upto_row: Mapped[int] = mapped_column(Integer)
    entered: Mapped[int] = mapped_column(Integer)
    overtaken: Mapped[list[Any]] = mapped_column(JSON)  # rows that were good when looked through, and why no more
    created_at: Mapped[dt.datetime] = mapped_column(Utc)
    created_by: Mapped[UUID | None] = mapped_column(Id)
    started_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    started_by: Mapped[UUID | None] = mapped_column(Id)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        Index(None, "shop_id", "created_at", "id"),
        writes="insert-update",
        mutable=(
            "state", "good", "bad", "upto_row", "entered", "overtaken", "started_at", "started_by", "ended_at",
            "version",
        ),
        retention="books", purpose="lists of stock and customers that were taken over",
    )  # fmt: skip
