"""Owns the statements on the shops' figures and their moves."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from app.console.models import FiguresPart, ShopFigures
from shard_router import ControlSession
from shard_router.tables import moves


def find_part(control: ControlSession, shard: str, *, lock: bool = False) -> FiguresPart | None:
    wanted = select(FiguresPart).where(FiguresPart.shard == shard)
    return control.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def list_parts(control: ControlSession) -> list[FiguresPart]:
    return list(control.scalars(select(FiguresPart).order_by(FiguresPart.shard)))


def figures_of(control: ControlSession, shop_ids: Iterable[int], *, lock: bool = False) -> dict[int, ShopFigures]:
    wanted = select(ShopFigures).where(ShopFigures.shop_id.in_(list(shop_ids)))
    return {row.shop_id: row for row in control.scalars(wanted.with_for_update() if lock else wanted)}


def list_moves(control: ControlSession, *, limit: int) -> Sequence[Any]:
    """Those under way first, then the newest."""
    wanted = select(moves).order_by(moves.c.live_shop_id.is_(None), moves.c.asked_at.desc()).limit(limit)
    return control.execute(wanted).all()
