"""The pictures' API: upload through us or by a link, look at them."""

import hashlib
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.kit.bodies import MAX_BODY, BodyTooLarge
from app.kit.http import allow, api_blueprint, runtime, shop_read, shop_write, takes_upload
from app.kit.objects import NoSuchObject, checked_key, copy, spool
from app.kit.paging import Page
from app.kit.ports import Bucket
from app.kit.schemas import StrictParser
from app.vision import guard, service
from app.vision.errors import PictureTooLarge, UploadMissing, UploadUnknown
from app.vision.schemas import PictureArgs, PictureForm, PictureIn, PictureOut, PicturePage, UploadIn, UploadOut
from app.vision.service import Picture

blueprint = api_blueprint("images", "/images", description="Pictures of pieces.")

ENVELOPE = 64 * 1024
"""What a multipart body may have around its file."""

_PARSER, _FORM, _BODY = StrictParser(), PictureForm(), PictureIn()
_SHAPE = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object", "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary"}, "itemId": {"type": "string", "format": "uuid"},
                },
            }
        },
        "application/json": {
            "schema": {
                "type": "object", "required": ["uploadKey"],
                "properties": {
                    "uploadKey": {"type": "string", "minLength": 1, "maxLength": 200},
                    "itemId": {"type": ["string", "null"], "format": "uuid"},
                },
                "additionalProperties": False,
            }
        },
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrived:
    """An upload that lies in `incoming` and passed the guard."""

    key: str
    sha256: bytes
    seen: guard.Seen
    item_id: UUID | None
    just_put: bool


@blueprint.post("")
@allow("picture.edit")
@takes_upload(max_bytes=guard.MAX_BYTES + ENVELOPE, content_types=("multipart/form-data", "application/json"))
@blueprint.response(201, PictureOut)
@blueprint.doc(requestBody=_SHAPE)  # type: ignore[untyped-decorator]
def add_picture(shop_id: int) -> Picture:
    """Take in a picture: a multipart `file`, or the key of a file that was sent by an upload link."""
    arrived = _by_link(shop_id) if request.mimetype == "application/json" else _by_form(shop_id)
    store = runtime().store
    try:
        return shop_write(
            lambda db: service.register_picture(
                db, incoming=arrived.key, sha256=arrived.sha256, width=arrived.seen.width, height=arrived.seen.height,
                item_id=arrived.item_id, store=store,
            )
        )  # fmt: skip
    except BaseException:
        if arrived.just_put:  # refused, or the replay of an earlier request: nothing refers to this copy
            store.delete(Bucket.INCOMING, arrived.key)
        raise


@blueprint.post("/uploads")
@allow("picture.edit")
@blueprint.arguments(UploadIn)
@blueprint.response(200, UploadOut)
def make_upload_link(body: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """A link by which a browser sends one file of exactly this length, past the application."""
    key = service.incoming_key(shop_id)
    link = runtime().store.upload_link(Bucket.INCOMING, key, content_type=body["content_type"], length=body["length"])
    return {
        "upload_key": key, "url": link.url, "method": link.method, "headers": dict(link.headers),
        "expires_at": link.expires_at,
    }  # fmt: skip


@blueprint.get("")
@allow("stock.view")
@blueprint.arguments(PictureArgs, location="query")
@blueprint.response(200, PicturePage)
def list_pictures(args: dict[str, Any], shop_id: int) -> Page[Picture]:
    """A page of pictures, of one piece if asked."""
    store = runtime().store
    return shop_read(lambda db: service.list_pictures(db, store=store, **args))


@blueprint.get("/<id:picture_id>")
@allow("stock.view")
@blueprint.response(200, PictureOut)
def get_picture(shop_id: int, picture_id: UUID) -> Picture:
    """One picture with its sizes."""
    store = runtime().store
    return shop_read(lambda db: service.get_picture(db, picture_id, store=store))


def _by_form(shop_id: int) -> Arrived:
    try:
        file = request.files.get("file")
        fields = _PARSER.parse(_FORM, request, location="form")
    except ClientDisconnected:
        raise UploadMissing() from None
    except RequestEntityTooLarge:
        raise PictureTooLarge() from None
    if file is None:
        raise UploadMissing()
    digest, seen = _checked(file.stream)
    key = service.incoming_key(shop_id)
    file.stream.seek(0)
    runtime().store.put(Bucket.INCOMING, key, file.stream, content_type="application/octet-stream")
    return Arrived(key, digest, seen, fields["item_id"], just_put=True)


def _by_link(shop_id: int) -> Arrived:
    if (request.content_length or 0) > MAX_BODY:
        raise BodyTooLarge()
    body = _PARSER.parse(_BODY, request, location="json")
    key = body["upload_key"]
    try:
        if not key.startswith(f"{shop_id}/"):  # another shop's upload is not there for this one
            raise UploadUnknown()
        with runtime().store.open(Bucket.INCOMING, checked_key(key)) as stored, spool() as file:
            copy(stored, file)
            digest, seen = _checked(file)
    except (NoSuchObject, ValueError):
        raise UploadUnknown() from None
    return Arrived(key, digest, seen, body["item_id"], just_put=False)


def _checked(file: IO[bytes]) -> tuple[bytes, guard.Seen]:
    """Raises PictureTooLarge and what the guard raises."""
    if file.seek(0, 2) > guard.MAX_BYTES:
        raise PictureTooLarge()
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # any readable file will do
    return digest, guard.inspect(file)
