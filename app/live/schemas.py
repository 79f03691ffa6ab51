"""Owns the JSON of jobs."""

from marshmallow import fields

from app.kit.schemas import ApiSchema, IdField, Moment


class JobOut(ApiSchema):
    """A job's state, progress and result, and where it can be followed."""

    id = IdField(required=True)
    job = fields.String(required=True, metadata={"description": "What it does, as a dotted name."})
    state = fields.String(required=True, metadata={"description": "waiting, released, done or failed."})
    attempts = fields.Integer(required=True)
    steps_done = fields.Integer(required=True)
    steps_total = fields.Integer(allow_none=True)
    result = fields.Dict(allow_none=True)
    error = fields.String(allow_none=True)
    created_at = Moment(required=True)
    finished_at = Moment(allow_none=True)
    live_url = fields.String(allow_none=True, metadata={"description": "Server-sent events; null once it has ended."})
