"""Owns the JSON of orders and repairs."""

from typing import Any

from marshmallow import fields, validate

from app.credits.service import Mode, Payment
from app.kit.costs import Cost
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.weights import FINE, MAX_MG
from app.orders.facts import ANSWERED_BY, MAX_LINES, MAX_PIECES, RATE_BASES
from app.orders.models import OrderKind
from app.orders.views import OrderDraft, RepairDraft, Wanted

MOST_PAYMENTS = 6


class AdvancePaymentSchema(ApiSchema):
    mode = OneOf(Mode, required=True)
    paise = Paise(least=1, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)


def _payments(**more: Any) -> fields.List[Any]:
    return fields.List(fields.Nested(AdvancePaymentSchema), validate=validate.Length(max=MOST_PAYMENTS), **more)


class WantedSchema(ApiSchema):
    """A piece that is wanted, or several alike: `weightMg` is about what each of them weighs net, `estimatePaise` what
    they come to together."""

    description = Text(least=1, most=200, required=True)
    category = Text(least=1, most=24, required=True)
    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=FINE, required=True)
    weight_mg = Whole(least=1, most=MAX_MG, required=True, metadata={"description": "Of each piece."})
    pieces = Whole(least=1, most=MAX_PIECES, load_default=1)
    estimate_paise = Paise(load_default=0)
    picture_id = IdField(allow_none=True, load_default=None)


class WantedOut(WantedSchema):
    rate_paise_per_g = fields.Integer(allow_none=True)


class OrderIn(ApiSchema):
    """`rateBasis` today: the board's rate of now is kept; locked: with a lock of the rates room; delivery: none is."""

    customer_id = IdField(required=True)
    lines = fields.List(fields.Nested(WantedSchema), required=True, validate=validate.Length(min=1, max=MAX_LINES))
    due_on = Day(required=True)
    rate_basis = OneOf(RATE_BASES, load_default="delivery")
    rate_lock_id = IdField(allow_none=True, load_default=None)
    note = Text(most=300, allow_none=True, load_default=None)
    advance = _payments(load_default=list)


class RepairIn(ApiSchema):
    """A customer's own piece as it comes in."""

    customer_id = IdField(required=True)
    description = Text(least=1, most=200, required=True)
    condition = Text(least=1, most=300, required=True)
    work = Text(least=1, most=200, required=True)
    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=FINE, required=True)
    gross_mg = Whole(least=1, most=MAX_MG, required=True)
    pieces = Whole(least=1, most=MAX_PIECES, load_default=1)
    picture_id = IdField(allow_none=True, load_default=None)
    estimate_paise = Paise(allow_none=True, load_default=None)
    due_on = Day(required=True)
    note = Text(most=300, allow_none=True, load_default=None)
    advance = _payments(load_default=list)


class OrderAdvanceIn(ApiSchema):
    payments = _payments(required=True)


class OrderStageIn(ApiSchema):
    stage = Text(least=1, most=16, required=True)
    note = Text(most=200, allow_none=True, load_default=None)


class OrderEdit(ApiSchema):
    due_on = Day(required=True)


class OrderCancellationIn(ApiSchema):
    """`mode`: how the advance goes back; left out, it stays the customer's credit."""

    reason = Text(least=3, most=200, required=True)
    mode = OneOf(Mode, allow_none=True, load_default=None)
    reference = Text(most=60, allow_none=True, load_default=None)


class RepairEstimateIn(ApiSchema):
    paise = Paise(required=True)


class RepairChargeIn(RepairEstimateIn):
    """`approvalId`: where it is less than the customer agreed to, and the role gives no discount."""

    approval_id = IdField(allow_none=True, load_default=None)


class RepairAnswerIn(ApiSchema):
    agreed = Flag(required=True)
    by = OneOf(ANSWERED_BY, required=True)


class RepairUseIn(ApiSchema):
    """Metal of a lot with its weight, at the lot's cost; or a part at a cost."""

    description = Text(least=1, most=120, required=True)
    lot_id = IdField(allow_none=True, load_default=None)
    net_mg = Whole(most=MAX_MG, load_default=0)
    cost_paise = Paise(load_default=0)


class RepairHandingBackIn(ApiSchema):
    """`approvalId`: where more is missing than scales explain, and the role writes no metal off."""

    gross_out_mg = Whole(least=1, most=MAX_MG, required=True)
    why_it_differs = Text(most=200, allow_none=True, load_default=None)
    approval_id = IdField(allow_none=True, load_default=None)


class RepairUseOut(ApiSchema):
    description = fields.String()
    metal = fields.String(allow_none=True)
    fineness = fields.Integer()
    net_mg = fields.Integer()
    cost_paise = Cost()
    at = Moment()


class MendingOut(ApiSchema):
    description = fields.String()
    condition = fields.String()
    work = fields.String()
    metal = fields.String()
    fineness = fields.Integer()
    pieces = fields.Integer()
    gross_mg = fields.Integer()
    picture_id = IdField(allow_none=True)
    estimate_paise = fields.Integer(allow_none=True)
    answered_at = Moment(allow_none=True)
    answered_by = fields.String(allow_none=True)
    expected_out_mg = fields.Integer()
    gross_out_mg = fields.Integer(allow_none=True)
    charge_paise = fields.Integer(allow_none=True)
    used = fields.List(fields.Nested(RepairUseOut))


class OrderStepOut(ApiSchema):
    stage = fields.String()
    at = Moment()
    note = fields.String(allow_none=True)
    actor_id = IdField(allow_none=True)


class OrderAdvanceOut(ApiSchema):
    credit_id = IdField()
    receipt_id = IdField()
    paise = fields.Integer()
    left_paise = fields.Integer()
    at = Moment()


class OrderOut(ApiSchema):
    id = IdField()
    kind = fields.String(metadata={"description": "order or repair"})
    number = fields.String()
    customer_id = IdField()
    customer_name = fields.String()
    rate_basis = fields.String()
    rate_lock_id = IdField(allow_none=True)
    note = fields.String(allow_none=True)
    taken_on = fields.Date()
    taken_at = Moment()
    stage = fields.String()
    is_open = fields.Boolean()
    due_on = fields.Date()
    invoice_id = IdField(allow_none=True)
    closed_at = Moment(allow_none=True)
    lines = fields.List(fields.Nested(WantedOut))
    repair = fields.Nested(MendingOut, allow_none=True)
    steps = fields.List(fields.Nested(OrderStepOut))
    advances = fields.List(fields.Nested(OrderAdvanceOut))
    advance_paise = fields.Integer()
    estimate_paise = fields.Integer()
    version = fields.Integer()


OrderPage = page_of(OrderOut)


class OrderArgs(PageArgs):
    """`overdue` is of open ones that were due before today; `number` is a beginning."""

    kind = OneOf(OrderKind, load_default=None)
    stage = Text(most=16, load_default=None)
    is_open = Flag(load_default=None)
    overdue = Flag(load_default=False)
    customer_id = IdField(load_default=None)
    number = Text(most=16, load_default=None)


def order_of(body: dict[str, Any]) -> OrderDraft:
    known = {name: value for name, value in body.items() if name not in ("lines", "advance")}
    return OrderDraft(lines=tuple(Wanted(**line) for line in body["lines"]), **known)


def repair_of(body: dict[str, Any]) -> RepairDraft:
    return RepairDraft(**{name: value for name, value in body.items() if name != "advance"})


def payments_of(rows: list[dict[str, Any]]) -> tuple[Payment, ...]:
    return tuple(Payment(**one) for one in rows)
