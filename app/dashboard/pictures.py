"""Owns sending a piece's picture by a page's form: through the same guard and service as the API."""

from __future__ import annotations

import hashlib
from typing import IO
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from app.dashboard.frame import pages
from app.dashboard.stock import piece_page
from app.inventory import service as inventory
from app.kit.http import allow, runtime, shop_read, shop_scope, shop_write, takes_upload
from app.kit.pages import go_to, try_form
from app.kit.ports import Bucket
from app.vision import guard
from app.vision import service as vision
from app.vision.errors import PictureTooLarge, PictureUnknown, UploadMissing
from app.vision.service import Picture
from shard_router import ShopSession

ENVELOPE = 64 * 1024
"""What a multipart body may have around its file."""

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
"""A form that was sent without a file may come as either."""


@pages.post("/stock/<id:item_id>/picture")
@allow("picture.edit")
@takes_upload(max_bytes=guard.MAX_BYTES + ENVELOPE, content_types=FORMS)
def add_picture(item_id: UUID) -> Response | tuple[str, int]:
    """Taken in at once; sizes and cut-out are made by a job, which the piece's page follows."""
    shop_read(lambda db: inventory.get_item(db, item_id))
    tried = try_form(lambda: _taken_in(item_id))
    if tried.result is not None:
        return go_to(url_for("shop_pages.piece", item_id=item_id, job=tried.result.job_id))
    if tried.refusal is not None and tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.piece", item_id=item_id))
    return piece_page(item_id, tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.post("/stock/<id:item_id>/picture/again")
@allow("picture.edit")
def process_again(item_id: UUID) -> Response | tuple[str, int]:
    """After the job on the newest picture failed; a file that was refused stays so."""
    tried = try_form(lambda: shop_write(lambda db: _ask_again(db, item_id)))
    if tried.refusal is not None and tried.refusal.code != "already_sent":
        return piece_page(item_id, tried.refusal), tried.refusal.status
    return go_to(url_for("shop_pages.piece", item_id=item_id, job=tried.result))


def _ask_again(db: ShopSession, item_id: UUID) -> UUID:
    newest = vision.list_pictures(db, store=runtime().store, item_id=item_id, limit=1).items
    if not newest:
        raise PictureUnknown()
    return vision.process_again(db, picture_id=newest[0].id)


def _taken_in(item_id: UUID) -> Picture:
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        raise PictureTooLarge() from None
    if file is None or not file.filename:
        raise UploadMissing()
    seen, digest = guard.inspect(file.stream), _digest(file.stream)
    _found, shop_id = shop_scope()
    key, store = vision.incoming_key(shop_id), runtime().store
    store.put(Bucket.INCOMING, key, file.stream, content_type="application/octet-stream")
    try:
        return shop_write(lambda db: vision.register_picture(
            db, incoming=key, sha256=digest, width=seen.width, height=seen.height, item_id=item_id, store=store
        ))  # fmt: skip
    except BaseException:
        store.delete(Bucket.INCOMING, key)  # nothing refers to it
        raise


def _digest(file: IO[bytes]) -> bytes:
    """Raises PictureTooLarge; leaves the file at its beginning."""
    if file.seek(0, 2) > guard.MAX_BYTES:
        raise PictureTooLarge()
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # any readable file will do
    file.seek(0)
    return digest
