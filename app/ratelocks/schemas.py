"""Owns the JSON of locked rates."""

from marshmallow import fields

from app.kit.money import MAX_PAISE
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.weights import MAX_MG
from app.ratelocks.service import LockState


class LockPurity(ApiSchema):
    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=10_000, required=True)


class RateLockIn(ApiSchema):
    """`paisePerG` left out: the board's rate."""

    customer_id = IdField(required=True)
    credit_id = IdField(required=True)
    purity = fields.Nested(LockPurity, required=True)
    mg = Whole(least=1, most=MAX_MG, required=True)
    paise_per_g = Paise(least=1, most=MAX_PAISE, load_default=None, allow_none=True)
    expires_on = Day(required=True)
    approval_id = IdField(load_default=None, allow_none=True)


class RateLockOut(ApiSchema):
    id = IdField()
    customer_id = IdField()
    credit_id = IdField()
    purity = fields.Nested(LockPurity)
    label = fields.String()
    paise_per_g = fields.Integer()
    mg = fields.Integer()
    left_mg = fields.Integer()
    state = fields.String()
    expires_on = Day()
    made_at = Moment()
    made_by = IdField(allow_none=True)
    version = fields.Integer()


RateLockPage = page_of(RateLockOut)


class RateLockArgs(PageArgs):
    customer_id = IdField(load_default=None)
    state = OneOf(LockState, load_default=None)
