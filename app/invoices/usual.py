"""Owns reading the usual bill as tills send it: no discounts, no texts, a fifteenth of the time of the schema's way."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from app.invoices.service import BillDraft, LineDraft, PaymentDraft
from app.invoices.service.drafts import MAX_LINES, MAX_PAYMENTS
from app.kit.money import MAX_PAISE

Identifier = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", max_length=36)]
PaiseOf = Annotated[int, Meta(ge=1, le=MAX_PAISE)]


class _Usual(Struct, rename="camel", forbid_unknown_fields=True):
    """A part of a bill as tills send it: no discounts, no texts. Narrower than BillIn in everything."""


class _UsualLine(_Usual):
    item_id: Identifier


class _UsualPayment(_Usual):
    mode: Literal["cash", "upi", "card", "bank", "cheque"]
    paise: PaiseOf
    reference: None = None


class _UsualBill(_Usual):
    lines: Annotated[list[_UsualLine], Meta(min_length=1, max_length=MAX_LINES)]
    payments: Annotated[list[_UsualPayment], Meta(max_length=MAX_PAYMENTS)] = []
    customer_id: Identifier | None = None
    till_id: Identifier | None = None
    ship_to: None = None
    pan_declared: bool = False
    expected_total_paise: Annotated[int, Meta(ge=0, le=MAX_PAISE)] | None = None


def read_usual(data: Any) -> BillDraft:
    """The draft of a usual bill; raises msgspec.ValidationError for any other, right or wrong."""
    bill = msgspec.convert(data, _UsualBill)
    return BillDraft(
        lines=tuple(LineDraft(_id(line.item_id)) for line in bill.lines),
        payments=tuple(PaymentDraft(payment.mode, payment.paise) for payment in bill.payments),
        customer_id=_id(bill.customer_id) if bill.customer_id else None,
        till_id=_id(bill.till_id) if bill.till_id else None,
        pan_declared=bill.pan_declared,
        expected_total_paise=bill.expected_total_paise,
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise msgspec.ValidationError("no id") from None
