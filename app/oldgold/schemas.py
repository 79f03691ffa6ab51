"""Owns the JSON of old gold."""

from typing import Any

from marshmallow import fields, post_load, validate

from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.weights import MAX_MG
from app.oldgold.service import LineDraft, PayoutDraft, PayoutMode, PurchaseDraft, TestKind

MAX_LINES = 30
MAX_PAYOUTS = 5


class OldGoldLineIn(ApiSchema):
    """One piece; `dirtMg` is all that is no metal, stones too. Loss and rate left out: by the shop's terms. `ofLineId`:
    the bill's line by which this shop had sold it; it is bought back once, at a share of its metal's value today."""

    description = Text(least=1, most=120, required=True)
    metal = Text(least=1, most=10, required=True)
    gross_mg = Whole(least=1, most=MAX_MG, required=True)
    dirt_mg = Whole(most=MAX_MG, load_default=0)
    fineness = Whole(least=1, most=10_000, required=True)
    test = OneOf(TestKind, required=True)
    test_note = Text(most=120, allow_none=True, load_default=None)
    melting_loss_bp = Whole(most=10_000, allow_none=True, load_default=None)
    fine_rate_paise_per_g = Paise(least=1, allow_none=True, load_default=None)
    picture_id = IdField(allow_none=True, load_default=None)
    resale = Flag(load_default=False)
    of_line_id = IdField(allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> LineDraft:
        return LineDraft(**{**data, "test": TestKind(data["test"])})


class SellerIdentity(ApiSchema):
    """The paper that says who the seller is."""

    kind = Text(least=1, most=12, required=True)
    number = Text(least=1, most=40, required=True)


class OldGoldPayoutIn(ApiSchema):
    """How a part of the value is settled; `credit` stays with the shop, for a bill."""

    mode = OneOf(PayoutMode, required=True)
    paise = Paise(least=1, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> PayoutDraft:
        return PayoutDraft(**{**data, "mode": PayoutMode(data["mode"])})


class OldGoldIn(ApiSchema):
    """Old gold brought by a person. No payouts: all of it stays as a credit. `expectedValuePaise` is what the seller
    was told, and another value is refused."""

    customer_id = IdField(required=True)
    identity = fields.Nested(SellerIdentity, required=True)
    lines = fields.List(fields.Nested(OldGoldLineIn), required=True, validate=validate.Length(1, MAX_LINES))
    payouts = fields.List(fields.Nested(OldGoldPayoutIn), load_default=list, validate=validate.Length(max=MAX_PAYOUTS))
    till_id = IdField(allow_none=True, load_default=None)
    pan_declared = Flag(load_default=False)
    expected_value_paise = Paise(allow_none=True, load_default=None)
    approval_id = IdField(allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> PurchaseDraft:
        identity = data.pop("identity")
        return PurchaseDraft(**{
            **data, "identity_kind": identity["kind"], "identity_number": identity["number"],
            "lines": tuple(data["lines"]), "payouts": tuple(data["payouts"]),
        })  # fmt: skip


class OldGoldLineValue(ApiSchema):
    net_mg = fields.Integer()
    fine_mg = fields.Integer()
    melting_loss_bp = fields.Integer()
    fine_rate_paise_per_g = fields.Integer()
    usual_rate_paise_per_g = fields.Integer()
    value_paise = fields.Integer()
    usual_paise = fields.Integer()
    buyback_bp = fields.Integer(allow_none=True)


class OldGoldFinding(ApiSchema):
    rule = fields.String()
    name = fields.String()
    message = fields.String()
    figure_paise = fields.Integer()
    blocks = Flag()


class OldGoldValueOut(ApiSchema):
    """What it would come to now. `overPaise`: by so much more than the shop's terms say."""

    lines = fields.List(fields.Nested(OldGoldLineValue))
    value_paise = fields.Integer()
    usual_paise = fields.Integer()
    over_paise = fields.Integer()
    findings = fields.List(fields.Nested(OldGoldFinding))


class OldGoldParty(ApiSchema):
    name = fields.String()
    phone = fields.String(allow_none=True)
    pan = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    pin = fields.String(allow_none=True)
    state_code = fields.String(allow_none=True)
    identity_kind = fields.String()
    identity_number = fields.String()


class OldGoldLineOut(ApiSchema):
    id = IdField()
    pos = fields.Integer()
    description = fields.String()
    metal = fields.String()
    gross_mg = fields.Integer()
    dirt_mg = fields.Integer()
    net_mg = fields.Integer()
    fineness = fields.Integer()
    test_kind = fields.String()
    test_note = fields.String(allow_none=True)
    melting_loss_bp = fields.Integer()
    fine_mg = fields.Integer()
    fine_rate_paise_per_g = fields.Integer()
    usual_rate_paise_per_g = fields.Integer()
    value_paise = fields.Integer()
    resale = Flag()
    picture_id = IdField(allow_none=True)
    lot_id = IdField()
    of_line_id = IdField(allow_none=True)
    buyback_bp = fields.Integer(allow_none=True)


class OldGoldPayoutOut(ApiSchema):
    pos = fields.Integer()
    mode = fields.String()
    paise = fields.Integer()
    reference = fields.String(allow_none=True)
    credit_id = IdField(allow_none=True)


class OldGoldOut(ApiSchema):
    """An issued voucher; `party` is null once the seller's particulars were erased."""

    id = IdField()
    number = fields.String()
    issued_at = Moment()
    issued_on = Day()
    book_on = Day()
    till_id = IdField()
    customer_id = IdField()
    identity_kind = fields.String()
    party = fields.Nested(OldGoldParty, allow_none=True)
    pan_declared = Flag()
    value_paise = fields.Integer()
    usual_paise = fields.Integer()
    credit_id = IdField(allow_none=True)
    content_hash = fields.Function(lambda voucher: voucher.content_hash.hex())
    lines = fields.List(fields.Nested(OldGoldLineOut))
    payouts = fields.List(fields.Nested(OldGoldPayoutOut))


class OldGoldSummary(ApiSchema):
    id = IdField()
    number = fields.String()
    issued_at = Moment()
    issued_on = Day()
    customer_id = IdField()
    customer_name = fields.String(allow_none=True)
    gross_mg = fields.Integer()
    fine_mg = fields.Integer()
    value_paise = fields.Integer()


OldGoldPage = page_of(OldGoldSummary)


class OldGoldArgs(PageArgs):
    """`number` is a beginning."""

    customer_id = IdField(load_default=None)
    number = Text(most=16, load_default=None)
    issued_from = Day(load_default=None)
    issued_to = Day(load_default=None)


class BuyingTermsIn(ApiSchema):
    """What is kept of the board's fine rate, and what melting is taken to cost; `validFrom` null: from today."""

    metal = Text(least=1, most=10, required=True)
    margin_bp = Whole(most=10_000, required=True)
    melting_loss_bp = Whole(most=10_000, required=True)
    valid_from = Day(allow_none=True, load_default=None)


class BuyingTermsOut(ApiSchema):
    """`id` null: the trade's, since the shop has set none."""

    id = IdField(allow_none=True)
    metal = fields.String()
    valid_from = Day(allow_none=True)
    margin_bp = fields.Integer()
    melting_loss_bp = fields.Integer()
    set_at = Moment(allow_none=True)
    set_by = IdField(allow_none=True)


class BuyingTermsList(ApiSchema):
    items = fields.List(fields.Nested(BuyingTermsOut))


class IdentityPaper(ApiSchema):
    """`kept`: how many of the number's last signs are kept; null: all."""

    kind = fields.String()
    name = fields.String()
    kept = fields.Integer(allow_none=True)


class IdentityPapers(ApiSchema):
    items = fields.List(fields.Nested(IdentityPaper))
