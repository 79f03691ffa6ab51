"""Owns the exports' JSON."""

from typing import Any

from marshmallow import fields

from app.kit.clock import today_ist
from app.kit.paging import page_of
from app.kit.schemas import ApiSchema, Day, IdField, Moment, OneOf, QueryArgs, Text, Whole
from app.reports.service import FORMATS, KINDS


class Hex(fields.String):
    """A hash as text."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else bytes(value).hex()


class ExportIn(ApiSchema):
    kind = OneOf(KINDS, load_default="invoices")
    issued_from = Day(required=True, data_key="from")
    issued_to = Day(required=True, data_key="to")
    format = OneOf(FORMATS, required=True)


class ExportOut(ApiSchema):
    id = IdField()
    kind = fields.String()
    format = fields.String()
    issued_from = Day(data_key="from")
    issued_to = Day(data_key="to")
    state = fields.String(metadata={"description": "queued, ready or failed"})
    rows = fields.Integer(allow_none=True)
    size_bytes = fields.Integer(allow_none=True)
    requested_by = IdField(allow_none=True)
    created_at = Moment()
    ready_at = Moment(allow_none=True)
    expires_at = Moment(allow_none=True, metadata={"description": "The file goes then; the row stays."})
    download_url = fields.String(
        allow_none=True, metadata={"description": "Good for ten minutes; asked for one by one."}
    )
    job_id = IdField(allow_none=True, metadata={"description": "The job to follow; only in the reply to the asking."})


ExportPage = page_of(ExportOut)


# ---------------------------------------------------------------- business days


class DayArgs(QueryArgs):
    on = Day(load_default=today_ist, metadata={"description": "Left out: today."})


class DayIn(ApiSchema):
    on = Day(required=True)
    note = Text(most=200, allow_none=True, load_default=None)


class ClosingOut(ApiSchema):
    id = IdField()
    business_on = Day()
    figures = fields.Dict(metadata={"description": "What the day came to, kept for ever."})
    content_hash = Hex()
    chain_seq = fields.Integer(metadata={"description": "The audit chain's last entry just before the closing."})
    chain_hash = Hex()
    note = fields.String(allow_none=True)
    closed_by = IdField(allow_none=True)
    closed_at = Moment()


class BusinessDayOut(ApiSchema):
    on = Day()
    figures = fields.Dict()
    closing = fields.Nested(ClosingOut, allow_none=True)


class StandingOut(ApiSchema):
    closed = fields.List(Day(), metadata={"description": "The newest first."})
    to_close = Day()


class BookArgs(DayArgs):
    """`afterAt` and `afterId` are those of the last row that was read."""

    after_at = Moment(load_default=None)
    after_id = IdField(load_default=None)
    limit = Whole(least=1, most=200, load_default=100)


class BookRowOut(ApiSchema):
    at = Moment()
    id = IdField()
    kind = fields.String()
    what = fields.String(metadata={"description": "A document's number, or the note of cash."})
    till_id = IdField(allow_none=True)
    customer_id = IdField(allow_none=True)
    paise = fields.Integer()
    document = fields.Boolean()
    actor_id = IdField(allow_none=True)


class BookOut(ApiSchema):
    items = fields.List(fields.Nested(BookRowOut))
    more = fields.Boolean()


class ProfitArgs(QueryArgs):
    """Left out: today."""

    first = Day(load_default=today_ist, data_key="from")
    last = Day(load_default=today_ist, data_key="to")


class ProfitLineOut(ApiSchema):
    metal = fields.String()
    fineness = fields.Integer()
    net_mg = fields.Integer()
    sold_paise = fields.Integer(metadata={"description": "Before tax, notes taken off."})
    metal_paise = fields.Integer()
    replacement_paise = fields.Integer(allow_none=True, metadata={"description": "null: no rate on the board."})
    profit_paise = fields.Integer(allow_none=True)
    cost_paise = fields.Integer(allow_none=True, metadata={"description": "null: nobody wrote down what they cost."})


class ProfitOut(ApiSchema):
    items = fields.List(fields.Nested(ProfitLineOut))


# ---------------------------------------------------------------- the audit log


class LogArgs(QueryArgs):
    actor_id = IdField(load_default=None)
    action = Text(most=40, load_default=None)
    subject_id = IdField(load_default=None)
    first = Day(load_default=None, data_key="from")
    last = Day(load_default=None, data_key="to")
    below = Whole(least=1, load_default=None, metadata={"description": "Entries before this one."})
    limit = Whole(least=1, most=200, load_default=50)


class LogLineOut(ApiSchema):
    seq = fields.Integer()
    at = Moment()
    action = fields.String()
    subject_id = IdField(allow_none=True)
    actor_id = IdField(allow_none=True)
    acting_for = IdField(allow_none=True)
    till_id = IdField(allow_none=True)
    address = fields.String()
    request_id = fields.String()
    facts = fields.Dict()
    changes = fields.List(fields.Dict(), metadata={"description": "Rows before and after."})
    hash = Hex()


class LogOut(ApiSchema):
    items = fields.List(fields.Nested(LogLineOut))
    next_seq = fields.Integer(allow_none=True, data_key="nextBelow")


class VerifyOut(ApiSchema):
    id = IdField(metadata={"description": "The job to follow; its result says what was found."})
    state = fields.String()
