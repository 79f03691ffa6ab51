"""Owns the shop's logo on the page of settings: sent, shown, taken away."""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.dashboard.frame import pages
from app.dashboard.pictures import ENVELOPE, FORMS
from app.dashboard.settings import attempted
from app.kit.http import allow, shop_scope, shop_write, takes_upload
from app.kit.pages import whole_number
from app.tenants import service as tenants
from app.tenants.service import ProfileView
from app.vision.errors import LogoTooLarge, UploadMissing
from app.vision.logo_api import kept_logo
from app.vision.logos import MAX_BYTES


@pages.post("/settings/logo")
@allow("settings.edit")
@takes_upload(max_bytes=MAX_BYTES + ENVELOPE, content_types=FORMS)
def save_logo() -> Response | tuple[str, int]:
    """From the next bill on."""
    return attempted("logo", "logo", _used)


@pages.post("/settings/logo/removal")
@allow("settings.edit")
def remove_logo() -> Response | tuple[str, int]:
    """Bills that were issued with it keep it."""
    return attempted("no_logo", "logo", lambda: _set(None))


def _used() -> ProfileView:
    """The file as a logo in the store, then as the shop's; raises UploadMissing and what a picture is refused for."""
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        raise LogoTooLarge() from None
    if file is None or not file.filename:
        raise UploadMissing()
    _found, shop_id = shop_scope()
    return _set(kept_logo(file.stream, shop_id))


def _set(logo: str | None) -> ProfileView:
    version = whole_number("version")
    return shop_write(lambda db: tenants.set_logo(db, expected_version=version, logo=logo))
