"""Owns the counter's form: how it carries a draft, how a typed discount or payment is read, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import request

from app.customers.service import Customer
from app.dashboard import forms
from app.dashboard.frame import MODES
from app.inventory.service import Item
from app.invoices.pricing import NO_DISCOUNT, Discount
from app.invoices.service import BillDraft, LineDraft, PaymentDraft, Quote
from app.kit.errors import BadRequest
from app.kit.ids import parse_id
from app.kit.money import grouped, parse_rupees
from app.kit.pages import Refusal, optional, text_field, try_form
from app.kit.texts import _

EMPTY = BillDraft(lines=())
MOST_LINES = 100
LONGEST_REFERENCE = 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the counter shows: the draft, what it would come to, and what was typed."""

    draft: BillDraft
    quote: Quote | None
    items: tuple[Item, ...]  # only where there is no quote
    customer: Customer | None
    refusal: Refusal | None
    phone: str = ""

    @property
    def total_paise(self) -> int:
        return self.quote.priced.total_paise if self.quote else 0

    @property
    def left_paise(self) -> int:
        """Still to be paid; below zero: too much was taken."""
        return self.total_paise - self.draft.paid_paise

    @property
    def blocked(self) -> bool:
        """Whether a finding would stop the issue."""
        return bool(self.quote and any(finding.blocks for finding in self.quote.findings))


def read_draft() -> BillDraft:
    """The draft that the form carries; raises what is wrong with a typed figure, at its field."""
    ids = [parse_id(text) for text in request.form.getlist("item_id")[: MOST_LINES + 1]]
    customer = optional("customer_id")
    till = optional("till_id")
    expected = optional("expected_total_paise")
    return BillDraft(
        lines=tuple(LineDraft(one, _discount(f"discount-{one}"), _discount(f"making-{one}")) for one in ids),
        payments=_payments(),
        customer_id=parse_id(customer) if customer else None,
        till_id=parse_id(till) if till else None,
        ship_to=optional("ship_to"),
        pan_declared=request.form.get("pan_declared") == "yes",
        expected_total_paise=_whole(expected) if expected else None,
    )


def form_fields() -> BillDraft:
    """As much of the form's draft as can be read, to show it again beside what is wrong with the rest."""
    ids = [one for text in request.form.getlist("item_id")[:MOST_LINES] if (one := _id_or_none(text))]
    return BillDraft(
        lines=tuple(LineDraft(one) for one in dict.fromkeys(ids)),
        customer_id=_id_or_none(request.form.get("customer_id", "")),
        till_id=_id_or_none(request.form.get("till_id", "")),
        pan_declared=request.form.get("pan_declared") == "yes",
    )


def paid_text(draft: BillDraft, mode: str) -> str:
    """What stands in a payment's field: what was typed, in our grouping where it could be read."""
    paise = sum(payment.paise for payment in draft.payments if payment.mode == mode)
    return grouped(paise) if paise else "" if draft.payments else request.form.get(f"pay_{mode}", "")[:20]


def discount_text(discount: Discount) -> str:
    """500 rupees as 500.00, 5 percent as 5%."""
    if discount.bp:
        return f"{grouped(discount.bp).removesuffix('.00')}%"
    return grouped(discount.paise) if discount.paise else ""


def _payments() -> tuple[PaymentDraft, ...]:
    found = []
    for mode, _name in MODES:
        paise = forms.figure(f"pay_{mode}", parse_rupees, empty=0)
        if paise:
            reference = forms.line_or_none(f"ref_{mode}", most=LONGEST_REFERENCE)
            found.append(PaymentDraft(mode, paise, reference))
    return tuple(found)


def _discount(name: str) -> Discount:
    """500 is rupees, 5% is percent with up to two decimals."""
    bare = text_field(name)
    if not bare:
        return NO_DISCOUNT
    if bare.endswith("%"):
        return Discount(bp=forms.at_field(name, lambda: parse_rupees(bare[:-1])))
    return Discount(paise=forms.at_field(name, lambda: parse_rupees(bare)))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRequest(_("The form is not whole."))
    return int(text)


def _id_or_none(text: str) -> UUID | None:
    return try_form(lambda: parse_id(text)).result if text else None
