"""Owns the JSON of karigars' accounts: labour bills, payments, statements."""

from typing import Any

from marshmallow import fields, validate

from app.karigar.schemas import FineBalanceOut, KarigarOut
from app.karigar.service.labour_bills import MODES, MOST_JOBS
from app.karigar.views import BillDraft, BilledJob
from app.kit.clock import financial_year, today_ist
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, IdField, Moment, OneOf, Paise, QueryArgs, Text


class BilledJobSchema(ApiSchema):
    job_id = IdField(required=True)
    labour_paise = Paise(required=True)


class LabourBillIn(ApiSchema):
    """A karigar's bill as it came; GST and TDS are reckoned by the law of its day."""

    number = Text(least=1, most=16, required=True)
    billed_on = Day(required=True)
    jobs = fields.List(
        fields.Nested(BilledJobSchema), required=True, validate=validate.Length(min=1, max=MOST_JOBS)
    )  # fmt: skip


class LabourBillOut(ApiSchema):
    id = IdField()
    karigar_id = IdField()
    number = fields.String()
    billed_on = fields.Date()
    hsn = fields.String()
    karigar_gstin = fields.String(allow_none=True)
    labour_paise = fields.Integer()
    tax_bp = fields.Integer()
    cgst_paise = fields.Integer()
    sgst_paise = fields.Integer()
    igst_paise = fields.Integer()
    reverse_charge = fields.Boolean()
    tds_base_paise = fields.Integer()
    tds_bp = fields.Integer()
    tds_paise = fields.Integer()
    total_paise = fields.Integer()
    payable_paise = fields.Integer()
    noted_at = Moment()
    jobs = fields.List(fields.Nested(BilledJobSchema))


LabourBillPage = page_of(LabourBillOut)


class LabourBillArgs(PageArgs):
    karigar_id = IdField(load_default=None)


class KarigarPaymentIn(ApiSchema):
    mode = OneOf(MODES, required=True)
    paise = Paise(least=1, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)


class KarigarDueOut(ApiSchema):
    """Above zero: owed to the karigar; below: paid, kept back, or owed by them."""

    id = IdField()
    kind = fields.String()
    paise = fields.Integer()
    booked_on = fields.Date()
    booked_at = Moment()
    bill_id = IdField(allow_none=True)
    job_id = IdField(allow_none=True)
    number = fields.String(allow_none=True)
    mode = fields.String(allow_none=True)
    reference = fields.String(allow_none=True)


class KarigarStatementArgs(QueryArgs):
    """Without days: this financial year up to today."""

    first = Day(load_default=lambda: financial_year(today_ist()).starts_on, data_key="from")
    last = Day(load_default=today_ist, data_key="to")


class KarigarMetalMoveOut(ApiSchema):
    on = fields.Date()
    challan_id = IdField()
    kind = fields.String()
    number = fields.String(allow_none=True)
    job_number = fields.String()
    why = fields.String()
    metal = fields.String()
    fineness = fields.Integer()
    net_mg = fields.Integer()
    fine = fields.Integer()
    balance = fields.Integer()


class KarigarMoneyMoveOut(ApiSchema):
    due = fields.Nested(KarigarDueOut)
    balance_paise = fields.Integer()


class StoneBalanceOut(ApiSchema):
    kind = fields.String()
    stones = fields.Integer()
    weight_mct = fields.Integer()


class KarigarStatementOut(ApiSchema):
    karigar = fields.Nested(KarigarOut)
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    opening = fields.List(fields.Nested(FineBalanceOut))
    closing = fields.List(fields.Nested(FineBalanceOut))
    metal = fields.List(fields.Nested(KarigarMetalMoveOut))
    opening_paise = fields.Integer()
    closing_paise = fields.Integer()
    money = fields.List(fields.Nested(KarigarMoneyMoveOut))
    stones = fields.List(fields.Nested(StoneBalanceOut))


def bill_of(body: dict[str, Any]) -> BillDraft:
    return BillDraft(
        number=body["number"], billed_on=body["billed_on"], jobs=tuple(BilledJob(**one) for one in body["jobs"])
    )
