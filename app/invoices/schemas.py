"""Owns the bills' JSON: what is taken, what is answered."""

from typing import Any

import msgspec
from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from app.invoices.pricing import MAX_PIECES, Discount, Making, MakingKind, Wastage, WastageKind
from app.invoices.service import Amount, BillDraft, LineDraft, PaymentDraft, PaymentMode
from app.invoices.service.drafts import LONGEST_NAME, MAX_APPROVALS, MAX_SCHEMES, MONEY
from app.invoices.usual import read_usual
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.texts import N_
from app.kit.weights import MAX_MCT, MAX_MG
from app.numbering.service import DocumentKind

MAX_LINES = 100
MAX_PAYMENTS = 10
KINDS = (
    DocumentKind.INVOICE.value, DocumentKind.BILL_OF_SUPPLY.value, DocumentKind.CREDIT_NOTE.value,
    DocumentKind.DEBIT_NOTE.value,
)  # fmt: skip

# ---------------------------------------------------------------- what is taken


class DiscountIn(ApiSchema):
    """Either basis points or paise."""

    bp = Whole(most=10_000, load_default=0)
    paise = Paise(load_default=0)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Discount:
        return Discount(**data)


class WastageIn(ApiSchema):
    """A wastage of the line's own, beside that of its piece."""

    kind = OneOf(WastageKind, required=True)
    bp = Whole(most=10_000, load_default=0)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Wastage:
        return Wastage(WastageKind(data["kind"]), data["bp"])


class LotMakingIn(ApiSchema):
    """The making of what is sold out of a lot: paise a gram or a piece, or a percentage of the metal."""

    kind = OneOf(MakingKind, required=True)
    paise = Paise(load_default=0)
    bp = Whole(most=100_000, load_default=0)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Making:
        kind = MakingKind(data["kind"])
        return Making(kind, data["bp" if kind is MakingKind.PERCENT else "paise"])


class LineIn(ApiSchema):
    """A piece (`itemId`), so much out of a lot (`lotId` with `netMg`, or `stoneMct` at `stoneRatePaise` the carat),
    goods or a service at a price of its own (`sells`, `pricePaise` each), or what a mended piece costs (`repairId`).
    The rate of a piece and of a lot is the board's or its own; a piece's also a locked one, or that of the bill's
    order."""

    item_id = IdField(allow_none=True)
    discount = fields.Nested(DiscountIn)
    making_discount = fields.Nested(DiscountIn)
    rate_paise_per_g = Paise(least=1, allow_none=True)
    rate_lock_id = IdField(allow_none=True)
    of_order = Flag()
    repair_id = IdField(allow_none=True)
    wastage = fields.Nested(WastageIn, allow_none=True)
    sells = Text(least=1, most=24, allow_none=True)
    description = Text(most=LONGEST_NAME, allow_none=True)
    price_paise = Paise(least=1, allow_none=True)
    pieces = Whole(least=1, most=MAX_PIECES)
    tax_included = Flag()
    lot_id = IdField(allow_none=True)
    net_mg = Whole(least=1, most=MAX_MG, allow_none=True)
    stone_mct = Whole(least=1, most=MAX_MCT, allow_none=True)
    stone_rate_paise = Paise(least=1, allow_none=True)
    making = fields.Nested(LotMakingIn, allow_none=True)
    hsn = Text(least=4, most=8, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> LineDraft:
        return LineDraft(**data)


class PaymentIn(ApiSchema):
    """Money, or a credit (`mode` credit, `creditId`); of cash also what was tendered, the rest going back as change."""

    mode = OneOf(PaymentMode, required=True)
    paise = Paise(least=1, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)
    credit_id = IdField(allow_none=True)
    tendered_paise = Paise(least=1, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> PaymentDraft:
        return PaymentDraft(**data)


class MoneyIn(ApiSchema):
    """Money given back or taken with a note: no credit can be either."""

    mode = OneOf(MONEY, required=True)
    paise = Paise(least=1, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> PaymentDraft:
        return PaymentDraft(**data)


class BillIn(ApiSchema):
    """A bill; `expectedTotalPaise` is what the customer was told, and another total is refused; `toldPaise` is a price
    agreed for the whole bill, tax and all, which the bill then comes to. `discount` is of the whole bill, before tax.
    `approvalIds`: granted approvals that it uses up; `schemeIds`: full schemes whose bonus it gives, paid with what was
    saved in them; `orderId`: the order that it delivers."""

    lines = fields.List(fields.Nested(LineIn), required=True, validate=validate.Length(1, MAX_LINES))
    payments = fields.List(fields.Nested(PaymentIn), load_default=list, validate=validate.Length(max=MAX_PAYMENTS))
    customer_id = IdField(allow_none=True, load_default=None)
    till_id = IdField(allow_none=True, load_default=None)
    ship_to = Text(least=2, most=2, allow_none=True, load_default=None)
    pan_declared = Flag(load_default=False)
    expected_total_paise = Paise(allow_none=True, load_default=None)
    discount = fields.Nested(DiscountIn)
    told_paise = Paise(least=1, allow_none=True)
    occasion = Text(least=1, most=24, allow_none=True)
    approval_ids = fields.List(IdField(), load_default=list, validate=validate.Length(max=MAX_APPROVALS))
    scheme_ids = fields.List(IdField(), load_default=list, validate=validate.Length(max=MAX_SCHEMES))
    order_id = IdField(allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> BillDraft:
        listed = {name: tuple(data[name]) for name in ("lines", "payments", "approval_ids", "scheme_ids")}
        return BillDraft(**{**data, **listed})

    def load(self, data: Any, **options: Any) -> Any:
        """The usual bill is read in a fifteenth of the time; whatever is unusual takes the way that can explain it."""
        try:
            return read_usual(data)
        except msgspec.ValidationError:
            return super().load(data, **options)


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
    these it reverses all that is left of the bill."""

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


class LinePurity(ApiSchema):
    metal = fields.String()
    fineness = fields.Integer()


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


class StepOut(ApiSchema):
    """One step of a price in words; those before the rule `taxable` add up to it."""

    rule = fields.String()
    text = fields.String()
    paise = fields.Integer()


class LineOut(ApiSchema):
    """`kind`, `pieces`, `pricePaise`, `correctsLineId` and `explanation` are not there on documents that were issued
    before there were lines without a piece, `lotId` and `stoneMct` before lots were sold from by weight."""

    id = IdField()
    pos = fields.Integer()
    kind = fields.String()
    item_id = IdField(allow_none=True)
    lot_id = IdField(allow_none=True)
    stone_mct = fields.Integer(allow_none=True)
    reverses_line_id = IdField(allow_none=True)
    corrects_line_id = IdField(allow_none=True)
    pieces = fields.Integer()
    price_paise = fields.Integer()
    explanation = fields.List(fields.Nested(StepOut))
    description = fields.String()
    tag = fields.String()
    huid = fields.String(allow_none=True)
    hsn = fields.String()
    purity = fields.Nested(LinePurity)
    gross_mg = fields.Integer()
    stone_mg = fields.Integer()
    net_mg = fields.Integer()
    rate_paise_per_g = fields.Integer()
    metal_paise = fields.Integer()
    wastage_paise = fields.Integer()
    making_paise = fields.Integer()
    making_discount_paise = fields.Integer()
    stones_paise = fields.Integer()
    hallmark_paise = fields.Integer()
    discount_paise = fields.Integer()
    taxable_paise = fields.Integer()
    tax_bp = fields.Integer()
    cgst_paise = fields.Integer()
    sgst_paise = fields.Integer()
    igst_paise = fields.Integer()
    total_paise = fields.Integer()


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
    """What the caller may not do alone; a POST to /approvals with this body asks for it."""

    kind = fields.String()
    right = fields.String()
    subject_id = IdField(allow_none=True)
    facts = fields.Dict(keys=fields.String())


class QuoteLineOut(LineOut):
    class Meta:
        exclude = ("id", "pos", "reverses_line_id", "corrects_line_id")


class QuoteOut(ApiSchema):
    """A bill as it would be issued now."""

    kind = fields.String()
    place_of_supply = fields.String()
    inter_state = fields.Boolean()
    taxable_paise = fields.Integer()
    cgst_paise = fields.Integer()
    sgst_paise = fields.Integer()
    igst_paise = fields.Integer()
    round_off_paise = fields.Integer()
    total_paise = fields.Integer()
    bonus_paise = fields.Integer()
    lines = fields.List(fields.Nested(QuoteLineOut))
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
