"""Cancelling: a bill of today whose goods never left, taken back whole by a credit note. Its number stays used.

The law knows no deleting of an issued invoice (Rule 46(b): numbers without a gap); what is left is the note of s.34.
"""

import datetime as dt
from uuid import UUID

from app.credits import service as credits
from app.customers import service as customers
from app.invoices.errors import CancelHandedOver, CancelTooLate, LineAlreadyReversed
from app.invoices.service import kept, promises
from app.invoices.service.documents import Document
from app.invoices.service.drafts import PaymentDraft, PaymentMode
from app.invoices.service.notes import NoteDraft, credit_sums, find_bill, issue_note, lock_bill
from app.kit.clock import ist, utc_now
from app.kit.sealing import Keyring
from app.kit.texts import _
from shard_router import ShopSession

CANCELLED = "cancelled"


def cancel_bill(
    db: ShopSession, *, invoice_id: UUID, reason: str, handed_over: bool, keyring: Keyring,
    at: dt.datetime | None = None,
) -> Document:  # fmt: skip
    """The credit note that takes a bill back on its own day: everything, the money the way it came, credits open again.

    Raises InvoiceUnknown, NotReversible, CancelTooLate, CancelHandedOver, LineAlreadyReversed where it has notes."""
    now = (at or utc_now()).astimezone(dt.UTC)
    bill = find_bill(db, invoice_id)
    if bill.issued_on != ist(now).date():
        raise CancelTooLate(_("%(number)s was not issued today.", number=bill.number))
    if handed_over:
        raise CancelHandedOver()
    used = [(one.credit_id, one.reference or "", one.paise) for one in bill.payments if one.credit_id is not None]
    if bill.customer_id is not None:  # credits and promises before pieces, behind the lock on their owner
        customers.lock_buyer(db, bill.customer_id)
        if used:
            credits.release(db, document_id=bill.id)
        promises.give_back(db, document_id=bill.id)
    kept.reopen(db, document_id=bill.id)
    standing = lock_bill(db, bill)
    if standing.notes:
        raise LineAlreadyReversed(_("There are notes on this bill already."))
    money = tuple(
        PaymentDraft(payment.mode, payment.paise, payment.reference)
        for payment in bill.payments
        if payment.mode != PaymentMode.CREDIT.value
    )
    draft = NoteDraft(invoice_id=bill.id, reason=f"{CANCELLED}: {reason}"[:200], refunds=money)
    lines, sums = credit_sums(standing, draft)
    return issue_note(db, standing, draft, lines=lines, sums=sums, keyring=keyring, now=now, given_back=used)
