"""Owns the pages of lots: the list, one lot with its entries, and what can be done with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.dashboard import codes, forms
from app.dashboard.frame import pages, show
from app.dashboard.stock import MAKING, METALS, amount, categories_offered, named, stone_codes
from app.inventory import service as inventory
from app.inventory.service import Item, ItemDraft, Lot, LotDraft, Spot, Weights
from app.kit.clock import today_ist
from app.kit.http import allow, shop_read
from app.kit.ids import parse_id
from app.kit.money import parse_rupees
from app.kit.pages import Refusal, form_key, go_to, try_form, whole_number
from app.kit.texts import N_, _
from app.kit.weights import parse_carats, parse_grams
from app.metal import service as metal
from app.rates import service as rates
from shard_router import ShopSession

KINDS = (
    ("bullion", N_("Bullion")), ("coins", N_("Coins")), ("old_gold", N_("Old gold")), ("findings", N_("Findings")),
    ("pieces", N_("Pieces by weight")), ("stones", N_("Loose stones")),
)  # fmt: skip
STATES = (("open", N_("In stock")), ("transit", N_("Away")), ("used", N_("Used up")), ("", N_("All")))
DRAWN = (("lost", N_("Lost")), ("corrected", N_("Was never there")))
OF_METAL = (*METALS, ("stone", N_("Loose stones")))
SHOWN = 20


@pages.get("/stock/lots", endpoint="lots")
@allow("stock.view")
def lots_list() -> str:
    args, known = request.args, codes.places()
    place = try_form(lambda: parse_id(args["place"])).result if args.get("place") else None
    page = shop_read(lambda db: inventory.list_lots(
        db, state=_one_of(args.get("state", "open"), STATES), kind=_one_of(args.get("kind"), KINDS),
        place_ids=codes.within(known, place), text=args.get("q", "").strip()[:60] or None, after=args.get("after"),
    ))  # fmt: skip
    kept: dict[str, Any] = {name: args[name] for name in ("state", "kind", "place", "q") if name in args}
    more = url_for("shop_pages.lots", **kept, after=page.next_cursor) if page.next_cursor else ""
    return show(
        "lots.html", "stock", page=page, filters=args, next_url=more, paged="after" in args, known=known,
        place_name=codes.place_name, place_choices=codes.place_choices(known, anywhere=_("All places")),
        kinds=[("", _("All kinds")), *named(KINDS)], kind_names=dict(named(KINDS)), states=named(STATES),
        state_names=dict(named(STATES)), filtered=any(args.get(name) for name in ("kind", "place", "q")),
    )  # fmt: skip


@pages.route("/stock/lots/new", methods=["GET", "POST"])
@allow("stock.adjust")
def new_lot() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _form(None)
    tried = codes.written(
        lambda db: inventory.receive_lot(db, draft=typed_lot(), place_id=codes.id_or_none("place_id")),
        rebuild=inventory.get_lot,
    )
    if tried.result is not None:
        return go_to(url_for("shop_pages.lot", lot_id=tried.result.id, saved="new"))
    return _form(tried.refusal), tried.refusal.status if tried.refusal else 422


@pages.get("/stock/lots/<id:lot_id>")
@allow("stock.view")
def lot(lot_id: UUID) -> str:
    return _page(lot_id)


@pages.post("/stock/lots/<id:lot_id>/draw")
@allow("stock.adjust")
def draw_from_lot(lot_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Lot:
        kind, reason = forms.one_of("kind", dict(DRAWN)), forms.line("reason", least=3, most=200)
        inventory.draw_from_lot(
            db, lot_id=lot_id, part=typed_weights(), target=Spot(inventory.DRAWN[kind]), kind=kind,
            expected_version=whole_number("version"), reason=reason,
        )  # fmt: skip
        return inventory.get_lot(db, lot_id)

    return _did(lot_id, work, "draw")


@pages.post("/stock/lots/<id:lot_id>/weigh")
@allow("stock.adjust")
def weigh_lot(lot_id: UUID) -> Response | tuple[str, int]:
    return _did(lot_id, lambda db: inventory.weigh_lot(
        db, lot_id=lot_id, expected_version=whole_number("version"), weights=typed_weights(),
        reason=forms.line("reason", least=3, most=200),
    ), "weigh")  # fmt: skip


@pages.post("/stock/lots/<id:lot_id>/split")
@allow("stock.transfer")
def split_lot(lot_id: UUID) -> Response | tuple[str, int]:
    return _did(lot_id, lambda db: inventory.split_lot(
        db, lot_id=lot_id, expected_version=whole_number("version"), part=typed_weights(),
        code=forms.line("code", least=1, most=24),
    ), "split")  # fmt: skip


@pages.post("/stock/lots/<id:lot_id>/merge")
@allow("stock.transfer")
def merge_lots(lot_id: UUID) -> Response | tuple[str, int]:
    def work(db: ShopSession) -> Lot:
        found = codes.things(db)
        if found["item_ids"]:
            forms.refuse("codes", _("Only lots go into a lot."))
        return inventory.merge_lots(db, into_id=lot_id, lot_ids=found["lot_ids"])

    return _did(lot_id, work, "merge")


@pages.post("/stock/lots/<id:lot_id>/tag")
@allow("stock.edit")
def tag_from_lot(lot_id: UUID) -> Response | tuple[str, int]:
    tried = codes.written(lambda db: _tag(db, lot_id), rebuild=inventory.get_item)
    if tried.result is not None:
        return go_to(url_for("shop_pages.piece", item_id=tried.result.id, saved="new"))
    return _page(lot_id, tried.refusal, "tag"), tried.refusal.status if tried.refusal else 422


def typed_weights() -> Weights:
    """What the fields net, stone, pieces and carat say."""
    return Weights(
        pieces=forms.figure("pieces", _count, empty=0), stone_mg=forms.figure("stone", parse_grams, empty=0),
        net_mg=forms.figure("net", parse_grams, empty=0), stone_mct=forms.figure("carat", parse_carats, empty=0),
    )  # fmt: skip


def typed_lot(of: str = "", *, kind: str | None = None) -> LotDraft:
    """The lot's own fields of a form; `of` stands before their names, `kind` where another field says it."""
    metal_name = forms.one_of(f"{of}metal", dict(OF_METAL))
    return LotDraft(
        code=forms.line(f"{of}code", least=1, most=24), name=forms.line(f"{of}name", least=1, most=120),
        kind=kind or forms.one_of(f"{of}kind", dict(KINDS)), metal=metal_name,
        fineness=0 if metal_name == inventory.STONE else forms.figure(f"{of}fineness", fineness_of),
        pieces=forms.figure(f"{of}pieces", _count, empty=0), stone_mg=forms.figure(f"{of}stone", parse_grams, empty=0),
        net_mg=forms.figure(f"{of}net", parse_grams, empty=0),
        stone_mct=forms.figure(f"{of}carat", parse_carats, empty=0),
        cost_paise=forms.figure(f"{of}cost", parse_rupees, empty=0),
        hsn=None if kind else forms.line_or_none(f"{of}hsn", most=8),  # a supplier's bill says it with its line
    )  # fmt: skip


def fineness_of(text: str) -> int:
    """916 or 99.5 %: parts per thousand with one decimal, as stamped, to parts per ten thousand."""
    bare = text.strip()
    thousandths = parse_grams(bare)  # three decimals at most; only one is kept
    if thousandths % 100 or not 0 < thousandths <= 1_000_000:
        raise forms.TypedWrongly(_("Parts per thousand with one decimal: 916 or 999.5."))
    return thousandths // 100


def _did(lot_id: UUID, work: Any, form: str) -> Response | tuple[str, int]:
    tried = codes.written(work, rebuild=inventory.get_lot)
    if tried.result is not None:
        return go_to(url_for("shop_pages.lot", lot_id=tried.result.id, saved="yes"))
    return _page(lot_id, tried.refusal, form), tried.refusal.status if tried.refusal else 422


def _tag(db: ShopSession, lot_id: UUID) -> Item:
    whole = inventory.get_lot(db, lot_id)
    kind = forms.one_of("making_kind", dict(MAKING))
    making = forms.figure("making", parse_rupees, empty=0)
    draft = ItemDraft(
        tag=forms.line("tag", least=1, most=24), name=forms.line("name", least=1, most=120),
        category=forms.line("category", least=1, most=24), metal=whole.metal, fineness=whole.fineness,
        gross_mg=forms.figure("gross", parse_grams), huid=forms.line_or_none("huid", most=6), making_kind=kind,
        making_bp=making if kind == "percent" else 0, making_paise=0 if kind == "percent" else making,
    )  # fmt: skip
    return inventory.tag_from_lot(db, lot_id=lot_id, expected_version=whole_number("version"), draft=draft)


def _page(lot_id: UUID, refusal: Refusal | None = None, form: str = "") -> str:
    whole = shop_read(lambda db: inventory.get_lot(db, lot_id))
    lines = shop_read(lambda db: metal.entries(db, lot_id=lot_id, limit=SHOWN))
    known = codes.places()
    from_whom = shop_read(lambda db: inventory.supplier_names(db, [whole.supplier_id]))
    return show(
        "lot.html", "stock", lot=whole, lines=lines.items, lies_in=codes.place_name(known, whole.place_id),
        kind_name=dict(named(KINDS)).get(whole.kind, whole.kind), state_name=dict(named(STATES)).get(whole.state, ""),
        refusal=refusal, form=form, key=form_key(), values=forms.typed() if request.method == "POST" else {},
        saved=request.args.get("saved", ""), drawn=named(DRAWN), categories=categories_offered(),
        making_kinds=named(MAKING), supplier=from_whom.get(whole.supplier_id) if whole.supplier_id else None,
        amount=amount, accounts=account_names(),
    )  # fmt: skip


def account_names() -> dict[str, str]:
    """What each account of the metal book is called."""
    return {key: str(_(name)) for key, name in ACCOUNTS}


ACCOUNTS = (
    ("stock", N_("Stock")), ("transit", N_("On its way")), ("supplier", N_("Suppliers")), ("karigar", N_("Karigars")),
    ("memo", N_("On approval")), ("sold", N_("Sold")), ("customer", N_("Customers' metal")), ("repair", N_("Repairs")),
    ("melting", N_("Melting")), ("loss", N_("Loss")), ("opening", N_("From before the book")),
    ("adjustment", N_("Corrections")),
)  # fmt: skip


def _form(refusal: Refusal | None) -> str:
    known = codes.places()
    values = forms.typed() if request.method == "POST" else {"kind": "bullion", "metal": "gold", "fineness": "995"}
    return show(
        "lot_new.html", "stock", refusal=refusal, values=values, key=form_key(), kinds=named(KINDS),
        metals=named(OF_METAL), stone_codes=[("", "—"), *stone_codes()],
        place_choices=codes.place_choices(known, anywhere=_("Where I sit")),
        usual=sorted({one.label for one in rates.list_purities(today_ist())}),
    )  # fmt: skip


def _one_of(text: str | None, choices: tuple[tuple[str, str], ...]) -> str | None:
    return text if text and text in dict(choices) else None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise forms.TypedWrongly(_("A whole number is expected."))
    return int(text)
