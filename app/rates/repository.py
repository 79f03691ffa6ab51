"""Owns the statements on the rate board."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, String, bindparam, func, select

from app.kit.sums import added_up
from app.rates.models import BoardRate, BoardRateChange
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum


def list_board(db: ShopSession) -> Sequence[BoardRate]:
    return db.scalars(select(BoardRate)).all()


def lock_rate(db: ShopSession, metal: str, fineness: int) -> BoardRate | None:
    return db.scalars(
        select(BoardRate).where(BoardRate.metal == metal, BoardRate.fineness == fineness).with_for_update()
    ).one_or_none()


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
    )
