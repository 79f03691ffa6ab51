"""Owns the pages of the stock: the list, one piece with its picture, a new piece, one withdrawn."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard.frame import pages, show
from app.inventory import service as inventory
from app.inventory.service import CATEGORIES, ItemDraft, ItemStatus
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, optional, text_field, try_form, whole_number
from app.kit.ports import Bucket
from app.kit.texts import N_, _
from app.kit.weights import parse_grams
from app.rates import service as rates
from app.vision import service as vision

MAKING = (
    ("percent", N_("% of metal value")), ("per_gram_net", N_("₹ per gram, net")),
    ("per_gram_gross", N_("₹ per gram, gross")), ("fixed", N_("₹ for the piece")),
)  # fmt: skip
FILTERS = ("status", "category", "metal", "q")


@pages.get("/stock")
@allow("stock.view")
def stock() -> str:
    """The pieces, in stock first asked for; a typed tag or HUID that is exact opens the piece by the counter's search."""
    args = request.args
    status = args.get("status", ItemStatus.IN_STOCK.value)
    page = shop_read(lambda db: inventory.list_items(
        db, status=status if status in ItemStatus.__members__.values() else None,
        category=args.get("category") or None, metal=args.get("metal") or None, text=args.get("q", "")[:60] or None,
        after=args.get("after"), limit=50,
    ))  # fmt: skip
    kept = {name: value for name, value in args.items() if name in FILTERS}
    more = url_for("shop_pages.stock", **kept, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "stock.html", "stock", page=page, filters=args, status=status, next_url=more, pictures=_pictures(page.items),
        holdings=shop_read(inventory.stock_by_purity), **_choices(),
    )  # fmt: skip


@pages.get("/stock/<id:item_id>")
@allow("stock.view")
def piece(item_id: UUID) -> str:
    return _piece_page(item_id)


@pages.route("/stock/new", methods=["GET", "POST"])
@allow("stock.edit")
def new_piece() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return show("piece_new.html", "stock", refusal=None, typed=request.form, key=form_key(), **_choices())
    tried = try_form(lambda: shop_write(
        lambda db: inventory.register_item(db, draft=_draft()), rebuild=inventory.get_item
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.piece", item_id=tried.result.id))
    page = show("piece_new.html", "stock", refusal=tried.refusal, typed=request.form, key=form_key(), **_choices())
    return page, tried.refusal.status if tried.refusal else 422


@pages.post("/stock/<id:item_id>/withdraw")
@allow("stock.edit")
def withdraw(item_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(
        lambda db: inventory.withdraw_item(
            db, item_id=item_id, expected_version=whole_number("version"), reason=text_field("reason")
        ),
        rebuild=inventory.get_item,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.piece", item_id=item_id))
    return _piece_page(item_id, tried.refusal), tried.refusal.status if tried.refusal else 422


def _piece_page(item_id: UUID, refusal: Refusal | None = None) -> str:
    item = shop_read(lambda db: inventory.get_item(db, item_id))
    hallmark = item.hallmark(today_ist())
    return show(
        "piece.html", "stock", item=item, hallmark=hallmark, picture=_pictures([item], "large").get(item.id),
        refusal=refusal, key=form_key(), **_choices(),
    )  # fmt: skip


def _pictures(items: list[Any], size: str = "small") -> dict[UUID, str]:
    """Addresses of pictures by piece; pieces without one are left out."""
    wanted = {item.id: item.picture_id for item in items if item.picture_id}
    keys = shop_read(lambda db: vision.size_keys(db, picture_ids=wanted.values(), size=size)) if wanted else {}
    store = runtime().store
    return {
        item_id: store.public_url(Bucket.PICTURES, keys[picture]) for item_id, picture in wanted.items()
        if picture in keys
    }  # fmt: skip


def _draft() -> ItemDraft:
    metal, _dot, fineness = text_field("purity").partition("-")
    kind = text_field("making_kind")
    making = text_field("making")
    return ItemDraft(
        tag=text_field("tag").upper(), name=text_field("name"), category=text_field("category"), metal=metal,
        fineness=int(fineness) if fineness.isdecimal() and len(fineness) < 6 else 0,
        gross_mg=parse_grams(text_field("gross")), stone_mg=parse_grams(text_field("stone") or "0"),
        huid=optional("huid"), huid_exempt=optional("huid_exempt"), making_kind=kind,
        making_bp=parse_rupees(making or "0") if kind == "percent" else 0,
        making_paise=parse_rupees(making or "0") if kind != "percent" else 0,
        hallmark_paise=parse_rupees(text_field("hallmark") or "0"),
    )  # fmt: skip


def _choices() -> dict[str, object]:
    today = today_ist()
    return {
        "categories": [(name, _(name.replace("_", " ").capitalize())) for name in CATEGORIES],
        "purities": [(f"{p.metal}-{p.fineness}", f"{p.label}") for p in rates.list_purities(today)],
        "making_kinds": [(key, _(text)) for key, text in MAKING],
        "exemptions": [("", _("HUID is there, or not needed"))]
        + [
            (e.reason, e.reason.replace("_", " ").capitalize())
            for e in inventory.list_exemptions(today)
            if not e.automatic
        ],
    }
