"""Owns what a note may give back or take: never more than was paid, all of it where nobody is named to be owed."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.cash import service as cash
from app.cash.service import BookDay
from app.credits import service as credits
from app.credits.service import CreditKind
from app.customers import service as customers
from app.invoices import repository
from app.invoices.errors import (
    PaymentsExceedTotal,
    PaymentShort,
    RefundShort,
    RefundTooLarge,
    StoreCreditNeedsCustomer,
)
from app.invoices.models import Invoice, InvoicePayment
from app.invoices.service.drafts import PaymentDraft, PaymentMode
from app.invoices.service.limits import CashBefore, cash_findings, linked_since, newly_blocked, refuse_blocked
from app.invoices.service.taking import cash_before
from app.kit.money import rupees, whole
from app.kit.texts import _
from app.numbering.service import DocumentKind
from shard_router import ShopSession

CASH = PaymentMode.CASH.value


@dataclass(frozen=True, slots=True)
class Money:
    """What moves with a note: money, store credit that it opens (id, paise), credits given back (id, kind, paise)."""

    money: tuple[PaymentDraft, ...]
    owed: tuple[UUID, int] | None
    given_back: tuple[tuple[UUID, str, int], ...] = ()

    @property
    def cash_paise(self) -> int:
        return _cash(self.money)

    def rows(self) -> list[dict[str, Any]]:
        """The payments of the note, by column."""
        rows = [_row(payment.mode, payment.paise, payment.reference) for payment in self.money]
        credit = PaymentMode.CREDIT.value
        if self.owed is not None:
            rows.append(_row(credit, self.owed[1], CreditKind.STORE_CREDIT.value, self.owed[0]))
        rows += [_row(credit, paise, kind, credit_id) for credit_id, kind, paise in self.given_back]
        return [{"pos": pos, **row} for pos, row in enumerate(rows, start=1)]


@dataclass(frozen=True, slots=True)
class Kept:
    """A credit that paid on a bill, which is no money of the customer's to have; `paise` did not come back before."""

    credit_id: UUID
    kind: str
    paise: int


def kept_on(db: ShopSession, bill: Invoice, notes: Sequence[Invoice]) -> tuple[Kept, ...]:
    """What credits paid on a bill and stays: something stands on them. Behind the lock on its customer it stands; asked
    once a note, since every credit takes some statements."""
    back: Counter[UUID] = Counter()
    for note in notes:
        back.update({one.credit_id: one.paise for one in note.payments if one.credit_id is not None})
    return tuple(
        Kept(one.credit_id, one.reference or "", one.paise - back[one.credit_id])
        for one in bill.payments
        if one.credit_id is not None and one.paise > back[one.credit_id] and credits.stands_on(db, one.credit_id)
    )


def refundable(
    db: ShopSession, bill: Invoice, notes: Sequence[Invoice], total_paise: int, kept: Sequence[Kept]
) -> int:  # fmt: skip
    """The most that a credit note of this total may give back in money or as store credit, in paise.

    What was paid on the bill and its debit notes, and not given back before; or, where the customer paid on account,
    what the note leaves them to have overpaid. Less what `back_as_credit` is for."""
    stays = sum(one.paise for one in kept)
    paid = _net(bill, notes, _paid) - stays
    if bill.customer_id is not None:
        owed = credits.owed(db, customers.same_person(db, bill.customer_id))
        paid = max(paid, total_paise - max(owed, 0) - stays)  # overpaid before: that makes no money of a credit
    return max(min(total_paise, paid), 0)


def back_as_credit(
    db: ShopSession, bill: Invoice, notes: Sequence[Invoice], kept: Sequence[Kept], *, rest_paise: int
) -> tuple[tuple[UUID, str, int], ...]:
    """What of a note's rest, that no money and no store credit gives back, is of credits again: id, kind, paise.

    What the customer owes by this bill is settled by the rest first; what they owe by others is not this one's matter.
    Only credits on which something stands come back so: the price of an exchange, savings with a bonus, an advance that
    holds a rate. What they paid is not the shop's to pay out."""
    if bill.customer_id is None or rest_paise <= 0 or not kept:
        return ()
    owed = credits.owed(db, customers.same_person(db, bill.customer_id))
    unpaid = _net(bill, notes, lambda one: one.total_paise - _paid(one))
    left = rest_paise - max(min(owed, unpaid), 0)
    found = []
    for one in kept:
        if (paise := min(one.paise, left)) > 0:
            found.append((one.credit_id, one.kind, paise))
            left -= paise
    return tuple(found)


def paid_of_credits(
    bill: Invoice, notes: Sequence[Invoice], kept: Sequence[Kept], *, back_paise: int
) -> tuple[tuple[UUID, int], ...]:
    """What of the money and store credit that a note gives back was brought by credits: id, paise. First goes back what
    came on the bill itself in other ways; a rate that was promised against such a credit has less behind it now."""
    used, stays = _credits_used(bill), {one.credit_id for one in kept}
    debits = [note for note in notes if note.kind == DocumentKind.DEBIT_NOTE.value]
    came = sum(one.paise for document in (bill, *debits) for one in document.payments if one.credit_id is None)
    gone, found = 0, []
    for one in (payment for note in notes if note not in debits for payment in note.payments):
        if one.credit_id in used:
            used[one.credit_id] -= one.paise
        else:
            gone += one.paise
    before, now = max(gone - came, 0), max(gone + back_paise - came, 0)
    for credit_id, paise in used.items():
        if credit_id not in stays and (more := min(now, paise) - min(before, paise)) > 0:
            found.append((credit_id, more))
        if credit_id not in stays:
            before, now = max(before - paise, 0), max(now - paise, 0)
    return tuple(found)


def check_refunds(
    db: ShopSession, bill: Invoice, notes: Sequence[Invoice], *, refunds: Sequence[PaymentDraft],
    store_credit_paise: int, total_paise: int, on: dt.date, kept: Sequence[Kept],
) -> None:  # fmt: skip
    """Raises RefundTooLarge, RefundShort, StoreCreditNeedsCustomer, and CashPayOutTooLarge where more goes back in cash
    than came in cash: that pays out what an advance, or another way of paying, brought."""
    whole(store_credit_paise, "Store credit in paise", field="storeCreditPaise")
    if store_credit_paise and bill.customer_id is None:
        raise StoreCreditNeedsCustomer(fields={"storeCreditPaise": "nobody is named"})
    back = sum(payment.paise for payment in refunds) + store_credit_paise
    most = refundable(db, bill, notes, total_paise, kept)
    if back > most:
        message = _("%(refund)s would be given back, at most %(most)s may be.", refund=rupees(back), most=rupees(most))
        raise RefundTooLarge(message, fields={"refunds": "too much"}, action=_advice(kept))
    if bill.customer_id is None and back < total_paise:
        short = rupees(total_paise - back)
        raise RefundShort(_("%(short)s is not given back.", short=short), fields={"refunds": "too little"})
    in_cash = _cash(refunds)
    beyond = in_cash - max(_net(bill, notes, _cash_paid), 0)
    if beyond <= 0:
        return
    people = customers.same_pan(db, bill.customer_id) if bill.customer_id else ()
    used = {one.reference or "" for one in bill.payments if one.credit_id is not None}
    for kind in sorted({CreditKind.ADVANCE.value, *used}):
        credits.check_cash_paid_out(
            db, kind=kind, customer_ids=people, cash_paise=beyond, on=on, bill_id=bill.id
        )  # fmt: skip


def cash_in_store_credit(
    db: ShopSession, bill: Invoice, notes: Sequence[Invoice], *, refunds: Sequence[PaymentDraft],
    store_credit_paise: int,
) -> int:  # fmt: skip
    """Paise of cash in the store credit of a note: of what came on the bill the cash stays with the shop longest."""
    left = _cash_paid(bill) + sum(credits.cash_by_credits(db, bill.id))
    for note in notes:
        if note.kind == DocumentKind.DEBIT_NOTE.value:
            left += _cash_paid(note)
            continue
        left -= _cash_paid(note)
        owed = sum(one.paise for one in note.payments if one.reference == CreditKind.STORE_CREDIT.value)
        left -= min(max(left, 0), owed)
    return min(max(left - _cash(refunds), 0), store_credit_paise)


def check_taken(
    db: ShopSession, bill: Invoice, notes: Sequence[Invoice], *, payments: Sequence[PaymentDraft], total_paise: int,
    on: dt.date,
) -> None:  # fmt: skip
    """What a debit note takes now; the rest is owed by the bill's customer, who is locked.

    Raises PaymentsExceedTotal, PaymentShort, CashLimitReached, and PanRequired where bill and notes together come to
    what takes a PAN, and the bill alone did not."""
    taken = sum(payment.paise for payment in payments)
    if taken > total_paise:
        message = _(
            "The payments come to %(paid)s, the note to %(total)s.", paid=rupees(taken), total=rupees(total_paise)
        )
        raise PaymentsExceedTotal(message, fields={"payments": "more than the total"})
    if taken < total_paise and bill.customer_id is None:
        message = _(
            "%(short)s is not paid, and the bill names no customer who owes it.", short=rupees(total_paise - taken)
        )
        raise PaymentShort(message, fields={"payments": "less than the total"})
    in_cash, buyer = _cash(payments), None
    brought = credits.cash_by_credits(db, bill.id)
    came = max(_net(bill, notes, _cash_paid), 0)
    before = CashBefore(came, came, came, brought.paid_in, brought.returned + came)  # one transaction, whoever paid it
    if bill.customer_id is not None:
        buyer = customers.find_buyer(db, bill.customer_id)
        people, since = customers.same_pan(db, bill.customer_id), linked_since(on)
        row = repository.cash_before(db, people, on=on, since=since, occasion=bill.occasion or "")
        theirs = cash_before(row, credits.cash_since(db, people, on, since), brought)
        before = CashBefore(
            max(before.day_paise, theirs.day_paise), max(before.occasion_paise, theirs.occasion_paise),
            max(before.linked_paise, theirs.linked_paise), before.credits_paise, before.returned_paise,
        )  # fmt: skip
    if in_cash:
        refuse_blocked(cash_findings(in_cash, before, on))
    so_far = bill.total_paise + sum(note.total_paise for note in notes if note.kind == DocumentKind.DEBIT_NOTE.value)
    refuse_blocked(newly_blocked(so_far, so_far + total_paise, buyer, on), {"pan": "amounts", "address": "amounts"})


def book_cash(
    db: ShopSession, *, till_id: UUID, money: Money, debit: bool, note_id: UUID, now: dt.datetime, on: dt.date
) -> BookDay:
    """The drawer's day that the note is of, with its cash booked where there is any; out of a drawer that
    is held alone, into one that is held shared. Raises CashShort."""
    if not money.cash_paise:
        return cash.day_of(db, till_id, on)
    kind = cash.EntryKind.SALE if debit else cash.EntryKind.REFUND
    paise = money.cash_paise if debit else -money.cash_paise
    return cash.post(db, till_id=till_id, kind=kind, paise=paise, document_id=note_id, at=now, field="refunds")


def _net(bill: Invoice, notes: Sequence[Invoice], of: Callable[[Invoice], int]) -> int:
    """What came with a bill and its debit notes less what went with its credit notes."""
    return of(bill) + sum(
        of(note) if note.kind == DocumentKind.DEBIT_NOTE.value else -of(note) for note in notes
    )  # fmt: skip


def _advice(kept: Sequence[Kept]) -> str:
    if not kept:
        return ""
    paise = rupees(sum(one.paise for one in kept))
    return _("%(paise)s was paid by a credit for a bill: that goes back as this credit, by itself.", paise=paise)


def _paid(document: Invoice) -> int:
    return sum(payment.paise for payment in document.payments)


def _cash_paid(document: Invoice) -> int:
    return _cash(document.payments)


def _credits_used(bill: Invoice) -> dict[UUID, int]:
    return {one.credit_id: one.paise for one in bill.payments if one.credit_id is not None}


def _cash(payments: Iterable[PaymentDraft | InvoicePayment]) -> int:
    return sum(payment.paise for payment in payments if payment.mode == CASH)


def _row(mode: str, paise: int, reference: str | None, credit_id: UUID | None = None) -> dict[str, Any]:
    return {
        "mode": mode, "paise": paise, "reference": reference or None, "credit_id": credit_id, "tendered_paise": None,
    }  # fmt: skip
