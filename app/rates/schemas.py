"""Owns the rate board's JSON."""

from typing import Any

from marshmallow import fields, post_load, validate

from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Flag, IdField, Moment, Paise, Text, Whole
from app.rates.service import RateSetting, Rule, RuleDraft, Terms

MAX_RATES = 40
MAX_BP = 10_000
MAX_PREMIUM = 10**8


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
    approval_id = IdField(load_default=None, allow_none=True)


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


class FeedRateOut(ApiSchema):
    """Paise for a gram of the fine metal, without duty, premium and tax."""

    metal = fields.String()
    paise_per_g = fields.Integer()
    feed = fields.String()
    fetched_at = Moment()
    stale = fields.Boolean()


class FeedOut(ApiSchema):
    rates = fields.List(fields.Nested(FeedRateOut), required=True)


class AskedFeedOut(ApiSchema):
    """The job whose end is followed at `/jobs/{jobId}`."""

    job_id = IdField()


class SuggestionOut(ApiSchema):
    """`followed`: accepting sets it; `changeBp` against the board."""

    purity = fields.Nested(RatePurity)
    label = fields.String()
    paise_per_g = fields.Integer()
    board_paise_per_g = fields.Integer(allow_none=True)
    change_bp = fields.Integer(allow_none=True)
    followed = fields.Boolean()
    stale = fields.Boolean()


class SuggestedOut(ApiSchema):
    rates = fields.List(fields.Nested(SuggestionOut), required=True)


class TermsSchema(ApiSchema):
    follows = Flag(required=True)
    with_duty = Flag(required=True)
    auto_publish = Flag(required=True)
    auto_most_bp = Whole(least=1, most=MAX_BP, required=True)
    locked_from_min = Whole(most=1439, required=True, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Terms:
        return Terms(**data)


class RuleIn(ApiSchema):
    purity = fields.Nested(RatePurity, required=True)
    premium_bp = Whole(least=-MAX_BP, most=MAX_BP, required=True)
    premium_paise_per_g = Whole(least=-MAX_PREMIUM, most=MAX_PREMIUM, required=True)
    round_to_paise = Whole(least=1, most=10_000, required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> RuleDraft:
        rule = Rule(data["premium_bp"], data["premium_paise_per_g"], data["round_to_paise"])
        return RuleDraft(data["purity"]["metal"], data["purity"]["fineness"], rule)


class RulesIn(ApiSchema):
    """All rules at once: what is left out is a rule no more."""

    terms = fields.Nested(TermsSchema, required=True)
    rules = fields.List(fields.Nested(RuleIn), required=True, validate=validate.Length(0, MAX_RATES))


class RuleOut(ApiSchema):
    purity = fields.Nested(RatePurity)
    premium_bp = fields.Integer()
    premium_paise_per_g = fields.Integer()
    round_to_paise = fields.Integer()


class RulesOut(ApiSchema):
    terms = fields.Nested(TermsSchema)
    rules = fields.List(fields.Nested(RuleOut))
    version = fields.Integer()
