"""Owns the tables of the cash book. Entries, counts and closings are only inserted; a drawer says where it stands."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Code, Hash, Id, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class DrawerState(enum.StrEnum):
    OPEN = "open"
    CLOSED = "closed"  # counted; what is booked now is of the shift, or the day, that comes next


class EntryKind(enum.StrEnum):
    """Why cash came or went. What a kind's sign must be stands in `service.entries`."""

    SALE = "sale"
    REFUND = "refund"
    RECEIPT = "receipt"
    OLD_GOLD = "old_gold"
    KARIGAR = "karigar"
    SUPPLIER = "supplier"
    EXPENSE = "expense"
    INCOME = "income"
    OWNER = "owner"
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    FLOAT = "float"
    SHORTAGE = "shortage"
    EXCESS = "excess"


class CountPurpose(enum.StrEnum):
    OPENING = "opening"
    CLOSING = "closing"


class HandoverState(enum.StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    REFUSED = "refused"
    RECALLED = "recalled"  # called back by its giver, or by whoever closes days


class Drawer(ShopOwned, ShardBase):
    """A till's drawer: the business day and shift that it is in, and what it held when it was last counted.

    While it is open, all that is booked is of `business_on` and `shift_no`; while it is closed, all that is booked is
    behind. `opening_paise` is what it held when it was last counted, up to `counted_on` and `counted_shift`.
    """

    __tablename__ = "drawers"
    till_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    business_on: Mapped[dt.date] = mapped_column(Date)
    shift_no: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(Code(8))
    opening_paise: Mapped[int] = mapped_column(Paise)
    counted_on: Mapped[dt.date] = mapped_column(Date)  # day and shift up to which `opening_paise` has it all
    counted_shift: Mapped[int] = mapped_column(SmallInteger)
    opened_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    opened_by: Mapped[UUID | None] = mapped_column(Id)
    blind: Mapped[bool] = mapped_column(Boolean, default=False)  # whoever counts it is not told what to expect
    version: Mapped[int] = mapped_column(Integer)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        writes="insert-update", retention="books", purpose="each till's business day, shift and last count",
    )  # fmt: skip


class CashEntry(ShopOwned, ShardBase):
    """So much cash came into a drawer, or left it. `till_id` None: the shop's safe."""

    __tablename__ = "cash_entries"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    till_id: Mapped[UUID | None] = mapped_column(Id)
    book_on: Mapped[dt.date] = mapped_column(Date)
    shift_no: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(Code(12))
    paise: Mapped[int] = mapped_column(Paise)  # into the drawer above zero, out of it below
    document_id: Mapped[UUID | None] = mapped_column(Id)
    note: Mapped[str | None] = mapped_column(Name(200))
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        Index(None, "shop_id", "till_id", "book_on", "shift_no"), Index(None, "shop_id", "book_on", "id"),
        Index(None, "shop_id", "document_id"),
        writes="insert", retention="books", purpose="cash that came into or left each till's drawer, and the safe",
    )  # fmt: skip


class CashCount(ShopOwned, ShardBase):
    """A drawer counted note by note: at the beginning or the end of a shift."""

    __tablename__ = "cash_counts"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    till_id: Mapped[UUID] = mapped_column(Id)
    book_on: Mapped[dt.date] = mapped_column(Date)
    shift_no: Mapped[int] = mapped_column(SmallInteger)
    purpose: Mapped[str] = mapped_column(Code(8))
    pieces: Mapped[dict[str, Any]] = mapped_column(JSON)  # paise of one note or coin, as text → how many
    counted_paise: Mapped[int] = mapped_column(Paise)
    expected_paise: Mapped[int] = mapped_column(Paise)
    blind: Mapped[bool] = mapped_column(Boolean)  # whoever counted was not told what to expect
    note: Mapped[str | None] = mapped_column(Name(200))
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        Index(None, "shop_id", "till_id", "book_on", "shift_no"), Index(None, "shop_id", "book_on", "id"),
        writes="insert", retention="books", purpose="drawers counted note by note",
    )  # fmt: skip


class Handover(ShopOwned, ShardBase):
    """A counted drawer that one person gives and another takes; each says so under their own sign-in."""

    __tablename__ = "handovers"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    till_id: Mapped[UUID] = mapped_column(Id)
    live_till_id: Mapped[UUID | None] = mapped_column(Id)  # while it waits: one at a time for a till
    count_id: Mapped[UUID] = mapped_column(Id)  # the giver's closing count
    given_paise: Mapped[int] = mapped_column(Paise)
    given_by: Mapped[UUID] = mapped_column(Id)
    given_at: Mapped[dt.datetime] = mapped_column(Utc)
    to_whom: Mapped[UUID] = mapped_column(Id)
    state: Mapped[str] = mapped_column(Code(8))
    answered_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    answer_note: Mapped[str | None] = mapped_column(Name(200))
    version: Mapped[int] = mapped_column(Integer)
    __table_args__ = facts(
        UniqueConstraint("shop_id", "live_till_id"),
        ForeignKeyConstraint(["shop_id", "till_id"], ["tills.shop_id", "tills.id"]),
        ForeignKeyConstraint(["shop_id", "count_id"], ["cash_counts.shop_id", "cash_counts.id"]),
        Index(None, "shop_id", "till_id", "given_at"), Index(None, "shop_id", "count_id"),
        writes="insert-update", mutable=("answer_note", "answered_at", "live_till_id", "state", "version"),
        retention="books", purpose="counted drawers given by one person and taken by another",
    )  # fmt: skip


class DayClosing(ShopOwned, ShardBase):
    """A business day that is over: what it came to, and where the audit chain stood. Nothing takes it back."""

    __tablename__ = "day_closings"
    business_on: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id)
    figures: Mapped[bytes] = mapped_column(MEDIUMBLOB)  # canonical JSON of the day's totals
    content_hash: Mapped[bytes] = mapped_column(Hash)
    chain_seq: Mapped[int] = mapped_column(BigInteger)  # the audit chain's head just before the closing
    chain_hash: Mapped[bytes] = mapped_column(Hash)
    note: Mapped[str | None] = mapped_column(Name(200))
    closed_by: Mapped[UUID | None] = mapped_column(Id)
    closed_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        writes="insert", retention="books", purpose="business days that are over, and what each came to",
    )  # fmt: skip
