"""Owns the JSON of accounts."""

from marshmallow import fields

from app.kit.paging import PageArgs
from app.kit.schemas import ApiSchema, Day, IdField, QueryArgs


class LedgerArgs(QueryArgs):
    """Both days are included."""

    first = Day(load_default=None, data_key="from")
    last = Day(load_default=None, data_key="to")


class LedgerEntryOut(ApiSchema):
    """One document's move, and what is owed after it."""

    id = IdField()
    on = Day()
    kind = fields.String()
    number = fields.String(allow_none=True)
    charged_paise = fields.Integer()
    settled_paise = fields.Integer()
    credit_in_paise = fields.Integer()
    credit_out_paise = fields.Integer()
    owes_paise = fields.Integer()
    owed_paise = fields.Integer()


class LedgerOut(ApiSchema):
    """`owes` is what the customer owes, `owed` what the shop owes them."""

    customer_id = IdField()
    first = Day(allow_none=True, data_key="from")
    last = Day(allow_none=True, data_key="to")
    opening_owes_paise = fields.Integer()
    opening_owed_paise = fields.Integer()
    entries = fields.List(fields.Nested(LedgerEntryOut))
    owes_paise = fields.Integer()
    owed_paise = fields.Integer()


class OutstandingArgs(PageArgs):
    """`on` is the day whose age counts."""

    on = Day(load_default=None)


class DebtorOut(ApiSchema):
    """What one customer owes, by the age of the bills: up to 30, 60, 90 days, and older."""

    customer_id = IdField()
    name = fields.String()
    phone = fields.String(allow_none=True)
    owes_paise = fields.Integer()
    ages_paise = fields.List(fields.Integer())
    since = Day(allow_none=True, metadata={"description": "Of the oldest bill that is not paid in full."})


class OutstandingOut(ApiSchema):
    people = fields.Integer()
    owes_paise = fields.Integer()
    ages_paise = fields.List(fields.Integer())
    owed_paise = fields.Integer()
    items = fields.Function(lambda found: DebtorOut(many=True).dump(found.debtors.items))
    next_cursor = fields.Function(lambda found: found.debtors.next_cursor, data_key="next")
