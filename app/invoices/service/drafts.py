"""Owns what a clerk asks for: a bill before it is one, its payments, and the rules that need no database."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.invoices.errors import DiscountNotAllowed, PaymentsExceedTotal, PaymentShort, PieceTwice
from app.invoices.pricing import NO_DISCOUNT, BillEmpty, Discount
from app.kit.errors import Unprocessable
from app.kit.money import rupees, whole
from app.kit.texts import _
from shard_router import Actor

MAX_LINES = 100
MAX_PAYMENTS = 10
DISCOUNT_RIGHT = "bill.discount"


class PaymentsWrong(Unprocessable):
    """A payment has no amount or an unknown mode, or there are too many of them."""


class PaymentMode(StrEnum):
    CASH = "cash"
    UPI = "upi"
    CARD = "card"
    BANK = "bank"
    CHEQUE = "cheque"


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One piece to be billed, with what is taken off its making and off the whole."""

    item_id: UUID
    discount: Discount = NO_DISCOUNT
    making_discount: Discount = NO_DISCOUNT

    @property
    def discounted(self) -> bool:
        return any((self.discount.bp, self.discount.paise, self.making_discount.bp, self.making_discount.paise))


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """Money taken, or given back with a note."""

    mode: str
    paise: int
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDraft:
    """A bill to be quoted or issued.

    till_id              None: the till that the actor sits at, else the shop's oldest
    ship_to              state that the goods are shipped to; None: handed over the counter
    pan_declared         the declaration form was signed by a buyer without PAN
    expected_total_paise what the customer was told; issuing at another total is refused
    """

    lines: tuple[LineDraft, ...]
    payments: tuple[PaymentDraft, ...] = ()
    customer_id: UUID | None = None
    till_id: UUID | None = None
    ship_to: str | None = None
    pan_declared: bool = False
    expected_total_paise: int | None = None

    @property
    def item_ids(self) -> list[UUID]:
        """In the order of the lines."""
        return [line.item_id for line in self.lines]

    @property
    def cash_paise(self) -> int:
        return sum(payment.paise for payment in self.payments if payment.mode == PaymentMode.CASH.value)

    @property
    def paid_paise(self) -> int:
        return sum(payment.paise for payment in self.payments)


def check_draft(draft: BillDraft, actor: Actor) -> None:
    """What is wrong with a draft whatever stands in the books; raises BillEmpty, PieceTwice, DiscountNotAllowed."""
    if not 1 <= len(draft.lines) <= MAX_LINES:
        message = _("A bill has from 1 to %(most)s lines.", most=MAX_LINES)
        raise BillEmpty(message, fields={"lines": "none or too many"})
    seen: set[UUID] = set()
    for place, line in enumerate(draft.lines):
        if line.item_id in seen:
            raise PieceTwice(_("One piece stands on two lines."), fields={f"lines.{place}.itemId": "given twice"})
        seen.add(line.item_id)
        if line.discounted and not actor.may(DISCOUNT_RIGHT):
            raise DiscountNotAllowed(
                _("Your role in this shop does not include giving discounts."),
                fields={f"lines.{place}.discount": "not allowed"},
            )
    check_payments(draft.payments, "payments")


def check_payments(payments: Sequence[PaymentDraft], path: str) -> None:
    """Modes and amounts; raises PaymentsWrong."""
    if len(payments) > MAX_PAYMENTS:
        message = _("A bill takes at most %(most)s payments.", most=MAX_PAYMENTS)
        raise PaymentsWrong(message, fields={path: "too many"})
    for place, payment in enumerate(payments):
        if payment.mode not in PaymentMode.__members__.values():
            raise PaymentsWrong(_("Unknown way of paying."), fields={f"{path}.{place}.mode": "unknown"})
        whole(payment.paise, "A payment in paise", least=1, field=f"{path}.{place}.paise")


def check_settled(draft: BillDraft, total_paise: int) -> None:
    """Payments cover the total, or a customer owes the rest; never more than the total."""
    paid = draft.paid_paise
    if paid > total_paise:
        message = _(
            "The payments come to %(paid)s, the bill to %(total)s.", paid=rupees(paid), total=rupees(total_paise)
        )
        raise PaymentsExceedTotal(message, fields={"payments": "more than the total"})
    if paid < total_paise and draft.customer_id is None:
        short = rupees(total_paise - paid)
        message = _("%(short)s is not paid, and the bill names no customer who owes it.", short=short)
        raise PaymentShort(message, fields={"payments": "less than the total"})


def without_blank_references(payments: Sequence[PaymentDraft]) -> tuple[PaymentDraft, ...]:
    return tuple(dataclasses.replace(payment, reference=payment.reference or None) for payment in payments)
