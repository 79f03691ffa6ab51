"""Reading vouchers back: one whole, or a page of them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from msgspec import Struct

from app.credits import repository
from app.credits.errors import ReceiptUnknown
from app.credits.models import Receipt, ReceiptPayment
from app.credits.service.vouchers import Payer, Voucher, unseal_payer, voucher_of
from app.customers import service as customers
from app.kit import paging, sealing_keys
from app.kit.sealing import Keyring
from app.tenants.service.seller import read_seller
from shard_router import ShopSession


class VoucherSummary(Struct, frozen=True):
    """A voucher in a list; the name is the customer's of today. `modes` are the ways of paying, in their order."""

    id: UUID
    kind: str
    number: str
    issued_at: dt.datetime
    issued_on: dt.date
    customer_id: UUID
    customer_name: str | None
    purpose: str
    about_id: UUID | None
    reverses_id: UUID | None
    total_paise: int
    modes: tuple[str, ...]


def get_receipt(db: ShopSession, receipt_id: UUID, *, keyring: Keyring) -> Voucher:
    """Raises ReceiptUnknown."""
    row = repository.find_receipt(db, receipt_id)
    if row is None:
        raise ReceiptUnknown()
    return voucher_on(row, payer_on(db, row, keyring))


def find_reversal(db: ShopSession, receipt_id: UUID) -> tuple[UUID, str] | None:
    """Id and number of the voucher that took a receipt back."""
    row = repository.reversal_of(db, receipt_id)
    return None if row is None else (row.id, row.number)


def list_receipts(
    db: ShopSession,
    *,
    kind: str | None = None,
    purpose: str | None = None,
    customer_id: UUID | None = None,
    about_id: UUID | None = None,
    number: str | None = None,
    issued_from: dt.date | None = None,
    issued_to: dt.date | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[VoucherSummary]:
    """A page of vouchers, the newest first, in three statements."""
    statement = repository.list_receipts(
        kind=kind, purpose=purpose, customer_id=customer_id, about_id=about_id, number=number,
        issued_from=issued_from, issued_to=issued_to,
    )  # fmt: skip
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    modes = _modes(db, [row.id for row in page.items])
    names = customers.names_of(db, [row.customer_id for row in page.items])
    return page.map(lambda row: _summary(row, modes.get(row.id, ()), names))


def receipts_of(db: ShopSession, customer_ids: Iterable[UUID]) -> list[VoucherSummary]:
    """All vouchers of a person (all their rows), the oldest first, without modes and names; for their ledger."""
    return [_summary(row, (), {}) for row in repository.receipts_of(db, customer_ids)]


def payer_on(db: ShopSession, row: Receipt, keyring: Keyring) -> Payer | None:
    """Whom a voucher names; None once their key is destroyed."""
    if row.payer_sealed is None:
        return None
    wrapped = sealing_keys.wrapped_keys(db, [row.customer_id]).get(row.customer_id)
    return None if wrapped is None else unseal_payer(row.payer_sealed, keyring.open(wrapped), row.id)


def voucher_on(row: Receipt, payer: Payer | None) -> Voucher:
    """The voucher of its row, loaded with its payments."""
    return voucher_of(columns(row), map(columns, row.payments), seller=read_seller(row.seller), payer=payer)


def columns(row: Receipt | ReceiptPayment) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


_ORDERS = paging.Orders(
    tie=Receipt.id, default="-issuedOn",
    issuedOn=Receipt.issued_on, totalPaise=Receipt.total_paise, number=Receipt.number,
)  # fmt: skip


def _modes(db: ShopSession, receipt_ids: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    if not receipt_ids:
        return {}
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for row in repository.modes_of(db, receipt_ids):
        if row.mode not in found[row.receipt_id]:
            found[row.receipt_id].append(row.mode)
    return {receipt_id: tuple(modes) for receipt_id, modes in found.items()}


def _summary(row: Receipt, modes: tuple[str, ...], names: dict[UUID, str]) -> VoucherSummary:
    return VoucherSummary(
        row.id, row.kind, row.number, row.issued_at, row.issued_on, row.customer_id, names.get(row.customer_id),
        row.purpose, row.about_id, row.reverses_id, row.total_paise, modes,
    )  # fmt: skip
