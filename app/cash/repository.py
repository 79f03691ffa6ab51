"""Owns the statements on drawers, cash entries, counts, handovers and closings."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, and_, bindparam, func, insert, or_, select
from sqlalchemy.orm import aliased

from app.cash.models import CashCount, CashEntry, DayClosing, Drawer, Handover
from app.kit.db import Id
from app.kit.sums import added_up, fingerprint
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

# ---------------------------------------------------------------- drawers


def find_drawer(db: ShopSession, till_id: UUID, *, lock: bool = False, share: bool = False) -> Drawer | None:
    """`lock` holds it for whoever opens, counts or closes; `share` for whoever books into it."""
    statement = select(Drawer).where(Drawer.till_id == till_id)
    if lock or share:
        statement = statement.with_for_update(read=not lock).execution_options(populate_existing=True)
    return db.scalars(statement).one_or_none()


def list_drawers(db: ShopSession, *, lock: bool = False) -> Sequence[Drawer]:
    """All of the shop's, in the order of their keys, in which several are locked."""
    statement = select(Drawer).order_by(Drawer.till_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.scalars(statement).all()


def latest_day(db: ShopSession) -> dt.date | None:
    """The latest business day that a drawer of the shop is in."""
    return db.scalar(select(func.max(Drawer.business_on)))


# Part of a bill's second packet, just before the series. The one row it always gives has no drawer where the till has
# none yet; then the latest business day of the other drawers is the earliest day that the till's can be.
DRAWER = Prepared(lambda: _drawer_and_latest().with_for_update(read=True))


def _drawer_and_latest() -> Select[Any]:
    other = aliased(Drawer)
    latest = select(func.max(other.business_on).label("latest")).where(other.shop_id == bindparam("shop_id")).subquery()
    return (
        select(Drawer.state, Drawer.business_on, Drawer.shift_no, latest.c.latest)
        .select_from(latest)
        .outerjoin(
            Drawer,
            and_(Drawer.shop_id == bindparam("shop_id"), Drawer.till_id == bindparam("till_id", type_=Id)),
        )
    )


# ---------------------------------------------------------------- handovers


def find_waiting(db: ShopSession, till_id: UUID) -> Handover | None:
    """The drawer's handover that nobody has answered yet."""
    return db.scalars(select(Handover).where(Handover.live_till_id == till_id)).one_or_none()


# ---------------------------------------------------------------- entries

ENTER = Prepared(lambda: insert(cast(Table, CashEntry.__table__)))  # part of a bill's third packet


def behind(till_id: UUID, counted_on: dt.date, counted_shift: int) -> Any:
    """The till's entries that were booked behind this day and shift."""
    return and_(
        CashEntry.till_id == till_id,
        CashEntry.book_on >= counted_on,
        or_(CashEntry.book_on > counted_on, CashEntry.shift_no > counted_shift),
    )


def sum_behind(db: ShopSession, drawer: Drawer, *, up_to: dt.date | None = None) -> tuple[int, int]:
    """How many entries stand behind the drawer's last count, and what they come to."""
    statement = select(func.count(), func.coalesce(func.sum(CashEntry.paise), 0)).where(
        behind(drawer.till_id, drawer.counted_on, drawer.counted_shift)
    )
    if up_to is not None:
        statement = statement.where(CashEntry.book_on <= up_to)
    count, paise = db.execute(statement).one()
    return int(count), int(paise)


def sum_of_till(db: ShopSession, till_id: UUID | None) -> int:
    """Of all times: of the safe, and of a till that has no drawer yet."""
    statement = select(func.coalesce(func.sum(CashEntry.paise), 0)).where(_at(till_id))
    return int(db.scalar(statement) or 0)


def _at(till_id: UUID | None) -> Any:
    return CashEntry.till_id.is_(None) if till_id is None else CashEntry.till_id == till_id


def shop_sums() -> tuple[Sum, ...]:
    """Cash by till and kind; counts; where each drawer stands; what days were closed."""
    till = func.coalesce(func.hex(CashEntry.till_id), "safe")
    return (
        added_up("cash", CashEntry, by=(till, CashEntry.kind), of=(CashEntry.paise,)),
        added_up("drawers", Drawer, by=(Drawer.state,), of=(Drawer.opening_paise, Drawer.shift_no, Drawer.version)),
        added_up("cash counts", CashCount, by=(CashCount.purpose,), of=(CashCount.counted_paise,)),
        added_up("handovers", Handover, by=(Handover.state,), of=(Handover.given_paise, Handover.version)),
        added_up("day closings", DayClosing, of=(DayClosing.chain_seq, fingerprint(DayClosing.content_hash))),
    )
