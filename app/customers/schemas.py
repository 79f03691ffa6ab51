"""Owns the customers' JSON."""

from marshmallow import fields

from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, IdField, Moment, Text


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


CustomerPage = page_of(CustomerOut)


class CustomerArgs(PageArgs):
    """`q` is looked for in name and phone; `phone` is the beginning of a number in full."""

    q = Text(most=60, load_default=None, attribute="text")
    phone = Text(most=16, load_default=None)
    gstin = Text(most=15, load_default=None)
