"""Owns the statements on what all customers owe: selects that bills, receipts and customers lend, put together."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Date, Select, Subquery, cast, func, literal, null, select, union_all
from sqlalchemy import case as when

from app.credits import service as credits
from app.customers import service as customers
from app.invoices import service as invoices
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class Ages:
    """The first days of the younger buckets: what is due from `first` on is of the first, and so on."""

    first: dt.date
    second: dt.date
    third: dt.date


def debtors(shop_id: int, ages: Ages) -> Subquery:
    """person_id, owed, a1 to a4: who owes something, and how old it is. Payments on account pay the oldest bills, so
    what is left is of the youngest ones: each bucket takes of the rest as much as its bills come to, youngest first."""
    open_ = _open(shop_id, ages)
    least, most = func.least, func.greatest
    a1 = least(open_.c.owed, most(open_.c.o1, 0))
    a2 = least(open_.c.owed - a1, most(open_.c.o2, 0))
    a3 = least(open_.c.owed - a1 - a2, most(open_.c.o3, 0))
    a4 = open_.c.owed - a1 - a2 - a3
    buckets = (_whole(part).label(f"a{at}") for at, part in enumerate((a1, a2, a3, a4), start=1))
    return select(open_.c.person_id, _whole(open_.c.owed).label("owed"), *buckets).where(open_.c.owed > 0).subquery()


def page_of(debtors: Subquery) -> Select[Any]:
    return select(*debtors.c)


def totals(db: ShopSession, debtors: Subquery) -> Any:
    """How many owe, how much in all and by age."""
    names = ("owed", "a1", "a2", "a3", "a4")
    sums = (func.coalesce(_whole(func.sum(debtors.c[name])), 0).label(name) for name in names)
    return db.execute(select(func.count().label("people"), *sums)).one()


def all_of(db: ShopSession, debtors: Subquery) -> Sequence[Any]:
    """Every debtor, the most first."""
    return db.execute(page_of(debtors).order_by(debtors.c.owed.desc(), debtors.c.person_id)).all()


def dues_by_day(db: ShopSession, customer_ids: Collection[UUID]) -> Sequence[Any]:
    """Customer, day of the bill, paise that its bills of that day left open before anything was paid on account."""
    due = invoices.dues(db.shop_id, customer_ids).subquery()
    return db.execute(
        select(due.c.customer_id, due.c.due_on, _whole(func.sum(due.c.paise)).label("paise")).group_by(
            due.c.customer_id, due.c.due_on
        )
    ).all()


def owed_to(db: ShopSession) -> int:
    """Paise of all open credits."""
    owed = credits.owed_to(db.shop_id).subquery()
    return int(db.execute(select(func.coalesce(func.sum(owed.c.paise), 0))).scalar_one())


def moved_of(db: ShopSession, customer_ids: Collection[UUID]) -> dict[UUID, int]:
    """What each of these entries owes."""
    moved = _moved(db.shop_id, customer_ids)
    return _by_customer(db, moved.c.customer_id, moved.c.paise, customer_ids)


def owed_of(db: ShopSession, customer_ids: Collection[UUID]) -> dict[UUID, int]:
    """What the shop owes each of these entries."""
    owed = credits.owed_to(db.shop_id).subquery()
    return _by_customer(db, owed.c.customer_id, owed.c.paise, customer_ids)


def _by_customer(
    db: ShopSession, customer_id: ColumnElement[Any], paise: ColumnElement[Any], customer_ids: Collection[UUID]
) -> dict[UUID, int]:
    wanted = select(customer_id, func.sum(paise)).where(customer_id.in_(sorted(customer_ids))).group_by(customer_id)
    return {one: int(total) for one, total in db.execute(wanted).all()}


def _moved(shop_id: int, customer_ids: Collection[UUID] | None = None) -> Subquery:
    """Customer, day of the bill, paise: whatever moves what is owed; money on account has no bill's day."""
    account = credits.on_account(shop_id).subquery()
    return union_all(
        invoices.dues(shop_id, customer_ids),
        select(account.c.customer_id, cast(null(), Date), -account.c.paise),
    ).subquery()


def _open(shop_id: int, ages: Ages) -> Subquery:
    """What each person's bills left open by age, and what they owe after all that they paid on account."""
    moved = _moved(shop_id)
    person = customers.persons(shop_id).subquery()
    paise, due = moved.c.paise, moved.c.due_on
    return (
        select(
            person.c.person_id,
            func.sum(paise).label("owed"),
            _sum(due >= ages.first, paise).label("o1"),
            _sum((due < ages.first) & (due >= ages.second), paise).label("o2"),
            _sum((due < ages.second) & (due >= ages.third), paise).label("o3"),
        )
        .join(person, person.c.id == moved.c.customer_id)
        .group_by(person.c.person_id)
        .subquery()
    )


def _sum(wanted: ColumnElement[bool], paise: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.sum(when((wanted, paise), else_=literal(0)))


def _whole(figure: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(figure, BigInteger)
