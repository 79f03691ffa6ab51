"""Owns the statements on the shops' figures and their moves."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.console.models import FiguresPart, ShopFigures
from shard_router import ControlSession
from shard_router.tables import moves

T = TypeVar("T")
NOT_THERE = (1142, 1146)  # no right upon the table, which is what MySQL says of one that is not there; no table


def find_part(control: ControlSession, shard: str, *, lock: bool = False) -> FiguresPart | None:
    wanted = select(FiguresPart).where(FiguresPart.shard == shard)
    return control.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def list_parts(control: ControlSession) -> list[FiguresPart]:
    return _if_there(lambda: list(control.scalars(select(FiguresPart).order_by(FiguresPart.shard))), [])


def figures_of(control: ControlSession, shop_ids: Iterable[int]) -> dict[int, ShopFigures]:
    wanted = select(ShopFigures).where(ShopFigures.shop_id.in_(list(shop_ids)))
    return _if_there(lambda: {row.shop_id: row for row in control.scalars(wanted)}, {})


def lock_figures(control: ControlSession, shop_ids: Iterable[int]) -> dict[int, ShopFigures]:
    wanted = select(ShopFigures).where(ShopFigures.shop_id.in_(list(shop_ids))).with_for_update()
    return {row.shop_id: row for row in control.scalars(wanted)}


def list_moves(control: ControlSession, *, limit: int) -> Sequence[Any]:
    """Those under way first, then the newest."""
    wanted = select(moves).order_by(moves.c.live_shop_id.is_(None), moves.c.asked_at.desc()).limit(limit)
    return control.execute(wanted).all()


def _if_there(read: Callable[[], T], nothing: T) -> T:
    """The code of this release may come before its step 0003: until then nothing has been counted."""
    try:
        return read()
    except DBAPIError as missing:
        if missing.orig is None or missing.orig.args[0] not in NOT_THERE:
            raise
        return nothing
