"""Owns printing slips from pages: set in some 25 ms outside of any transaction, kept under a key of their own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Response

from app.kit.http import runtime, shop_scope
from app.kit.pages import go_to
from app.kit.ports import Bucket
from app.printing.press import RENDER_VERSION, Press
from app.printing.slips import SlipDocument

UNPRINTED = "unprinted"


def printed(slip: SlipDocument, *, of: str, page: str) -> Response:
    """To the slip's file, by a link that was made just now; back to `page`, which says so, where there are no fonts.

    `of` names the document and its version: the same slip goes to the same place."""
    fonts = runtime().font_dir
    if fonts is None:
        return go_to(f"{page}?saved={UNPRINTED}")
    _found, shop_id = shop_scope()
    store, key = runtime().store, f"{shop_id}/slip-{of}-v{RENDER_VERSION}.pdf"
    store.put(Bucket.INVOICES, key, _press(fonts).render_slip(slip), content_type="application/pdf")
    name = f"{slip.number.replace('/', '-')}.pdf"
    return go_to(store.download_link(Bucket.INVOICES, key, filename=name, disposition="inline"))


@cache
def _press(font_dir: Path) -> Press:
    return Press(font_dir)
