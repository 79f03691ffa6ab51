"""Owns the statements on issued documents."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    union_all,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased, selectinload

from app.credits import service as credits
from app.customers import service as customers
from app.invoices.models import Invoice, InvoiceLine, InvoicePayment, InvoicePdf, NotedBill
from app.kit.db import Id
from app.kit.sums import added_up, fingerprint
from app.numbering.service import DocumentKind
from shard_router import FleetSession, Prepared, ShopSession
from shard_router.moves import Sum

SOLD_BY = (DocumentKind.INVOICE.value, DocumentKind.BILL_OF_SUPPLY.value)
TAKEN_BY = (*SOLD_BY, DocumentKind.DEBIT_NOTE.value)
CASH = "cash"
ON_ACCOUNT = "on_account"


DOCUMENTS = Prepared(
    lambda: (
        select(Invoice.id, Invoice.kind, Invoice.number, Invoice.issued_at, Invoice.total_paise)
        .where(Invoice.shop_id == bindparam("shop_id"))
        .order_by(Invoice.id)
    )
)


def find_invoice(db: ShopSession, invoice_id: UUID) -> Invoice | None:
    """The document with its lines and payments, in three statements."""
    return db.scalars(
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .options(selectinload(Invoice.lines), selectinload(Invoice.payments))
    ).one_or_none()


def notes_on(db: ShopSession, invoice_id: UUID) -> Sequence[Invoice]:
    """The notes on a bill, with lines and payments."""
    return db.scalars(
        select(Invoice)
        .where(Invoice.reverses_id == invoice_id)
        .options(selectinload(Invoice.lines), selectinload(Invoice.payments))
        .order_by(Invoice.id)
    ).all()


def sold_lines(db: ShopSession, line_ids: Iterable[UUID]) -> Sequence[Any]:
    """Line, number, day and customer of its bill, of those lines of bills that have metal."""
    return db.execute(
        select(InvoiceLine, Invoice.number, Invoice.issued_on, Invoice.customer_id)
        .join(Invoice, and_(Invoice.shop_id == InvoiceLine.shop_id, Invoice.id == InvoiceLine.invoice_id))
        .where(InvoiceLine.id.in_(sorted(line_ids)), Invoice.kind.in_(SOLD_BY), InvoiceLine.net_mg > 0)
    ).all()


def reversed_of(db: ShopSession, line_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the lines that a credit note took back whole."""
    wanted = select(InvoiceLine.reverses_line_id).where(InvoiceLine.reverses_line_id.in_(sorted(line_ids)))
    return {line_id for line_id in db.scalars(wanted) if line_id is not None}


def taken_of(db: ShopSession, line_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Taxable paise that notes over amounts took off these lines; below nothing where they charged more."""
    sign = case((Invoice.kind == DocumentKind.DEBIT_NOTE.value, -1), else_=1)
    rows = db.execute(
        select(InvoiceLine.corrects_line_id, func.sum(sign * InvoiceLine.taxable_paise))
        .join(Invoice, and_(Invoice.shop_id == InvoiceLine.shop_id, Invoice.id == InvoiceLine.invoice_id))
        .where(InvoiceLine.corrects_line_id.in_(sorted(line_ids)))
        .group_by(InvoiceLine.corrects_line_id)
    ).all()
    return {line_id: int(paise) for line_id, paise in rows}


def note_numbers(db: ShopSession, invoice_id: UUID) -> Sequence[Any]:
    """Id, kind, number, day and total of a bill's notes."""
    return db.execute(
        select(Invoice.id, Invoice.kind, Invoice.number, Invoice.issued_on, Invoice.total_paise)
        .where(Invoice.reverses_id == invoice_id)
        .order_by(Invoice.id)
    ).all()


def queue_note(db: ShopSession, invoice_id: UUID) -> None:
    """Holds the bill's place in the queue of its notes until the commit, and counts this one."""
    if (row := _lock_noted(db, invoice_id)) is None:
        try:
            with db.begin_nested():
                db.add(NotedBill(invoice_id=invoice_id, notes=1))
            return
        except IntegrityError:  # another note was the first meanwhile; its commit was waited for
            row = _lock_noted(db, invoice_id)
            if row is None:
                raise
    row.notes += 1
    db.flush()


def _lock_noted(db: ShopSession, invoice_id: UUID) -> NotedBill | None:
    statement = select(NotedBill).where(NotedBill.invoice_id == invoice_id).with_for_update()
    return db.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def list_invoices(
    *,
    kind: str | None,
    customer_id: UUID | None,
    number: str | None,
    issued_from: dt.date | None,
    issued_to: dt.date | None,
) -> Select[Any]:
    """`number` is a beginning; both days are included."""
    wanted: list[ColumnElement[bool]] = []
    if kind is not None:
        wanted.append(Invoice.kind == kind)
    if customer_id is not None:
        wanted.append(Invoice.customer_id == customer_id)
    if number:
        wanted.append(Invoice.number.startswith(number, autoescape=True))
    if issued_from is not None:
        wanted.append(Invoice.issued_on >= issued_from)
    if issued_to is not None:
        wanted.append(Invoice.issued_on <= issued_to)
    return select(Invoice).where(*wanted)


def paid_of(db: ShopSession, invoice_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What was paid on each of many documents, in one statement."""
    rows = db.execute(
        select(InvoicePayment.invoice_id, func.sum(InvoicePayment.paise).label("paise"))
        .where(InvoicePayment.invoice_id.in_(sorted(invoice_ids)))
        .group_by(InvoicePayment.invoice_id)
    ).all()
    return {row.invoice_id: int(row.paise) for row in rows}


def cash_before(
    db: ShopSession, customer_ids: Iterable[UUID], *, on: dt.date, since: dt.date, occasion: str
) -> Sequence[Any]:
    """What CASH_BEFORE gives, of a person by all their rows."""
    wanted = _cash_before().where(Invoice.customer_id.in_(sorted(customer_ids)))
    return db.execute(wanted, {"issued_on": on, "since": since, "occasion": occasion}).one()


def cash_of_person(db: ShopSession, customer_ids: Iterable[UUID], on: dt.date) -> int:
    """Paise of one day; of a person who was entered more than once, all their rows."""
    wanted = (
        select(func.coalesce(func.sum(InvoicePayment.paise), 0))
        .select_from(Invoice)
        .join(InvoicePayment, and_(InvoicePayment.shop_id == Invoice.shop_id, InvoicePayment.invoice_id == Invoice.id))
        .where(
            Invoice.customer_id.in_(sorted(customer_ids)), Invoice.issued_on == on, Invoice.kind.in_(TAKEN_BY),
            InvoicePayment.mode == CASH,
        )
    )  # fmt: skip
    return int(db.execute(wanted).scalar_one())


def dues(shop_id: int, customer_ids: Iterable[UUID] | None = None) -> CompoundSelect[Any]:
    """Customer, day of the bill, paise: each row moves what a customer owes by a bill. A note counts to its bill's day,
    and what it left as credit is a payment of it, so that it did not lower the debt. What was put on account was not
    paid."""
    bill, paid = aliased(Invoice), InvoicePayment
    sign = case((Invoice.kind == DocumentKind.CREDIT_NOTE.value, -1), else_=1)
    head = (Invoice.customer_id, func.coalesce(bill.issued_on, Invoice.issued_on).label("due_on"))
    wanted = [Invoice.shop_id == shop_id, Invoice.customer_id.is_not(None)]
    if customer_ids is not None:
        wanted.append(Invoice.customer_id.in_(sorted(customer_ids)))

    def moves(paise: ColumnElement[Any]) -> Select[Any, Any, Any]:
        against = and_(bill.shop_id == Invoice.shop_id, bill.id == Invoice.reverses_id)
        return select(*head, paise.label("paise")).outerjoin(bill, against).where(*wanted)

    of_payment = and_(paid.shop_id == Invoice.shop_id, paid.invoice_id == Invoice.id, paid.mode != ON_ACCOUNT)
    return union_all(
        moves(sign * Invoice.total_paise),
        moves(-sign * paid.paise).join(paid, of_payment),
    )


def debts(db: ShopSession, customer_ids: Iterable[UUID]) -> list[tuple[UUID, int, int]]:
    """Of each bill that was not paid when it was issued, the oldest first: its id, what of it is owed by itself and its
    notes, and what came for it in cash; below nothing where notes left more than was owed."""
    bill = func.coalesce(Invoice.reverses_id, Invoice.id).label("bill_id")
    sign = case((Invoice.kind == DocumentKind.CREDIT_NOTE.value, -1), else_=1)
    theirs, paid = Invoice.customer_id.in_(sorted(customer_ids)), InvoicePayment
    in_cash = case((and_(paid.mode == CASH, Invoice.kind.in_(TAKEN_BY)), paid.paise), else_=0)
    of_bill = and_(paid.shop_id == Invoice.shop_id, paid.invoice_id == Invoice.id, paid.mode != ON_ACCOUNT)
    totals = db.execute(select(bill, func.sum(sign * Invoice.total_paise)).where(theirs).group_by(bill)).all()
    payments = db.execute(
        select(bill, func.sum(sign * paid.paise), func.sum(in_cash)).select_from(Invoice).join(paid, of_bill)
        .where(theirs).group_by(bill)
    ).all()  # fmt: skip
    came = {bill_id: (int(paise), int(cash)) for bill_id, paise, cash in payments}
    found = [(bill_id, int(total), *came.get(bill_id, (0, 0))) for bill_id, total in totals]
    return [(bill_id, total - paise, cash) for bill_id, total, paise, cash in sorted(found) if total != paise]


def cash_of_noted(
    db: ShopSession, customer_ids: Iterable[UUID], on: dt.date, bill_id: UUID | None
) -> list[tuple[UUID, int, int, int]]:
    """Of this bill, and of each of these customers' bills with a credit note of that day: its id, and the paise in cash
    that came on it and its debit notes, went with its credit notes, and of these with those of the day."""
    credit_note, paid = Invoice.kind == DocumentKind.CREDIT_NOTE.value, InvoicePayment
    bill = func.coalesce(Invoice.reverses_id, Invoice.id).label("bill_id")
    noted = aliased(Invoice)
    of_day = select(noted.reverses_id).where(
        noted.shop_id == db.shop_id, noted.customer_id.in_(sorted(customer_ids)), noted.issued_on == on,
        noted.kind == DocumentKind.CREDIT_NOTE.value,
    )  # fmt: skip
    rows = db.execute(
        select(
            bill,
            func.sum(case((credit_note, 0), else_=paid.paise)), func.sum(case((credit_note, paid.paise), else_=0)),
            func.sum(case((and_(credit_note, Invoice.issued_on == on), paid.paise), else_=0)),
        )
        .select_from(Invoice)
        .join(paid, and_(paid.shop_id == Invoice.shop_id, paid.invoice_id == Invoice.id, paid.mode == CASH))
        .where(or_(
            Invoice.id.in_(of_day), Invoice.reverses_id.in_(of_day),
            *([] if bill_id is None else [Invoice.id == bill_id, Invoice.reverses_id == bill_id]),
        ))
        .group_by(bill)
    ).all()  # fmt: skip
    return [(its_id, int(came), int(gone), int(today)) for its_id, came, gone, today in rows]


def ledger_documents(db: ShopSession, customer_ids: Iterable[UUID]) -> Sequence[Any]:
    """Id, kind, number, day, total and what was paid of all documents of these customers, the oldest first."""
    paid = (
        select(func.coalesce(func.sum(InvoicePayment.paise), 0))
        .where(
            InvoicePayment.shop_id == Invoice.shop_id, InvoicePayment.invoice_id == Invoice.id,
            InvoicePayment.mode != ON_ACCOUNT,
        )
        .correlate(Invoice)
        .scalar_subquery()
        .label("paid")
    )  # fmt: skip
    return db.execute(
        select(Invoice.id, Invoice.kind, Invoice.number, Invoice.issued_on, Invoice.total_paise, paid)
        .where(Invoice.customer_id.in_(sorted(customer_ids)))
        .order_by(Invoice.issued_on, Invoice.id)
    ).all()


def unpaid(db: ShopSession, customer_ids: Iterable[UUID]) -> int:
    moved = dues(db.shop_id, customer_ids).subquery()
    return int(db.execute(select(func.coalesce(func.sum(moved.c.paise), 0))).scalar_one())


def bills_by_shop(session: FleetSession, shop_ids: Iterable[int], since: dt.date) -> Sequence[Any]:
    """Bills from a day on, and the day of the last of all; of the shops that ever issued one."""
    return session.execute(
        select(Invoice.shop_id, func.count(case((Invoice.issued_on >= since, 1))), func.max(Invoice.issued_on))
        .where(Invoice.shop_id.in_(list(shop_ids)), Invoice.kind.in_(SOLD_BY))
        .group_by(Invoice.shop_id)
    ).all()


def find_number(db: ShopSession, invoice_id: UUID) -> str | None:
    """The document's number, to know that there is one."""
    return db.scalars(select(Invoice.number).where(Invoice.id == invoice_id)).one_or_none()


def find_pdf(db: ShopSession, invoice_id: UUID, render_version: int) -> InvoicePdf | None:
    return db.scalars(
        select(InvoicePdf).where(InvoicePdf.invoice_id == invoice_id, InvoicePdf.render_version == render_version)
    ).one_or_none()


def chunk_of_documents(db: ShopSession, after: UUID | None, limit: int) -> Sequence[Invoice]:
    """Documents in the order of their ids, whole, for checking the books."""
    statement = select(Invoice).options(selectinload(Invoice.lines), selectinload(Invoice.payments))
    if after is not None:
        statement = statement.where(Invoice.id > after)
    return db.scalars(statement.order_by(Invoice.id).limit(limit).execution_options(populate_existing=True)).all()


def chunk_of_period(
    db: ShopSession, first: dt.date, last: dt.date, after: tuple[dt.date, UUID] | None, limit: int
) -> Sequence[Any]:
    """What an export shows of documents, by date; columns only, since a document whole is ten times as much."""
    statement = select(
        Invoice.id, Invoice.kind, Invoice.number, Invoice.issued_on, Invoice.customer_id, Invoice.buyer_registered,
        Invoice.buyer_sealed, Invoice.place_of_supply, Invoice.inter_state, Invoice.taxable_paise, Invoice.cgst_paise,
        Invoice.sgst_paise, Invoice.igst_paise, Invoice.round_off_paise, Invoice.total_paise,
    ).where(Invoice.issued_on >= first, Invoice.issued_on <= last)  # fmt: skip
    if after is not None:
        day, document_id = after
        statement = statement.where(
            or_(Invoice.issued_on > day, and_(Invoice.issued_on == day, Invoice.id > document_id))
        )
    return db.execute(statement.order_by(Invoice.issued_on, Invoice.id).limit(limit)).all()


def _cash_before() -> Select[Any]:
    """Cash in three sums: of a day, of an occasion, and from a day on."""
    on, since = bindparam("issued_on", type_=Invoice.issued_on.type), bindparam("since", type_=Invoice.issued_on.type)
    occasion = bindparam("occasion", type_=Invoice.occasion.type)
    paise = InvoicePayment.paise
    sums = (case((Invoice.issued_on == on, paise)), case((Invoice.occasion == occasion, paise)),
            case((Invoice.issued_on >= since, paise)))  # fmt: skip
    return (
        select(*(func.coalesce(func.sum(one), 0) for one in sums))
        .select_from(Invoice)
        .join(
            InvoicePayment,
            and_(InvoicePayment.shop_id == Invoice.shop_id, InvoicePayment.invoice_id == Invoice.id),
        )
        .where(
            or_(Invoice.issued_on >= since, Invoice.occasion == occasion),
            Invoice.kind.in_(TAKEN_BY),
            InvoicePayment.mode == CASH,
        )
    )


# Part of a bill's first packet, behind the lock on the customer's row: what the person paid in cash so far.
CASH_BEFORE = Prepared(
    lambda: _cash_before().where(
        Invoice.shop_id == bindparam("shop_id"),
        Invoice.customer_id.in_(customers.entries_of_pan(bindparam("shop_id"), bindparam("customer_id", type_=Id))),
    )
)


def cash_of_occasion(db: ShopSession, customer_ids: Iterable[UUID], occasion: str) -> Sequence[Any]:
    """What CASH_OF_OCCASION gives, of a person by all their rows."""
    return db.execute(_cash_of_occasion(db.shop_id, sorted(customer_ids), occasion)).all()


def _cash_of_occasion(shop_id: Any, customer_ids: Any, occasion: Any) -> Select[Any]:
    """The uses of all credits that paid on bills of an occasion, in order, and which of them are of such bills."""
    of_occasion = (
        Invoice.shop_id == shop_id, Invoice.customer_id.in_(customer_ids), Invoice.occasion == occasion,
        Invoice.kind.in_(SOLD_BY),
    )  # fmt: skip
    paid = and_(InvoicePayment.shop_id == Invoice.shop_id, InvoicePayment.invoice_id == Invoice.id)
    used = select(InvoicePayment.credit_id).select_from(Invoice).join(InvoicePayment, paid).where(
        *of_occasion, InvoicePayment.credit_id.is_not(None)
    )  # fmt: skip
    bills = select(Invoice.id).where(*of_occasion)
    return credits.cash_uses(used, shop_id=shop_id, counted=bills)


# The same packet's, for a bill of an occasion: what its earlier bills had in cash by credits.
CASH_OF_OCCASION = Prepared(
    lambda: _cash_of_occasion(
        bindparam("shop_id"),
        customers.entries_of_pan(bindparam("shop_id"), bindparam("customer_id", type_=Id)),
        bindparam("occasion", type_=Invoice.occasion.type),
    )
)

# The last packet of a bill.
INSERT_INVOICE = Prepared(lambda: insert(Invoice))
INSERT_LINE = Prepared(lambda: insert(InvoiceLine))
INSERT_PAYMENT = Prepared(lambda: insert(InvoicePayment))


def shop_sums() -> tuple[Sum, ...]:
    """Documents and money per tax head by kind and year, grams sold by purity, payments by way, printed forms."""
    money = (
        Invoice.taxable_paise, Invoice.cgst_paise, Invoice.sgst_paise, Invoice.igst_paise, Invoice.round_off_paise,
        Invoice.total_paise, fingerprint(Invoice.content_hash),
    )  # fmt: skip
    weights = (
        InvoiceLine.gross_mg, InvoiceLine.stone_mg, InvoiceLine.net_mg, InvoiceLine.net_mg * InvoiceLine.fineness,
        func.coalesce(InvoiceLine.stone_mct, 0),
    )  # fmt: skip
    prices = (
        InvoiceLine.metal_paise, InvoiceLine.wastage_paise, InvoiceLine.making_paise, InvoiceLine.stones_paise,
        InvoiceLine.hallmark_paise, InvoiceLine.price_paise, InvoiceLine.discount_paise, InvoiceLine.taxable_paise,
        InvoiceLine.cgst_paise,        InvoiceLine.sgst_paise, InvoiceLine.igst_paise,
    )  # fmt: skip
    purity = (InvoiceLine.metal, InvoiceLine.fineness)
    return (
        added_up("documents", Invoice, by=(Invoice.kind, Invoice.fy_start), of=money),
        added_up("lines", InvoiceLine, by=purity, of=(*weights, *prices)),
        added_up("payments", InvoicePayment, by=(InvoicePayment.mode,), of=(InvoicePayment.paise,)),
        added_up("noted bills", NotedBill, of=(NotedBill.notes,)),
        added_up("printed forms", InvoicePdf, of=(InvoicePdf.size_bytes, fingerprint(InvoicePdf.sha256))),
    )
