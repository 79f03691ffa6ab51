"""The API of the shop's logo: taken from an upload, made small, printed on bills from the next one on."""

import hashlib
from typing import IO, Any

from app.kit.http import allow, api_blueprint, expected_version, runtime, shop_write
from app.kit.objects import NoSuchObject, checked_key, copy, spool
from app.kit.ports import Bucket
from app.printing.logos import logo_key
from app.tenants import service as tenants
from app.vision.errors import UploadUnknown
from app.vision.logos import make_logo
from app.vision.schemas import LogoIn, LogoOut

blueprint = api_blueprint("logo", "/profile/logo", description="The shop's logo, on bills of A4 and A5.")


@blueprint.put("")
@allow("settings.edit")
@blueprint.arguments(LogoIn)
@blueprint.response(200, LogoOut)
def set_logo(body: dict[str, Any], shop_id: int) -> dict[str, Any]:
    """Use the file of an upload link as the logo, or none at all; needs If-Match with the profile's ETag. Bills that
    were issued keep the one that they have."""
    version = expected_version()
    logo = None if body["upload_key"] is None else _uploaded(shop_id, body["upload_key"])
    profile = shop_write(lambda db: tenants.set_logo(db, expected_version=version, logo=logo))
    url = runtime().store.public_url(Bucket.SHOP_LOGOS, logo_key(shop_id, logo)) if logo else None
    return {"logo": logo, "url": url, "version": profile.version}


def kept_logo(file: IO[bytes], shop_id: int) -> str:
    """The file as a logo in the store, under its own hash; raises what make_logo does. Kept also if it is not used in
    the end: it may be another bill's already."""
    png = make_logo(file)
    found = hashlib.sha256(png).hexdigest()
    runtime().store.put(Bucket.SHOP_LOGOS, logo_key(shop_id, found), png, content_type="image/png")
    return found


def _uploaded(shop_id: int, key: str) -> str:
    """Another shop's upload is not there for this one."""
    try:
        if not key.startswith(f"{shop_id}/"):
            raise UploadUnknown()
        store = runtime().store
        with store.open(Bucket.INCOMING, checked_key(key)) as stored, spool() as file:
            copy(stored, file)
            return kept_logo(file, shop_id)
    except (NoSuchObject, ValueError):
        raise UploadUnknown() from None
