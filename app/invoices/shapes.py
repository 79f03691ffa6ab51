"""Owns the JSON of bills that other rooms' JSON is made of: what a bill is asked for with, and a priced line."""

from typing import Any

import msgspec
from marshmallow import fields, post_load, pre_dump, validate

from app.invoices.pricing import MAX_PIECES, Discount, Making, MakingKind, Wastage, WastageKind
from app.invoices.service import BillDraft, LineDraft, PaymentDraft, PaymentMode
from app.invoices.service.drafts import LONGEST_NAME, MAX_APPROVALS, MAX_SCHEMES
from app.invoices.usual import read_usual
from app.kit.schemas import ApiSchema, Flag, IdField, OneOf, Paise, Text, Whole
from app.kit.weights import MAX_MCT, MAX_MG

MAX_LINES = 100
MAX_PAYMENTS = 10

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


def _figure_of(kind: MakingKind) -> str:
    return "bp" if kind is MakingKind.PERCENT else "paise"


class LotMakingIn(ApiSchema):
    """The making of what is sold out of a lot: paise a gram or a piece, or a percentage of the metal."""

    kind = OneOf(MakingKind, required=True)
    paise = Paise(load_default=0)
    bp = Whole(most=100_000, load_default=0)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Making:
        kind = MakingKind(data["kind"])
        return Making(kind, data[_figure_of(kind)])

    @pre_dump
    def told(self, making: Making, **_: object) -> dict[str, Any]:
        """As it is taken: a sheet that is taken up again can be sent as a bill."""
        return {"kind": making.kind, _figure_of(making.kind): making.amount}


class LineIn(ApiSchema):
    """A piece (`itemId`), so much out of a lot (`lotId` with `netMg`, or `stoneMct` at `stoneRatePaise` the carat),
    goods or a service at a price of its own (`sells`, `pricePaise` each), or what a mended piece costs (`repairId`).
    The rate of a piece and of a lot is the board's or its own; a piece's also a locked one, that of the bill's order,
    or the one that its estimate keeps."""

    item_id = IdField(allow_none=True)
    discount = fields.Nested(DiscountIn)
    making_discount = fields.Nested(DiscountIn)
    rate_paise_per_g = Paise(least=1, allow_none=True)
    rate_lock_id = IdField(allow_none=True)
    of_order = Flag()
    of_estimate = Flag()
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


class BillIn(ApiSchema):
    """A bill; `expectedTotalPaise` is what the customer was told, and another total is refused; `toldPaise` is a price
    agreed for the whole bill, tax and all, which the bill then comes to. `discount` is of the whole bill, before tax.
    `approvalIds`: granted approvals that it uses up; `schemeIds`: full schemes whose bonus it gives, paid with what was
    saved in them; `orderId`: the order that it delivers; `estimateId`: the estimate that becomes this bill."""

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
    estimate_id = IdField(allow_none=True, load_default=None)

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


# ---------------------------------------------------------------- what is answered


class LinePurity(ApiSchema):
    metal = fields.String()
    fineness = fields.Integer()


class OtherMetalOut(LinePurity):
    """A further metal of a piece: its share of `netMg`, its rate, and its part of `metalPaise`."""

    net_mg = fields.Integer()
    rate_paise_per_g = fields.Integer()
    metal_paise = fields.Integer()


class StepOut(ApiSchema):
    """One step of a price in words; those before the rule `taxable` add up to it."""

    rule = fields.String()
    text = fields.String()
    paise = fields.Integer()


class LineOut(ApiSchema):
    """`kind`, `pieces`, `pricePaise`, `correctsLineId` and `explanation` are not there on documents that were issued
    before there were lines without a piece, `lotId` and `stoneMct` before lots were sold from by weight. `purity` and
    `ratePaisePerG` are of the main metal; `otherMetals` is left out where it is the only one."""

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
    other_metals = fields.List(fields.Nested(OtherMetalOut))
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


class QuoteLineOut(LineOut):
    class Meta:
        exclude = ("id", "pos", "reverses_line_id", "corrects_line_id")


class PricedOut(ApiSchema):
    """What a sale comes to before it is a bill."""

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
