"""Owns the statements on the rate board."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, bindparam, delete, func, select

from app.kit.sums import added_up
from app.rates.models import (
    BoardRate,
    BoardRateChange,
    BoardTerms,
    FeedRate,
    FeedSource,
    MetalQuote,
    QuoteState,
    RateRule,
)
from shard_router import ControlSession, FleetSession, Prepared, ShopSession
from shard_router.moves import Sum


def list_board(db: ShopSession) -> Sequence[BoardRate]:
    return db.scalars(select(BoardRate)).all()


def history(metal: str | None, fineness: int | None) -> Select[Any]:
    """Changes of all rates, or of one metal's or purity's."""
    statement = select(BoardRateChange)
    if metal is not None:
        statement = statement.where(BoardRateChange.metal == metal)
    if fineness is not None:
        statement = statement.where(BoardRateChange.fineness == fineness)
    return statement


# Part of a bill's first packet: the whole board, since its pieces' purities are known only from the same packet.
BOARD = Prepared(
    lambda: select(
        func.json_arrayagg(func.json_array(BoardRate.metal, BoardRate.fineness, BoardRate.paise_per_g), type_=String())
    ).where(BoardRate.shop_id == bindparam("shop_id"))
)


def shop_sums() -> tuple[Sum, ...]:
    """Paise per gram by purity, today's and every earlier one."""
    return (
        added_up("rate board", BoardRate, by=(BoardRate.metal, BoardRate.fineness), of=(BoardRate.paise_per_g,)),
        added_up("earlier rates", BoardRateChange, by=(BoardRateChange.metal,), of=(BoardRateChange.paise_per_g,)),
        added_up("rate rules", RateRule, by=(RateRule.metal,), of=(
            RateRule.premium_bp, RateRule.premium_paise_per_g, RateRule.round_to_paise,
        )),
        added_up("feed", FeedRate, by=(FeedRate.metal,), of=(FeedRate.paise_per_g,)),
        added_up("board terms", BoardTerms, of=(BoardTerms.version,)),
    )  # fmt: skip


# ---------------------------------------------------------------- how a board follows the feed


def find_terms(db: ShopSession, *, lock: bool = False) -> BoardTerms | None:
    statement = select(BoardTerms)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def list_rules(db: ShopSession) -> Sequence[RateRule]:
    return db.scalars(select(RateRule)).all()


def delete_rules(db: ShopSession) -> None:
    db.execute(delete(RateRule).execution_options(synchronize_session="fetch"))


def list_feed(db: ShopSession, *, lock: bool = False) -> Sequence[FeedRate]:
    statement = select(FeedRate).order_by(FeedRate.metal)
    return db.scalars(statement.with_for_update() if lock else statement).all()


def lock_board(db: ShopSession) -> Sequence[BoardRate]:
    return db.scalars(select(BoardRate).order_by(BoardRate.metal, BoardRate.fineness).with_for_update()).all()


def followers(session: FleetSession) -> set[int]:
    """Shops of a shard that want the feed."""
    return set(session.scalars(select(BoardTerms.shop_id).where(BoardTerms.follows.is_(True))))


# ---------------------------------------------------------------- the feed of all shops, in the control plane


def newest_quote(control: ControlSession, metal: str) -> MetalQuote | None:
    """The last good one of a metal."""
    return control.scalars(
        select(MetalQuote)
        .where(MetalQuote.metal == metal, MetalQuote.state == QuoteState.GOOD.value)
        .order_by(MetalQuote.fetched_at.desc())
        .limit(1)
    ).one_or_none()


def find_quote(control: ControlSession, quote_id: UUID) -> MetalQuote | None:
    return control.scalars(select(MetalQuote).where(MetalQuote.id == quote_id).with_for_update()).one_or_none()


def list_quotes(*, metal: str | None, state: str | None) -> Select[Any]:
    statement = select(MetalQuote)
    if metal is not None:
        statement = statement.where(MetalQuote.metal == metal)
    return statement if state is None else statement.where(MetalQuote.state == state)


def last_fetch(control: ControlSession) -> dt.datetime | None:
    """When a source was asked last, whatever it said."""
    return control.scalar(select(func.max(FeedSource.tried_at)))


def list_sources(control: ControlSession, *, lock: bool = False) -> Sequence[FeedSource]:
    statement = select(FeedSource).order_by(FeedSource.feed)
    return control.scalars(statement.with_for_update() if lock else statement).all()
