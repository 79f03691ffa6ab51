"""Owns the pictures' JSON."""

from marshmallow import fields

from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, IdField, Moment, OneOf, Text, Whole
from app.vision.guard import MAX_BYTES

TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif")


class PictureForm(ApiSchema):
    """The fields beside `file` in a multipart upload."""

    item_id = IdField(load_default=None)


class PictureIn(ApiSchema):
    """A file that was sent by an upload link before."""

    upload_key = Text(least=1, most=200, required=True)
    item_id = IdField(load_default=None, allow_none=True)


class LogoIn(ApiSchema):
    """A file that was sent by an upload link before; null: no logo."""

    upload_key = Text(least=1, most=200, required=True, allow_none=True)


class LogoOut(ApiSchema):
    logo = fields.String(allow_none=True, metadata={"description": "SHA-256 of its PNG."})
    url = fields.String(allow_none=True)
    version = fields.Integer(metadata={"description": "Of the profile."})


class UploadIn(ApiSchema):
    length = Whole(
        least=1, most=MAX_BYTES, required=True, metadata={"description": "Bytes; the link is signed for it."}
    )
    content_type = OneOf(TYPES, required=True)


class UploadOut(ApiSchema):
    upload_key = fields.String(metadata={"description": "For POST /images, once the file was sent."})
    url = fields.String()
    method = fields.String()
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    expires_at = Moment()


class SizeOut(ApiSchema):
    name = fields.String()
    url = fields.String()
    width = fields.Integer()
    height = fields.Integer()


class PictureOut(ApiSchema):
    id = IdField()
    state = fields.String(metadata={"description": "uploaded, ready or refused"})
    item_id = IdField(allow_none=True)
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    sizes = fields.List(fields.Nested(SizeOut))
    cut_out = fields.Nested(SizeOut, allow_none=True)
    cut_out_by = fields.String(
        allow_none=True, metadata={"description": "rembg:<model>, grabcut, border, given (came so) or none"}
    )
    cut_out_sure_bp = fields.Integer(allow_none=True, metadata={"description": "0 to 10000"})
    refused_because = fields.String(allow_none=True, metadata={"description": "A code of the reference."})
    created_at = Moment()
    processed_at = Moment(allow_none=True)
    job_id = IdField(allow_none=True, metadata={"description": "The job to follow; only in the reply to the upload."})


PicturePage = page_of(PictureOut)


class PictureArgs(PageArgs):
    item_id = IdField(load_default=None)
