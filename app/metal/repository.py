"""Owns the statements on the metal book."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from types import EllipsisType
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, and_, func, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.kit import paging
from app.kit.sums import added_up
from app.metal.entries import MEASURES
from app.metal.models import MetalEntry
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

Column = InstrumentedAttribute[Any]
IN = (MetalEntry.to_account, MetalEntry.to_ref)
OUT = (MetalEntry.from_account, MetalEntry.from_ref)
_FIGURES = tuple(getattr(MetalEntry, name) for name in MEASURES)
_SUMS = tuple(func.sum(figure) for figure in _FIGURES)

POST = Prepared(lambda: insert(cast(Table, MetalEntry.__table__)))
"""For a packet, with `bind_rows(rows_of(…))`."""


def sums(
    db: ShopSession,
    side: tuple[Column, Column],
    *,
    account: str | None,
    ref: UUID | EllipsisType | None,
    upto: dt.date | None,
) -> Sequence[Any]:
    """Account, ref, metal, fineness, then MEASURES, of what came in (side IN) or went out (OUT) to the end of a day."""
    keys = (*side, MetalEntry.metal, MetalEntry.fineness)
    statement = _of(select(*keys, *_SUMS), side, account, ref)
    if upto is not None:
        statement = statement.where(MetalEntry.book_on <= upto)
    return db.execute(statement.group_by(*keys)).all()


def day_sums(
    db: ShopSession,
    side: tuple[Column, Column],
    *,
    account: str,
    ref: UUID | EllipsisType | None,
    first: dt.date,
    last: dt.date,
) -> Sequence[Any]:
    """Day, metal, fineness, then MEASURES, of what came in or went out on each day."""
    keys = (MetalEntry.book_on, MetalEntry.metal, MetalEntry.fineness)
    statement = paging.between(
        _of(select(*keys, *_SUMS), side, account, ref), MetalEntry.book_on, least=first, most=last
    )
    return db.execute(statement.group_by(*keys)).all()


def flows(db: ShopSession, *, account: str, book_on: dt.date) -> Sequence[Any]:
    """From, to, metal, then net milligrams and fine, of what an account gave or took on a business day."""
    keys = (MetalEntry.from_account, MetalEntry.to_account, MetalEntry.metal)
    return db.execute(
        select(*keys, func.sum(MetalEntry.net_mg), func.sum(MetalEntry.fine))
        .where(MetalEntry.book_on == book_on, or_(MetalEntry.from_account == account, MetalEntry.to_account == account))
        .group_by(*keys)
    ).all()


def stock_of_items(db: ShopSession, account: str, item_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many pieces the account has of each of these, by the book; one that it never had is not there."""
    wanted = sorted(item_ids)
    found: dict[UUID, int] = defaultdict(int)
    for side, sign in ((MetalEntry.to_account, 1), (MetalEntry.from_account, -1)):
        rows = db.execute(
            select(MetalEntry.item_id, func.sum(MetalEntry.pieces))
            .where(MetalEntry.item_id.in_(wanted), side == account)
            .group_by(MetalEntry.item_id)
        ).all()
        for item_id, pieces in rows:
            assert item_id is not None  # it is one of those that were asked for
            found[item_id] += sign * int(pieces)
    return dict(found)


def first_of_item(db: ShopSession, item_id: UUID) -> MetalEntry | None:
    return db.scalars(
        select(MetalEntry).where(MetalEntry.item_id == item_id).order_by(MetalEntry.book_on, MetalEntry.id).limit(1)
    ).first()


def entries(
    *,
    account: str | None,
    ref: UUID | EllipsisType | None,
    first: dt.date | None,
    last: dt.date | None,
    **named: Any,
) -> Select[Any]:
    """The book's rows; `named` are columns with the one value that is wanted, or None."""
    statement = select(MetalEntry)
    if account is not None:
        sides = [_is(side, account, ref) for side in (IN, OUT)]
        statement = statement.where(or_(*sides))
    statement = paging.between(statement, MetalEntry.book_on, least=first, most=last)
    return paging.only(statement, [(getattr(MetalEntry, name), value) for name, value in named.items()])


def broken(db: ShopSession, limit: int) -> Sequence[UUID]:
    """Rows that no service can have written: fine that is not net × fineness, gross that is not net and stones."""
    wrong = (
        and_(MetalEntry.fineness > 0, MetalEntry.fine != MetalEntry.net_mg * MetalEntry.fineness),
        MetalEntry.gross_mg != MetalEntry.net_mg + MetalEntry.stone_mg,
        *(figure < 0 for figure in _FIGURES),
    )
    return db.scalars(select(MetalEntry.id).where(or_(*wrong)).order_by(MetalEntry.id).limit(limit)).all()


def shop_sums() -> tuple[Sum, ...]:
    """All that was moved, by where it came from and where it went."""
    by = (MetalEntry.from_account, MetalEntry.to_account, MetalEntry.metal, MetalEntry.fineness)
    return (added_up("metal book", MetalEntry, by=by, of=_FIGURES),)


def _of(
    statement: Select[Any], side: tuple[Column, Column], account: str | None, ref: UUID | EllipsisType | None
) -> Select[Any]:
    return statement if account is None else statement.where(_is(side, account, ref))


def _is(side: tuple[Column, Column], account: str, ref: UUID | EllipsisType | None) -> Any:
    return side[0] == account if ref is ... else and_(side[0] == account, side[1] == ref)
