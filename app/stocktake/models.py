"""Owns the tables of counting stock. Pieces are named without a tie: a tie would hold them while a bill sells them."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKeyConstraint, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Id, Milligrams, Name, ShardBase, Utc, facts
from shard_router import ShopOwned


class StocktakeState(enum.StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    ABANDONED = "abandoned"  # given up: nothing was found by it


class Verdict(enum.StrEnum):
    """What a scanned code is."""

    COUNTED = "counted"  # expected, and there
    NEW = "new"  # in the scope, but only since the count was opened
    ELSEWHERE = "elsewhere"  # in stock, but of another place, category or metal
    GONE = "gone"  # sold, withdrawn or away by the books, and yet here
    UNKNOWN = "unknown"  # no piece has or had this code


class FindingKind(enum.StrEnum):
    MISSING = "missing"
    DRIFT = "drift"  # it weighs other than its entry says
    ELSEWHERE = "elsewhere"
    GONE = "gone"
    UNKNOWN = "unknown"


class Decided(enum.StrEnum):
    FOUND = "found"  # it turned up later
    LOST = "lost"  # withdrawn
    CORRECTED = "corrected"  # its entry weighs what the scale said
    KEPT = "kept"  # the entry is right: it was the scale
    NOTED = "noted"  # of what is extra


class Stocktake(ShopOwned, ShardBase):
    """One count of one scope; None of place, category and metal: of all of them."""

    __tablename__ = "stocktakes"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    place_id: Mapped[UUID | None] = mapped_column(Id)
    place_ids: Mapped[list[str] | None] = mapped_column(JSON)  # an outlet with its trays, as they were at the opening
    category: Mapped[str | None] = mapped_column(Code(24))
    metal: Mapped[str | None] = mapped_column(Code(10))
    note: Mapped[str | None] = mapped_column(Name(200))
    drift_mg: Mapped[int] = mapped_column(Milligrams)  # more is a finding
    expected: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Code(10))
    opened_at: Mapped[dt.datetime] = mapped_column(Utc)
    opened_by: Mapped[UUID | None] = mapped_column(Id)
    closed_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    closed_by: Mapped[UUID | None] = mapped_column(Id)
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # as they were at the closing
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        Index(None, "shop_id", "opened_at", "id"),
        writes="insert-update", mutable=("state", "closed_at", "closed_by", "figures", "version"), retention="books",
        purpose="counts of the stock, each of a scope",
    )  # fmt: skip


class StocktakePiece(ShopOwned, ShardBase):
    """A piece that was in stock when the count was opened, with what its entry said."""

    __tablename__ = "stocktake_pieces"
    stocktake_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    tag: Mapped[str] = mapped_column(Code(24))
    gross_mg: Mapped[int] = mapped_column(Milligrams)
    place_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "stocktake_id"], ["stocktakes.shop_id", "stocktakes.id"]),
        writes="insert", retention="books", purpose="pieces that a count expected",
    )  # fmt: skip


class StocktakeScan(ShopOwned, ShardBase):
    """One code, scanned once or often; the first time counts, and the last weighing."""

    __tablename__ = "stocktake_scans"
    stocktake_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Code(24), primary_key=True)
    item_id: Mapped[UUID | None] = mapped_column(Id)
    verdict: Mapped[str] = mapped_column(Code(10))
    status: Mapped[str | None] = mapped_column(Code(10))  # of the piece, when it was scanned
    place_id: Mapped[UUID | None] = mapped_column(Id)  # where its entry said it lay
    book_mg: Mapped[int | None] = mapped_column(Milligrams)  # gross, as its entry said
    gross_mg: Mapped[int | None] = mapped_column(Milligrams)  # as it was weighed
    at: Mapped[dt.datetime] = mapped_column(Utc)
    by_id: Mapped[UUID | None] = mapped_column(Id)
    weighed_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    weighed_by: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "stocktake_id"], ["stocktakes.shop_id", "stocktakes.id"]),
        Index(None, "shop_id", "stocktake_id", "item_id"), Index(None, "shop_id", "stocktake_id", "at"),
        writes="insert-update", mutable=("gross_mg", "book_mg", "weighed_at", "weighed_by"), retention="books",
        purpose="what was scanned in a count",
    )  # fmt: skip


class StocktakeFinding(ShopOwned, ShardBase):
    """One difference between the books and the shelf, as it was at the closing."""

    __tablename__ = "stocktake_findings"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    stocktake_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Code(10))
    code: Mapped[str] = mapped_column(Code(24))
    item_id: Mapped[UUID | None] = mapped_column(Id)
    status: Mapped[str | None] = mapped_column(Code(10))
    book_mg: Mapped[int | None] = mapped_column(Milligrams)
    found_mg: Mapped[int | None] = mapped_column(Milligrams)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "stocktake_id"], ["stocktakes.shop_id", "stocktakes.id"]),
        Index(None, "shop_id", "stocktake_id", "kind", "id"), Index(None, "shop_id", "item_id"),
        writes="insert", retention="books", purpose="what a count found to differ",
    )  # fmt: skip


class StocktakeDecision(ShopOwned, ShardBase):
    """What the owner made of a finding: once, since the finding is its key."""

    __tablename__ = "stocktake_decisions"
    finding_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    decision: Mapped[str] = mapped_column(Code(10))
    reason: Mapped[str] = mapped_column(Name(200))
    at: Mapped[dt.datetime] = mapped_column(Utc)
    by_id: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "finding_id"], ["stocktake_findings.shop_id", "stocktake_findings.id"]),
        writes="insert", retention="books", purpose="what became of what a count found",
    )  # fmt: skip
