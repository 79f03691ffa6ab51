"""The API of imports: send a list, see what is wrong with it, have it entered."""

from typing import Any
from uuid import UUID

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.imports import service
from app.imports.bounds import ENVELOPE_BYTES
from app.imports.errors import ImportFileMissing, ImportFileTooLarge
from app.imports.receiving import Arrived, problems_of, receive, received
from app.imports.schemas import (
    ImportForm,
    ImportIn,
    ImportOut,
    ImportPage,
    ImportUploadIn,
    ImportUploadOut,
    ProblemArgs,
    ProblemsOut,
    StartIn,
)
from app.imports.service import Import
from app.kit.bodies import MAX_BODY, BodyTooLarge
from app.kit.http import (
    allow,
    api_blueprint,
    expected_version,
    runtime,
    shop_read,
    shop_write,
    takes_upload,
    versioned,
)
from app.kit.paging import Page, PageArgs
from app.kit.ports import Bucket
from app.kit.schemas import StrictParser

blueprint = api_blueprint("imports", "/imports", description="Taking over a shop's lists of stock and customers.")

TYPE = "application/octet-stream"
_PARSER, _FORM, _BODY = StrictParser(), ImportForm(), ImportIn()
_FIELDS = {
    "kind": {"type": "string", "enum": list(service.KINDS)},
    "placeId": {"type": ["string", "null"], "format": "uuid", "description": "Where pieces lie that name no place."},
}
_SHAPE = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object", "required": ["file", "kind"],
                "properties": {"file": {"type": "string", "format": "binary"}, **_FIELDS},
            }
        },
        "application/json": {
            "schema": {
                "type": "object", "required": ["uploadKey", "kind"],
                "properties": {
                    "uploadKey": {"type": "string", "minLength": 1, "maxLength": 200},
                    "fileName": {"type": "string", "maxLength": 120}, **_FIELDS,
                },
                "additionalProperties": False,
            }
        },
    },
}  # fmt: skip


@blueprint.get("")
@allow("stock.import")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, ImportPage)
def list_imports(args: dict[str, Any], shop_id: int) -> Page[Import]:
    """A page of imports, the newest first."""
    return shop_read(lambda db: service.list_imports(db, **args))


@blueprint.post("")
@allow("stock.import")
@takes_upload(max_bytes=ENVELOPE_BYTES, content_types=("multipart/form-data", "application/json"))
@blueprint.response(202, ImportOut)
@blueprint.doc(requestBody=_SHAPE)  # type: ignore[untyped-decorator]
def add_import(shop_id: int) -> Import:
    """Take in a list: a multipart `file`, or the key of one sent by an upload link. A job looks it through; nothing
    is entered yet."""
    fields = _json_fields() if request.mimetype == "application/json" else _form_fields()
    store, kind = runtime().store, fields["kind"]
    if "upload_key" in fields:
        arrived = received(store, shop_id, kind, fields["upload_key"])
    else:
        arrived = receive(store, shop_id, kind, fields["file"].stream)
    return _registered(arrived, kind, fields)


@blueprint.post("/uploads")
@allow("stock.import")
@blueprint.arguments(ImportUploadIn)
@blueprint.response(200, ImportUploadOut)
def make_upload_link(body: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """A link by which a browser sends one file of exactly this length, past the application."""
    key = service.incoming_key(shop_id)
    link = runtime().store.upload_link(Bucket.INCOMING, key, content_type=TYPE, length=body["length"])
    return {
        "upload_key": key, "url": link.url, "method": link.method, "headers": dict(link.headers),
        "expires_at": link.expires_at,
    }  # fmt: skip


@blueprint.get("/<id:import_id>")
@allow("stock.import")
@blueprint.response(200, ImportOut)
def get_import(shop_id: int, import_id: UUID) -> Import:
    """One import: how many rows are good, and how far it is."""
    return shop_read(lambda db: service.get_import(db, import_id))


@blueprint.get("/<id:import_id>/problems")
@allow("stock.import")
@blueprint.arguments(ProblemArgs, location="query")
@blueprint.response(200, ProblemsOut)
def list_problems(args: dict[str, Any], shop_id: int, import_id: UUID) -> dict[str, Any]:
    """Every bad row with its number, column, value and rule; kept for three days, as the file is."""
    found = shop_read(lambda db: service.get_import(db, import_id))
    items = problems_of(runtime().store, found, **args)
    more = len(items) >= args["limit"]
    return {"items": items, "next_row": items[-1].row if more else None}


@blueprint.post("/<id:import_id>/start")
@allow("stock.import")
@versioned
@blueprint.arguments(StartIn)
@blueprint.response(202, ImportOut)
def start_import(body: dict[str, Any], shop_id: int, import_id: UUID) -> Import:
    """Enter the good rows, by a job; or, where all are asked for, none if any is wrong. Needs If-Match."""
    version = expected_version()
    return shop_write(lambda db: service.start_import(db, import_id=import_id, expected_version=version, **body))


def _registered(arrived: Arrived, kind: str, fields: dict[str, Any]) -> Import:
    try:
        return shop_write(lambda db: service.register_import(
            db, kind=kind, file_name=fields["file_name"], incoming=arrived.key, sha256=arrived.sha256,
            columns=arrived.columns, total=arrived.total, place_id=fields["place_id"],
        ))  # fmt: skip
    except BaseException:
        if arrived.just_put:  # refused, or the replay of an earlier request: nothing refers to this copy
            runtime().store.delete(Bucket.INCOMING, arrived.key)
        raise


def _json_fields() -> dict[str, Any]:
    if (request.content_length or 0) > MAX_BODY:
        raise BodyTooLarge()
    found: dict[str, Any] = _PARSER.parse(_BODY, request, location="json")
    return found


def _form_fields() -> dict[str, Any]:
    try:
        file = request.files.get("file")
        if file is None:
            raise ImportFileMissing()
        found: dict[str, Any] = _PARSER.parse(_FORM, request, location="form")
    except ClientDisconnected:
        raise ImportFileMissing() from None
    except RequestEntityTooLarge:
        raise ImportFileTooLarge() from None
    return {**found, "file": file, "file_name": (file.filename or "")[-120:]}
