"""Owns the statements on credits and receipts."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Update, and_, bindparam, case, func, insert, or_, select, update
from sqlalchemy.orm import selectinload

from app.credits.models import (
    Credit,
    CreditState,
    CreditUse,
    Purpose,
    Receipt,
    ReceiptPayment,
    ReceiptPdf,
)
from app.kit.db import Id
from app.kit.sums import added_up, fingerprint
from app.numbering.service import DocumentKind
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


def credits_of(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[Credit]:
    """All that these customers ever had, the oldest first."""
    return db.scalars(
        select(Credit).where(Credit.customer_id.in_(sorted(customer_ids))).order_by(Credit.made_on, Credit.id)
    ).all()


def lock_credits_of(db: ShopSession, customer_id: UUID) -> Sequence[Credit]:
    """In the order of their ids, in which everybody locks them."""
    wanted = select(Credit.id).where(Credit.customer_id == customer_id)
    return lock_credits(db, db.scalars(wanted).all())


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
        select(func.coalesce(func.sum(CreditUse.paise), 0))
        .where(CreditUse.shop_id == Credit.shop_id, CreditUse.credit_id == Credit.id)
        .correlate(Credit)
        .scalar_subquery()
    )
    return db.scalars(select(Credit.id).where(Credit.left_paise != Credit.paise - used).order_by(Credit.id)).all()


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


# ---------------------------------------------------------------- receipts

TAKEN = DocumentKind.RECEIPT_VOUCHER.value
VOUCHERS = Prepared(
    lambda: (
        select(Receipt.id, Receipt.kind, Receipt.number, Receipt.issued_at, Receipt.total_paise)
        .where(Receipt.shop_id == bindparam("shop_id"))
        .order_by(Receipt.id)
    )
)
"""Of a restore: what the shop's vouchers are."""


def find_receipt(db: ShopSession, receipt_id: UUID) -> Receipt | None:
    """The voucher with its payments, in two statements."""
    return db.scalars(
        select(Receipt).where(Receipt.id == receipt_id).options(selectinload(Receipt.payments))
    ).one_or_none()


def find_number(db: ShopSession, receipt_id: UUID) -> str | None:
    """The voucher's number, to know that there is one."""
    return db.scalars(select(Receipt.number).where(Receipt.id == receipt_id)).one_or_none()


def reversal_of(db: ShopSession, receipt_id: UUID) -> Any | None:
    """Id and number of the voucher that took a receipt back."""
    return db.execute(select(Receipt.id, Receipt.number).where(Receipt.reverses_id == receipt_id)).one_or_none()


def list_receipts(
    *,
    kind: str | None,
    purpose: str | None,
    customer_id: UUID | None,
    about_id: UUID | None,
    number: str | None,
    issued_from: dt.date | None,
    issued_to: dt.date | None,
) -> Select[Any]:
    """`number` is a beginning; both days are included."""
    statement = select(Receipt)
    for column, value in (
        (Receipt.kind, kind), (Receipt.purpose, purpose), (Receipt.customer_id, customer_id),
        (Receipt.about_id, about_id),
    ):  # fmt: skip
        if value is not None:
            statement = statement.where(column == value)
    if number:
        statement = statement.where(Receipt.number.startswith(number, autoescape=True))
    if issued_from is not None:
        statement = statement.where(Receipt.issued_on >= issued_from)
    return statement if issued_to is None else statement.where(Receipt.issued_on <= issued_to)


def receipts_of(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[Receipt]:
    """All of them, the oldest first, without their payments."""
    return db.scalars(
        select(Receipt).where(Receipt.customer_id.in_(sorted(customer_ids))).order_by(Receipt.issued_on, Receipt.id)
    ).all()


def modes_of(db: ShopSession, receipt_ids: Iterable[UUID]) -> Sequence[Any]:
    """Voucher, mode and paise of many vouchers' payments, in one statement."""
    return db.execute(
        select(ReceiptPayment.receipt_id, ReceiptPayment.mode, ReceiptPayment.paise)
        .where(ReceiptPayment.receipt_id.in_(sorted(receipt_ids)))
        .order_by(ReceiptPayment.receipt_id, ReceiptPayment.pos)
    ).all()


def on_account(shop_id: int) -> Select[UUID, int]:
    """Customer and paise of each voucher on account, below nothing what was taken back; for rooms above to add up."""
    return select(Receipt.customer_id, _signed().label("paise")).where(
        Receipt.shop_id == shop_id, Receipt.purpose == Purpose.ON_ACCOUNT.value
    )


def owed_to(shop_id: int) -> Select[UUID, int]:
    """Customer and paise of each open credit."""
    return select(Credit.customer_id, Credit.left_paise.label("paise")).where(
        Credit.shop_id == shop_id, Credit.state == CreditState.OPEN.value
    )


def on_account_of(db: ShopSession, customer_ids: Iterable[UUID]) -> int:
    rows = db.execute(on_account(db.shop_id).where(Receipt.customer_id.in_(sorted(customer_ids)))).all()
    return sum(int(row.paise) for row in rows)


def _signed() -> ColumnElement[int]:
    return case((Receipt.kind == TAKEN, Receipt.total_paise), else_=-Receipt.total_paise)


def find_pdf(db: ShopSession, receipt_id: UUID, render_version: int) -> ReceiptPdf | None:
    return db.scalars(
        select(ReceiptPdf).where(ReceiptPdf.receipt_id == receipt_id, ReceiptPdf.render_version == render_version)
    ).one_or_none()


def chunk_of_receipts(db: ShopSession, after: UUID | None, limit: int) -> Sequence[Receipt]:
    """Vouchers in the order of their ids, whole, for checking the books."""
    statement = select(Receipt).options(selectinload(Receipt.payments))
    if after is not None:
        statement = statement.where(Receipt.id > after)
    return db.scalars(statement.order_by(Receipt.id).limit(limit).execution_options(populate_existing=True)).all()


def shop_sums() -> tuple[Sum, ...]:
    """Paise by kind and state, and what was left of them; uses by kind; vouchers by kind, year and purpose, their money
    by way."""
    vouchers = (Receipt.total_paise, fingerprint(Receipt.content_hash))
    return (
        added_up("credits", Credit, by=(Credit.kind, Credit.state), of=(Credit.paise, Credit.left_paise)),
        added_up("credit uses", CreditUse, by=(CreditUse.kind,), of=(CreditUse.paise,)),
        added_up("receipts", Receipt, by=(Receipt.kind, Receipt.fy_start, Receipt.purpose), of=vouchers),
        added_up("receipt payments", ReceiptPayment, by=(ReceiptPayment.mode,), of=(ReceiptPayment.paise,)),
        added_up("printed vouchers", ReceiptPdf, of=(ReceiptPdf.size_bytes, fingerprint(ReceiptPdf.sha256))),
    )


# ---------------------------------------------------------------- business days


def totals_of_day(db: ShopSession, on: dt.date) -> Sequence[Any]:
    """Kind, purpose, mode, how many vouchers, paise, of a business day."""
    return db.execute(
        select(
            Receipt.kind, Receipt.purpose, ReceiptPayment.mode, func.count().label("many"),
            func.sum(ReceiptPayment.paise).label("paise"),
        )
        .join(ReceiptPayment, and_(ReceiptPayment.shop_id == Receipt.shop_id, ReceiptPayment.receipt_id == Receipt.id))
        .where(Receipt.book_on == on)
        .group_by(Receipt.kind, Receipt.purpose, ReceiptPayment.mode)
    ).all()  # fmt: skip


def chunk_of_day(db: ShopSession, on: dt.date, after: tuple[dt.datetime, UUID] | None, limit: int) -> Sequence[Receipt]:
    """Vouchers of a business day in the order of their issue, without payments."""
    wanted = select(Receipt).where(Receipt.book_on == on)
    if after is not None:
        at, last = after
        wanted = wanted.where(or_(Receipt.issued_at > at, and_(Receipt.issued_at == at, Receipt.id > last)))
    return db.scalars(wanted.order_by(Receipt.issued_at, Receipt.id).limit(limit)).all()


def first_day_between(db: ShopSession, behind: dt.date | None, before: dt.date) -> dt.date | None:
    """The first business day between two, neither included, on which a voucher was issued."""
    wanted = select(func.min(Receipt.book_on)).where(Receipt.book_on < before)
    return db.scalar(wanted if behind is None else wanted.where(Receipt.book_on > behind))
