"""Credit notes: a bill's lines reversed, each once, their pieces back in stock, money given back or left as credit.

Locks in the order of a bill: customer, pieces of the whole bill by key (which makes notes on one bill wait for
each other), series, audit head.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.customers import service as customers
from app.inventory import service as inventory
from app.invoices import repository
from app.invoices.errors import (
    InvoiceUnknown,
    LineAlreadyReversed,
    LineUnknown,
    NotReversible,
    RefundShort,
    RefundTooLarge,
)
from app.invoices.models import Invoice, InvoiceLine, InvoicePayment
from app.invoices.pricing import BillEmpty
from app.invoices.service.deadlines import check_in_time
from app.invoices.service.documents import (
    LINE_COLUMNS,
    PAYMENT_COLUMNS,
    RENDER_VERSION,
    Document,
    content_hash,
    seal_party,
)
from app.invoices.service.drafts import PaymentDraft, check_payments
from app.invoices.service.issue import PDF_JOB
from app.invoices.service.reading import document_on, party_on
from app.kit import audit, outbox, sealing_keys
from app.kit.clock import financial_year, ist, today_ist, utc_now
from app.kit.ids import new_id
from app.kit.money import rupees, to_rupee
from app.kit.sealing import Keyring
from app.kit.texts import _
from app.numbering import service as numbering
from app.numbering.service import DocumentKind
from app.tenants.service.places import Place, list_places
from shard_router import ShopSession

NOTED = "note.issued"
_SUMS = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise")
_COPIED = tuple(name for name in LINE_COLUMNS if name not in ("id", "pos", "reverses_line_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDraft:
    """A credit note to be issued; `line_ids` None: all lines not yet reversed."""

    invoice_id: UUID
    reason: str
    line_ids: tuple[UUID, ...] | None = None
    refunds: tuple[PaymentDraft, ...] = ()


def issue_credit_note(
    db: ShopSession, *, draft: NoteDraft, keyring: Keyring, at: dt.datetime | None = None
) -> Document:
    """Reverse a bill or some of its lines; raises InvoiceUnknown, NotReversible, NoteTooLate, LineAlreadyReversed,
    RefundTooLarge, RefundShort, and TagTaken or HuidTaken where a returned piece's tag is worn by another by now."""
    now = (at or utc_now()).astimezone(dt.UTC)
    on = ist(now).date()
    bill = _bill(db, draft.invoice_id, on)
    check_payments(draft.refunds, "refunds")
    if bill.customer_id is not None:
        customers.lock_buyer(db, bill.customer_id)
    inventory.lock_items(db, [line.item_id for line in bill.lines if line.item_id])
    earlier = repository.notes_on(db, bill.id)
    lines = _lines_to_reverse(bill, earlier, draft.line_ids)
    sums = _sums(bill, earlier, lines)
    _check_refunds(bill, earlier, draft, sums["total_paise"])
    item_ids = [line.item_id for line in lines if line.item_id]
    if inventory.return_items(db, item_ids=item_ids, invoice_id=bill.id) != len(item_ids):
        raise LineAlreadyReversed(_("A piece of this bill came back before."))
    row = _write(db, bill, draft, keyring, lines=lines, sums=sums, now=now)
    return document_on(row, party=party_on(db, row, keyring))


def reversed_lines(db: ShopSession, invoice_id: UUID) -> frozenset[UUID]:
    """The lines of a bill that a credit note has reversed."""
    notes = repository.notes_on(db, invoice_id)
    return frozenset(line.reverses_line_id for note in notes for line in note.lines if line.reverses_line_id)


def refund_due(db: ShopSession, invoice_id: UUID, line_ids: Sequence[UUID] | None) -> int:
    """What a credit note over these lines (None: all that are left) would give back: its total, as far as was paid."""
    bill = _bill(db, invoice_id, today_ist())
    earlier = repository.notes_on(db, bill.id)
    total = _sums(bill, earlier, _lines_to_reverse(bill, earlier, line_ids))["total_paise"]
    paid = sum(payment.paise for payment in bill.payments)
    return min(total, paid - sum(payment.paise for note in earlier for payment in note.payments))


def _bill(db: ShopSession, invoice_id: UUID, on: dt.date) -> Invoice:
    bill = repository.find_invoice(db, invoice_id)
    if bill is None:
        raise InvoiceUnknown()
    if bill.kind not in repository.SOLD_BY:
        raise NotReversible(_("%(number)s is a note; only a bill can be reversed.", number=bill.number))
    check_in_time(bill.issued_on, on)
    return bill


def _lines_to_reverse(bill: Invoice, earlier: Sequence[Invoice], wanted: Sequence[UUID] | None) -> list[InvoiceLine]:
    reversed_before = {line.reverses_line_id for note in earlier for line in note.lines}
    if wanted is None:
        lines = [line for line in bill.lines if line.id not in reversed_before]
        if not lines:
            raise LineAlreadyReversed(_("The whole bill was reversed before."))
        return lines
    by_id = {line.id: line for line in bill.lines}
    if not wanted or len(set(wanted)) != len(wanted):
        raise BillEmpty(_("Name the lines to reverse, each once."), fields={"lineIds": "none, or one twice"})
    for place, line_id in enumerate(wanted):
        if line_id not in by_id:
            raise LineUnknown(_("The bill has no such line."), fields={f"lineIds.{place}": "unknown"})
        if line_id in reversed_before:
            message = _("%(tag)s was reversed by a credit note before.", tag=by_id[line_id].tag)
            raise LineAlreadyReversed(message, fields={f"lineIds.{place}": "reversed before"})
    return sorted((by_id[line_id] for line_id in wanted), key=lambda line: line.pos)


def _sums(bill: Invoice, earlier: Sequence[Invoice], lines: Sequence[InvoiceLine]) -> dict[str, int]:
    """The note's totals. The last note on a bill takes what is left of its round-off: all notes add up to the bill."""
    sums: dict[str, int] = {name: sum(getattr(line, name) for line in lines) for name in _SUMS}
    parts = sum(sums.values())
    if len(lines) + sum(len(note.lines) for note in earlier) == len(bill.lines):
        round_off = bill.round_off_paise - sum(note.round_off_paise for note in earlier)
    else:
        round_off = to_rupee(parts) - parts
    return {**sums, "round_off_paise": round_off, "total_paise": parts + round_off}


def _check_refunds(bill: Invoice, earlier: Sequence[Invoice], draft: NoteDraft, total_paise: int) -> None:
    """Not more than the note, nor than was paid; all of it where nobody is named who could be owed the rest."""
    refund = sum(payment.paise for payment in draft.refunds)
    paid = sum(payment.paise for payment in bill.payments)
    left = paid - sum(payment.paise for note in earlier for payment in note.payments)
    most = min(total_paise, left)
    if refund > most:
        message = _(
            "%(refund)s would be given back, at most %(most)s may be.", refund=rupees(refund), most=rupees(most)
        )
        raise RefundTooLarge(message, fields={"refunds": "too much"})
    if bill.customer_id is None and refund < total_paise:
        short = rupees(total_paise - refund)
        raise RefundShort(_("%(short)s is not given back.", short=short), fields={"refunds": "too little"})


def _write(
    db: ShopSession, bill: Invoice, draft: NoteDraft, keyring: Keyring, *, lines: Sequence[InvoiceLine],
    sums: dict[str, int], now: dt.datetime,
) -> Invoice:  # fmt: skip
    """The note's rows, its number drawn as late as can be, then the audit entry."""
    note_id, on = new_id(), ist(now).date()
    year = financial_year(on)
    place = _place(db, bill)
    line_rows = [
        {"id": new_id(), "pos": pos, "reverses_line_id": line.id, **{name: getattr(line, name) for name in _COPIED}}
        for pos, line in enumerate(lines, start=1)
    ]
    refunds = [
        dict(zip(PAYMENT_COLUMNS, (pos, refund.mode, refund.paise, refund.reference or None, None, None), strict=True))
        for pos, refund in enumerate(draft.refunds, start=1)
    ]
    sealed = _sealed_again(db, bill, note_id, keyring)
    no = numbering.draw(
        db, registration_id=bill.registration_id, year=year, kind=DocumentKind.CREDIT_NOTE, till_id=place.till_id
    )
    head: dict[str, Any] = {
        **sums, "id": note_id, "kind": DocumentKind.CREDIT_NOTE.value, "registration_id": bill.registration_id,
        "outlet_id": place.outlet_id, "till_id": place.till_id, "fy_start": year.start_year, "no": no,
        "number": numbering.written(no, year=year, kind=DocumentKind.CREDIT_NOTE, till_code=place.till_code),
        "issued_at": now, "issued_on": on, "customer_id": bill.customer_id, "buyer_registered": bill.buyer_registered,
        "buyer_sealed": sealed, "seller": bill.seller, "place_of_supply": bill.place_of_supply,
        "inter_state": bill.inter_state, "reverse_charge": bill.reverse_charge, "reverses_id": bill.id,
        "reason": draft.reason, "occasion": None, "book_on": None, "shift_no": None,
        "actor_id": db.actor.person_id, "render_version": RENDER_VERSION,
    }  # fmt: skip
    head["content_hash"] = content_hash(head, line_rows, refunds)
    row = Invoice(**head)
    db.add(row)
    db.flush()
    db.add_all(InvoiceLine(invoice_id=note_id, **line) for line in line_rows)
    db.add_all(InvoicePayment(invoice_id=note_id, **refund) for refund in refunds)
    outbox.enqueue(db, PDF_JOB, key=f"pdf-{note_id.hex}", params={"invoice_id": str(note_id)})
    db.flush()
    audit.record(db, NOTED, note_id, {
        "number": row.number, "kind": row.kind, "totalPaise": row.total_paise, "contentHash": row.content_hash,
        "reverses": bill.number,
    })  # fmt: skip
    written = repository.find_invoice(db, note_id)
    assert written is not None
    return written


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
