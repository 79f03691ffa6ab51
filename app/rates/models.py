"""Owns the rates' tables: the board and every rate there ever was, a shop's rules on the feed, and the feed."""

import datetime as dt
import enum
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import BasisPoints, Code, ControlBase, Fineness, Id, Name, Paise, ShardBase, Utc, facts
from shard_router import ShopOwned


class BoardRate(ShopOwned, ShardBase):
    """The rate in force, in paise per gram."""

    __tablename__ = "board_rates"
    metal: Mapped[str] = mapped_column(Code(10), primary_key=True)
    fineness: Mapped[int] = mapped_column(Fineness, primary_key=True, autoincrement=False)
    paise_per_g: Mapped[int] = mapped_column(Paise)
    set_at: Mapped[dt.datetime] = mapped_column(Utc)
    set_by: Mapped[UUID | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = facts(
        writes="insert-update", mutable=("paise_per_g", "set_at", "set_by", "version"), retention="shop",
        purpose="the rates in force",
    )  # fmt: skip


class BoardRateChange(ShopOwned, ShardBase):
    """One change of a rate; never changed itself."""

    __tablename__ = "board_rate_changes"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    metal: Mapped[str] = mapped_column(Code(10))
    fineness: Mapped[int] = mapped_column(Fineness)
    paise_per_g: Mapped[int] = mapped_column(Paise)
    set_at: Mapped[dt.datetime] = mapped_column(Utc)
    set_by: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        Index(None, "shop_id", "metal", "fineness", "set_at"), Index(None, "shop_id", "set_at"),
        writes="insert", retention="books", purpose="every rate there ever was",
    )  # fmt: skip


class BoardTerms(ShopOwned, ShardBase):
    """How the shop's board follows the feed and when it is locked; one row a shop."""

    __tablename__ = "board_terms"
    follows: Mapped[bool] = mapped_column(Boolean)  # the feed is pushed to this shop
    with_duty: Mapped[bool] = mapped_column(Boolean)
    auto_publish: Mapped[bool] = mapped_column(Boolean)
    auto_most_bp: Mapped[int] = mapped_column(BasisPoints)  # a larger step waits for a person
    locked_from_min: Mapped[int | None] = mapped_column(SmallInteger)  # minutes of the IST day; None: never
    version: Mapped[int] = mapped_column(Integer, default=1)
    changed_at: Mapped[dt.datetime] = mapped_column(Utc)
    changed_by: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = facts(
        Index(None, "follows"), writes="insert-update", retention="shop", purpose="how a board follows the feed"
    )


class RateRule(ShopOwned, ShardBase):
    """What the shop adds to the feed for a purity, and how the result is rounded."""

    __tablename__ = "rate_rules"
    metal: Mapped[str] = mapped_column(Code(10), primary_key=True)
    fineness: Mapped[int] = mapped_column(Fineness, primary_key=True, autoincrement=False)
    premium_bp: Mapped[int] = mapped_column(BasisPoints)
    premium_paise_per_g: Mapped[int] = mapped_column(Paise)
    round_to_paise: Mapped[int] = mapped_column(Paise)
    __table_args__ = facts(writes="insert-update-delete", retention="shop", purpose="premium and rounding by purity")


class FeedRate(ShopOwned, ShardBase):
    """The newest rate of the feed, as the shop was told it."""

    __tablename__ = "feed_rates"
    metal: Mapped[str] = mapped_column(Code(10), primary_key=True)
    paise_per_g: Mapped[int] = mapped_column(Paise)
    feed: Mapped[str] = mapped_column(Name(100))
    fetched_at: Mapped[dt.datetime] = mapped_column(Utc)
    __table_args__ = facts(
        writes="insert-update", mutable=("paise_per_g", "feed", "fetched_at"), retention="shop",
        purpose="the feed as a shop knows it",
    )  # fmt: skip


class QuoteState(enum.StrEnum):
    GOOD = "good"
    HELD = "held"  # too far from the last good one: waits for a person
    DROPPED = "dropped"


class MetalQuote(ControlBase):
    """One rate of one metal as it was fetched once, for all shops."""

    __tablename__ = "metal_quotes"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    metal: Mapped[str] = mapped_column(Code(10))
    usd_micros: Mapped[int] = mapped_column(BigInteger)  # millionths of a dollar for a troy ounce
    inr_micros: Mapped[int] = mapped_column(BigInteger)  # millionths of a rupee for a dollar
    paise_per_g: Mapped[int] = mapped_column(Paise)  # of the fine metal
    feed: Mapped[str] = mapped_column(Name(100))
    fetched_at: Mapped[dt.datetime] = mapped_column(Utc)
    change_bp: Mapped[int | None] = mapped_column(BasisPoints)  # against the last good one
    state: Mapped[str] = mapped_column(Code(10))
    decided_by: Mapped[UUID | None] = mapped_column(Id)
    decided_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    __table_args__ = facts(
        Index(None, "metal", "state", "fetched_at"), Index(None, "fetched_at", "id"),
        writes="insert-update", mutable=("state", "decided_by", "decided_at"), retention="platform",
        purpose="every rate of the feed that was fetched",
    )  # fmt: skip


class FeedSource(ControlBase):
    """How a source of the feed did when it was asked last."""

    __tablename__ = "feed_sources"
    feed: Mapped[str] = mapped_column(Code(60), primary_key=True)
    tried_at: Mapped[dt.datetime] = mapped_column(Utc)
    worked_at: Mapped[dt.datetime | None] = mapped_column(Utc)
    failures: Mapped[int] = mapped_column(Integer)  # in a row
    failure: Mapped[str | None] = mapped_column(Name(300))
    __table_args__ = facts(
        writes="insert-update", retention="platform", purpose="which sources of the feed answer"
    )  # fmt: skip
