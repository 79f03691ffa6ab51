"""Owns the side service's addresses: live progress, public pictures, files behind signed links, uploads."""

from collections.abc import Iterator

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected

from app.kit.http import public, runtime, takes_upload
from app.kit.objects import CHUNK, NEVER_SERVED, PUBLIC, NoSuchObject, checked_key, content_type_of
from app.kit.ports import Bucket, StoredObject
from app.live import service, tickets
from app.live.errors import FileMissing, TicketRefused, UploadAlreadyThere, UploadLengthWrong

pages = Blueprint("side", __name__)
streams = service.Streams()

MAX_UPLOAD = 15 * 1024 * 1024
SEALED = "default-src 'none'; frame-ancestors 'none'; sandbox"
PRINTED = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors {pages}"
"""For a PDF that is shown and not saved: browsers' own viewers are refused what a sandbox refuses. It is harmless for
another reason: this origin has no cookie, no page and no script."""

FOR_EVER = "public, max-age=31536000, immutable"


@pages.get("/live/jobs/<ticket>")
@public
def follow(ticket: str) -> Response:
    """Server-sent events of one job."""
    allowed = tickets.read(runtime().signer, ticket)
    parts = runtime()

    def still_allowed() -> bool:
        return parts.identity.still_counts(allowed.principal, allowed.shop_id)

    if not still_allowed():
        raise TicketRefused()
    streams.enter(allowed.principal.person_id)
    told = service.follow(parts, shop_id=allowed.shop_id, job_id=allowed.job_id, still_allowed=still_allowed)
    response = Response(
        told, mimetype="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    response.call_on_close(lambda: streams.leave(allowed.principal.person_id))
    return _for_our_pages(response)


@pages.get("/files/<bucket>/<path:key>", provide_automatic_options=False)
@public
def download(bucket: str, key: str) -> Response:
    """A public object, or one whose link was signed."""
    where, found = _checked(bucket, key)
    if where in PUBLIC:
        return _file(where, found, inline=True, caching=FOR_EVER)
    link = runtime().links.check("GET", request.path, request.args)
    stored = _file(where, found, inline=link.disposition == "inline", caching="private, no-store")
    if link.filename:
        stored.headers["Content-Disposition"] = f'{link.disposition}; filename="{link.filename}"'
    return stored


@pages.put("/files/<bucket>/<path:key>", provide_automatic_options=False)
@public
@takes_upload(max_bytes=MAX_UPLOAD, content_types=("image/*",))
def upload(bucket: str, key: str) -> Response:
    """One file of the signed length into `incoming`; a broken one leaves nothing behind."""
    link = runtime().links.check("PUT", request.path, request.args)
    where, key = _checked(bucket, key)
    if where is not Bucket.INCOMING:
        raise FileMissing()
    if link.length is None or request.content_length != link.length:
        raise UploadLengthWrong()
    if runtime().store.find(where, key) is not None:
        raise UploadAlreadyThere()
    try:
        runtime().store.put(where, key, request.stream, content_type=request.mimetype)
    except ClientDisconnected:
        raise UploadLengthWrong() from None
    return _for_our_pages(Response(status=204))


@pages.route("/files/<bucket>/<path:key>", methods=["OPTIONS"], provide_automatic_options=False)
@public
def may_upload(bucket: str, key: str) -> Response:
    """A browser asks before it sends: our own pages may."""
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "PUT"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = "600"
    return _for_our_pages(response)


def _checked(bucket: str, key: str) -> tuple[Bucket, str]:
    try:
        return Bucket(bucket), checked_key(key)
    except ValueError:
        raise FileMissing() from None


def _file(bucket: Bucket, key: str, *, inline: bool, caching: str) -> Response:
    if bucket in NEVER_SERVED:
        raise FileMissing()
    stored = runtime().store.find(bucket, key)
    if stored is None:
        raise FileMissing()
    kind = content_type_of(key)
    body = _chunks(bucket, key) if request.method == "GET" else iter(())
    response = Response(body, content_type=kind, direct_passthrough=True)
    _describe(response, stored, inline=inline and kind in ("application/pdf", "image/webp", "image/png", "image/jpeg"))
    printed = PRINTED.format(pages=runtime().public_url)
    response.headers["Content-Security-Policy"] = printed if inline and kind == "application/pdf" else SEALED
    response.headers["Cache-Control"] = caching
    return response


def _describe(response: Response, stored: StoredObject, *, inline: bool) -> None:
    response.content_length = stored.length
    response.last_modified = stored.modified_at
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = "inline" if inline else "attachment"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Referrer-Policy"] = "no-referrer"


def _chunks(bucket: Bucket, key: str) -> Iterator[bytes]:
    try:
        file = runtime().store.open(bucket, key)
    except NoSuchObject:
        raise FileMissing() from None

    def read() -> Iterator[bytes]:
        with file:
            while chunk := file.read(CHUNK):
                yield chunk

    return read()


def _for_our_pages(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = runtime().public_url
    response.headers["Vary"] = "Origin"
    return response
