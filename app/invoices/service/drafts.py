"""Owns what a clerk asks for: a bill before it is one, its payments, and the rules that need no database."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.credits.service import Use
from app.invoices.errors import (
    CreditNeedsCustomer,
    LineIncomplete,
    LotTwice,
    OccasionMalformed,
    PaymentsExceedTotal,
    PaymentShort,
    PieceTwice,
    PromiseNeedsCustomer,
)
from app.invoices.pricing import MAX_PIECES, NO_DISCOUNT, BillEmpty, BillTerms, Discount, Making, Wastage
from app.kit.errors import Unprocessable
from app.kit.money import ratio, round_half_up, rupees, whole
from app.kit.texts import _
from app.kit.weights import MAX_MCT, MAX_MG, MCT_PER_CARAT

MAX_LINES = 100
MAX_PAYMENTS = 10
MAX_APPROVALS = 20
MAX_SCHEMES = 10
LONGEST_NAME = 120
OCCASION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?")


class PaymentsWrong(Unprocessable):
    """A payment has no amount or an unknown mode, or there are too many of them."""


class PaymentMode(StrEnum):
    CASH = "cash"
    UPI = "upi"
    CARD = "card"
    BANK = "bank"
    CHEQUE = "cheque"
    CREDIT = "credit"  # an advance, old gold, a scheme or store credit that the shop owes the customer


MONEY = tuple(mode for mode in PaymentMode if mode is not PaymentMode.CREDIT)
"""Ways in which money changes hands."""


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One line to be billed: a piece (`item_id`), so much out of a lot (`lot_id`), goods or a service at a price of its
    own (`sells`), or the charge of a mended piece (`repair_id`).

    discount, making_discount  what is taken off the whole and off the making
    rate_paise_per_g           the line's own rate; None: the board's
    rate_lock_id               the line's rate is this promise's, and its net weight is taken of it
    of_order                   the line's rate is the one that the bill's order fixed
    of_estimate                the line's rate is the one that the bill's estimate keeps for its piece
    wastage                    the line's own wastage; None: the piece's
    sells                      a code of wares.json; then description, price_paise (each), pieces, tax_included count
    net_mg                     of a lot of metal: how much of it; pieces count where the lot does
    stone_mct                  of a lot of loose stones: thousandths of a carat, at stone_rate_paise the carat
    making                     of a lot's line; None: none
    hsn                        of a lot's line, where its kind has several; None: the kind's own
    """

    item_id: UUID | None = None
    discount: Discount = NO_DISCOUNT
    making_discount: Discount = NO_DISCOUNT
    rate_paise_per_g: int | None = None
    wastage: Wastage | None = None
    sells: str | None = None
    description: str | None = None
    price_paise: int | None = None
    pieces: int = 1
    tax_included: bool = False
    rate_lock_id: UUID | None = None
    of_order: bool = False
    of_estimate: bool = False
    repair_id: UUID | None = None
    lot_id: UUID | None = None
    net_mg: int | None = None
    stone_mct: int | None = None
    stone_rate_paise: int | None = None
    making: Making | None = None
    hsn: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """Money taken, or given back with a note; or a credit that is used up.

    tendered_paise  cash that was handed over; what is more than `paise` is given back as change
    """

    mode: str
    paise: int
    reference: str | None = None
    credit_id: UUID | None = None
    tendered_paise: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDraft:
    """A bill to be quoted or issued.

    till_id              None: the till that the actor sits at, else the shop's oldest
    ship_to              state that the goods are shipped to; None: handed over the counter
    pan_declared         the declaration form was signed by a buyer without PAN
    expected_total_paise what the customer was told; issuing at another total is refused
    discount             of the bill as a whole, before tax
    scheme_ids           schemes of the customer whose bonus the bill gives, with what was saved in them
    order_id             the order that the bill delivers
    estimate_id          the estimate that becomes this bill
    told_paise           the price agreed for the whole bill, tax and all
    occasion             what several bills of the customer are for: their cash counts together (s.269ST)
    approval_ids         granted approvals that this bill uses up
    """

    lines: tuple[LineDraft, ...]
    payments: tuple[PaymentDraft, ...] = ()
    customer_id: UUID | None = None
    till_id: UUID | None = None
    ship_to: str | None = None
    pan_declared: bool = False
    expected_total_paise: int | None = None
    discount: Discount = NO_DISCOUNT
    told_paise: int | None = None
    occasion: str | None = None
    approval_ids: tuple[UUID, ...] = ()
    scheme_ids: tuple[UUID, ...] = ()
    order_id: UUID | None = None
    estimate_id: UUID | None = None

    @property
    def item_ids(self) -> list[UUID]:
        """Of the pieces, in the order of the lines."""
        return [line.item_id for line in self.lines if line.item_id is not None]

    @property
    def lot_ids(self) -> list[UUID]:
        """Of the lots that something is sold out of, in the order of their keys."""
        return sorted(line.lot_id for line in self.lines if line.lot_id is not None)

    @property
    def rate_lock_ids(self) -> list[UUID]:
        return sorted({line.rate_lock_id for line in self.lines if line.rate_lock_id is not None})

    @property
    def repair_fields(self) -> dict[UUID, str]:
        """The repairs that are charged, with where each stands."""
        return {
            line.repair_id: f"lines.{place}.repairId"
            for place, line in enumerate(self.lines)
            if line.repair_id is not None
        }

    @property
    def takes_promises(self) -> bool:
        return bool(self.scheme_ids or self.order_id or self.rate_lock_ids or self.repair_fields)

    def terms(self, bonus_paise: int) -> BillTerms:
        return BillTerms(self.discount, bonus_paise, self.told_paise)

    @property
    def credit_uses(self) -> tuple[Use, ...]:
        return tuple(
            Use(payment.credit_id, payment.paise, f"payments.{place}")
            for place, payment in enumerate(self.payments)
            if payment.credit_id is not None
        )

    @property
    def credits_used(self) -> dict[UUID, int]:
        """Paise of each credit that is named; one that is named twice is refused."""
        return {use.credit_id: use.paise for use in self.credit_uses}

    @property
    def counts_cash(self) -> bool:
        """Whether cash may be in it, now or in what a credit brought before."""
        return bool(self.cash_paise or self.credit_uses)

    @property
    def cash_paise(self) -> int:
        return sum(payment.paise for payment in self.payments if payment.mode == PaymentMode.CASH.value)

    @property
    def paid_paise(self) -> int:
        return sum(payment.paise for payment in self.payments)


def check_draft(draft: BillDraft) -> None:
    """What is wrong with a draft whatever stands in the books; raises BillEmpty, PieceTwice, LotTwice, LineIncomplete
    and what is wrong with its payments."""
    if not 1 <= len(draft.lines) <= MAX_LINES:
        message = _("A bill has from 1 to %(most)s lines.", most=MAX_LINES)
        raise BillEmpty(message, fields={"lines": "none or too many"})
    seen: set[UUID] = set()
    for place, line in enumerate(draft.lines):
        if line.repair_id is not None:
            _check_charge(line, seen, f"lines.{place}")
            continue
        if line.lot_id is not None:
            _check_lot(line, seen, f"lines.{place}")
            continue
        if line.item_id is None:
            _check_ware(line, f"lines.{place}")
            continue
        if line.item_id in seen:
            raise PieceTwice(_("One piece stands on two lines."), fields={f"lines.{place}.itemId": "given twice"})
        seen.add(line.item_id)
        if line.sells is not None or line.price_paise is not None:
            message = _("A line sells a piece or something at a price of its own, not both.")
            raise LineIncomplete(message, fields={f"lines.{place}.sells": "beside a piece"})
        _check_no_lot(line, f"lines.{place}")
        _check_rate(line, draft, f"lines.{place}")
    if draft.occasion is not None and not OCCASION.fullmatch(draft.occasion):
        raise OccasionMalformed(fields={"occasion": "not small letters, digits and hyphens"})
    check_payments(draft.payments, "payments")
    if draft.takes_promises and draft.customer_id is None:
        raise PromiseNeedsCustomer(fields={"customerId": "missing"})
    if draft.credit_uses and draft.customer_id is None:
        raise CreditNeedsCustomer(fields={"customerId": "missing"})
    if len(draft.scheme_ids) > MAX_SCHEMES:
        message = _("A bill gives the bonus of at most %(most)s schemes.", most=MAX_SCHEMES)
        raise LineIncomplete(message, fields={"schemeIds": "too many"})
    if len(draft.approval_ids) > MAX_APPROVALS:
        message = _("A bill uses at most %(most)s approvals.", most=MAX_APPROVALS)
        raise LineIncomplete(message, fields={"approvalIds": "too many"})


def check_payments(payments: Sequence[PaymentDraft], path: str, *, money_only: bool = False) -> None:
    """Modes and amounts; raises PaymentsWrong. `money_only`: money that is given back, which no credit can be."""
    if len(payments) > MAX_PAYMENTS:
        message = _("A bill takes at most %(most)s payments.", most=MAX_PAYMENTS)
        raise PaymentsWrong(message, fields={path: "too many"})
    for place, payment in enumerate(payments):
        _check_payment(payment, f"{path}.{place}", MONEY if money_only else tuple(PaymentMode))


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


def _check_rate(line: LineDraft, draft: BillDraft, path: str) -> None:
    """A rate comes from one place: the board, the line itself, a lock, the order, or the estimate."""
    given = (line.rate_paise_per_g is not None, line.rate_lock_id is not None, line.of_order, line.of_estimate)
    if sum(given) > 1:
        message = _("A line's rate is its own, a locked one, the order's, or the estimate's: one of them.")
        raise LineIncomplete(message, fields={f"{path}.ratePaisePerG": "more than one rate"})
    if line.of_order and draft.order_id is None:
        message = _("The bill delivers no order that could have fixed a rate.")
        raise LineIncomplete(message, fields={f"{path}.ofOrder": "no order"})
    if line.of_estimate and draft.estimate_id is None:
        message = _("The bill is made of no estimate that could keep a rate.")
        raise LineIncomplete(message, fields={f"{path}.ofEstimate": "no estimate"})


def _check_lot(line: LineDraft, seen: set[UUID], path: str) -> None:
    """A lot stands on a bill once, so that what comes back of it is known; how much of it is checked with the lot."""
    assert line.lot_id is not None
    if line.lot_id in seen:
        raise LotTwice(_("One lot stands on two lines."), fields={f"{path}.lotId": "given twice"})
    seen.add(line.lot_id)
    if (line.item_id, line.sells, line.price_paise, line.description) != (None, None, None, None):
        message = _("A line sells out of a lot, or a piece, or something at a price of its own: one of them.")
        raise LineIncomplete(message, fields={f"{path}.lotId": "beside a piece or a price"})
    if line.rate_lock_id is not None or line.of_order or line.of_estimate or line.tax_included:
        message = _("What is sold out of a lot takes the board's rate or one of its own.")
        raise LineIncomplete(message, fields={f"{path}.ratePaisePerG": "promised, or with tax"})
    whole(line.pieces, "The number of pieces", least=1, most=MAX_PIECES, field=f"{path}.pieces")
    if line.stone_mct is None:
        _check_grams(line, path)
    else:
        _check_carats(line, path)


def _check_grams(line: LineDraft, path: str) -> None:
    if line.net_mg is None:
        raise LineIncomplete(_("Say how many grams are sold."), fields={f"{path}.netMg": "missing"})
    if line.stone_rate_paise is not None:
        message = _("A rate a carat is that of loose stones.")
        raise LineIncomplete(message, fields={f"{path}.stoneRatePaise": "beside grams"})
    whole(line.net_mg, "Net weight in mg", least=1, most=MAX_MG, field=f"{path}.netMg")


def _check_carats(line: LineDraft, path: str) -> None:
    assert line.stone_mct is not None
    if line.stone_rate_paise is None:
        message = _("Say what a carat costs.")
        raise LineIncomplete(message, fields={f"{path}.stoneRatePaise": "missing"})
    if line.net_mg is not None or line.rate_paise_per_g is not None or line.wastage is not None:
        message = _("Loose stones have carats: no grams of metal, no rate a gram and no wastage.")
        raise LineIncomplete(message, fields={f"{path}.stoneMct": "beside metal"})
    whole(line.stone_mct, "Stones in thousandths of a carat", least=1, most=MAX_MCT, field=f"{path}.stoneMct")
    whole(line.stone_rate_paise, "The rate of a stone in paise", least=1, field=f"{path}.stoneRatePaise")
    if not round_half_up(ratio(line.stone_mct * line.stone_rate_paise, MCT_PER_CARAT)):
        message = _("At this rate these stones come to less than half a paisa: they would be sold for nothing.")
        raise LineIncomplete(message, fields={f"{path}.stoneRatePaise": "comes to nothing"})


def _check_no_lot(line: LineDraft, path: str) -> None:
    """What a piece weighs and costs to make stands with the piece."""
    if (line.net_mg, line.stone_mct, line.stone_rate_paise, line.making, line.hsn) != (None,) * 5:
        message = _("Weight, making and HSN are given for what is sold out of a lot.")
        raise LineIncomplete(message, fields={f"{path}.lotId": "missing"})


def _check_charge(line: LineDraft, seen: set[UUID], path: str) -> None:
    """A repair's charge stands by itself: what it costs is the repair's."""
    assert line.repair_id is not None
    if line.repair_id in seen:
        raise PieceTwice(_("One repair stands on two lines."), fields={f"{path}.repairId": "given twice"})
    seen.add(line.repair_id)
    if line != LineDraft(repair_id=line.repair_id, discount=line.discount, description=line.description):
        message = _("What a repair costs is entered with the repair; its line has at most a discount.")
        raise LineIncomplete(message, fields={f"{path}.repairId": "beside a piece or a price"})


def _check_ware(line: LineDraft, path: str) -> None:
    if line.sells is None:
        raise LineIncomplete(_("A line names its piece, or what it sells."), fields={f"{path}.itemId": "missing"})
    if line.price_paise is None:
        raise LineIncomplete(_("What is sold without a piece has a price."), fields={f"{path}.pricePaise": "missing"})
    if line.rate_lock_id is not None or line.of_order or line.of_estimate:
        message = _("A price of its own takes no promised rate.")
        raise LineIncomplete(message, fields={f"{path}.rateLockId": "beside a price"})
    if line.rate_paise_per_g is not None or line.wastage is not None or line.making_discount != NO_DISCOUNT:
        message = _("A price of its own knows no rate, no wastage and no making.")
        raise LineIncomplete(message, fields={f"{path}.pricePaise": "beside a rate, wastage or making"})
    _check_no_lot(line, path)
    whole(line.price_paise, "A price in paise", least=1, field=f"{path}.pricePaise")
    whole(line.pieces, "The number of pieces", least=1, most=MAX_PIECES, field=f"{path}.pieces")


def _check_payment(payment: PaymentDraft, path: str, modes: Sequence[PaymentMode]) -> None:
    if payment.mode not in modes:
        raise PaymentsWrong(_("Unknown way of paying."), fields={f"{path}.mode": "unknown"})
    whole(payment.paise, "A payment in paise", least=1, field=f"{path}.paise")
    if (payment.mode == PaymentMode.CREDIT.value) != (payment.credit_id is not None):
        message = _("A credit that is used is named by its id, and only a credit is.")
        raise PaymentsWrong(message, fields={f"{path}.creditId": "missing, or beside money"})
    if payment.tendered_paise is not None:
        if payment.mode != PaymentMode.CASH.value:
            message = _("Change is given for cash only.")
            raise PaymentsWrong(message, fields={f"{path}.tenderedPaise": "not cash"})
        whole(payment.tendered_paise, "What was tendered, in paise", least=0, field=f"{path}.tenderedPaise")
        if payment.tendered_paise < payment.paise:
            message = _("%(given)s was handed over; %(paid)s is to be paid in cash.",
                        given=rupees(payment.tendered_paise), paid=rupees(payment.paise))  # fmt: skip
            raise PaymentsWrong(message, fields={f"{path}.tenderedPaise": "below what is paid in cash"})
