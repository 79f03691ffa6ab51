"""Owns the metal book's JSON."""

from marshmallow import fields

from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, IdField, Moment, OneOf, QueryArgs, Text
from app.metal.service import Account

ACCOUNTS = tuple(account.value for account in Account)


class HeldSchema(ApiSchema):
    """`fine` is mg × parts per ten thousand, unrounded; cost is null for who may not buy stock."""

    pieces = fields.Integer()
    gross_mg = fields.Integer()
    stone_mg = fields.Integer()
    net_mg = fields.Integer()
    fine = fields.Integer()
    stone_mct = fields.Integer()
    cost_paise = fields.Integer(allow_none=True)


class BalanceOut(ApiSchema):
    account = fields.String()
    ref = IdField(allow_none=True)
    metal = fields.String()
    fineness = fields.Integer()
    label = fields.String()
    held = fields.Nested(HeldSchema)


class BalancesOut(ApiSchema):
    items = fields.List(fields.Nested(BalanceOut))


class BalanceArgs(QueryArgs):
    """`ref` names which outlet, tray, supplier …; `upto` a day that is to be looked back to."""

    account = OneOf(ACCOUNTS, load_default=None)
    ref = IdField(load_default=None)
    upto = Day(load_default=None)


class MetalEntryOut(ApiSchema):
    id = IdField()
    movement_id = IdField()
    kind = fields.String()
    at = Moment()
    book_on = fields.Date()
    from_account = fields.String()
    from_ref = IdField(allow_none=True)
    to_account = fields.String()
    to_ref = IdField(allow_none=True)
    metal = fields.String()
    fineness = fields.Integer()
    pieces = fields.Integer()
    gross_mg = fields.Integer()
    stone_mg = fields.Integer()
    net_mg = fields.Integer()
    fine = fields.Integer()
    stone_mct = fields.Integer()
    cost_paise = fields.Integer(allow_none=True)
    item_id = IdField(allow_none=True)
    lot_id = IdField(allow_none=True)
    actor_id = IdField(allow_none=True)


MetalEntryPage = page_of(MetalEntryOut)


class EntryArgs(PageArgs):
    """`account` is looked for on both sides."""

    account = OneOf(ACCOUNTS, load_default=None)
    ref = IdField(load_default=None)
    kind = Text(most=24, load_default=None)
    metal = Text(most=10, load_default=None)
    movement_id = IdField(load_default=None)
    item_id = IdField(load_default=None)
    lot_id = IdField(load_default=None)
    first = Day(load_default=None, data_key="from")
    last = Day(load_default=None, data_key="to")
