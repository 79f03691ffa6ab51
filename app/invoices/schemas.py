"""Owns the bills' JSON: what is taken, what is answered."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from app.invoices.service import Amount, PaymentDraft
from app.invoices.service.drafts import MONEY
from app.invoices.shapes import (
    MAX_LINES,
    MAX_PAYMENTS,
    LineOut,
    PricedOut,
)
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.texts import N_
from app.numbering.service import DocumentKind

KINDS = (
    DocumentKind.INVOICE.value, DocumentKind.BILL_OF_SUPPLY.value, DocumentKind.CREDIT_NOTE.value,
    DocumentKind.DEBIT_NOTE.value,
)  # fmt: skip

# ---------------------------------------------------------------- what is taken


class MoneyIn(ApiSchema):
    """Money given back or taken with a note: no credit can be either."""

    mode = OneOf(MONEY, required=True)
    paise = Paise(least=1, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> PaymentDraft:
        return PaymentDraft(**data)


class AmountIn(ApiSchema):
    """Of a line, or without `lineId` of the whole bill; one of the three figures: before tax, with tax, or a share of
    the taxable value as it was billed."""

    line_id = IdField(allow_none=True)
    taxable_paise = Paise(least=1, allow_none=True)
    total_paise = Paise(least=1, allow_none=True)
    bp = Whole(least=1, most=10_000, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Amount:
        return Amount(**data)


class _ChangeIn(ApiSchema):
    reason = Text(least=3, most=200, required=True)
    amounts = fields.List(fields.Nested(AmountIn), load_default=list, validate=validate.Length(max=MAX_LINES))


class NoteIn(_ChangeIn):
    """A credit note over whole lines (`lineIds`) and amounts of lines, or one amount of the whole bill; without any of
    these it reverses all that is left of the bill. What a credit for a bill only (an exchange's, savings with a bonus)
    paid is of that credit again; it is in neither `refunds` nor `storeCreditPaise`."""

    line_ids = fields.List(IdField(), allow_none=True, load_default=None, validate=validate.Length(1, MAX_LINES))
    refunds = fields.List(fields.Nested(MoneyIn), load_default=list, validate=validate.Length(max=MAX_PAYMENTS))
    store_credit_paise = Paise(load_default=0)


class DebitNoteIn(_ChangeIn):
    """A debit note over amounts of lines, or one amount of the whole bill, with what is paid of it now."""

    payments = fields.List(fields.Nested(MoneyIn), load_default=list, validate=validate.Length(max=MAX_PAYMENTS))


class CancelIn(ApiSchema):
    """`handedOver`: whether the customer has the goods; then the bill is not cancelled, they come back by a note."""

    reason = Text(least=3, most=150, required=True)
    handed_over = Flag(required=True)


class InvoiceArgs(PageArgs):
    """`number` is a beginning; both days are included."""

    kind = OneOf(KINDS, load_default=None)
    customer_id = IdField(load_default=None)
    number = Text(most=16, load_default=None)
    issued_from = Day(load_default=None)
    issued_to = Day(load_default=None)

    @validates_schema
    def in_order(self, data: dict[str, Any], **_: object) -> None:
        if data["issued_from"] and data["issued_to"] and data["issued_to"] < data["issued_from"]:
            raise ValidationError(N_("The last day lies before the first."), "issuedTo")


# ---------------------------------------------------------------- what is answered


class PartyOut(ApiSchema):
    """The buyer as the document names them."""

    name = fields.String()
    phone = fields.String(allow_none=True)
    gstin = fields.String(allow_none=True)
    pan = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    pin = fields.String(allow_none=True)
    state_code = fields.String(allow_none=True)


class SellerOut(ApiSchema):
    """The seller as the document names them."""

    shop_name = fields.String()
    shop_name_local = fields.String(allow_none=True)
    legal_name = fields.String()
    gstin = fields.String(allow_none=True)
    state_code = fields.String()
    composition = fields.Boolean()
    outlet_name = fields.String()
    address = fields.String()
    city = fields.String()
    pin = fields.String()
    phone = fields.String(allow_none=True)
    bis_registration = fields.String(allow_none=True)
    till_code = fields.String()
    logo = fields.String(metadata={"description": "SHA-256 of the logo's PNG; left out where there is none."})


class PaymentOut(ApiSchema):
    mode = fields.String()
    paise = fields.Integer()
    reference = fields.String(allow_none=True)
    credit_id = IdField(allow_none=True)
    tendered_paise = fields.Integer(allow_none=True)
    change_paise = fields.Integer()


class InvoiceOut(ApiSchema):
    """An issued bill or note, as it will always be. replies.py writes it."""

    id = IdField()
    kind = fields.String()
    number = fields.String()
    issued_at = Moment()
    issued_on = Day()
    registration_id = IdField()
    outlet_id = IdField()
    till_id = IdField()
    customer_id = IdField(allow_none=True)
    buyer_registered = fields.Boolean()
    buyer = fields.Nested(PartyOut, allow_none=True)
    seller = fields.Nested(SellerOut)
    place_of_supply = fields.String()
    inter_state = fields.Boolean()
    reverse_charge = fields.Boolean()
    lines = fields.List(fields.Nested(LineOut))
    payments = fields.List(fields.Nested(PaymentOut))
    taxable_paise = fields.Integer()
    cgst_paise = fields.Integer()
    sgst_paise = fields.Integer()
    igst_paise = fields.Integer()
    round_off_paise = fields.Integer()
    total_paise = fields.Integer()
    paid_paise = fields.Integer()
    reverses_id = IdField(allow_none=True)
    reason = fields.String(allow_none=True)
    occasion = fields.String(allow_none=True)
    book_on = Day(allow_none=True)
    shift_no = fields.Integer(allow_none=True)
    content_hash = fields.String(metadata={"description": "SHA-256, hexadecimal; stands in the audit chain"})


class InvoiceSummaryOut(ApiSchema):
    id = IdField()
    kind = fields.String()
    number = fields.String()
    issued_at = Moment()
    issued_on = Day()
    customer_id = IdField(allow_none=True)
    customer_name = fields.String(allow_none=True)
    taxable_paise = fields.Integer()
    cgst_paise = fields.Integer()
    sgst_paise = fields.Integer()
    igst_paise = fields.Integer()
    total_paise = fields.Integer()
    paid_paise = fields.Integer()
    reverses_id = IdField(allow_none=True)


InvoicePage = page_of(InvoiceSummaryOut)


class NoteSummaryOut(ApiSchema):
    id = IdField()
    kind = fields.String()
    number = fields.String()
    issued_on = Day()
    total_paise = fields.Integer()


class NotesOut(ApiSchema):
    """The notes on a bill."""

    items = fields.List(fields.Nested(NoteSummaryOut))


class FindingOut(ApiSchema):
    """A rule that the sale does not satisfy yet; `blocks`: it cannot be issued so."""

    rule = fields.String()
    name = fields.String()
    message = fields.String()
    figure_paise = fields.Integer()
    blocks = fields.Boolean()


class NeedOut(ApiSchema):
    """What the caller may not do alone; a POST to /approvals with this body asks for it. To who may not know costs a
    price that takes it because of them is of the kind `line.owners_word`; of a lot only the issue says so, and asks."""

    kind = fields.String()
    right = fields.String()
    subject_id = IdField(allow_none=True)
    facts = fields.Dict(keys=fields.String())


class QuoteOut(PricedOut):
    """A bill as it would be issued now."""

    findings = fields.List(fields.Nested(FindingOut))
    needs = fields.List(fields.Nested(NeedOut))


class PdfOut(ApiSchema):
    """A document's PDF: a link that expires, or (202) how far the job is that makes it."""

    status = OneOf(("ready", "making"))
    url = fields.String(allow_none=True)
    expires_at = Moment(allow_none=True)
    size_bytes = fields.Integer(allow_none=True)
    sha256 = fields.String(allow_none=True)
    job_id = IdField(allow_none=True)
    job_state = fields.String(allow_none=True)
    steps_done = fields.Integer(allow_none=True)
    steps_total = fields.Integer(allow_none=True)
