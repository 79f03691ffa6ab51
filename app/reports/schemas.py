"""Owns the exports' JSON."""

from marshmallow import fields

from app.kit.paging import page_of
from app.kit.schemas import ApiSchema, Day, IdField, Moment, OneOf

KINDS = ("invoices",)
FORMATS = ("csv", "xlsx")


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
