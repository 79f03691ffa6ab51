"""Owns a shop's logo on paper: where it lies, how it is fetched, and how a form is given it."""

import base64
import hashlib
import logging
import struct
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar, Protocol, TypeVar

from app.kit.objects import NoSuchObject, ObjectTooLarge, read_bytes
from app.kit.ports import Bucket, ObjectStore
from app.printing.documents import Seller

MOST_BYTES = 512 * 1024
"""More than any logo of ours; what is larger was put there by somebody else."""
KEPT = 64


class Numbered(Protocol):
    """A paper with a number, a dataclass whose `seller` or `shop` is the shop's particulars."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def number(self) -> str: ...


D = TypeVar("D", bound=Numbered)

log = logging.getLogger(__name__)


def logo_key(shop_id: int, sha256: str) -> str:
    """By what it is: a logo is never overwritten, so documents keep the one that they were issued with."""
    return f"{shop_id}/{sha256}.png"


def with_logo(paper: D, store: ObjectStore, shop_id: int) -> D:
    """The document with the logo that the shop's particulars on it name; outside of any transaction. Raises
    StoreUnavailable. Without it where the file is gone or was changed: paper must not fail for an ornament."""
    of = "shop" if hasattr(paper, "shop") else "seller"  # who buys old gold sells nothing
    shop: Seller = getattr(paper, of)
    if not shop.logo:
        return paper
    try:
        png = _fetched(store, logo_key(shop_id, shop.logo), shop.logo)  # type: ignore[arg-type]  # a store is itself: hashable
        return replace(paper, **{of: replace(shop, logo_png=png)})
    except (NoSuchObject, ObjectTooLarge, LogoChanged) as error:
        log.error("%s is printed without the logo %s: %r", paper.number, shop.logo, error)
        return paper


class LogoChanged(Exception):
    """What lies there is not what the key says."""


@lru_cache(maxsize=KEPT)
def _fetched(store: ObjectStore, key: str, sha256: str) -> bytes:
    """The same for ever, so each process asks once."""
    png = read_bytes(store, Bucket.SHOP_LOGOS, key, most=MOST_BYTES)
    if hashlib.sha256(png).hexdigest() != sha256:
        raise LogoChanged(key)
    return png


def logo_svg(png: bytes) -> str:
    """The PNG within an SVG, since a form's data are texts; empty where there is none."""
    if not png:
        return ""
    width, height = struct.unpack(">II", png[16:24])  # of the header that every PNG begins with
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    )
