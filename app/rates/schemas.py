"""Owns the rate board's JSON."""

from typing import Any

from marshmallow import fields, post_load, validate

from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, IdField, Moment, Paise, Text, Whole
from app.rates.service import RateSetting

MAX_RATES = 40


class RatePurity(ApiSchema):
    """A metal in a fineness, in parts per ten thousand: 9160 is 22 karat."""

    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=10_000, required=True)


class RateIn(ApiSchema):
    purity = fields.Nested(RatePurity, required=True)
    paise_per_g = Paise(least=1, required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> RateSetting:
        return RateSetting(data["purity"]["metal"], data["purity"]["fineness"], data["paise_per_g"])


class BoardIn(ApiSchema):
    """Rates to be set at once, or none of them."""

    rates = fields.List(fields.Nested(RateIn), required=True, validate=validate.Length(1, MAX_RATES))


class RateOut(ApiSchema):
    purity = fields.Nested(RatePurity)
    label = fields.String()
    paise_per_g = fields.Integer()
    set_at = Moment()
    set_by = IdField(allow_none=True)


class BoardOut(ApiSchema):
    """The rates in force, gold first, the finest first."""

    rates = fields.List(fields.Nested(RateOut), required=True)


class RateChangeOut(ApiSchema):
    id = IdField()
    purity = fields.Nested(RatePurity)
    paise_per_g = fields.Integer()
    set_at = Moment()
    set_by = IdField(allow_none=True)


class HistoryArgs(PageArgs):
    metal = Text(most=10, load_default=None)
    fineness = Whole(least=1, most=10_000, load_default=None)


RateHistoryPage = page_of(RateChangeOut)
