"""Owns the pages of the stock: the list with what it holds, one piece with its price and its bill, one withdrawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import codes, forms
from app.dashboard.frame import may, pages, show
from app.dashboard.progress import Follow, followed
from app.inventory import service as inventory
from app.inventory.service import CATEGORIES, Item, ItemStatus
from app.invoices import service as invoices
from app.invoices.service import BillDraft, Document, LineDraft, Quote
from app.kit.clock import today_ist
from app.kit.http import allow, runtime, shop_read, shop_write
from app.kit.ids import parse_id
from app.kit.money import grouped
from app.kit.pages import Refusal, Tried, form_key, go_to, try_form, whole_number
from app.kit.texts import N_, _
from app.rates import service as rates
from app.vision import service as vision
from app.vision.service import Picture

MAKING = (
    ("percent", N_("% of metal value")), ("per_gram_net", N_("₹ per gram, net")),
    ("per_gram_gross", N_("₹ per gram, gross")), ("fixed", N_("₹ for the piece")),
)  # fmt: skip
WASTAGE = (
    ("none", N_("None")), ("percent_of_net", N_("% of net weight")), ("percent_of_value", N_("% of metal value")),
)  # fmt: skip
STATUSES = (
    ("in_stock", N_("In stock")), ("transit", N_("On its way")), ("memo", N_("On approval")), ("sold", N_("Sold")),
    ("withdrawn", N_("Withdrawn")), ("all", N_("All")),
)  # fmt: skip
METALS = (("gold", N_("Gold")), ("silver", N_("Silver")), ("platinum", N_("Platinum")))
HALLMARKS = {
    "hallmarked": N_("Hallmarked"), "exempt": N_("Exempt"), "not_required": N_("Not required"),
    "pending": N_("HUID missing"),
}  # fmt: skip
WITHDRAWALS = (
    ("lost", N_("Lost")), ("melted", N_("Melted elsewhere")), ("sent_back", N_("Sent back to its supplier")),
    ("other", N_("Entered by mistake, or else")),
)  # fmt: skip
STONE_NAMES = {"7102": N_("diamonds"), "7103": N_("coloured stones"), "7104": N_("synthetic stones")}
FILTERS = ("status", "category", "metal", "place", "q")


@pages.get("/stock")
@allow("stock.view")
def stock() -> str:
    """The pieces, those in stock first asked for."""
    args = request.args
    status = args.get("status", ItemStatus.IN_STOCK.value)
    known = codes.places()
    place = try_form(lambda: parse_id(args["place"])).result if args.get("place") else None
    page = shop_read(lambda db: inventory.list_items(
        db, place_ids=codes.within(known, place), status=status if status in ItemStatus.__members__.values() else None,
        category=args.get("category") or None, metal=args.get("metal") or None,
        text=args.get("q", "").strip()[:60] or None, after=args.get("after"), limit=50,
    ))  # fmt: skip
    kept: dict[str, Any] = {name: value for name, value in args.items() if name in FILTERS}
    more = url_for("shop_pages.stock", **kept, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "stock.html", "stock", page=page, filters=args, status=status, next_url=more, today=today_ist(),
        pictures=_small(page.items), holdings=shop_read(inventory.stock_by_purity), paged="after" in args,
        filtered=any(args.get(name) for name in ("category", "metal", "place", "q")) or status != "in_stock",
        known=known, place_name=codes.place_name, place_choices=codes.place_choices(known, anywhere=_("All places")),
        **choices(),
    )  # fmt: skip


@pages.get("/stock/<id:item_id>")
@allow("stock.view")
def piece(item_id: UUID) -> str:
    return piece_page(item_id)


@pages.post("/stock/<id:item_id>/withdraw")
@allow("stock.adjust")
def withdraw(item_id: UUID) -> Response | tuple[str, int]:
    tried = try_form(lambda: shop_write(
        lambda db: inventory.withdraw_item(
            db, item_id=item_id, expected_version=whole_number("version"),
            reason=forms.line("reason", least=3, most=200), kind=forms.one_of("kind", inventory.WITHDRAWALS),
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
    price = _price_now(item) if item.status == ItemStatus.IN_STOCK.value else None
    follow: Follow | None = followed() if may("bill.view") else None
    shown = next((one for one in pictures.items if one.id == item.picture_id), None)
    hallmark = item.hallmark(today_ist()).value
    return show(
        "piece.html", "stock", item=item, hallmark=hallmark, hallmark_name=_(HALLMARKS[hallmark]), picture=shown,
        newest=pictures.items[0] if pictures.items else None, follow=follow, refusal=refusal, key=form_key(),
        saved=request.args.get("saved", ""), price=price, bill=_bill_of(item), amount=amount,
        wastage_kinds=dict(named(WASTAGE)), lies_in=codes.place_name(codes.places(), item.place_id),
        withdrawals=named(WITHDRAWALS), **choices(),
    )  # fmt: skip


def _price_now(item: Item) -> Tried[Quote]:
    """What it would be billed at over the counter at this moment, or why it can't be priced."""
    alone = BillDraft(lines=(LineDraft(item.id),))
    return try_form(lambda: shop_read(lambda db: invoices.quote(db, draft=alone)))


def _bill_of(item: Item) -> Document | None:
    """The bill that sold it, for who may see bills."""
    sold_by = item.invoice_id
    if sold_by is None or not may("bill.view"):
        return None
    keyring = runtime().keyring
    return shop_read(lambda db: invoices.get_invoice(db, sold_by, keyring=keyring))


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


def choices(item: Item | None = None) -> dict[str, object]:
    """What a piece may be, on the lists of the day; `item` keeps what it was entered with."""
    today = today_ist()
    exemptions = [one for one in inventory.list_exemptions(today) if not one.automatic]
    purities = [(f"{p.metal}-{p.fineness}", p.label) for p in rates.list_purities(today)]
    categories = [name for name, _text in categories_offered()]
    if item is not None and item.category not in categories:
        categories.append(item.category)
    if item is not None and (own := f"{item.metal}-{item.fineness}") not in dict(purities):
        purities.append((own, item.purity_label))
    return {
        "categories": [(name, category_name(name)) for name in categories],
        "purities": purities,
        "making_kinds": named(MAKING),
        "statuses": named(STATUSES),
        "status_names": dict(named(STATUSES)),
        "metals": [("", _("All metals")), *named(METALS)],
        "exemptions": [("", _("It has a HUID")), *((one.reason, one.name) for one in exemptions)],
        "category_name": category_name,
    }


def categories_offered() -> list[tuple[str, str]]:
    """What a new piece may be, as it is called."""
    return [(name, category_name(name)) for name in CATEGORIES]


def named(options: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Choices in the language of the page."""
    return [(key, _(text)) for key, text in options]


def amount(hundredths: int) -> str:
    """Of rupees or percent, as a form's field shows it: 16, 12.50, 1,500; empty for none."""
    return grouped(hundredths).removesuffix(".00") if hundredths else ""


def category_name(name: str) -> str:
    """nose_pin → Nose pin."""
    return str(_(name.replace("_", " ").capitalize()))


def stone_codes() -> list[tuple[str, str]]:
    """What a lot of loose stones may be of: HSN, and what it is called."""
    known = inventory.codes_of("stones", inventory.STONE, today_ist())
    return [(code, f"{code} {_(STONE_NAMES[code])}" if code in STONE_NAMES else code) for code in known]
