"""Owns the JSON of imports."""

from marshmallow import fields

from app.imports.bounds import ENVELOPE_BYTES
from app.imports.service import KINDS
from app.kit.paging import page_of
from app.kit.schemas import ApiSchema, Flag, IdField, Moment, OneOf, QueryArgs, Text, Whole


class ImportForm(ApiSchema):
    """The fields beside `file` in a multipart upload."""

    kind = OneOf(KINDS, required=True)
    place_id = IdField(load_default=None)


class ImportIn(ApiSchema):
    """A file that was sent by an upload link before."""

    upload_key = Text(least=1, most=200, required=True)
    kind = OneOf(KINDS, required=True)
    file_name = Text(most=120, load_default="")
    place_id = IdField(load_default=None, allow_none=True)


class ImportUploadIn(ApiSchema):
    length = Whole(
        least=1, most=ENVELOPE_BYTES, required=True, metadata={"description": "Bytes; the link is signed for it."}
    )


class ImportUploadOut(ApiSchema):
    upload_key = fields.String(metadata={"description": "For POST /imports, once the file was sent."})
    url = fields.String()
    method = fields.String()
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    expires_at = Moment()


class ImportOut(ApiSchema):
    id = IdField()
    kind = fields.String()
    file_name = fields.String()
    columns = fields.Dict(metadata={"description": "`headings` by fact, and `ignored` ones that say nothing to us"})
    place_id = IdField(allow_none=True)
    state = fields.String(metadata={"description": "checking, checked, running, done or failed"})
    total = fields.Integer()
    good = fields.Integer(allow_none=True)
    bad = fields.Integer(allow_none=True)
    upto_row = fields.Integer(metadata={"description": "The last row of the sheet that is settled."})
    entered = fields.Integer()
    overtaken = fields.List(fields.Dict(), metadata={"description": "Rows that were good until somebody took a code."})
    created_at = Moment()
    created_by = IdField(allow_none=True)
    started_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    version = fields.Integer()
    job_id = IdField(allow_none=True)


ImportPage = page_of(ImportOut)


class StartIn(ApiSchema):
    """true: all rows or none; false: the good ones."""

    only_if_all_good = Flag(required=True)


class ProblemArgs(QueryArgs):
    after_row = Whole(most=10_000_000, load_default=0)
    limit = Whole(least=1, most=200, load_default=200)


class ProblemOut(ApiSchema):
    row = fields.Integer(metadata={"description": "As the spreadsheet numbers it."})
    column = fields.String()
    value = fields.String()
    rule = fields.String()
    code = fields.String()


class ProblemsOut(ApiSchema):
    """`next_row`: to be asked for as afterRow; null: that was the end."""

    items = fields.List(fields.Nested(ProblemOut))
    next_row = fields.Integer(allow_none=True)
