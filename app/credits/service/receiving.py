"""Money taken outside a bill, and given back: receipts, their taking back, credits paid out.

Each is one voucher with a number of its own (a receipt voucher, Rule 50; a refund voucher, Rule 51; a payment voucher
where the shop pays for what it bought). No tax is due on an advance for goods. Other rooms call `receive` within their
own transaction; the audit entry that it writes is then not the last, so they call it behind all their own locks but
those of series and audit.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from app.credits import repository
from app.credits.errors import (
    CreditExpired,
    CreditShort,
    CreditSpent,
    CreditUnknown,
    MoreThanOwed,
    ReceiptNotReversible,
    ReceiptTakenBack,
    ReceiptUnknown,
)
from app.credits.models import Credit, CreditKind, CreditState, CreditUse, Purpose, Receipt, UseKind
from app.credits.service.bills import the_bills
from app.credits.service.credits import Use, open_credit, use_rows
from app.credits.service.holding import check_nothing_stands_on
from app.credits.service.issuing import VoucherDraft, write_voucher
from app.credits.service.limits import check_cash_of_bills, check_cash_paid_out, check_cash_taken
from app.credits.service.payments import Payment, cash_in, check_payments
from app.credits.service.vouchers import Voucher
from app.customers import service as customers
from app.kit.clock import ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.money import rupees
from app.kit.sealing import Keyring
from app.kit.texts import _
from app.numbering.service import DocumentKind
from shard_router import ShopSession

PAID_OUT_BY = {
    CreditKind.ADVANCE.value: DocumentKind.REFUND_VOUCHER,
    CreditKind.SCHEME.value: DocumentKind.REFUND_VOUCHER,
    CreditKind.OLD_GOLD.value: DocumentKind.PAYMENT_VOUCHER,
    CreditKind.STORE_CREDIT.value: DocumentKind.PAYMENT_VOUCHER,
}
"""Rule 51 calls a refund voucher what gives an advance back; the other two are paid for goods that came to the shop."""

LEFT_WITH_US = {Purpose.ADVANCE.value: CreditKind.ADVANCE.value, Purpose.SCHEME.value: CreditKind.SCHEME.value}
"""What a receipt brought that is repaid when it is taken back on a later day; money on account was paid for good."""


def receive(
    db: ShopSession,
    *,
    customer_id: UUID,
    purpose: str,
    payments: Sequence[Payment],
    keyring: Keyring,
    till_id: UUID | None = None,
    about_id: UUID | None = None,
    note: str | None = None,
    expires_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> Voucher:
    """Take money: an advance opens a credit (`find_opened_by` the voucher's id), money on account pays bills, oldest
    first. `about_id` is what it is about (order, passbook); `at` the moment where it is not now.

    Raises CustomerUnknown, VoucherPaymentsWrong, CashOfDayReached, MoreThanOwed, and what `write_voucher` raises."""
    now, wanted = _utc(at), Purpose(purpose)
    if wanted is Purpose.PAY_OUT:
        raise ValueError("money is not received to be paid out")
    total = check_payments(payments)
    living = customers.hold(db, customer_id, exclusive=True)
    people = customers.same_person(db, living)
    check_cash_taken(
        db, customer_ids=customers.same_pan(db, living), cash_paise=cash_in(payments), on=ist(now).date(),
        about_id=about_id,
    )  # fmt: skip
    if wanted is Purpose.ON_ACCOUNT:
        _check_owed(db, people, total)
        check_cash_of_bills(
            db, customer_ids=people, paise=total, cash_paise=cash_in(payments), on=ist(now).date()
        )  # fmt: skip
    voucher_id = new_id()
    if wanted is Purpose.ADVANCE:
        open_credit(
            db, kind=CreditKind.ADVANCE, customer_id=living, source_id=voucher_id, paise=total, expires_on=expires_on,
            on=ist(now).date(),
        )  # fmt: skip
    draft = VoucherDraft(
        id=voucher_id, kind=DocumentKind.RECEIPT_VOUCHER, customer_id=living, purpose=wanted.value,
        payments=tuple(payments), total_paise=total, at=now, till_id=till_id, about_id=about_id, note=note,
    )  # fmt: skip
    return write_voucher(db, draft, keyring=keyring)


def owed(db: ShopSession, customer_ids: Sequence[UUID]) -> int:
    """Paise that a person (all their rows) owes the shop: unpaid bills less what was paid on account; below nothing
    where they paid more than they owed. Credits are not in it: what the shop owes is `open_credits`."""
    return the_bills().unpaid(db, customer_ids) - repository.on_account_of(db, customer_ids)


def take_back(
    db: ShopSession, *, receipt_id: UUID, reason: str, keyring: Keyring, purpose: str | None = None,
    till_id: UUID | None = None, at: dt.datetime | None = None,
) -> Voucher:  # fmt: skip
    """Take a whole receipt back (a cheque that was not honoured, a slip of the hand) by a voucher of the same payments.

    An advance must be untouched, with nothing standing on it; what pays a passbook is taken back by its own room, which
    says `purpose="scheme"`. Raises ReceiptUnknown, ReceiptNotReversible, ReceiptTakenBack, AdvanceStoodOn, and
    CashPayOutTooLarge for cash of an earlier day."""
    receipt = _reversible(db, receipt_id, purpose)
    living = customers.hold(db, receipt.customer_id, exclusive=True)
    if repository.reversal_of(db, receipt_id) is not None:
        raise ReceiptTakenBack(_("%(number)s was taken back before.", number=receipt.number))
    voucher_id, now = new_id(), _utc(at)
    payments = tuple(Payment(one.mode, one.paise, one.reference) for one in receipt.payments)
    if receipt.purpose == Purpose.ADVANCE.value:
        _close(db, receipt, voucher_id, now)
    left_with_us = LEFT_WITH_US.get(receipt.purpose)
    if left_with_us and receipt.issued_on != ist(now).date():  # on its own day a slip is corrected, later it is repaid
        check_cash_paid_out(
            db,
            kind=left_with_us,
            customer_ids=customers.same_pan(db, living),
            cash_paise=cash_in(payments),
            on=ist(now).date(),
        )
    draft = VoucherDraft(
        id=voucher_id, kind=DocumentKind.REFUND_VOUCHER, customer_id=living, purpose=receipt.purpose,
        payments=payments, total_paise=receipt.total_paise, at=now, till_id=till_id, about_id=receipt.about_id,
        reverses_id=receipt.id, note=reason,
    )  # fmt: skip
    return write_voucher(db, draft, keyring=keyring)


def pay_out(
    db: ShopSession, *, credit_id: UUID, payments: Sequence[Payment], reason: str, keyring: Keyring,
    expected_version: int | None = None, till_id: UUID | None = None, at: dt.datetime | None = None,
) -> Voucher:  # fmt: skip
    """Give a credit, or a part of it, back in money. The right to do so is `credit.pay_out`.

    Raises CreditUnknown, CreditSpent, CreditShort, CreditExpired, CashPayOutTooLarge, AdvanceStoodOn,
    VoucherPaymentsWrong, PreconditionFailed where the credit changed since it was read."""
    now = _utc(at)
    total = check_payments(payments)
    credit = _payable(db, credit_id, total, expected_version, ist(now).date())
    check_cash_paid_out(
        db, kind=credit.kind, customer_ids=customers.same_pan(db, credit.customer_id),
        cash_paise=cash_in(payments), on=ist(now).date(), credit_id=credit.id,
    )  # fmt: skip
    check_nothing_stands_on(db, credit.id)
    voucher_id = new_id()
    _take(db, credit, Use(credit.id, total), voucher_id, now, use_kind=UseKind.PAID_OUT, end=CreditState.PAID_OUT)
    draft = VoucherDraft(
        id=voucher_id, kind=PAID_OUT_BY[credit.kind], customer_id=credit.customer_id, purpose=Purpose.PAY_OUT.value,
        payments=tuple(payments), total_paise=total, at=now, till_id=till_id, about_id=credit.id, note=reason,
    )  # fmt: skip
    return write_voucher(db, draft, keyring=keyring)


def _check_owed(db: ShopSession, people: Sequence[UUID], total: int) -> None:
    most = max(owed(db, people), 0)
    if total > most:
        message = _("%(total)s is paid, %(owed)s is owed.", total=rupees(total), owed=rupees(most))
        raise MoreThanOwed(message, fields={"payments": f"above {most}"})


def _reversible(db: ShopSession, receipt_id: UUID, purpose: str | None) -> Receipt:
    receipt = repository.find_receipt(db, receipt_id)
    if receipt is None:
        raise ReceiptUnknown()
    if receipt.kind != DocumentKind.RECEIPT_VOUCHER.value:
        raise ReceiptNotReversible(_("%(number)s is no receipt of money.", number=receipt.number))
    if receipt.purpose == Purpose.SCHEME.value and purpose != receipt.purpose:
        raise ReceiptNotReversible(
            _("%(number)s is an instalment of a scheme.", number=receipt.number),
            action=_("Take it back where the scheme's passbook is."),
        )
    return receipt


def _close(db: ShopSession, receipt: Receipt, voucher_id: UUID, now: dt.datetime) -> None:
    """The advance that a receipt opened, which nothing was used of."""
    opened = repository.opened_by(db, receipt.id, CreditKind.ADVANCE.value)
    credit = repository.find_credit(db, opened.id, lock=True) if opened else None
    if credit is None or credit.left_paise != credit.paise:
        raise ReceiptNotReversible(
            _("Some of the advance of %(number)s was used.", number=receipt.number),
            action=_("Pay out what is left of it instead."),
        )
    check_nothing_stands_on(db, credit.id)
    _take(db, credit, Use(credit.id, credit.paise), voucher_id, now, use_kind=UseKind.CLOSED, end=CreditState.CLOSED)


def _payable(db: ShopSession, credit_id: UUID, total: int, expected_version: int | None, on: dt.date) -> Credit:
    """The credit, locked behind its customer; so much is left of it."""
    known = repository.find_credit(db, credit_id)
    if known is None:
        raise CreditUnknown()
    customers.hold(db, known.customer_id, exclusive=True)
    credit = repository.find_credit(db, credit_id, lock=True)
    assert credit is not None  # no credit is ever deleted
    if expected_version is not None and credit.version != expected_version:
        raise PreconditionFailed(_("This credit was changed since you opened it."), action=_("Look at it again."))
    if credit.state != CreditState.OPEN.value:
        raise CreditSpent(_("Nothing is left of this credit."), fields={"payments": credit.state})
    if credit.expires_on is not None and credit.expires_on < on:
        raise CreditExpired(_("The last day of this credit was %(day)s.", day=f"{credit.expires_on:%d-%m-%Y}"))
    if total > credit.left_paise:
        message = _("%(left)s is left of this credit.", left=rupees(credit.left_paise))
        raise CreditShort(message, fields={"payments": f"above {credit.left_paise}"})
    return credit


def _take(
    db: ShopSession,
    credit: Credit,
    use: Use,
    voucher_id: UUID,
    now: dt.datetime,
    *,
    use_kind: UseKind,
    end: CreditState,
) -> None:
    credit.left_paise -= use.paise
    credit.version += 1
    if credit.left_paise == 0:
        credit.state = end.value
    rows = use_rows(db, [use], document_id=voucher_id, at=now, kind=use_kind)
    db.add_all(CreditUse(**row) for row in rows)
    db.flush()


def _utc(at: dt.datetime | None) -> dt.datetime:
    return (at or utc_now()).astimezone(dt.UTC)
