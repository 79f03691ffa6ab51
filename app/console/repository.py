"""Owns the statements on the shops' figures, their moves, and the decisions on dated tables."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select, type_coerce
from sqlalchemy.exc import DBAPIError

from app.console.models import DatedTable, FiguresPart, ShopFigures
from app.kit.db import Id, Utc
from app.kit.paging import Orders, Page, page
from shard_router import ControlSession
from shard_router.tables import directory, moves

T = TypeVar("T")
NOT_THERE = (1142, 1146)  # no right upon the table, which is what MySQL says of one that is not there; no table

_id = type_coerce(moves.c.id, Id).label("id")  # the router knows neither our ids nor our moments
_asked_at = type_coerce(moves.c.asked_at, Utc).label("asked_at")
MOVES = select(
    _id, _asked_at,
    *(moves.c[name] for name in (
        "shop_id", "source", "target", "state", "max_pause_ms", "facts", "reason", "asked_by",
    )),
    *(type_coerce(moves.c[name], Utc).label(name) for name in (
        "runner_until", "switched_at", "ended_at", "purge_after",
    )),
)  # fmt: skip
ORDERS = Orders(tie=_id, default="-askedAt", askedAt=_asked_at)


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


def live_moves(control: ControlSession) -> Sequence[Any]:
    """The newest first; there is at most one of each shop."""
    return control.execute(MOVES.where(moves.c.live_shop_id.is_not(None)).order_by(_asked_at.desc())).all()


def find_move(control: ControlSession, move_id: UUID) -> Any | None:
    return control.execute(MOVES.where(moves.c.id == move_id.bytes)).one_or_none()


def page_of_moves(
    control: ControlSession, *, shop_id: int | None, live: bool, sort: str | None, after: str | None, limit: int
) -> Page[Any]:
    wanted = MOVES if shop_id is None else MOVES.where(moves.c.shop_id == shop_id)
    if live:
        wanted = wanted.where(moves.c.live_shop_id.is_not(None))
    return page(control, wanted, orders=ORDERS, sort=sort, after=after, limit=limit)


def sums_by_shard(control: ControlSession) -> Sequence[Any]:
    """What the shops that live on each shard now amount to together, as they were counted last."""
    wanted = (
        select(
            directory.c.shard,
            cast(func.sum(ShopFigures.recent_bills), BigInteger).label("recent_bills"),
            cast(func.sum(ShopFigures.pieces), BigInteger).label("pieces"),
        )
        .join_from(directory, ShopFigures, ShopFigures.shop_id == directory.c.shop_id)
        .group_by(directory.c.shard)
    )
    return _if_there(lambda: control.execute(wanted).all(), [])


def _if_there(read: Callable[[], T], nothing: T) -> T:
    """The code of this release may come before its steps 0003 and 0005: until then nothing was counted or decided."""
    try:
        return read()
    except DBAPIError as missing:
        if missing.orig is None or missing.orig.args[0] not in NOT_THERE:
            raise
        return nothing


def newest_tables(control: ControlSession) -> list[DatedTable]:
    """The decision that counts of each table that was ever decided."""
    newest = select(DatedTable.name, func.max(DatedTable.version).label("version")).group_by(DatedTable.name).subquery()
    wanted = select(DatedTable).join(
        newest, (DatedTable.name == newest.c.name) & (DatedTable.version == newest.c.version)
    )
    return _if_there(lambda: list(control.scalars(wanted)), [])


def table_versions(control: ControlSession, name: str) -> list[DatedTable]:
    """The newest first; small, since a law changes a few times a year."""
    wanted = select(DatedTable).where(DatedTable.name == name).order_by(DatedTable.version.desc()).limit(50)
    return _if_there(lambda: list(control.scalars(wanted)), [])
