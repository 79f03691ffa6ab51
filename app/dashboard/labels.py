"""Owns the page of labels: pieces chosen on the stock list, a size, and the PDF for the printer."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import may, pages, show
from app.dashboard.progress import followed
from app.inventory import service as inventory
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.pages import Refusal, form_key, go_to, try_form
from app.kit.texts import _
from app.labels import service as labels
from app.labels.errors import LabelsUnknown
from app.labels.service import Labels
from shard_router import ShopSession

MOST = 500


@pages.get("/labels", endpoint="labels")
@allow("stock.view")
def labels_page() -> str:
    """`item` as often as pieces were ticked on the stock list; `done` names labels that were asked for."""
    return _page(None)


@pages.post("/labels")
@allow("stock.view")
def ask_labels() -> Response | tuple[str, int]:
    """Or, from the stock list, only a look at what was ticked."""

    def work(db: ShopSession) -> Labels:
        ids = [parse_id(one) for one in request.form.getlist("item")[: MOST + 1]]
        size = forms.one_of("size", [one.size for one in labels.list_sizes(today_ist())])
        return labels.ask_labels(db, item_ids=ids, size=size, price=request.form.get("price") == "yes")

    tried = try_form(lambda: shop_write(work))
    if tried.result is not None:
        return go_to(url_for("shop_pages.labels", done=tried.result.id, job=tried.result.id))
    if tried.refusal is not None and tried.refusal.code == "already_sent":
        return go_to(url_for("shop_pages.stock"))
    return _page(tried.refusal), tried.refusal.status if tried.refusal else 422


def _page(refusal: Refusal | None) -> str:
    wanted: list[UUID] = [parse_id(one) for one in request.values.getlist("item")[:MOST]]
    known = shop_read(lambda db: inventory.standing(db, wanted))
    return show(
        "labels.html", "stock", pieces=[known[one] for one in wanted if one in known], refusal=refusal,
        key=form_key(), values=forms.typed(), done=_asked(), follow=followed() if may("bill.view") else None,
        sizes=[(one.size, one.name) for one in labels.list_sizes(today_ist())], no_piece=_("No piece is chosen"),
    )  # fmt: skip


def _asked() -> Labels | None:
    text = request.args.get("done", "")
    store = runtime().store
    try:
        return shop_read(lambda db: labels.get_labels(db, parse_id(text), store=store)) if text else None
    except LabelsUnknown:
        return None
