"""Owns the statements on cash that came with receipts, and went back with vouchers: what the law adds up."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from app.credits.models import Credit, CreditKind, CreditUse, Purpose, Receipt, ReceiptPayment
from app.customers import service as customers
from app.kit.db import Id
from app.numbering.service import DocumentKind
from shard_router import Prepared, ShopSession

TAKEN = DocumentKind.RECEIPT_VOUCHER.value
CASH = "cash"


def cash_of_day(db: ShopSession, customer_ids: Iterable[UUID], on: dt.date) -> int:
    paise = func.coalesce(func.sum(ReceiptPayment.paise), 0)
    wanted = _of_cash(paise).where(Receipt.customer_id.in_(sorted(customer_ids)), Receipt.issued_on == on)
    return int(db.execute(wanted).scalar_one())


def cash_about(db: ShopSession, about_id: UUID) -> int:
    """Paise that came in cash for one order or passbook, whatever day, less what was taken back."""
    paise = case((Receipt.kind == TAKEN, ReceiptPayment.paise), else_=-ReceiptPayment.paise)
    wanted = (
        select(func.coalesce(func.sum(paise), 0))
        .select_from(Receipt)
        .join(ReceiptPayment, and_(
            ReceiptPayment.shop_id == Receipt.shop_id, ReceiptPayment.receipt_id == Receipt.id
        ))
        .where(
            Receipt.about_id == about_id, Receipt.purpose != Purpose.PAY_OUT.value, ReceiptPayment.mode == CASH,
        )
    )  # fmt: skip
    return int(db.execute(wanted).scalar_one())


def money_on_account(db: ShopSession, customer_ids: Iterable[UUID]) -> list[tuple[int, int]]:
    """Of each receipt on account that stands, the oldest first: its total, and what of it was cash."""
    back = aliased(Receipt)
    in_cash = func.coalesce(func.sum(case((ReceiptPayment.mode == CASH, ReceiptPayment.paise), else_=0)), 0)
    rows = db.execute(
        select(Receipt.id, Receipt.total_paise, in_cash)
        .join(ReceiptPayment, and_(
            ReceiptPayment.shop_id == Receipt.shop_id, ReceiptPayment.receipt_id == Receipt.id
        ))
        .outerjoin(back, and_(back.shop_id == Receipt.shop_id, back.reverses_id == Receipt.id))
        .where(
            Receipt.customer_id.in_(sorted(customer_ids)), Receipt.purpose == Purpose.ON_ACCOUNT.value,
            Receipt.kind == TAKEN, back.id.is_(None),
        )
        .group_by(Receipt.id, Receipt.total_paise).order_by(Receipt.id)
    ).all()  # fmt: skip
    return [(int(total), int(cash)) for _receipt_id, total, cash in rows]


def cash_in_bills(db: ShopSession, document_ids: Iterable[UUID]) -> Sequence[Any]:
    """The uses of all credits that these documents used, as CASH_BROUGHT gives them, and which are theirs."""
    wanted = sorted(document_ids)
    return db.execute(
        cash_uses(select(CreditUse.credit_id).where(CreditUse.document_id.in_(wanted)), counted=wanted)
    ).all()


def cash_paid_out(
    db: ShopSession, customer_ids: Iterable[UUID], *, kinds: Iterable[str], credit_id: UUID | None, on: dt.date
) -> int:
    """Paise that a person got in cash for credits of these kinds on a day, and for this credit on any."""
    of_credit = [] if credit_id is None else [Receipt.about_id == credit_id]
    wanted = (
        select(func.coalesce(func.sum(ReceiptPayment.paise), 0))
        .select_from(Receipt)
        .join(ReceiptPayment, and_(
            ReceiptPayment.shop_id == Receipt.shop_id, ReceiptPayment.receipt_id == Receipt.id
        ))
        .join(Credit, and_(Credit.shop_id == Receipt.shop_id, Credit.id == Receipt.about_id))
        .where(
            Receipt.customer_id.in_(sorted(customer_ids)), Receipt.purpose == Purpose.PAY_OUT.value,
            Credit.kind.in_(sorted(kinds)), ReceiptPayment.mode == CASH,
            or_(Receipt.issued_on == on, *of_credit),
        )
    )  # fmt: skip
    return int(db.execute(wanted).scalar_one())


def cash_taken_back(db: ShopSession, customer_ids: Iterable[UUID], *, purposes: Iterable[str], on: dt.date) -> int:
    """Paise that a person got in cash on a day by the taking back of receipts of earlier days: repaid, too."""
    taken = aliased(Receipt)
    wanted = (
        select(func.coalesce(func.sum(ReceiptPayment.paise), 0))
        .select_from(Receipt)
        .join(ReceiptPayment, and_(
            ReceiptPayment.shop_id == Receipt.shop_id, ReceiptPayment.receipt_id == Receipt.id
        ))
        .join(taken, and_(taken.shop_id == Receipt.shop_id, taken.id == Receipt.reverses_id))
        .where(
            Receipt.customer_id.in_(sorted(customer_ids)), Receipt.issued_on == on, taken.issued_on != on,
            Receipt.purpose.in_(sorted(purposes)), ReceiptPayment.mode == CASH,
        )
    )  # fmt: skip
    return int(db.execute(wanted).scalar_one())


def cash_brought(db: ShopSession, credit_ids: Iterable[UUID]) -> Sequence[Any]:
    """What CASH_BROUGHT gives."""
    return db.execute(cash_uses(_ids()), {"ids": sorted(credit_ids)}).all()


def _ids() -> Any:
    return bindparam("ids", type_=Id, expanding=True)


def cash_uses(credit_ids: Any, *, shop_id: Any = None, counted: Any = None) -> Select[Any]:
    """Of credits (a list, or a statement of a room above): credit, the paise that came in cash when it was paid in, an
    advance with one receipt, a scheme with many, a store credit with its bill; and each of its uses in order: document,
    kind, paise; the credit's own kind; and whether the document is one that the statement `counted` gives."""
    signed = case((Receipt.kind == TAKEN, ReceiptPayment.paise), else_=-ReceiptPayment.paise)
    paid = (
        select(func.coalesce(func.sum(signed), 0))
        .select_from(Receipt)
        .join(ReceiptPayment, and_(
            ReceiptPayment.shop_id == Receipt.shop_id, ReceiptPayment.receipt_id == Receipt.id
        ))
        .where(Receipt.shop_id == Credit.shop_id, ReceiptPayment.mode == CASH)
        .correlate(Credit)
    )  # fmt: skip
    of_advance = paid.where(Receipt.id == Credit.source_id).scalar_subquery()
    of_scheme = paid.where(
        Receipt.about_id == Credit.source_id, Receipt.purpose == Purpose.SCHEME.value
    ).scalar_subquery()
    brought = case(
        (Credit.kind == CreditKind.ADVANCE.value, of_advance), (Credit.kind == CreditKind.SCHEME.value, of_scheme),
        else_=func.coalesce(Credit.cash_paise, 0),
    )  # fmt: skip
    return (
        select(
            Credit.id, brought.label("paise"), CreditUse.document_id, CreditUse.kind, CreditUse.paise.label("used"),
            Credit.kind.label("of_kind"),
            *([] if counted is None else [CreditUse.document_id.in_(counted).label("counted")]),
        )
        .select_from(Credit)
        .outerjoin(CreditUse, and_(CreditUse.shop_id == Credit.shop_id, CreditUse.credit_id == Credit.id))
        .where(Credit.id.in_(credit_ids), *([] if shop_id is None else [Credit.shop_id == shop_id]))
        .order_by(Credit.id, CreditUse.at, CreditUse.id)
    )  # fmt: skip


# Part of a bill's first packet, behind the lock on the customer: what the credits that it uses had brought in cash, and
# what was used of them before.
CASH_BROUGHT = Prepared(lambda: cash_uses(_ids(), shop_id=bindparam("shop_id")))


def cash_since(db: ShopSession, customer_ids: Iterable[UUID], on: dt.date, since: dt.date) -> Sequence[Any]:
    """What CASH_SINCE gives."""
    wanted = _cash_since().where(Receipt.customer_id.in_(sorted(customer_ids)))
    return db.execute(wanted, {"issued_on": on, "since": since}).one()


def _cash_since() -> Select[Any]:
    on, since = (bindparam(name, type_=Receipt.issued_on.type) for name in ("issued_on", "since"))
    of_day = func.coalesce(func.sum(case((Receipt.issued_on == on, ReceiptPayment.paise))), 0)
    return _of_cash(of_day, func.coalesce(func.sum(ReceiptPayment.paise), 0)).where(Receipt.issued_on >= since)


def _of_cash(*sums: Any) -> Select[Any]:
    return (
        select(*(one for one in sums))
        .select_from(Receipt)
        .join(ReceiptPayment, and_(
            ReceiptPayment.shop_id == Receipt.shop_id, ReceiptPayment.receipt_id == Receipt.id
        ))
        .where(Receipt.kind == TAKEN, ReceiptPayment.mode == CASH)
    )  # fmt: skip


# Part of a bill's first packet, behind the lock on the customer: what the person gave in cash with receipts
# today, and from a day on.
CASH_SINCE = Prepared(
    lambda: _cash_since().where(
        Receipt.shop_id == bindparam("shop_id"),
        Receipt.customer_id.in_(customers.entries_of_pan(bindparam("shop_id"), bindparam("customer_id", type_=Id))),
    )
)
