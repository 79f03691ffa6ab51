"""How a voucher is written: payer sealed, cash into the drawer's book, number drawn, hash chained, for ever.

Locks in everybody's order: customer, credits, drawer, series, audit head.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.credits import repository
from app.credits.models import Receipt, ReceiptPayment
from app.credits.service.payments import Payment, cash_in
from app.credits.service.reading import voucher_on
from app.credits.service.till_cash import book_cash
from app.credits.service.vouchers import PAYMENT_COLUMNS, RENDER_VERSION, Voucher, content_hash, payer_of, seal_payer
from app.customers import service as customers
from app.kit import audit, outbox, sealing_keys
from app.kit.clock import financial_year, ist
from app.kit.sealing import Keyring
from app.numbering import service as numbering
from app.numbering.service import DocumentKind
from app.tenants.service.places import Place, list_places
from app.tenants.service.seller import choose, seller_of
from shard_router import ShopSession

PDF_JOB = "app.credits.jobs.render_pdf"
ISSUED = "receipt.issued"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherDraft:
    """A voucher that only needs its number. `incoming`: money is taken."""

    id: UUID
    kind: DocumentKind
    customer_id: UUID  # the row that counts, locked
    purpose: str
    payments: tuple[Payment, ...]
    total_paise: int
    at: dt.datetime
    till_id: UUID | None = None
    about_id: UUID | None = None
    reverses_id: UUID | None = None
    note: str | None = None

    @property
    def incoming(self) -> bool:
        return self.kind is DocumentKind.RECEIPT_VOUCHER


def write_voucher(db: ShopSession, draft: VoucherDraft, *, keyring: Keyring) -> Voucher:
    """Raises TillUnknown, DrawerUnknown, SeriesExhausted, CustomerUnknown where the customer was erased."""
    place = choose(list_places(db), asked=draft.till_id, sits_at=db.actor.till_id)
    buyer = customers.get_buyer(db, draft.customer_id)
    payer = payer_of(buyer)
    wrapped = sealing_keys.wrapped_keys(db, [draft.customer_id]).get(draft.customer_id)
    sealed = None if wrapped is None else seal_payer(payer, keyring.open(wrapped), draft.id)
    on = ist(draft.at).date()
    cash = cash_in(draft.payments)
    book_on = book_cash(
        db, till_id=place.till_id, paise=cash if draft.incoming else -cash, document_id=draft.id, at=draft.at
    )
    payments = [
        dict(zip(PAYMENT_COLUMNS, (pos, one.mode, one.paise, one.reference or None), strict=True))
        for pos, one in enumerate(draft.payments, start=1)
    ]
    head = _head(db, draft, place, on=on, book_on=book_on, sealed=sealed)
    head["content_hash"] = content_hash(head, payments)
    _insert(db, head, payments)
    audit.record(db, ISSUED, draft.id, {
        "number": head["number"], "kind": head["kind"], "purpose": head["purpose"], "totalPaise": draft.total_paise,
        "contentHash": head["content_hash"],
    })  # fmt: skip
    row = repository.find_receipt(db, draft.id)
    assert row is not None
    return voucher_on(row, payer if sealed else None)


def _head(
    db: ShopSession, draft: VoucherDraft, place: Place, *, on: dt.date, book_on: dt.date, sealed: bytes | None
) -> dict[str, Any]:
    """All columns but the hash; the number is drawn here, as late as can be."""
    year = financial_year(on)
    no = numbering.draw(db, registration_id=place.registration_id, year=year, kind=draft.kind, till_id=place.till_id)
    return {
        "id": draft.id, "kind": draft.kind.value, "registration_id": place.registration_id,
        "outlet_id": place.outlet_id, "till_id": place.till_id, "fy_start": year.start_year, "no": no,
        "number": numbering.written(no, year=year, kind=draft.kind, till_code=place.till_code),
        "issued_at": draft.at, "issued_on": on, "book_on": book_on, "customer_id": draft.customer_id,
        "payer_sealed": sealed, "seller": seller_of(place).written(), "purpose": draft.purpose,
        "about_id": draft.about_id, "reverses_id": draft.reverses_id, "note": draft.note or None,
        "total_paise": draft.total_paise, "actor_id": db.actor.person_id, "render_version": RENDER_VERSION,
    }  # fmt: skip


def _insert(db: ShopSession, head: dict[str, Any], payments: Sequence[dict[str, Any]]) -> None:
    db.add(Receipt(**head))
    db.flush()
    db.add_all(ReceiptPayment(receipt_id=head["id"], **payment) for payment in payments)
    outbox.enqueue(db, PDF_JOB, key=f"pdf-{head['id'].hex}", params={"receipt_id": str(head["id"])})
    db.flush()
