"""Owns the rows of a note: its head in the bill's words, its lines, the metal that comes back, and its audit entry."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.inventory import service as inventory
from app.invoices import repository
from app.invoices.models import Invoice, InvoiceLine, InvoicePayment
from app.invoices.service.balances import Sums
from app.invoices.service.documents import LINE_COLUMNS, RENDER_VERSION, content_hash, seal_party
from app.invoices.service.note_money import Money, book_cash
from app.invoices.service.priced_from import came_back
from app.invoices.service.reading import party_on
from app.invoices.service.taking import PDF_JOB
from app.kit import audit, outbox, sealing_keys
from app.kit.clock import financial_year, ist
from app.kit.ids import new_id
from app.kit.sealing import Keyring
from app.metal.service import Entry
from app.numbering import service as numbering
from app.numbering.service import DocumentKind
from app.tenants.service.places import Place, list_places
from shard_router import ShopSession

NOTED = "note.issued"
_NAMED = ("line_kind", "item_id", "lot_id", "description", "tag", "huid", "hsn", "metal", "fineness", "tax_bp")
_CHARGES = (
    "metal_paise", "wastage_paise", "making_paise", "making_discount_paise", "stones_paise", "hallmark_paise",
    "discount_paise",
)  # fmt: skip
_WEIGHED = ("pieces", "gross_mg", "stone_mg", "net_mg", "rate_paise_per_g")


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A line of the bill, and what of it the note takes or adds; `whole`: it comes back."""

    line: InvoiceLine
    sums: Sums
    whole: bool

    @property
    def untouched(self) -> bool:
        """Whether the line comes back as it was billed, no note having changed it."""
        return self.whole and self.sums == Sums.of(self.line)


def note_of(
    db: ShopSession, bill: Invoice, *, note_id: UUID, kind: DocumentKind, reason: str, lines: Sequence[NoteLine],
    sums: dict[str, int], money: Money, keyring: Keyring, now: dt.datetime, lots_back: Sequence[Entry] = (),
) -> Invoice:  # fmt: skip
    """Writes the note; its pieces, and what was sold out of lots (`lots_back`), are back already."""
    on, place = ist(now).date(), _place(db, bill)
    year = financial_year(on)
    line_rows = [_line_row(line, pos) for pos, line in enumerate(lines, start=1)]
    sealed = _sealed_again(db, bill, note_id, keyring)
    day = book_cash(
        db, till_id=place.till_id, money=money, debit=kind is DocumentKind.DEBIT_NOTE, note_id=note_id, now=now, on=on
    )
    back = [line.line.item_id for line in lines if line.whole and line.line.item_id]
    if back:
        inventory.post_return(
            db, item_ids=back, movement_id=note_id, customer_id=bill.customer_id, at=now, book_on=day.business_on
        )
    inventory.post_lot_return(db, entries=lots_back, movement_id=note_id, at=now, book_on=day.business_on)
    no = numbering.draw(db, registration_id=bill.registration_id, year=year, kind=kind, till_id=place.till_id)
    head: dict[str, Any] = {
        **sums, "id": note_id, "kind": kind.value, "registration_id": bill.registration_id,
        "outlet_id": place.outlet_id, "till_id": place.till_id, "fy_start": year.start_year, "no": no,
        "number": numbering.written(no, year=year, kind=kind, till_code=place.till_code),
        "issued_at": now, "issued_on": on, "customer_id": bill.customer_id, "buyer_registered": bill.buyer_registered,
        "buyer_sealed": sealed, "seller": bill.seller, "place_of_supply": bill.place_of_supply,
        "inter_state": bill.inter_state, "reverse_charge": bill.reverse_charge, "reverses_id": bill.id,
        "reason": reason, "occasion": bill.occasion, "book_on": day.business_on, "shift_no": day.shift_no,
        "actor_id": db.actor.person_id, "render_version": RENDER_VERSION,
    }  # fmt: skip
    payments = money.rows()
    head["content_hash"] = content_hash(head, line_rows, payments)
    return _write(db, head, line_rows, payments, bill.number)


def _write(
    db: ShopSession, head: dict[str, Any], lines: list[dict[str, Any]], payments: list[dict[str, Any]], of_bill: str
) -> Invoice:
    note_id = head["id"]
    row = Invoice(**head)
    db.add(row)
    db.flush()
    db.add_all(InvoiceLine(invoice_id=note_id, **line) for line in lines)
    db.add_all(InvoicePayment(invoice_id=note_id, **payment) for payment in payments)
    outbox.enqueue(db, PDF_JOB, key=f"pdf-{note_id.hex}", params={"invoice_id": str(note_id)})
    db.flush()
    audit.record(db, NOTED, note_id, {
        "number": row.number, "kind": row.kind, "totalPaise": row.total_paise, "contentHash": row.content_hash,
        "reverses": of_bill,
    })  # fmt: skip
    written = repository.find_invoice(db, note_id)
    assert written is not None
    return written


def _line_row(one: NoteLine, pos: int) -> dict[str, Any]:
    """A line that comes back untouched is the bill's, word for word; of any other the amount is its price."""
    line, sums = one.line, one.sums
    row = dict.fromkeys(LINE_COLUMNS)
    row |= {name: getattr(line, name) for name in _NAMED}
    row |= {name: getattr(line, name) if one.whole else 0 for name in _WEIGHED}
    row |= {name: getattr(line, name) if one.untouched else 0 for name in _CHARGES}
    return row | {
        "id": new_id(), "pos": pos, "reverses_line_id": line.id if one.whole else None,
        "corrects_line_id": None if one.whole else line.id,
        "stone_mct": line.stone_mct if one.whole else None,
        "priced_from": came_back(line) if one.whole else None,
        "price_paise": line.price_paise if one.untouched else sums.taxable_paise,
        "taxable_paise": sums.taxable_paise, "cgst_paise": sums.cgst_paise, "sgst_paise": sums.sgst_paise,
        "igst_paise": sums.igst_paise,
    }  # fmt: skip


def _place(db: ShopSession, bill: Invoice) -> Place:
    """The till that the actor sits at where it belongs to the bill's registration, else the bill's own."""
    places = {place.till_id: place for place in list_places(db)}
    here = places.get(db.actor.till_id) if db.actor.till_id else None
    return here if here is not None and here.registration_id == bill.registration_id else places[bill.till_id]


def _sealed_again(db: ShopSession, bill: Invoice, note_id: UUID, keyring: Keyring) -> bytes | None:
    """The buyer as the bill named them, bound to the note; nothing once their key is destroyed."""
    party = party_on(db, bill, keyring)
    if party is None or bill.customer_id is None:
        return None
    wrapped = sealing_keys.wrapped_keys(db, [bill.customer_id])[bill.customer_id]
    return seal_party(party, keyring.open(wrapped), note_id)
