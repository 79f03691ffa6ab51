"""Owns the JSON of jobs."""

from marshmallow import fields

from app.kit.schemas import ApiSchema


class JobOut(ApiSchema):
    """A job's state, progress and result, and where it can be followed."""

    id = fields.UUID(required=True)
    job = fields.String(required=True, metadata={"description": "What it does, as a dotted name."})
    state = fields.String(required=True, metadata={"description": "waiting, released, done or failed."})
    attempts = fields.Integer(required=True)
    steps_done = fields.Integer(required=True)
    steps_total = fields.Integer(allow_none=True)
    result = fields.Dict(allow_none=True)
    error = fields.String(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    live_url = fields.String(allow_none=True, metadata={"description": "Server-sent events; null once it has ended."})
