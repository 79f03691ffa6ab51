"""Owns the JSON of estimates and of sheets that were put aside."""

from typing import Any

from marshmallow import fields, post_load

from app.estimates.service import STATES
from app.invoices.shapes import BillIn, PricedOut
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, IdField, Moment, OneOf, Text


class EstimateIn(BillIn):
    """A bill's draft without money; `expiresOn`: its last day, left out: the usual one."""

    class Meta(BillIn.Meta):
        exclude = ("payments", "expected_total_paise", "estimate_id")

    expires_on = Day(allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        last = data.pop("expires_on")
        return {"draft": super().make({**data, "payments": []}), "expires_on": last}

    def load(self, data: Any, **options: Any) -> Any:
        return ApiSchema.load(self, data, **options)


class EstimateOut(PricedOut):
    """An estimate as it was told, and what became of it; `keptItemIds`: pieces whose board rate it keeps until
    `ratesExpireOn`."""

    id = IdField()
    number = fields.String()
    state = fields.String()
    customer_id = IdField(allow_none=True)
    till_id = IdField()
    made_at = Moment()
    made_on = Day()
    made_by = IdField(allow_none=True)
    expires_on = Day()
    rates_expire_on = Day(allow_none=True)
    invoice_id = IdField(allow_none=True)
    version = fields.Integer()
    kept_item_ids = fields.List(IdField())


class EstimateSummaryOut(ApiSchema):
    id = IdField()
    number = fields.String()
    state = fields.String()
    customer_id = IdField(allow_none=True)
    customer_name = fields.String(allow_none=True)
    till_id = IdField()
    made_at = Moment()
    made_on = Day()
    made_by = IdField(allow_none=True)
    expires_on = Day()
    rates_expire_on = Day(allow_none=True)
    total_paise = fields.Integer()
    invoice_id = IdField(allow_none=True)
    version = fields.Integer()


EstimatePage = page_of(EstimateSummaryOut)


class EstimateArgs(PageArgs):
    """`number` is a beginning."""

    state = OneOf(STATES, load_default=None)
    customer_id = IdField(load_default=None)
    number = Text(most=16, load_default=None)


class HeldIn(ApiSchema):
    """A sheet that is put aside, by a word that the clerk knows it by. Nothing on it is checked or reserved."""

    label = Text(least=1, most=60, required=True)
    draft = fields.Nested(BillIn, required=True)


class HeldOut(ApiSchema):
    id = IdField()
    lines = fields.Integer()
    till_id = IdField(allow_none=True)
    held_at = Moment()
    held_by = IdField(allow_none=True)


class HeldSummaryOut(HeldOut):
    label = fields.String()


class RecalledOut(HeldOut):
    """`draft` can be sent as a bill or quote as it is."""

    draft = fields.Nested(BillIn)


HeldPage = page_of(HeldSummaryOut)


class HeldArgs(PageArgs):
    """Sheets that wait have no filters."""
