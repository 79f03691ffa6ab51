"""Owns the approvals' JSON."""

from marshmallow import fields

from app.approvals.service import ApprovalState
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Flag, IdField, Moment, OneOf, Text


class ApprovalIn(ApiSchema):
    """What a refusal with the code `approval_needed` carries as `approval`, sent back with a reason."""

    kind = Text(least=1, most=40, required=True)
    right = Text(least=1, most=40, required=True)
    subject_id = IdField(load_default=None, allow_none=True)
    facts = fields.Dict(required=True)
    reason = Text(most=300, load_default=None, allow_none=True)


class DecisionIn(ApiSchema):
    """true: allowed, once. The note is read by who asked."""

    grant = Flag(required=True)
    note = Text(most=300, load_default=None, allow_none=True)


class ApprovalOut(ApiSchema):
    id = IdField()
    kind = fields.String()
    right = fields.String()
    subject_id = IdField(allow_none=True)
    facts = fields.Dict()
    reason = fields.String(allow_none=True)
    state = fields.String()
    asked_by = IdField()
    asked_at = Moment()
    expires_at = Moment()
    decided_by = IdField(allow_none=True)
    decided_at = Moment(allow_none=True)
    note = fields.String(allow_none=True)
    document_id = IdField(allow_none=True)
    version = fields.Integer()


ApprovalPage = page_of(ApprovalOut)


class ApprovalArgs(PageArgs):
    """`state` as of now: lapsed is what nobody answered, or used, in time."""

    state = OneOf(ApprovalState, load_default=None)
