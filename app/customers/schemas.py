"""Owns the customers' JSON."""

from typing import Any

from marshmallow import fields, post_load, validate

from app.customers.service import DATES, RELATIONS, SpecialDay
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, IdField, Moment, OneOf, QueryArgs, Text, Whole


class _CustomerFields(ApiSchema):
    phone = Text(most=40, allow_none=True)
    email = Text(most=254, allow_none=True)
    gstin = Text(most=20, allow_none=True)
    pan = Text(most=14, allow_none=True)
    address = Text(most=300, allow_none=True)
    city = Text(most=80, allow_none=True)
    pin = Text(most=8, allow_none=True)
    state_code = Text(most=2, allow_none=True)


class CustomerIn(_CustomerFields):
    name = Text(least=1, most=140, required=True)


class CustomerEdit(_CustomerFields):
    """What is to be corrected; what is left out stays."""

    name = Text(least=1, most=140)


class CustomerOut(ApiSchema):
    id = IdField()
    name = fields.String()
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    gstin = fields.String(allow_none=True)
    pan = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    pin = fields.String(allow_none=True)
    state_code = fields.String(allow_none=True)
    version = fields.Integer()
    created_at = Moment()
    updated_at = Moment()
    merged_into = IdField(allow_none=True)


CustomerPage = page_of(CustomerOut)


class CustomerArgs(PageArgs):
    """`q` is looked for in name and phone; `phone` is the beginning of a number in full."""

    q = Text(most=60, load_default=None, attribute="text")
    phone = Text(most=16, load_default=None)
    gstin = Text(most=15, load_default=None)


# ---------------------------------------------------------------- days of the year


class SpecialDayIn(ApiSchema):
    kind = OneOf(DATES, required=True)
    month = Whole(least=1, most=12, required=True)
    day = Whole(least=1, most=31, required=True)
    year = Whole(least=1900, most=2199, allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> SpecialDay:
        return SpecialDay(**data)


class SpecialDaysIn(ApiSchema):
    """All of the customer's days; one that is left out is dropped."""

    days = fields.List(fields.Nested(SpecialDayIn), required=True, validate=validate.Length(max=len(DATES)))


class SpecialDayOut(ApiSchema):
    kind = OneOf(DATES)
    month = fields.Integer()
    day = fields.Integer()
    year = fields.Integer(allow_none=True)


class SpecialDaysOut(ApiSchema):
    items = fields.List(fields.Nested(SpecialDayOut))


class UpcomingArgs(QueryArgs):
    days = Whole(least=0, most=60, load_default=14)


class UpcomingDayOut(ApiSchema):
    kind = OneOf(DATES)
    on = Day()
    years = fields.Integer(allow_none=True)
    customer_id = IdField()
    name = fields.String()
    phone = fields.String(allow_none=True)


class UpcomingOut(ApiSchema):
    items = fields.List(fields.Nested(UpcomingDayOut))


# ---------------------------------------------------------------- family


class FamilyIn(ApiSchema):
    """Whose family this customer joins, and what they are to its head."""

    with_id = IdField(required=True)
    relation = OneOf(RELATIONS, required=True)


class FamilyMemberOut(ApiSchema):
    customer_id = IdField()
    name = fields.String()
    phone = fields.String(allow_none=True)
    relation = OneOf(RELATIONS)


class FamilyOut(ApiSchema):
    id = IdField()
    name = fields.String()
    members = fields.List(fields.Nested(FamilyMemberOut))


# ---------------------------------------------------------------- papers


class PaperIn(ApiSchema):
    """A paper's number; `consent` is the version of the text that the customer agreed to."""

    kind = Text(least=1, most=16, required=True)
    number = Text(least=1, most=40, required=True)
    consent = Text(least=1, most=16, required=True)


class ScanIn(ApiSchema):
    """Where the scan was sent to by an upload link."""

    upload_key = Text(least=1, most=200, required=True)


class PaperOut(ApiSchema):
    """A paper as screens show it: the last four signs of its number."""

    id = IdField()
    customer_id = IdField()
    kind = fields.String()
    last4 = fields.String()
    consent = fields.String()
    consented_at = Moment()
    consented_by = IdField(allow_none=True)
    scanned = fields.Boolean()
    verified_at = Moment(allow_none=True)
    verified_by = IdField(allow_none=True)
    withdrawn_at = Moment(allow_none=True)
    version = fields.Integer()


class PapersOut(ApiSchema):
    given = fields.Boolean()
    items = fields.List(fields.Nested(PaperOut), attribute="papers")


class NumberOut(ApiSchema):
    number = fields.String()
