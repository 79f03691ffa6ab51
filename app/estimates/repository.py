"""Owns the statements on estimates and on sheets that were put aside."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import load_only

from app.estimates.models import Estimate, HeldSheet
from app.kit.db import Id
from app.kit.sums import added_up
from shard_router import Prepared, ShopSession
from shard_router.moves import Sum

OPEN, BILLED, LAPSED = "open", "billed", "lapsed"
STATES = (OPEN, BILLED, LAPSED)

# ---------------------------------------------------------------- estimates


def find_estimate(db: ShopSession, estimate_id: UUID) -> Estimate | None:
    return db.scalars(select(Estimate).where(Estimate.id == estimate_id)).one_or_none()


def list_estimates(*, state: str | None, customer_id: UUID | None, number: str | None, today: dt.date) -> Select[Any]:
    """As they are listed: without what they say line by line."""
    statement = select(Estimate).options(load_only(
        Estimate.id, Estimate.number, Estimate.customer_id, Estimate.till_id, Estimate.made_at, Estimate.made_on,
        Estimate.made_by, Estimate.expires_on, Estimate.rates_expire_on, Estimate.total_paise, Estimate.invoice_id,
        Estimate.version, raiseload=True,
    ))  # fmt: skip
    if state == BILLED:
        statement = statement.where(Estimate.invoice_id.is_not(None))
    elif state == OPEN:
        statement = statement.where(Estimate.invoice_id.is_(None), Estimate.expires_on >= today)
    elif state == LAPSED:
        statement = statement.where(Estimate.invoice_id.is_(None), Estimate.expires_on < today)
    if customer_id is not None:
        statement = statement.where(Estimate.customer_id == customer_id)
    return statement.where(Estimate.number.startswith(number, autoescape=True)) if number else statement


def find_of_bill(db: ShopSession, invoice_id: UUID) -> Any | None:
    """Id and number of the estimate that became this bill; a bill is made of one at most."""
    return db.execute(select(Estimate.id, Estimate.number).where(Estimate.invoice_id == invoice_id)).one_or_none()


def reopen(db: ShopSession, document_id: UUID) -> Sequence[Estimate]:
    """Those that became a document, which they are no more."""
    wanted = select(Estimate).where(Estimate.invoice_id == document_id).with_for_update()
    rows = db.scalars(wanted.execution_options(populate_existing=True)).all()
    for row in rows:
        row.invoice_id, row.version = None, row.version + 1
    db.flush()
    return rows


def give_to(db: ShopSession, loser_id: UUID, winner_id: UUID) -> int:
    """All estimates of a customer are another's from now on; how many those were."""
    moved = db.execute(
        update(Estimate)
        .where(Estimate.customer_id == loser_id)
        .values(customer_id=winner_id)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(moved, "rowcount", 0))


def _facts() -> Select[*tuple[Any, ...]]:
    return select(
        Estimate.id, Estimate.number, Estimate.customer_id, Estimate.expires_on, Estimate.rates_expire_on,
        Estimate.kept, Estimate.invoice_id,
    ).where(Estimate.id == bindparam("id", type_=Id))  # fmt: skip


# Parts of a bill's first packet, behind the orders and before any piece (docs/decisions/0050): two bills that are made
# of one estimate meet at its row, and the second finds it taken.
BILL = Prepared(
    lambda: (
        update(Estimate)
        .where(
            Estimate.shop_id == bindparam("b_shop_id"), Estimate.id == bindparam("b_id", type_=Id),
            Estimate.invoice_id.is_(None),
        )
        .values(invoice_id=bindparam("b_document_id", type_=Id), version=Estimate.version + 1)
    )
)  # fmt: skip
ESTIMATE = Prepared(lambda: _facts().where(Estimate.shop_id == bindparam("shop_id")))


def look_at(db: ShopSession, estimate_id: UUID) -> Any | None:
    return db.execute(_facts(), {"id": estimate_id}).one_or_none()


# ---------------------------------------------------------------- sheets put aside


def find_sheet(db: ShopSession, sheet_id: UUID, *, since: dt.datetime) -> HeldSheet | None:
    return db.scalars(select(HeldSheet).where(HeldSheet.id == sheet_id, HeldSheet.held_at >= since)).one_or_none()


def list_sheets(*, since: dt.datetime) -> Select[Any]:
    """Those that wait, without what stands on them."""
    return (
        select(HeldSheet)
        .options(load_only(
            HeldSheet.id, HeldSheet.label, HeldSheet.lines, HeldSheet.till_id, HeldSheet.held_at, HeldSheet.held_by,
            raiseload=True,
        ))
        .where(HeldSheet.recalled_at.is_(None), HeldSheet.held_at >= since)
    )  # fmt: skip


def recall(db: ShopSession, sheet_id: UUID, *, at: dt.datetime, by: UUID | None) -> bool:
    """Whether it was ours to take: of two at once the second waits for the first and finds it taken."""
    taken = db.execute(
        update(HeldSheet)
        .where(HeldSheet.id == sheet_id, HeldSheet.recalled_at.is_(None))
        .values(recalled_at=at, recalled_by=by)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(taken, "rowcount", 0)) == 1


def shop_sums() -> tuple[Sum, ...]:
    """Estimates by year, what they came to, and how many were billed; sheets by till."""
    return (
        added_up("estimates", Estimate, by=(Estimate.fy_start,), of=(Estimate.no, Estimate.total_paise)),
        added_up("sheets put aside", HeldSheet, of=(HeldSheet.lines,)),
    )
