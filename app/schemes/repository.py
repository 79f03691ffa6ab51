"""Owns the statements on plans, schemes and instalments."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Update, and_, bindparam, case, func, or_, select, update

from app.credits import service as credits
from app.customers import service as customers
from app.kit.db import Id, Utc
from app.kit.sums import added_up
from app.schemes.models import Scheme, SchemeInstalment, SchemePlan, SchemeState
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

OPEN, MATURED = SchemeState.OPEN.value, SchemeState.MATURED.value

# ---------------------------------------------------------------- plans


def find_plan(db: ShopSession, plan_id: UUID, *, lock: bool = False) -> SchemePlan | None:
    statement = select(SchemePlan).where(SchemePlan.id == plan_id)
    return db.scalars(statement.with_for_update() if lock else statement).one_or_none()


def find_plans(db: ShopSession, plan_ids: Iterable[UUID]) -> Sequence[SchemePlan]:
    return db.scalars(select(SchemePlan).where(SchemePlan.id.in_(sorted(plan_ids)))).all()


def lock_versions(db: ShopSession, code: str) -> Sequence[SchemePlan]:
    """Every version of a plan, the oldest first; the gap behind them is locked too, so that two do not meet."""
    return db.scalars(
        select(SchemePlan).where(SchemePlan.code == code).order_by(SchemePlan.valid_from).with_for_update()
    ).all()


def list_plans(db: ShopSession, *, on: dt.date | None) -> Sequence[SchemePlan]:
    """Every version, or those that may be joined on a day; the newest first."""
    statement = select(SchemePlan).order_by(SchemePlan.code, SchemePlan.valid_from.desc())
    if on is not None:
        still = or_(SchemePlan.valid_to.is_(None), SchemePlan.valid_to >= on)
        statement = statement.where(SchemePlan.valid_from <= on, still)
    return db.scalars(statement).all()


# ---------------------------------------------------------------- schemes


def find_scheme(db: ShopSession, scheme_id: UUID, *, lock: bool = False) -> Scheme | None:
    statement = select(Scheme).where(Scheme.id == scheme_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.scalars(statement).one_or_none()


def customer_of(db: ShopSession, scheme_id: UUID) -> UUID | None:
    return db.scalars(select(Scheme.customer_id).where(Scheme.id == scheme_id)).one_or_none()


def list_schemes(
    *, state: str | None, plan_id: UUID | None, customer_ids: Iterable[UUID] | None, number: str | None,
    due_by: dt.date | None,
) -> Select[Any]:  # fmt: skip
    """`number` is a beginning; `due_by`: an instalment was due by then and is not paid."""
    statement = select(Scheme)
    for column, value in ((Scheme.state, state), (Scheme.plan_id, plan_id)):
        if value is not None:
            statement = statement.where(column == value)
    if customer_ids is not None:
        statement = statement.where(Scheme.customer_id.in_(sorted(customer_ids)))
    if number:
        statement = statement.where(Scheme.number.startswith(number.upper(), autoescape=True))
    if due_by is not None:
        statement = statement.where(Scheme.state == OPEN, Scheme.next_due_on <= due_by)
    return statement


def schemes_of(db: ShopSession, customer_ids: Iterable[UUID], *, state: str | None) -> Sequence[Scheme]:
    statement = select(Scheme).where(Scheme.customer_id.in_(sorted(customer_ids)))
    if state is not None:
        statement = statement.where(Scheme.state == state)
    return db.scalars(statement.order_by(Scheme.begun_on.desc(), Scheme.id)).all()


def to_be_swept(db: ShopSession, on: dt.date, *, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Open schemes that a day does something to: full and ripe, at their last day, or to be warned of."""
    ripe = and_(Scheme.matures_on <= on, Scheme.next_due_on.is_(None))
    warn = and_(Scheme.warns_on <= on, Scheme.warned.is_(False))
    statement = select(Scheme.id).where(Scheme.state == OPEN, or_(Scheme.stops_on <= on, ripe, warn))
    if after is not None:
        statement = statement.where(Scheme.id > after)
    return db.scalars(statement.order_by(Scheme.id).limit(limit)).all()


def near_their_end(db: ShopSession, on: dt.date, *, limit: int) -> Sequence[Scheme]:
    """Open schemes that are to be warned of, the one that ends first first."""
    return db.scalars(
        select(Scheme)
        .where(Scheme.state == OPEN, Scheme.warns_on <= on)
        .order_by(Scheme.stops_on, Scheme.id)
        .limit(limit)
    ).all()


def with_credits(db: ShopSession, credit_ids: Iterable[UUID], *, limit: int) -> Sequence[Scheme]:
    """The schemes of these credits, the one that must be used first first."""
    return db.scalars(
        select(Scheme).where(Scheme.credit_id.in_(sorted(credit_ids))).order_by(Scheme.stops_on, Scheme.id).limit(limit)
    ).all()


def instalments_of(db: ShopSession, scheme_ids: Iterable[UUID]) -> Sequence[SchemeInstalment]:
    """Those that stand, in order; what was taken back is left out."""
    return db.scalars(
        select(SchemeInstalment)
        .where(SchemeInstalment.scheme_id.in_(sorted(scheme_ids)), SchemeInstalment.live_no.is_not(None))
        .order_by(SchemeInstalment.scheme_id, SchemeInstalment.no)
    ).all()


# ---------------------------------------------------------------- sums


def open_by_plan(db: ShopSession) -> Sequence[Any]:
    """Plan, how many open schemes, what was paid into them, grams shown."""
    return db.execute(
        select(Scheme.plan_id, func.count(Scheme.id), func.sum(Scheme.paid_paise), func.sum(Scheme.grams_mg))
        .where(Scheme.state == OPEN)
        .group_by(Scheme.plan_id)
    ).all()


def unused_bonuses(db: ShopSession) -> Sequence[Any]:
    """Plan, how many bonuses wait for a bill, what they come to in money."""
    return db.execute(
        select(Scheme.plan_id, func.count(Scheme.id), func.sum(Scheme.bonus_paise))
        .where(
            Scheme.state == MATURED,
            Scheme.bonus_document_id.is_(None),
            or_(Scheme.bonus_paise > 0, Scheme.bonus_making_bp > 0),
            ~_took_the_money(),
        )
        .group_by(Scheme.plan_id)
    ).all()


def open_by_month(db: ShopSession) -> Sequence[Any]:
    """Year, month in which open schemes mature, how many, what was paid into them."""
    year, month = func.year(Scheme.matures_on), func.month(Scheme.matures_on)
    return db.execute(
        select(year, month, func.count(Scheme.id), func.sum(Scheme.paid_paise))
        .where(Scheme.state == OPEN)
        .group_by(year, month)
        .order_by(year, month)
    ).all()


def drifted(db: ShopSession) -> Sequence[UUID]:
    """Schemes whose sums are not those of their instalments."""
    paid = (
        select(
            SchemeInstalment.shop_id, SchemeInstalment.scheme_id, func.count().label("count"),
            func.sum(SchemeInstalment.paise).label("paise"), func.sum(SchemeInstalment.grams_mg).label("mg"),
            func.sum(SchemeInstalment.late).label("late"),
        )
        .where(SchemeInstalment.live_no.is_not(None))
        .group_by(SchemeInstalment.shop_id, SchemeInstalment.scheme_id)
        .subquery()
    )  # fmt: skip
    return db.scalars(
        select(Scheme.id)
        .outerjoin(paid, (paid.c.shop_id == Scheme.shop_id) & (paid.c.scheme_id == Scheme.id))
        .where(or_(
            Scheme.paid_paise != func.coalesce(paid.c.paise, 0), Scheme.paid_count != func.coalesce(paid.c.count, 0),
            Scheme.grams_mg != func.coalesce(paid.c.mg, 0), Scheme.late_count != func.coalesce(paid.c.late, 0),
        ))
        .order_by(Scheme.id)
    ).all()  # fmt: skip


# ---------------------------------------------------------------- the bonus


def free_bonus(db: ShopSession, *, document_id: UUID, now: dt.datetime) -> int:
    changed = db.execute(
        update(Scheme)
        .where(Scheme.bonus_document_id == document_id)
        .values(bonus_document_id=None, version=Scheme.version + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(changed, "rowcount", 0))


def with_credit(db: ShopSession, credit_id: UUID) -> UUID | None:
    """The scheme that ended in a credit."""
    return db.scalars(select(Scheme.id).where(Scheme.credit_id == credit_id)).one_or_none()


def bonus_rows(db: ShopSession, scheme_ids: Iterable[UUID]) -> Sequence[Any]:
    return db.execute(_bonus(), {"ids": sorted(scheme_ids)}).all()


def _took_the_money() -> ColumnElement[bool]:
    return credits.was_paid_out(Scheme.shop_id, Scheme.credit_id)


def _claim() -> Update:
    return (
        update(Scheme)
        .where(
            Scheme.id == bindparam("b_id", type_=Id),
            Scheme.state == MATURED,
            Scheme.bonus_document_id.is_(None),
            or_(Scheme.bonus_paise > 0, Scheme.bonus_making_bp > 0),
            ~_took_the_money(),
        )
        .values(
            bonus_document_id=bindparam("b_document_id", type_=Id), version=Scheme.version + 1,
            updated_at=bindparam("b_now", type_=Utc),
        )
    )  # fmt: skip


def _bonus() -> Select[Any]:
    """The ids of other rows are columns of their own: JSON holds no bytes. Who took the money has no bonus to come."""
    lost = and_(Scheme.bonus_document_id.is_(None), _took_the_money())
    promised = [case((lost, 0), else_=one) for one in (Scheme.bonus_paise, Scheme.bonus_making_bp)]
    facts = func.json_array(Scheme.number, Scheme.state, *promised, type_=String()).label("facts")
    ids = bindparam("ids", type_=Id, expanding=True)
    columns: tuple[Any, ...] = (Scheme.id, Scheme.customer_id, Scheme.credit_id, Scheme.bonus_document_id, facts)
    return select(*columns).where(Scheme.id.in_(ids)).order_by(Scheme.id)


# Parts of a bill's first packet: a CLAIM for each bonus, then BONUS, which explains what was refused. A bill that lost
# the race reads the winner's id; of another customer's it reads nothing, whatever was claimed, and so is refused.
CLAIM = Prepared(lambda: _claim().where(Scheme.shop_id == bindparam("b_shop_id")))
BONUS = Prepared(lambda: _bonus().where(
    Scheme.shop_id == bindparam("shop_id"),
    Scheme.customer_id.in_(customers.entries_of_one(bindparam("shop_id"), bindparam("customer_id", type_=Id))),
))  # fmt: skip


def passbook_numbers(db: ShopSession) -> Sequence[str]:
    """Of all schemes, as they were written."""
    return db.scalars(select(Scheme.number)).all()


def shop_sums() -> tuple[Sum, ...]:
    """Schemes by state with their sums; instalments in all; plans."""
    worth = (Scheme.paid_paise, Scheme.paid_count, Scheme.grams_mg, Scheme.bonus_paise, Scheme.bonus_making_bp)
    paid = (SchemeInstalment.no, SchemeInstalment.live_no, SchemeInstalment.paise, SchemeInstalment.grams_mg)
    return (
        added_up("scheme plans", SchemePlan, by=(SchemePlan.code,), of=(SchemePlan.least_paise, SchemePlan.months)),
        added_up("schemes", Scheme, by=(Scheme.state,), of=worth),
        added_up("scheme instalments", SchemeInstalment, of=paid),
    )
