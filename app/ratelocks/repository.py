"""Owns the statements on locked rates."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, Update, bindparam, case, exists, func, insert, select, update

from app.kit.db import Id
from app.kit.sums import added_up
from app.ratelocks.models import LockState, RateLock, RateLockUse
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum


def find_lock(db: ShopSession, lock_id: UUID, *, hold: bool = False) -> RateLock | None:
    statement = select(RateLock).where(RateLock.id == lock_id)
    return db.scalars(statement.with_for_update() if hold else statement).one_or_none()


def hold_locks(db: ShopSession, lock_ids: Iterable[UUID]) -> Sequence[RateLock]:
    wanted = select(RateLock).where(RateLock.id.in_(sorted(lock_ids))).order_by(RateLock.id)
    return db.scalars(wanted.with_for_update().execution_options(populate_existing=True)).all()


def holding(db: ShopSession, credit_id: UUID, today: dt.date) -> RateLock | None:
    """The lock that stands on a credit and still holds."""
    return db.scalars(
        select(RateLock).where(
            RateLock.credit_id == credit_id, RateLock.state == LockState.OPEN.value, RateLock.expires_on >= today
        )
    ).first()


def find_locks(db: ShopSession, lock_ids: Iterable[UUID]) -> Sequence[RateLock]:
    return db.scalars(select(RateLock).where(RateLock.id.in_(sorted(lock_ids))).order_by(RateLock.id)).all()


def purity_of(shop_id: Any, lock_id: Any) -> tuple[ColumnElement[str], ColumnElement[int]]:
    """Metal and fineness of the lock that a row of a room above names; for its statement."""
    wanted = (RateLock.shop_id == shop_id, RateLock.id == lock_id)
    return (
        select(RateLock.metal).where(*wanted).correlate_except(RateLock).scalar_subquery(),
        select(RateLock.fineness).where(*wanted).correlate_except(RateLock).scalar_subquery(),
    )


def credit_holds(shop_id: Any, credit_id: Any, on: Any) -> ColumnElement[bool]:
    """Whether a credit holds a lock on a day; for the statement of a room above."""
    wanted = select(RateLock.id).where(
        RateLock.shop_id == shop_id, RateLock.credit_id == credit_id, RateLock.state == LockState.OPEN.value,
        RateLock.expires_on >= on,
    )  # fmt: skip
    return exists(wanted.correlate_except(RateLock))


def list_locks(*, customer_id: UUID | None, state: str | None, today: dt.date) -> Select[Any]:
    """Of a state as of today."""
    statement = select(RateLock)
    if customer_id is not None:
        statement = statement.where(RateLock.customer_id == customer_id)
    if state is None:
        return statement
    if state == LockState.EXPIRED:
        return statement.where(RateLock.state == LockState.OPEN.value, RateLock.expires_on < today)
    if state == LockState.OPEN:
        return statement.where(RateLock.state == LockState.OPEN.value, RateLock.expires_on >= today)
    return statement.where(RateLock.state == state)


def used_by(db: ShopSession, document_id: UUID) -> dict[UUID, int]:
    """Milligrams that a document still holds, by lock."""
    rows = db.execute(
        select(RateLockUse.lock_id, func.sum(RateLockUse.mg))
        .where(RateLockUse.document_id == document_id)
        .group_by(RateLockUse.lock_id)
    ).all()
    return {lock_id: int(mg) for lock_id, mg in rows if mg}


def drifted(db: ShopSession) -> Sequence[UUID]:
    """Locks of which not so much is left as their uses leave of them."""
    used = (
        select(func.coalesce(func.sum(RateLockUse.mg), 0))
        .where(RateLockUse.shop_id == RateLock.shop_id, RateLockUse.lock_id == RateLock.id)
        .correlate(RateLock)
        .scalar_subquery()
    )
    return db.scalars(select(RateLock.id).where(RateLock.left_mg != RateLock.mg - used).order_by(RateLock.id)).all()


def move_locks(db: ShopSession, loser_id: UUID, winner_id: UUID) -> int:
    changed = db.execute(
        update(RateLock)
        .where(RateLock.customer_id == loser_id)
        .values(customer_id=winner_id)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(changed, "rowcount", 0))


def _take(of_shop: Any, of_lock: Any, mg: Any) -> Update:
    """MySQL assigns from left to right, so the state is told first, from what was left before."""
    return (
        update(RateLock)
        .where(of_shop, of_lock, RateLock.state == LockState.OPEN.value, RateLock.left_mg >= mg)
        .ordered_values(
            (RateLock.state, case((RateLock.left_mg == mg, LockState.USED.value), else_=LockState.OPEN.value)),
            (RateLock.left_mg, RateLock.left_mg - mg),
            (RateLock.version, RateLock.version + 1),
        )
    )


# Parts of a hot write: held and read in packet 1, with the customer's credits (decision 0040), because how many grams
# the pieces weigh is known only behind it; taken in the last packet, where nobody else can have taken them meanwhile.
HOLD = Prepared(
    lambda: (
        select(
            RateLock.id, RateLock.customer_id, RateLock.metal, RateLock.fineness, RateLock.paise_per_g,
            RateLock.left_mg, RateLock.state, RateLock.expires_on,
        )
        .where(
            RateLock.shop_id == bindparam("shop_id"), RateLock.id.in_(bindparam("ids", type_=Id, expanding=True))
        )
        .order_by(RateLock.id)
        .with_for_update()
    )
)  # fmt: skip
TAKE = Prepared(
    lambda: _take(
        RateLock.shop_id == bindparam("b_shop_id"), RateLock.id == bindparam("b_id", type_=Id),
        bindparam("b_mg", type_=RateLock.mg.type),
    )
)  # fmt: skip
INSERT_USE = Prepared(lambda: insert(cast(Table, RateLockUse.__table__)))


def shop_sums() -> tuple[Sum, ...]:
    """Milligrams promised and left by state and purity; what documents took."""
    return (
        added_up("rate locks", RateLock, by=(RateLock.state, RateLock.metal, RateLock.fineness), of=(
            RateLock.mg, RateLock.left_mg, RateLock.paise_per_g,
        )),
        added_up("rate lock uses", RateLockUse, of=(RateLockUse.mg,)),
    )  # fmt: skip
