"""Reading issued documents: one whole, many in short, and the reply of a bill made again from its columns."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.customers import service as customers
from app.invoices import repository
from app.invoices.errors import InvoiceUnknown
from app.invoices.models import Invoice, InvoiceLine, InvoicePayment
from app.invoices.service.documents import Document, Party, document_of, unseal_party
from app.invoices.service.seller import read_seller
from app.kit import paging, sealing_keys
from app.kit.sealing import Keyring
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """A document as lists show it; `customer_name` is the customer's name today."""

    id: UUID
    kind: str
    number: str
    issued_at: dt.datetime
    issued_on: dt.date
    customer_id: UUID | None
    customer_name: str | None
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    total_paise: int
    paid_paise: int
    reverses_id: UUID | None


@dataclass(frozen=True, slots=True)
class NoteSummary:
    """A note as its bill names it."""

    id: UUID
    kind: str
    number: str
    issued_on: dt.date
    total_paise: int


def get_invoice(db: ShopSession, invoice_id: UUID, *, keyring: Keyring) -> Document:
    """A document whole, in four statements; raises InvoiceUnknown."""
    row = repository.find_invoice(db, invoice_id)
    if row is None:
        raise InvoiceUnknown()
    return document_on(row, party=party_on(db, row, keyring))


def list_notes(db: ShopSession, invoice_id: UUID) -> list[NoteSummary]:
    """The notes on a bill, the oldest first; raises InvoiceUnknown."""
    if repository.find_number(db, invoice_id) is None:
        raise InvoiceUnknown()
    return [NoteSummary(*row) for row in repository.note_numbers(db, invoice_id)]


def list_invoices(
    db: ShopSession,
    *,
    kind: str | None = None,
    customer_id: UUID | None = None,
    number: str | None = None,
    issued_from: dt.date | None = None,
    issued_to: dt.date | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[InvoiceSummary]:
    """A page of documents in three statements, the newest first."""
    statement = repository.list_invoices(
        kind=kind, customer_id=customer_id, number=number, issued_from=issued_from, issued_to=issued_to
    )
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    paid = repository.paid_of(db, [row.id for row in page.items]) if page.items else {}
    names = customers.names_of(db, [row.customer_id for row in page.items if row.customer_id])
    return page.map(lambda row: _summary(row, paid, names))


def party_on(db: ShopSession, row: Invoice, keyring: Keyring) -> Party | None:
    """The buyer that a document names; None for a cash sale, and once their key is destroyed."""
    if row.customer_id is None or row.buyer_sealed is None:
        return None
    wrapped = sealing_keys.wrapped_keys(db, [row.customer_id]).get(row.customer_id)
    return None if wrapped is None else unseal_party(row.buyer_sealed, keyring.open(wrapped), row.id)


def document_on(row: Invoice, *, party: Party | None) -> Document:
    """The document of its row, loaded with lines and payments."""
    return document_of(
        _columns(row), map(_columns, row.lines), map(_columns, row.payments),
        seller=read_seller(row.seller), party=party,
    )  # fmt: skip


_ORDERS = paging.Orders(
    tie=Invoice.id, default="-issuedOn",
    issuedOn=Invoice.issued_on, totalPaise=Invoice.total_paise, number=Invoice.number,
)  # fmt: skip


def _columns(row: Invoice | InvoiceLine | InvoicePayment) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def _summary(row: Invoice, paid: dict[UUID, int], names: dict[UUID, str]) -> InvoiceSummary:
    return InvoiceSummary(
        row.id, row.kind, row.number, row.issued_at, row.issued_on, row.customer_id,
        names.get(row.customer_id) if row.customer_id else None, row.taxable_paise, row.cgst_paise, row.sgst_paise,
        row.igst_paise, row.total_paise, paid.get(row.id, 0), row.reverses_id,
    )  # fmt: skip
