"""Owns the statements on drawers, cash entries, counts, handovers and closings."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, and_, bindparam, func, insert, or_, select
from sqlalchemy.orm import aliased

from app.cash.models import CashCount, CashEntry, DayClosing, Drawer, EntryKind, Handover
from app.kit import paging
from app.kit.db import Id
from app.kit.sums import added_up, fingerprint
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

OF_DOCUMENTS = (EntryKind.SALE.value, EntryKind.REFUND.value, EntryKind.RECEIPT.value)

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


def list_waiting(db: ShopSession) -> Sequence[Handover]:
    return db.scalars(select(Handover).where(Handover.live_till_id.is_not(None)).order_by(Handover.id)).all()


def find_handover(db: ShopSession, handover_id: UUID, *, lock: bool = False) -> Handover | None:
    statement = select(Handover).where(Handover.id == handover_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.scalars(statement).one_or_none()


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


def count_up_to(db: ShopSession, till_id: UUID, on: dt.date) -> int:
    statement = select(func.count()).select_from(CashEntry)
    return int(db.scalar(statement.where(CashEntry.till_id == till_id, CashEntry.book_on <= on)) or 0)


def sum_of_till(db: ShopSession, till_id: UUID | None) -> int:
    """Of all times: of the safe, and of a till that has no drawer yet."""
    statement = select(func.coalesce(func.sum(CashEntry.paise), 0)).where(_at(till_id))
    return int(db.scalar(statement) or 0)


def behind_by_till(db: ShopSession, drawers: Iterable[Drawer], others: Iterable[UUID]) -> dict[UUID, int]:
    """What each till took and gave since its drawer was last counted, or ever where it is among the `others`, which
    have none. One statement that walks one short range of the index for each till."""
    ranges = [behind(row.till_id, row.counted_on, row.counted_shift) for row in drawers]
    ranges += [CashEntry.till_id == till_id for till_id in others]
    if not ranges:
        return {}
    statement = select(CashEntry.till_id, func.sum(CashEntry.paise)).where(or_(*ranges)).group_by(CashEntry.till_id)
    return {till_id: int(paise) for till_id, paise in db.execute(statement) if till_id is not None}


ENTRY_ORDERS = paging.Orders(tie=CashEntry.id, default="-at", at=CashEntry.at, bookOn=CashEntry.book_on)


def entries(*, till_id: UUID | None, safe: bool, book_on: dt.date | None, kind: str | None) -> Select[Any]:
    statement = select(CashEntry)
    if safe:
        statement = statement.where(CashEntry.till_id.is_(None))
    return paging.only(statement, [(CashEntry.till_id, till_id), (CashEntry.book_on, book_on), (CashEntry.kind, kind)])


def sums_of_day(db: ShopSession, on: dt.date) -> Sequence[Any]:
    return db.execute(
        select(CashEntry.till_id, CashEntry.kind, func.count(), func.sum(CashEntry.paise))
        .where(CashEntry.book_on == on)
        .group_by(CashEntry.till_id, CashEntry.kind)
        .order_by(CashEntry.till_id, CashEntry.kind)
    ).all()


def closing_before(db: ShopSession, on: dt.date) -> DayClosing | None:
    wanted = select(DayClosing).where(DayClosing.business_on < on).order_by(DayClosing.business_on.desc()).limit(1)
    return db.scalars(wanted).one_or_none()


def sums_between(db: ShopSession, behind: dt.date | None, before: dt.date) -> Sequence[Any]:
    """Till and paise of the days between two, neither included."""
    wanted = select(CashEntry.till_id, func.sum(CashEntry.paise)).where(CashEntry.book_on < before)
    if behind is not None:
        wanted = wanted.where(CashEntry.book_on > behind)
    return db.execute(wanted.group_by(CashEntry.till_id)).all()


def first_day_between(db: ShopSession, behind: dt.date | None, before: dt.date) -> dt.date | None:
    """The first day between two, neither included, on which cash was booked."""
    wanted = select(func.min(CashEntry.book_on)).where(CashEntry.book_on < before)
    return db.scalar(wanted if behind is None else wanted.where(CashEntry.book_on > behind))


def chunk_of_day(
    db: ShopSession, on: dt.date, after: tuple[dt.datetime, UUID] | None, limit: int
) -> Sequence[CashEntry]:
    """The day's entries in the order of their making; of bills and vouchers the documents themselves are told."""
    wanted = select(CashEntry).where(
        CashEntry.book_on == on, or_(CashEntry.document_id.is_(None), CashEntry.kind.not_in(OF_DOCUMENTS))
    )
    if after is not None:
        at, last = after
        wanted = wanted.where(or_(CashEntry.at > at, and_(CashEntry.at == at, CashEntry.id > last)))
    return db.scalars(wanted.order_by(CashEntry.at, CashEntry.id).limit(limit)).all()


def chunk_of_period(
    db: ShopSession, *, till_id: UUID | None, first: dt.date, last: dt.date,
    after: tuple[dt.date, dt.datetime, UUID] | None, limit: int,
) -> Sequence[CashEntry]:  # fmt: skip
    """One drawer's entries of a period, day by day in the order of their making."""
    wanted = select(CashEntry).where(_at(till_id), CashEntry.book_on.between(first, last))
    if after is not None:
        on, at, entry_id = after
        later = or_(CashEntry.at > at, and_(CashEntry.at == at, CashEntry.id > entry_id))
        wanted = wanted.where(or_(CashEntry.book_on > on, and_(CashEntry.book_on == on, later)))
    return db.scalars(wanted.order_by(CashEntry.book_on, CashEntry.at, CashEntry.id).limit(limit)).all()


def counts_of_day(db: ShopSession, on: dt.date) -> Sequence[Any]:
    return db.scalars(select(CashCount).where(CashCount.book_on == on).order_by(CashCount.id)).all()


def _at(till_id: UUID | None) -> Any:
    return CashEntry.till_id.is_(None) if till_id is None else CashEntry.till_id == till_id


# ---------------------------------------------------------------- closings


def find_closing(db: ShopSession, business_on: dt.date) -> DayClosing | None:
    return db.scalars(select(DayClosing).where(DayClosing.business_on == business_on)).one_or_none()


def find_closing_by_id(db: ShopSession, closing_id: UUID) -> DayClosing | None:
    return db.scalars(select(DayClosing).where(DayClosing.id == closing_id)).one_or_none()


def closed_days(db: ShopSession, limit: int) -> Sequence[dt.date]:
    return db.scalars(select(DayClosing.business_on).order_by(DayClosing.business_on.desc()).limit(limit)).all()


def anchors(db: ShopSession) -> Sequence[Any]:
    return db.execute(select(DayClosing.chain_seq, DayClosing.chain_hash)).all()


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
