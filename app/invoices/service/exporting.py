"""Rows for exports: issued documents in the order of their dates, in chunks, so that a year never lies in memory."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.customers import service as customers
from app.invoices import repository
from app.invoices.service.documents import unseal_party
from app.kit import sealing_keys
from app.kit.sealing import Keyring
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class ExportPlace:
    """Where a chunk ended."""

    issued_on: dt.date
    id: UUID


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One document as a row; a credit note's amounts are what it takes back, unsigned as on the note.

    `customer_name` is today's; `buyer_gstin` is what the document itself names, None once its key is destroyed.
    """

    place: ExportPlace
    kind: str
    number: str
    issued_on: dt.date
    customer_name: str | None
    buyer_gstin: str | None
    place_of_supply: str
    inter_state: bool
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    round_off_paise: int
    total_paise: int
    paid_paise: int


def list_export_rows(
    db: ShopSession,
    *,
    issued_from: dt.date,
    issued_to: dt.date,
    after: ExportPlace | None,
    limit: int,
    keyring: Keyring,
) -> list[ExportRow]:
    """The next documents of a period, both days included; fewer than `limit`: that was the end."""
    behind = (after.issued_on, after.id) if after else None
    rows = repository.chunk_of_period(db, issued_from, issued_to, behind, limit)
    paid = repository.paid_of(db, [row.id for row in rows]) if rows else {}
    names = customers.names_of(db, [row.customer_id for row in rows if row.customer_id])
    gstins = _gstins(db, rows, keyring)
    return [
        ExportRow(
            ExportPlace(row.issued_on, row.id), row.kind, row.number, row.issued_on,
            names.get(row.customer_id) if row.customer_id else None, gstins.get(row.id), row.place_of_supply,
            row.inter_state, row.taxable_paise, row.cgst_paise, row.sgst_paise, row.igst_paise, row.round_off_paise,
            row.total_paise, paid.get(row.id, 0),
        )
        for row in rows
    ]  # fmt: skip


def _gstins(db: ShopSession, rows: Any, keyring: Keyring) -> dict[UUID, str | None]:
    """Only registered buyers' particulars are opened: the others have no GSTIN to show."""
    registered = [row for row in rows if row.buyer_registered and row.customer_id and row.buyer_sealed]
    wrapped = sealing_keys.wrapped_keys(db, [row.customer_id for row in registered])
    keys = {customer_id: keyring.open(key) for customer_id, key in wrapped.items()}
    return {
        row.id: unseal_party(row.buyer_sealed, keys[row.customer_id], row.id).gstin
        for row in registered
        if row.customer_id in keys
    }
