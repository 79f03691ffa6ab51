"""Owns the statements on what of credits went back in money."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from app.credits.models import Credit, CreditUse, UseKind
from shard_router import ShopSession

_GONE = (UseKind.PAID_OUT.value, UseKind.CLOSED.value)


def was_paid_out(shop_id: Any, credit_id: Any) -> ColumnElement[bool]:
    """Whether any of a credit was ever given back in money, paid out or with its receipt; for rooms above to ask within
    their own statements."""
    given = select(CreditUse.id).where(
        CreditUse.shop_id == shop_id, CreditUse.credit_id == credit_id, CreditUse.kind.in_(_GONE)
    )
    return exists(given.correlate_except(CreditUse))


def kept_of(db: ShopSession, credit_ids: Iterable[UUID]) -> Sequence[Any]:
    """Credit, and what it brought less what of it went back in money."""
    returned = (
        select(func.coalesce(func.sum(CreditUse.paise), 0))
        .where(
            CreditUse.shop_id == Credit.shop_id, CreditUse.credit_id == Credit.id, CreditUse.kind.in_(_GONE)
        )
        .correlate(Credit)
        .scalar_subquery()
    )  # fmt: skip
    return db.execute(select(Credit.id, Credit.paise - returned).where(Credit.id.in_(sorted(credit_ids)))).all()
