"""Notes: a bill's lines reversed or changed by an amount, pieces back in stock, money given back, owed or taken.

Locks in the order of a bill: customer, credits, the bill's row in `noted_bills` (where all notes on it queue), pieces
and lots of the bill by key, drawer, series, audit head.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.credits import service as credits
from app.credits.service import Use
from app.customers import service as customers
from app.inventory import service as inventory
from app.invoices import repository
from app.invoices.errors import InvoiceUnknown, LineAlreadyReversed, LineBoughtBack, LineUnknown, NotReversible
from app.invoices.models import Invoice, InvoiceLine
from app.invoices.pricing import BillEmpty
from app.invoices.service.balances import (
    Amount,
    LineLeft,
    Sums,
    credit_of,
    debit_of,
    metal_gone_back,
    over_lines,
    rounded_by,
    settle,
    total_of,
)
from app.invoices.service.deadlines import check_in_time
from app.invoices.service.documents import Document
from app.invoices.service.drafts import PaymentDraft, check_payments
from app.invoices.service.note_money import (
    Kept,
    Money,
    back_as_credit,
    cash_in_store_credit,
    check_refunds,
    check_taken,
    kept_on,
    paid_of_credits,
    refundable,
)
from app.invoices.service.note_rows import NoteLine, note_of
from app.invoices.service.reading import document_on, party_on
from app.kit.clock import ist, today_ist, utc_now
from app.kit.ids import new_id
from app.kit.sealing import Keyring
from app.kit.texts import _
from app.numbering.service import DocumentKind
from app.oldgold import service as oldgold
from app.tax.states import Supply, state_of
from shard_router import ShopSession

CREDIT, DEBIT = DocumentKind.CREDIT_NOTE, DocumentKind.DEBIT_NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDraft:
    """A note to be issued.

    line_ids            lines that come back whole; None with no amounts: all that are left
    amounts             of single lines, or one of the bill as a whole
    refunds             money given back (of a debit note: taken)
    store_credit_paise  what is owed to the customer from now on instead of given back
    """

    invoice_id: UUID
    reason: str
    kind: DocumentKind = CREDIT
    line_ids: tuple[UUID, ...] | None = None
    amounts: tuple[Amount, ...] = ()
    refunds: tuple[PaymentDraft, ...] = ()
    store_credit_paise: int = 0

    @property
    def of_all(self) -> bool:
        return self.line_ids is None and not self.amounts


@dataclass(frozen=True, slots=True)
class Standing:
    """A bill with its notes, the bill locked against others."""

    bill: Invoice
    notes: Sequence[Invoice]
    lines: tuple[LineLeft, ...]
    supply: Supply

    @property
    def round_off_paise(self) -> int:
        """What is left of the round-off."""
        return self.bill.round_off_paise - sum(_sign(note) * note.round_off_paise for note in self.notes)

    @property
    def total_paise(self) -> int:
        return self.bill.total_paise - sum(_sign(note) * note.total_paise for note in self.notes)


def issue_credit_note(
    db: ShopSession, *, draft: NoteDraft, keyring: Keyring, at: dt.datetime | None = None
) -> Document:
    """Reverse a bill, some of its lines, or amounts of them; raises InvoiceUnknown, NotReversible, NoteTooLate,
    LineAlreadyReversed, LineBoughtBack, NoteExceedsLine, RefundTooLarge, RefundShort, StoreCreditNeedsCustomer,
    TagTaken or HuidTaken where a returned piece's tag is worn by another by now, and LotNotOpen where a lot is on its
    way."""
    now = (at or utc_now()).astimezone(dt.UTC)
    bill = find_bill(db, draft.invoice_id)
    check_in_time(bill.issued_on, ist(now).date())
    check_payments(draft.refunds, "refunds", money_only=True)
    standing = lock_bill(db, bill)
    lines, sums = credit_sums(standing, draft)
    kept = kept_on(db, bill, standing.notes)
    check_refunds(
        db, bill, standing.notes, refunds=draft.refunds, store_credit_paise=draft.store_credit_paise,
        total_paise=sums["total_paise"], on=ist(now).date(), kept=kept,
    )  # fmt: skip
    note_id = new_id()
    back = _credits_back(db, standing, draft, kept, total_paise=sums["total_paise"], note_id=note_id)
    given = sum(payment.paise for payment in draft.refunds) + draft.store_credit_paise
    if paid := paid_of_credits(bill, standing.notes, kept, back_paise=given):
        credits.paid_back(db, [Use(credit_id, paise) for credit_id, paise in paid], document_id=note_id)
    return issue_note(
        db, standing, draft, lines=lines, sums=sums, keyring=keyring, now=now, given_back=back, note_id=note_id
    )


def issue_debit_note(db: ShopSession, *, draft: NoteDraft, keyring: Keyring, at: dt.datetime | None = None) -> Document:
    """Charge what a bill charged too little; raises InvoiceUnknown, NotReversible, PaymentsExceedTotal, PaymentShort,
    CashLimitReached, PanRequired."""
    now = (at or utc_now()).astimezone(dt.UTC)
    bill = find_bill(db, draft.invoice_id)
    check_payments(draft.refunds, "payments", money_only=True)
    standing = lock_bill(db, bill)
    if all(one.reversed for one in standing.lines):
        raise NotReversible(_("%(number)s was taken back whole: nothing of it can be charged.", number=bill.number))
    lines = [
        NoteLine(_of(one), debit_of(one, amount, standing.supply), whole=False)
        for one, amount in _amounts(standing, draft)
    ]
    if not lines:
        raise BillEmpty(_("Say by how much the bill was too low."), fields={"amounts": "none"})
    sums = _sums(standing, lines, debit=True)
    check_taken(
        db, bill, standing.notes, payments=draft.refunds, total_paise=sums["total_paise"], on=ist(now).date()
    )  # fmt: skip
    return issue_note(db, standing, draft, lines=lines, sums=sums, keyring=keyring, now=now)


def issue_note(
    db: ShopSession, standing: Standing, draft: NoteDraft, *, lines: Sequence[NoteLine], sums: dict[str, int],
    keyring: Keyring, now: dt.datetime, given_back: Sequence[tuple[UUID, str, int]] = (), note_id: UUID | None = None,
) -> Document:  # fmt: skip
    """Pieces back, money moved, the note's rows, its number as late as can be, the audit entry.

    given_back  credits that the bill had used and that are open again: id, kind, paise
    """
    bill, note_id = standing.bill, note_id or new_id()
    money = Money(draft.refunds, _owe(db, standing, draft, note_id, ist(now).date()), tuple(given_back))
    _check_not_bought_back(db, standing, lines, draft.kind)
    back = [line.line.item_id for line in lines if line.whole and line.line.item_id]
    if back and inventory.return_items(db, item_ids=back, invoice_id=bill.id) != len(back):
        raise LineAlreadyReversed(_("A piece of this bill came back before."))
    emptied = [line.line.lot_id for line in lines if line.whole and line.line.lot_id]
    row = note_of(
        db, bill, note_id=note_id, kind=draft.kind, reason=draft.reason, lines=lines, sums=sums, money=money,
        keyring=keyring, now=now, lots_back=inventory.return_to_lots(db, bill_id=bill.id, lot_ids=emptied),
    )  # fmt: skip
    return document_on(row, party=party_on(db, row, keyring))


def _check_not_bought_back(
    db: ShopSession, standing: Standing, lines: Sequence[NoteLine], kind: DocumentKind
) -> None:  # fmt: skip
    """Of lines that a note takes back whole, or takes some of the metal's price off: the buy-back paid for it. Behind
    the lock on their pieces, which whoever buys them back takes too."""
    if kind is DEBIT:
        return
    left = {one.line.id: one.left.taxable_paise for one in standing.lines}
    paid = {
        one.line.id: one for one in lines
        if one.whole or metal_gone_back(one.line, left[one.line.id] - one.sums.taxable_paise)
    }  # fmt: skip
    for line_id, back in oldgold.bought_back(db, sorted(paid)).items():
        message = _("%(tag)s was bought back by %(number)s.", tag=paid[line_id].line.tag, number=back.number)
        raise LineBoughtBack(message, fields={"lineIds" if paid[line_id].whole else "amounts": str(line_id)})


def credit_sums(standing: Standing, draft: NoteDraft) -> tuple[list[NoteLine], dict[str, int]]:
    """What a credit note takes back, and its totals."""
    lines = list(_credited(standing, draft))
    return lines, _sums(standing, lines)


def lock_bill(db: ShopSession, bill: Invoice) -> Standing:
    """Customer, their credits that the bill used, the bill's place in the queue of its notes, its pieces and lots; then
    what is left of it."""
    if bill.customer_id is not None:
        customers.lock_buyer(db, bill.customer_id)
    if used := [one.credit_id for one in bill.payments if one.credit_id is not None]:
        credits.hold(db, used)
    repository.queue_note(db, bill.id)
    inventory.lock_items(db, [line.item_id for line in bill.lines if line.item_id])
    inventory.lock_lots(db, [line.lot_id for line in bill.lines if line.lot_id])
    return standing_of(db, bill)


def standing_of(db: ShopSession, bill: Invoice) -> Standing:
    notes = repository.notes_on(db, bill.id)
    supply = Supply(
        state_of(bill.place_of_supply, bill.issued_on), bill.inter_state, bill.kind == DocumentKind.INVOICE.value
    )
    return Standing(bill, notes, tuple(_left(line, notes) for line in bill.lines), supply)


def reversed_lines(db: ShopSession, invoice_id: UUID) -> frozenset[UUID]:
    """The lines of a bill that came back whole."""
    notes = repository.notes_on(db, invoice_id)
    return frozenset(line.reverses_line_id for note in notes for line in note.lines if line.reverses_line_id)


def lines_left(db: ShopSession, invoice_id: UUID) -> dict[UUID, int]:
    """What is left of each line of a bill after its notes, in paise with tax; raises InvoiceUnknown, NotReversible."""
    standing = standing_of(db, find_bill(db, invoice_id))
    return {one.line.id: one.left.total_paise for one in standing.lines}


def refund_due(db: ShopSession, invoice_id: UUID, line_ids: Sequence[UUID] | None) -> int:
    """What a credit note over these lines (None: all that are left) would give back: its total, as far as was paid."""
    bill = find_bill(db, invoice_id)
    check_in_time(bill.issued_on, today_ist())
    return refund_of(db, NoteDraft(
        invoice_id=invoice_id, reason="", line_ids=None if line_ids is None else tuple(line_ids)
    ))  # fmt: skip


def refund_of(db: ShopSession, draft: NoteDraft) -> int:
    """What a credit note of this draft could give back, as far as was paid."""
    standing = standing_of(db, find_bill(db, draft.invoice_id))
    total = credit_sums(standing, draft)[1]["total_paise"]
    return refundable(
        db, standing.bill, standing.notes, total, kept_on(db, standing.bill, standing.notes)
    )  # fmt: skip


def find_bill(db: ShopSession, invoice_id: UUID) -> Invoice:
    bill = repository.find_invoice(db, invoice_id)
    if bill is None:
        raise InvoiceUnknown()
    if bill.kind not in repository.SOLD_BY:
        raise NotReversible(_("%(number)s is a note; only a bill can be changed by one.", number=bill.number))
    return bill


def _left(line: InvoiceLine, notes: Sequence[Invoice]) -> LineLeft:
    left, whole = Sums.of(line), False
    for note in notes:
        for part in note.lines:
            if line.id in (part.reverses_line_id, part.corrects_line_id):
                left = left - Sums.of(part) if _sign(note) > 0 else left + Sums.of(part)
                whole = whole or part.reverses_line_id == line.id
    return LineLeft(line, left, whole)


def _sign(note: Invoice) -> int:
    """A credit note takes off, a debit note adds."""
    return -1 if note.kind == DEBIT.value else 1


def _credited(standing: Standing, draft: NoteDraft) -> Iterator[NoteLine]:
    wanted = _whole_lines(standing, draft)
    named = [_of(one).id for one in wanted]
    for one in wanted:
        yield NoteLine(_of(one), one.left, whole=True)
    for place, (one, amount) in enumerate(_amounts(standing, draft)):
        if one.line.id in named:
            raise BillEmpty(_("Name each line once."), fields={f"amounts.{place}.lineId": "twice"})
        named.append(one.line.id)
        path = f"amounts.{place}" if draft.amounts[0].line_id else "amounts.0"
        yield NoteLine(_of(one), credit_of(one, amount, standing.supply, path=path), whole=False)


def _whole_lines(standing: Standing, draft: NoteDraft) -> list[LineLeft]:
    if draft.of_all:
        lines = [one for one in standing.lines if not one.reversed]
        if not lines:
            raise LineAlreadyReversed(_("The whole bill was reversed before."))
        return lines
    wanted = draft.line_ids
    if wanted is None:
        return []
    if not wanted or len(set(wanted)) != len(wanted):
        raise BillEmpty(_("Name the lines to reverse, each once."), fields={"lineIds": "none, or one twice"})
    by_id = {one.line.id: one for one in standing.lines}
    for place, line_id in enumerate(wanted):
        _known(by_id, line_id, f"lineIds.{place}")
        if by_id[line_id].reversed:
            message = _("%(tag)s was reversed by a credit note before.", tag=by_id[line_id].line.tag)
            raise LineAlreadyReversed(message, fields={f"lineIds.{place}": "reversed before"})
    return sorted((by_id[line_id] for line_id in wanted), key=lambda one: _of(one).pos)


def _amounts(standing: Standing, draft: NoteDraft) -> list[tuple[LineLeft, Amount]]:
    if any(amount.line_id is None for amount in draft.amounts):
        if len(draft.amounts) > 1 or draft.line_ids:
            message = _("An amount of the whole bill stands alone.")
            raise BillEmpty(message, fields={"amounts": "of the bill, beside lines"})
        return over_lines(settle(draft.amounts[0], "amounts.0"), standing.lines, added=draft.kind is DEBIT)
    by_id = {one.line.id: one for one in standing.lines}
    found = []
    for place, amount in enumerate(draft.amounts):
        line_id = _known(by_id, amount.line_id, f"amounts.{place}.lineId")
        found.append((by_id[line_id], settle(amount, f"amounts.{place}")))
    return found


def _known(by_id: dict[UUID, LineLeft], line_id: UUID | None, path: str) -> UUID:
    if line_id is None or line_id not in by_id:
        raise LineUnknown(_("The bill has no such line."), fields={path: "unknown"})
    return line_id


def _sums(standing: Standing, lines: Sequence[NoteLine], *, debit: bool = False) -> dict[str, int]:
    """The note's totals, in whole rupees. A credit note that leaves nothing of the bill takes what is left of its
    round-off: all notes add up to the bill. What would round to nothing is not rounded."""
    sums = total_of(line.sums for line in lines)
    left = total_of(one.left for one in standing.lines)
    if not debit and left == sums:
        round_off = standing.round_off_paise
    else:
        round_off = rounded_by(sums.total_paise, left.total_paise, standing.total_paise, sign=1 if debit else -1)
    return {
        "taxable_paise": sums.taxable_paise, "cgst_paise": sums.cgst_paise, "sgst_paise": sums.sgst_paise,
        "igst_paise": sums.igst_paise, "round_off_paise": round_off, "total_paise": sums.total_paise + round_off,
    }  # fmt: skip


def _credits_back(
    db: ShopSession, standing: Standing, draft: NoteDraft, kept: Sequence[Kept], *, total_paise: int, note_id: UUID
) -> tuple[tuple[UUID, str, int], ...]:
    """The credits that what the note gives back in no other way is of again."""
    rest = total_paise - sum(payment.paise for payment in draft.refunds) - draft.store_credit_paise
    back = back_as_credit(db, standing.bill, standing.notes, kept, rest_paise=rest)
    if back:
        credits.give_back(db, [Use(credit_id, paise) for credit_id, _kind, paise in back], document_id=note_id)
    return back


def _owe(db: ShopSession, standing: Standing, draft: NoteDraft, note_id: UUID, on: dt.date) -> tuple[UUID, int] | None:
    """Store credit of the note: its id and paise."""
    paise, bill = draft.store_credit_paise, standing.bill
    if not paise or bill.customer_id is None:
        return None
    cash = cash_in_store_credit(db, bill, standing.notes, refunds=draft.refunds, store_credit_paise=paise)
    opened = credits.open_credit(
        db, kind=credits.CreditKind.STORE_CREDIT.value, customer_id=bill.customer_id, source_id=note_id, paise=paise,
        on=on, cash_paise=cash,
    )  # fmt: skip
    return opened.id, paise


def _of(one: LineLeft) -> InvoiceLine:
    """The row that stands behind a line's balance."""
    assert isinstance(one.line, InvoiceLine)
    return one.line
