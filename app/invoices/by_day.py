"""Owns the statements on what was issued by business day: the drawer's, of documents from before it their own."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Label, and_, case, func, literal_column, or_, select

from app.invoices.models import Invoice, InvoiceLine, InvoicePayment
from shard_router import ShopSession

BOOK_DAY = func.coalesce(Invoice.book_on, Invoice.issued_on)
"""The business day, to be told and grouped by; documents from before the cash book have only their own day."""
METALS = '"metals":'
"""What `priced_from` of a line of several metals has in it, and no other: in a text its quotes would be escaped."""


def sums_by_day(db: ShopSession, first: dt.date, last: dt.date) -> Sequence[Any]:
    """Business day, kind, how many documents, their total in paise."""
    return db.execute(
        select(BOOK_DAY, Invoice.kind, func.count(Invoice.id), func.sum(Invoice.total_paise))
        .where(of_days(first, last))
        .group_by(BOOK_DAY, Invoice.kind)
    ).all()


def weights_by_metal(db: ShopSession, first: dt.date, last: dt.date) -> Sequence[Any]:
    """Business day, kind, metal, net weight in mg of the lines; each line of several metals by itself, with its id."""
    mixed = of_several_metals()
    return db.execute(
        select(BOOK_DAY, Invoice.kind, InvoiceLine.metal, func.sum(InvoiceLine.net_mg), mixed)
        .join(InvoiceLine, and_(InvoiceLine.shop_id == Invoice.shop_id, InvoiceLine.invoice_id == Invoice.id))
        .where(of_days(first, last), InvoiceLine.metal != "")
        .group_by(BOOK_DAY, Invoice.kind, InvoiceLine.metal, mixed)
    ).all()


def of_several_metals() -> Label[Any]:
    """The id of a line that sold a piece of several metals, NULL of every other: to be grouped by, so that such a line
    stands by itself. Which metals stands in the line's own JSON: one piece in a thousand is not worth an index."""
    told = func.locate(literal_column(f"'{METALS}'"), InvoiceLine.priced_from)
    return case((told > 0, InvoiceLine.id)).label("mixed")


def priced_from_of(db: ShopSession, line_ids: Iterable[UUID]) -> dict[UUID, bytes | None]:
    """What these lines were priced from, in one statement."""
    wanted = select(InvoiceLine.id, InvoiceLine.priced_from).where(InvoiceLine.id.in_(sorted(line_ids)))
    return {row.id: row.priced_from for row in db.execute(wanted)}


def of_days(first: dt.date, last: dt.date) -> ColumnElement[bool]:
    """Documents of business days from the first to the last: two ranges of one index, which no function would be."""
    own = Invoice.book_on.is_(None) & Invoice.issued_on.between(first, last)
    return Invoice.book_on.between(first, last) | own


def totals_of_day(db: ShopSession, on: dt.date) -> Sequence[Any]:
    """Kind, how many, and their sums: taxable value, the three taxes, round-off, total."""
    sums = (
        Invoice.taxable_paise, Invoice.cgst_paise, Invoice.sgst_paise, Invoice.igst_paise, Invoice.round_off_paise,
        Invoice.total_paise,
    )  # fmt: skip
    return db.execute(
        select(Invoice.kind, func.count(), *(func.sum(column).label(column.key) for column in sums))
        .where(of_days(on, on))
        .group_by(Invoice.kind)
    ).all()


def modes_of_day(db: ShopSession, on: dt.date) -> Sequence[Any]:
    """Kind, mode, paise."""
    return db.execute(
        select(Invoice.kind, InvoicePayment.mode, func.sum(InvoicePayment.paise))
        .join(InvoicePayment, and_(InvoicePayment.shop_id == Invoice.shop_id, InvoicePayment.invoice_id == Invoice.id))
        .where(of_days(on, on))
        .group_by(Invoice.kind, InvoicePayment.mode)
    ).all()


def weights_of_days(db: ShopSession, first: dt.date, last: dt.date) -> Sequence[Any]:
    """Kind, metal, fineness, and of the lines: net mg, taxable paise, and the paise of metal, making and stones; each
    line of several metals by itself, with its id as `mixed`."""
    mixed = of_several_metals()
    sums = (
        InvoiceLine.net_mg, InvoiceLine.taxable_paise, InvoiceLine.metal_paise, InvoiceLine.wastage_paise,
        InvoiceLine.making_paise, InvoiceLine.making_discount_paise, InvoiceLine.stones_paise,
        InvoiceLine.hallmark_paise, InvoiceLine.discount_paise,
    )  # fmt: skip
    return db.execute(
        select(
            Invoice.kind, InvoiceLine.metal, InvoiceLine.fineness, func.count().label("lines"),
            *(func.sum(column).label(column.key) for column in sums), mixed,
        )
        .join(InvoiceLine, and_(InvoiceLine.shop_id == Invoice.shop_id, InvoiceLine.invoice_id == Invoice.id))
        .where(of_days(first, last), InvoiceLine.metal != "")  # goods and services without metal
        .group_by(Invoice.kind, InvoiceLine.metal, InvoiceLine.fineness, mixed)
    ).all()  # fmt: skip


def chunk_of_day(db: ShopSession, on: dt.date, after: tuple[dt.datetime, UUID] | None, limit: int) -> Sequence[Invoice]:
    """Documents of a business day in the order of their issue, without lines and payments."""
    wanted = select(Invoice).where(of_days(on, on))
    if after is not None:
        at, last = after
        wanted = wanted.where(or_(Invoice.issued_at > at, and_(Invoice.issued_at == at, Invoice.id > last)))
    return db.scalars(wanted.order_by(Invoice.issued_at, Invoice.id).limit(limit)).all()


def first_day_between(db: ShopSession, behind: dt.date | None, before: dt.date) -> dt.date | None:
    """The first business day between two, neither included, on which a document was issued."""
    found = []
    for day, kept in ((Invoice.book_on, None), (Invoice.issued_on, Invoice.book_on.is_(None))):
        wanted = select(func.min(day)).where(day < before, *([] if kept is None else [kept]))
        found.append(db.scalar(wanted if behind is None else wanted.where(day > behind)))
    return min((day for day in found if day is not None), default=None)
