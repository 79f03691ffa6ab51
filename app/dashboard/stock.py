"""Owns the pages of the stock: the list with what it holds, one piece, a new piece, one withdrawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import forms
from app.dashboard.frame import may, pages, show
from app.dashboard.progress import Follow, followed
from app.inventory import service as inventory
from app.inventory.service import CATEGORIES, Item, ItemDraft, ItemStatus
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, text_field, try_form, whole_number
from app.kit.texts import N_, _
from app.kit.weights import parse_grams
from app.rates import service as rates
from app.vision import service as vision
from app.vision.service import Picture

MAKING = (
    ("percent", N_("% of metal value")), ("per_gram_net", N_("₹ per gram, net")),
    ("per_gram_gross", N_("₹ per gram, gross")), ("fixed", N_("₹ for the piece")),
)  # fmt: skip
STATUSES = (("in_stock", N_("In stock")), ("sold", N_("Sold")), ("withdrawn", N_("Withdrawn")), ("all", N_("All")))
METALS = (("gold", N_("Gold")), ("silver", N_("Silver")), ("platinum", N_("Platinum")))
HALLMARKS = {
    "hallmarked": N_("Hallmarked"), "exempt": N_("Exempt"), "not_required": N_("Not required"),
    "pending": N_("HUID missing"),
}  # fmt: skip
FILTERS = ("status", "category", "metal", "q")
FIELDS = {
    "grossMg": "gross", "stoneMg": "stone", "making.kind": "making_kind", "making.paise": "making",
    "making.bp": "making", "hallmarkPaise": "hallmark", "fineness": "purity", "metal": "purity",
    "huidExempt": "huid_exempt", "netMg": "gross",
}  # fmt: skip
"""What the service calls a fact → the form's field."""


@pages.get("/stock")
@allow("stock.view")
def stock() -> str:
    """The pieces, those in stock first asked for."""
    args = request.args
    status = args.get("status", ItemStatus.IN_STOCK.value)
    page = shop_read(lambda db: inventory.list_items(
        db, status=status if status in ItemStatus.__members__.values() else None,
        category=args.get("category") or None, metal=args.get("metal") or None,
        text=args.get("q", "").strip()[:60] or None, after=args.get("after"), limit=50,
    ))  # fmt: skip
    kept: dict[str, Any] = {name: value for name, value in args.items() if name in FILTERS}
    more = url_for("shop_pages.stock", **kept, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "stock.html", "stock", page=page, filters=args, status=status, next_url=more, today=today_ist(),
        pictures=_small(page.items), holdings=shop_read(inventory.stock_by_purity), paged="after" in args,
        filtered=any(args.get(name) for name in ("category", "metal", "q")) or status != "in_stock", **_choices(),
    )  # fmt: skip


@pages.route("/stock/new", methods=["GET", "POST"])
@allow("stock.edit")
def new_piece() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _new_page(None)
    tried = try_form(lambda: shop_write(
        lambda db: inventory.register_item(db, draft=_draft()), rebuild=inventory.get_item
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.piece", item_id=tried.result.id, saved="yes"))
    return _new_page(forms.beside(tried.refusal, FIELDS)), tried.refusal.status if tried.refusal else 422


@pages.get("/stock/<id:item_id>")
@allow("stock.view")
def piece(item_id: UUID) -> str:
    return piece_page(item_id)


@pages.post("/stock/<id:item_id>/withdraw")
@allow("stock.edit")
def withdraw(item_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(
        lambda db: inventory.withdraw_item(
            db, item_id=item_id, expected_version=whole_number("version"),
            reason=forms.line("reason", least=3, most=200),
        ),
        rebuild=inventory.get_item,
    ))  # fmt: skip
    if tried.result is not None:
        return go_to(url_for("shop_pages.piece", item_id=item_id))
    return piece_page(item_id, tried.refusal), tried.refusal.status if tried.refusal else 422


def piece_page(item_id: UUID, refusal: Refusal | None = None) -> str:
    """Shown again, with the refusal, by what was refused on it."""
    store = runtime().store
    item, pictures = shop_read(lambda db: (
        inventory.get_item(db, item_id), vision.list_pictures(db, store=store, item_id=item_id, limit=6),
    ))  # fmt: skip
    follow: Follow | None = followed() if may("bill.view") else None
    shown = next((one for one in pictures.items if one.id == item.picture_id), None)
    hallmark = item.hallmark(today_ist()).value
    return show(
        "piece.html", "stock", item=item, hallmark=hallmark, hallmark_name=_(HALLMARKS[hallmark]), picture=shown,
        newest=pictures.items[0] if pictures.items else None, follow=follow, refusal=refusal, key=form_key(),
        saved=request.args.get("saved") == "yes", rate=shop_read(rates.read_board).get((item.metal, item.fineness)),
        **_choices(),
    )  # fmt: skip


def _new_page(refusal: Refusal | None) -> str:
    return show("piece_new.html", "stock", refusal=refusal, typed=forms.typed(), key=form_key(), **_choices())


def _small(items: Iterable[Item]) -> dict[UUID, str]:
    """Addresses of small pictures by piece; pieces without one are left out."""
    store = runtime().store
    wanted = {item.id: item.picture_id for item in items if item.picture_id}
    if not wanted:
        return {}
    found = shop_read(lambda db: vision.find_pictures(db, wanted.values(), store=store))
    return {item_id: smallest(found[one]) for item_id, one in wanted.items() if one in found and found[one].sizes}


def smallest(picture: Picture) -> str:
    return picture.sizes[0].url


def _draft() -> ItemDraft:
    metal, _dot, fineness = text_field("purity").partition("-")
    kind = forms.one_of("making_kind", dict(MAKING))
    making = forms.figure("making", parse_rupees, empty=0)
    return ItemDraft(
        tag=forms.line("tag", least=1, most=24).upper(), name=forms.line("name", least=1, most=120),
        category=forms.line("category", least=1, most=24), metal=metal,
        fineness=int(fineness) if fineness.isascii() and fineness.isdigit() and len(fineness) < 6 else 0,
        gross_mg=forms.figure("gross", parse_grams), stone_mg=forms.figure("stone", parse_grams, empty=0),
        huid=forms.line_or_none("huid", most=6), huid_exempt=forms.line_or_none("huid_exempt", most=24),
        making_kind=kind, making_bp=making if kind == "percent" else 0,
        making_paise=making if kind != "percent" else 0,
        hallmark_paise=forms.figure("hallmark", parse_rupees, empty=0),
    )  # fmt: skip


def _choices() -> dict[str, object]:
    today = today_ist()
    exemptions = [one for one in inventory.list_exemptions(today) if not one.automatic]
    return {
        "categories": [(name, category_name(name)) for name in CATEGORIES],
        "purities": [(f"{p.metal}-{p.fineness}", p.label) for p in rates.list_purities(today)],
        "making_kinds": [(key, _(text)) for key, text in MAKING],
        "statuses": [(key, _(text)) for key, text in STATUSES],
        "status_names": {key: _(text) for key, text in STATUSES},
        "metals": [("", _("All metals")), *((key, _(text)) for key, text in METALS)],
        "exemptions": [("", _("None: it has a HUID")), *((one.reason, one.name) for one in exemptions)],
        "category_name": category_name,
    }


def category_name(name: str) -> str:
    """nose_pin → Nose pin."""
    return str(_(name.replace("_", " ").capitalize()))
