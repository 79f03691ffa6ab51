"""Owns the statements on credits."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, Update, bindparam, case, func, insert, or_, select, update

from app.credits.models import Credit, CreditState, CreditUse
from app.kit.db import Id
from app.kit.sums import added_up
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum


def find_credit(db: ShopSession, credit_id: UUID, *, lock: bool = False) -> Credit | None:
    statement = select(Credit).where(Credit.id == credit_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.scalars(statement).one_or_none()


def lock_credits(db: ShopSession, credit_ids: Iterable[UUID]) -> Sequence[Credit]:
    """In the order of their ids, in which everybody locks them."""
    return db.scalars(
        select(Credit).where(Credit.id.in_(sorted(credit_ids))).order_by(Credit.id).with_for_update()
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip


def opened_by(db: ShopSession, source_id: UUID, kind: str) -> Credit | None:
    return db.scalars(select(Credit).where(Credit.source_id == source_id, Credit.kind == kind)).one_or_none()


def list_credits(*, customer_ids: Iterable[UUID] | None, kind: str | None, state: str | None) -> Select[Any]:
    statement = select(Credit)
    if customer_ids is not None:
        statement = statement.where(Credit.customer_id.in_(sorted(customer_ids)))
    for column, value in ((Credit.kind, kind), (Credit.state, state)):
        if value is not None:
            statement = statement.where(column == value)
    return statement


def open_of(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[Credit]:
    """What these customers may use up, the oldest first."""
    return db.scalars(
        select(Credit)
        .where(Credit.customer_id.in_(sorted(customer_ids)), Credit.state == CreditState.OPEN.value)
        .order_by(Credit.made_on, Credit.id)
    ).all()


def take(db: ShopSession, *, credit_id: UUID, customer_id: UUID, paise: int, on: dt.date) -> bool:
    """The same compare-and-set that a bill's packet sends."""
    values = {"b_id": credit_id, "b_customer_id": customer_id, "b_paise": paise, "b_on": on}
    changed = db.execute(_take().execution_options(synchronize_session=False), values)
    return int(getattr(changed, "rowcount", 0)) == 1


def facts_of(db: ShopSession, credit_ids: Iterable[UUID]) -> Sequence[Any]:
    return db.execute(_facts(), {"ids": sorted(credit_ids)}).all()


def used_by(db: ShopSession, document_id: UUID) -> dict[UUID, int]:
    """How much of which credit a document holds at present; what it gave back counts against it."""
    rows = db.execute(
        select(CreditUse.credit_id, func.sum(CreditUse.paise))
        .where(CreditUse.document_id == document_id)
        .group_by(CreditUse.credit_id)
    ).all()
    return {credit_id: int(paise) for credit_id, paise in rows if paise}


def uses_of(db: ShopSession, credit_ids: Iterable[UUID]) -> Sequence[CreditUse]:
    """What happened to these credits, in order."""
    return db.scalars(
        select(CreditUse).where(CreditUse.credit_id.in_(sorted(credit_ids))).order_by(CreditUse.at, CreditUse.id)
    ).all()


def drifted(db: ShopSession) -> Sequence[UUID]:
    """Credits of which not so much is left as their uses leave of them."""
    used = (
        select(CreditUse.shop_id, CreditUse.credit_id, func.sum(CreditUse.paise).label("paise"))
        .group_by(CreditUse.shop_id, CreditUse.credit_id)
        .subquery()
    )
    return db.scalars(
        select(Credit.id)
        .outerjoin(used, (used.c.shop_id == Credit.shop_id) & (used.c.credit_id == Credit.id))
        .where(Credit.left_paise != Credit.paise - func.coalesce(used.c.paise, 0))
        .order_by(Credit.id)
    ).all()


def owed_by_kind(db: ShopSession) -> Sequence[Any]:
    """Kind, how many credits are open, what is left of them."""
    return db.execute(
        select(Credit.kind, func.count(Credit.id), func.sum(Credit.left_paise))
        .where(Credit.state == CreditState.OPEN.value)
        .group_by(Credit.kind)
    ).all()


def _take() -> Update:
    """MySQL assigns from left to right, so the state is told first, from what was left before."""
    paise = bindparam("b_paise", type_=Credit.paise.type)
    on = bindparam("b_on", type_=Credit.made_on.type)
    return (
        update(Credit)
        .where(
            Credit.id == bindparam("b_id", type_=Id),
            Credit.customer_id == bindparam("b_customer_id", type_=Id),
            Credit.state == CreditState.OPEN.value,
            Credit.left_paise >= paise,
            or_(Credit.expires_on.is_(None), Credit.expires_on >= on),
        )
        .ordered_values(
            (Credit.state, case((Credit.left_paise == paise, CreditState.SPENT.value), else_=CreditState.OPEN.value)),
            (Credit.left_paise, Credit.left_paise - paise),
            (Credit.version, Credit.version + 1),
        )
    )


def _facts() -> Select[UUID, UUID, str]:
    packed = func.json_array(Credit.kind, Credit.left_paise, Credit.state, Credit.expires_on, type_=String())
    ids = bindparam("ids", type_=Id, expanding=True)
    return select(Credit.id, Credit.customer_id, packed.label("facts")).where(Credit.id.in_(ids)).order_by(Credit.id)


# Parts of a bill's first packet: one TAKE for each credit in the order of their ids, then FACTS, which explains what
# was refused. A bill that lost a race for a credit reads what the winner left of it.
TAKE = Prepared(lambda: _take().where(Credit.shop_id == bindparam("b_shop_id")))
FACTS = Prepared(lambda: _facts().where(Credit.shop_id == bindparam("shop_id")))

# Part of its last packet.
INSERT_USE = Prepared(lambda: insert(CreditUse))


def shop_sums() -> tuple[Sum, ...]:
    """Paise by kind and state, and what was left of them; uses by kind."""
    return (
        added_up("credits", Credit, by=(Credit.kind, Credit.state), of=(Credit.paise, Credit.left_paise)),
        added_up("credit uses", CreditUse, by=(CreditUse.kind,), of=(CreditUse.paise,)),
    )
