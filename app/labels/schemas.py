"""Owns the labels' JSON."""

from marshmallow import fields, validate

from app.kit.schemas import ApiSchema, Flag, IdField, Text

MOST = 500


class LabelsIn(ApiSchema):
    """A piece is printed as often as it is named; `price`: of today's board, tax included."""

    item_ids = fields.List(IdField(), required=True, validate=validate.Length(min=1, max=MOST))
    size = Text(least=1, most=24, required=True)
    price = Flag(load_default=False)


class LabelsOut(ApiSchema):
    id = IdField(metadata={"description": "Of the job too, by which it can be followed."})
    state = fields.String(metadata={"description": "waiting, released, done or failed"})
    labels = fields.Integer(allow_none=True)
    error = fields.String(allow_none=True)
    download_url = fields.String(allow_none=True)


class LabelSizeOut(ApiSchema):
    size = fields.String()
    name = fields.String()
    most = fields.Integer()


class LabelSizesOut(ApiSchema):
    sizes = fields.List(fields.Nested(LabelSizeOut))
