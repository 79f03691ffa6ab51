"""Owns the schemes' JSON."""

from typing import Any

from marshmallow import fields, post_load, validate

from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, Paise, Text, Whole
from app.schemes.plans import MAX_INSTALMENT, BonusKind, InstalmentKind, PlanTerms
from app.schemes.service import EnrolDraft, Nominee, PaymentDraft, PlanDraft, SchemeState

MODES = ("cash", "upi", "card", "bank", "cheque")
MOST_PAYMENTS = 5


class PlanPurity(ApiSchema):
    """The metal whose grams the passbook shows."""

    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=10_000, required=True)


class PlanIn(ApiSchema):
    """A plan, or a new version of the one of this code. `mostLate` null: late instalments cost no bonus."""

    code = Text(least=1, most=12, required=True, validate=validate.Regexp(r"^[A-Z0-9-]+$"))
    name = Text(least=1, most=80, required=True)
    valid_from = Day(allow_none=True, load_default=None)
    instalment = OneOf(InstalmentKind, required=True)
    least_paise = Paise(least=1, most=MAX_INSTALMENT, required=True)
    step_paise = Paise(least=1, most=MAX_INSTALMENT, load_default=1)
    months = Whole(least=1, most=60, required=True)
    bonus = OneOf(BonusKind, required=True)
    bonus_bp = Whole(most=10_000, load_default=0)
    grace_days = Whole(most=31, load_default=0)
    most_late = Whole(most=60, allow_none=True, load_default=None)
    purity = fields.Nested(PlanPurity, allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> PlanDraft:
        purity = data["purity"] or {"metal": None, "fineness": None}
        terms = PlanTerms(
            InstalmentKind(data["instalment"]), data["least_paise"], data["step_paise"], data["months"],
            BonusKind(data["bonus"]), data["bonus_bp"], data["grace_days"], data["most_late"], purity["metal"],
            purity["fineness"],
        )  # fmt: skip
        return PlanDraft(code=data["code"], name=data["name"], terms=terms, valid_from=data["valid_from"])


class PlanEnd(ApiSchema):
    """The last day on which one may join; null: today."""

    last_on = Day(allow_none=True, load_default=None)


class PlanOut(ApiSchema):
    id = IdField()
    code = fields.String()
    name = fields.String()
    valid_from = Day()
    valid_to = Day(allow_none=True)
    instalment = fields.String()
    least_paise = fields.Integer()
    step_paise = fields.Integer()
    months = fields.Integer()
    bonus = fields.String()
    bonus_bp = fields.Integer()
    grace_days = fields.Integer()
    most_late = fields.Integer(allow_none=True)
    purity = fields.Nested(PlanPurity, allow_none=True)
    version = fields.Integer()
    created_at = Moment()


class PlansOut(ApiSchema):
    items = fields.List(fields.Nested(PlanOut))


class NomineeSchema(ApiSchema):
    """Who gets what was saved if the saver dies."""

    name = Text(least=1, most=140, required=True)
    relation = Text(least=1, most=40, required=True)
    phone = Text(most=40, allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Nominee:
        return Nominee(**data)


class SchemeIn(ApiSchema):
    """A scheme that begins today."""

    plan_id = IdField(required=True)
    customer_id = IdField(required=True)
    instalment_paise = Paise(least=1, most=MAX_INSTALMENT, required=True)
    nominee = fields.Nested(NomineeSchema, allow_none=True, load_default=None)
    till_id = IdField(allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> EnrolDraft:
        return EnrolDraft(**data)


class SchemePayment(ApiSchema):
    mode = OneOf(MODES, required=True)
    paise = Paise(least=1, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> PaymentDraft:
        return PaymentDraft(**data)


class InstalmentIn(ApiSchema):
    """Money for a scheme: one instalment, or several fixed ones at once."""

    payments = fields.List(
        fields.Nested(SchemePayment), required=True, validate=validate.Length(min=1, max=MOST_PAYMENTS)
    )
    till_id = IdField(allow_none=True, load_default=None)


class InstalmentBack(ApiSchema):
    """A receipt of the scheme that counts no more: a cheque that was not honoured, a slip of the hand."""

    receipt_id = IdField(required=True)
    reason = Text(least=3, most=200, required=True)
    till_id = IdField(allow_none=True, load_default=None)


class SchemeClosing(ApiSchema):
    reason = Text(least=3, most=200, required=True)


class SchemeRefund(ApiSchema):
    """What was saved, paid back as it is without a bonus; the money must be all of it."""

    reason = Text(least=3, most=200, required=True)
    payments = fields.List(
        fields.Nested(SchemePayment), required=True, validate=validate.Length(min=1, max=MOST_PAYMENTS)
    )
    till_id = IdField(allow_none=True, load_default=None)


class SchemeOut(ApiSchema):
    id = IdField()
    number = fields.String()
    plan_id = IdField()
    customer_id = IdField()
    instalment_paise = fields.Integer()
    begun_on = Day()
    matures_on = Day()
    warns_on = Day()
    stops_on = Day()
    state = fields.String()
    paid_paise = fields.Integer()
    paid_count = fields.Integer()
    late_count = fields.Integer()
    grams_mg = fields.Integer()
    next_due_on = Day(allow_none=True)
    ended_on = Day(allow_none=True)
    end_reason = fields.String(allow_none=True)
    credit_id = IdField(allow_none=True)
    bonus_paise = fields.Integer()
    bonus_making_bp = fields.Integer()
    bonus_document_id = IdField(allow_none=True)
    version = fields.Integer()


class SchemeSummaryOut(ApiSchema):
    scheme = fields.Nested(SchemeOut)
    plan_name = fields.String()
    months = fields.Integer()
    customer_name = fields.String()
    missed = fields.Integer()


SchemePage = page_of(SchemeSummaryOut)


class InstalmentOut(ApiSchema):
    no = fields.Integer()
    receipt_id = IdField()
    receipt_number = fields.String()
    due_on = Day()
    paid_on = Day()
    late = Flag()
    paise = fields.Integer()
    rate_paise_per_g = fields.Integer(allow_none=True)
    grams_mg = fields.Integer()


class PassbookMonth(ApiSchema):
    no = fields.Integer()
    due_on = Day()
    paid = fields.Nested(InstalmentOut, allow_none=True)


class SchemeStanding(ApiSchema):
    """By today: how many were due, how many of them are missing, when the next is due."""

    due = fields.Integer()
    missed = fields.Integer()
    next_due_on = Day(allow_none=True)


class SchemePromise(ApiSchema):
    """The bonus: money before tax, or basis points of the bill's making charge."""

    paise = fields.Integer()
    making_bp = fields.Integer()


class PassbookOut(ApiSchema):
    """`promise` is the bonus that it has, or would have if the rest came in time."""

    scheme = fields.Nested(SchemeOut)
    plan = fields.Nested(PlanOut)
    months = fields.List(fields.Nested(PassbookMonth))
    standing = fields.Nested(SchemeStanding)
    promise = fields.Nested(SchemePromise)
    nominee = fields.Nested(NomineeSchema, allow_none=True)
    left_paise = fields.Integer()


class CollectedOut(ApiSchema):
    scheme = fields.Nested(SchemeOut)
    instalments = fields.List(fields.Nested(InstalmentOut))
    receipt_id = IdField()
    receipt_number = fields.String()


class SchemeArgs(PageArgs):
    """`number` is a beginning; `dueBy`: an instalment was due by then and is not paid."""

    state = OneOf(SchemeState, load_default=None)
    plan_id = IdField(load_default=None)
    customer_id = IdField(load_default=None)
    number = Text(most=16, load_default=None)
    due_by = Day(load_default=None)


class PlanLiabilityOut(ApiSchema):
    plan = fields.Nested(PlanOut)
    savers = fields.Integer()
    paid_paise = fields.Integer()
    grams_mg = fields.Integer()
    bonuses = fields.Integer()
    bonus_paise = fields.Integer()


class MonthLiabilityOut(ApiSchema):
    first = Day()
    savers = fields.Integer()
    paise = fields.Integer()


class LiabilityOut(ApiSchema):
    """What the shop owes its savers: by plan while they save, by the month they mature in, and left in credits."""

    plans = fields.List(fields.Nested(PlanLiabilityOut))
    months = fields.List(fields.Nested(MonthLiabilityOut))
    open_paise = fields.Integer()
    credits_paise = fields.Integer()
    bonus_paise = fields.Integer()
    total_paise = fields.Integer()


class SchemeNotice(ApiSchema):
    scheme = fields.Nested(SchemeOut)
    customer_name = fields.String()
    left_paise = fields.Integer()
    ended = Flag()


class SchemeNotices(ApiSchema):
    items = fields.List(fields.Nested(SchemeNotice))
