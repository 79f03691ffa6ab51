"""Owns the statements on orders and repairs."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Table, Update, bindparam, exists, func, insert, or_, select, update

from app.credits import service as credits
from app.kit.db import Id, Utc
from app.kit.sums import added_up
from app.orders.models import Order, OrderAdvance, OrderKind, OrderLine, OrderStep, Repair, RepairUse
from app.orders.stages import DELIVERED, READY
from app.ratelocks import service as ratelocks
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

DELIVERY = "delivery"
"""The rate basis of an order that keeps no rate."""


def find_order(db: ShopSession, order_id: UUID, *, lock: bool = False) -> Order | None:
    statement = select(Order).where(Order.id == order_id)
    if lock:  # what an earlier look kept is read anew
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.scalars(statement).one_or_none()


def find_on_bill(db: ShopSession, invoice_id: UUID) -> Sequence[Order]:
    return db.scalars(select(Order).where(Order.invoice_id == invoice_id).order_by(Order.id)).all()


def list_orders(
    *, kind: str | None, stage: str | None, is_open: bool | None, customer_id: UUID | None, due_before: dt.date | None,
    number: str | None,
) -> Select[Any]:  # fmt: skip
    statement = select(Order)
    flag = None if is_open is None else int(is_open)
    for column, value in (
        (Order.kind, kind), (Order.stage, stage), (Order.is_open, flag), (Order.customer_id, customer_id),
    ):  # fmt: skip
        if value is not None:
            statement = statement.where(column == value)
    if number:
        statement = statement.where(Order.number.startswith(number, autoescape=True))
    return statement if due_before is None else statement.where(Order.due_on < due_before)


def lines_of(db: ShopSession, order_ids: Iterable[UUID]) -> Sequence[OrderLine]:
    wanted = sorted(order_ids)
    return db.scalars(
        select(OrderLine).where(OrderLine.order_id.in_(wanted)).order_by(OrderLine.order_id, OrderLine.pos)
    ).all()


def repairs_of(db: ShopSession, order_ids: Iterable[UUID]) -> Sequence[Repair]:
    return db.scalars(select(Repair).where(Repair.order_id.in_(sorted(order_ids)))).all()


def find_repair(db: ShopSession, order_id: UUID) -> Repair | None:
    """Its order's row is locked before."""
    return db.scalars(
        select(Repair).where(Repair.order_id == order_id).execution_options(populate_existing=True)
    ).one_or_none()


def uses_of(db: ShopSession, order_id: UUID) -> Sequence[RepairUse]:
    return db.scalars(select(RepairUse).where(RepairUse.order_id == order_id).order_by(RepairUse.pos)).all()


def steps_of(db: ShopSession, order_id: UUID) -> Sequence[OrderStep]:
    return db.scalars(select(OrderStep).where(OrderStep.order_id == order_id).order_by(OrderStep.seq)).all()


def last_step(db: ShopSession, order_id: UUID) -> int:
    return db.scalar(select(func.max(OrderStep.seq)).where(OrderStep.order_id == order_id)) or 0


def advances_of(db: ShopSession, order_ids: Iterable[UUID]) -> Sequence[OrderAdvance]:
    return db.scalars(
        select(OrderAdvance).where(OrderAdvance.order_id.in_(sorted(order_ids))).order_by(OrderAdvance.at)
    ).all()


def kept_by(db: ShopSession, credit_id: UUID) -> str | None:
    """The number of the open order that keeps a rate itself by an advance."""
    return db.scalars(
        select(Order.number)
        .join(OrderAdvance, (OrderAdvance.shop_id == Order.shop_id) & (OrderAdvance.order_id == Order.id))
        .where(OrderAdvance.credit_id == credit_id, Order.is_open == 1, _keeps_rate())
    ).first()


def keeps_rate(db: ShopSession, order_id: UUID) -> bool:
    """Whether the order itself keeps the rate of a line."""
    return bool(db.scalar(select(Order.id).where(Order.id == order_id, _keeps_rate())))


def _keeps_rate() -> ColumnElement[bool]:
    """A line has a rate that is not its lock's, which has an advance and a last day of its own."""
    metal, fineness = ratelocks.purity_of(Order.shop_id, Order.rate_lock_id)
    others = or_(Order.rate_lock_id.is_(None), OrderLine.metal != metal, OrderLine.fineness != fineness)
    return exists(
        select(OrderLine.order_id)
        .where(
            OrderLine.shop_id == Order.shop_id, OrderLine.order_id == Order.id,
            OrderLine.rate_paise_per_g.is_not(None), others,
        )
        .correlate(Order)
    )  # fmt: skip


def overdue(db: ShopSession, today: dt.date) -> int:
    """How many open orders were due before today."""
    wanted = select(func.count()).select_from(Order).where(Order.is_open == 1, Order.due_on < today)
    return db.scalar(wanted) or 0


def give_to(db: ShopSession, loser_id: UUID, winner_id: UUID) -> int:
    """All orders of a customer are another's from now on; how many those were."""
    moved = db.execute(
        update(Order)
        .where(Order.customer_id == loser_id)
        .values(customer_id=winner_id)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(moved, "rowcount", 0))


def held_repairs(db: ShopSession) -> Sequence[Any]:
    """Order, metal, fineness, gross and what was used, of every customer's piece that is in the shop."""
    used = (
        select(RepairUse.order_id, func.sum(RepairUse.net_mg).label("used_mg"))
        .where(RepairUse.metal.is_not(None))
        .group_by(RepairUse.order_id)
        .subquery()
    )
    return db.execute(
        select(Repair.order_id, Repair.metal, Repair.fineness, Repair.gross_mg, func.coalesce(used.c.used_mg, 0))
        .join(Order, (Order.shop_id == Repair.shop_id) & (Order.id == Repair.order_id))
        .outerjoin(used, used.c.order_id == Repair.order_id)
        .where(Order.is_open == 1)
    ).all()


def held_on_bill(db: ShopSession, invoice_id: UUID) -> Sequence[Order]:
    wanted = select(Order).where(Order.invoice_id == invoice_id).order_by(Order.id).with_for_update()
    return db.scalars(wanted.execution_options(populate_existing=True)).all()


# ---------------------------------------------------------------- parts of a bill's packets


def _of_customer(kind: OrderKind) -> Update:
    return update(Order).where(
        Order.shop_id == bindparam("b_shop_id"), Order.id == bindparam("b_id", type_=Id),
        Order.customer_id == bindparam("b_customer_id", type_=Id), Order.kind == kind.value, Order.is_open == 1,
        Order.invoice_id.is_(None),
    )  # fmt: skip


def _billed() -> dict[str, Any]:
    return {
        "invoice_id": bindparam("b_document_id", type_=Id), "version": Order.version + 1,
        "updated_at": bindparam("b_now", type_=Utc),
    }  # fmt: skip


def _orders() -> Select[Any]:
    last = (
        select(func.coalesce(func.max(OrderStep.seq), 0))
        .where(OrderStep.shop_id == Order.shop_id, OrderStep.order_id == Order.id)
        .correlate(Order)
        .scalar_subquery()
        .label("last_step")
    )
    here = OrderAdvance.shop_id, OrderAdvance.credit_id
    advance_back = _advance_is(credits.was_paid_out(*here)).label("advance_back")
    holds = ratelocks.credit_holds(*here, bindparam("on", type_=Date))
    advance_taken = _advance_is(holds).label("advance_taken")
    metal, fineness = ratelocks.purity_of(Order.shop_id, Order.rate_lock_id)
    return select(
        Order.id, Order.number, Order.kind, Order.stage, Order.is_open, Order.customer_id, Order.invoice_id,
        metal.label("locked_metal"), fineness.label("locked_fineness"), last, advance_back,
        advance_taken,
    ).where(Order.id.in_(bindparam("ids", type_=Id, expanding=True))).order_by(Order.id)  # fmt: skip


def _advance_is(so: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether it is so of any advance on the order."""
    return exists(
        select(OrderAdvance.credit_id)
        .where(OrderAdvance.shop_id == Order.shop_id, OrderAdvance.order_id == Order.id, so)
        .correlate(Order)
    )


def _lines() -> Select[str, int, int, int | None]:
    return select(
        OrderLine.metal, OrderLine.fineness, OrderLine.weight_mg, OrderLine.rate_paise_per_g
    ).where(OrderLine.order_id == bindparam("order_id", type_=Id)).order_by(OrderLine.pos)  # fmt: skip


def _repairs() -> Select[Any]:
    """Orders too, without what only a repair has: so that one that is no repair is told from one that is not there."""
    columns: tuple[Any, ...] = (
        Order.id, Order.number, Order.kind, Order.stage, Order.is_open, Order.customer_id, Order.invoice_id,
        Repair.description, Repair.estimate_paise, Repair.charge_paise,
    )  # fmt: skip
    return (
        select(*columns)
        .outerjoin(Repair, (Repair.shop_id == Order.shop_id) & (Repair.order_id == Order.id))
        .where(Order.id.in_(bindparam("ids", type_=Id, expanding=True)))
        .order_by(Order.id)
    )  # fmt: skip


DELIVER = Prepared(lambda: _of_customer(OrderKind.ORDER).values(
    **_billed(), is_open=0, stage=DELIVERED, closed_at=bindparam("b_now", type_=Utc),
))  # fmt: skip
CHARGE = Prepared(lambda: _of_customer(OrderKind.REPAIR).where(Order.stage == READY).values(**_billed()))
ORDERS = Prepared(lambda: _orders().where(Order.shop_id == bindparam("shop_id")))
LINES = Prepared(lambda: _lines().where(OrderLine.shop_id == bindparam("shop_id")))
REPAIRS = Prepared(lambda: _repairs().where(Order.shop_id == bindparam("shop_id")))
INSERT_STEP = Prepared(lambda: insert(cast(Table, OrderStep.__table__)))


def orders_seen(db: ShopSession, order_ids: Sequence[UUID], on: dt.date) -> Sequence[Any]:
    return db.execute(_orders(), {"ids": list(order_ids), "on": on}).all()


def lines_seen(db: ShopSession, order_id: UUID) -> Sequence[Any]:
    return db.execute(_lines(), {"order_id": order_id}).all()


def repairs_seen(db: ShopSession, order_ids: Sequence[UUID]) -> Sequence[Any]:
    return db.execute(_repairs(), {"ids": list(order_ids)}).all()


def shop_sums() -> tuple[Sum, ...]:
    """Orders by kind and stage, what is wanted in mg and paise, advances, repairs' weights."""
    line = (OrderLine.pieces, OrderLine.weight_mg, OrderLine.estimate_paise)
    repair = (Repair.gross_mg, Repair.gross_out_mg, Repair.charge_paise)
    return (
        added_up("orders", Order, by=(Order.kind, Order.stage), of=(Order.no, Order.version)),
        added_up("pieces ordered", OrderLine, by=(OrderLine.metal, OrderLine.fineness), of=line),
        added_up("steps of orders", OrderStep, by=(OrderStep.stage,), of=(OrderStep.seq,)),
        added_up("advances on orders", OrderAdvance, of=(OrderAdvance.paise,)),
        added_up("repairs", Repair, by=(Repair.metal, Repair.fineness), of=repair),
        added_up("used in repairs", RepairUse, of=(RepairUse.net_mg, RepairUse.cost_paise)),
    )
